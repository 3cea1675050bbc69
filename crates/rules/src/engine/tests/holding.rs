//! One problem held back by another: `unless_open`.

use super::*;

const HOST: &str = "
  - { id: host, when: { check: ping }, key: 'host/${event.device.name}', then: { open_ticket: {} } }
  - { id: service, when: { check: service }, unless_open: 'host/${event.device.name}', then: { open_ticket: {} } }";

fn host(state: &str) -> Value {
    json!({"state": state, "check": "ping", "fingerprint": "h", "device": {"name": "srv"}})
}

fn service(name: &str) -> Value {
    json!({"check": "service", "fingerprint": name, "title": name, "device": {"name": "srv"}})
}

#[test]
fn a_service_of_a_host_that_is_down_is_held_back() {
    let mut world = World::new(HOST);
    world.event(host("firing"));
    let step = world.event(service("web"));
    assert_eq!((step.outcome, reason(&step)), (Outcome::Inhibited, "the case `host/srv` is open"));
    assert!(step.effects.is_empty());
    assert_eq!(world.event(service("web")).outcome, Outcome::Inhibited);
    let case = world.case("s/web");
    assert_eq!((case.state, case.count), (CaseState::Waiting, 2));
    assert_eq!(world.case("host/srv").holding, [Key::new("s/web")], "remembered once");
    assert!(world.timers.is_empty(), "nothing is looked at while the host is down");
}

#[test]
fn what_still_fires_a_minute_after_the_host_came_back_gets_its_ticket() {
    let mut world = World::new(HOST);
    world.event(host("firing"));
    world.event(service("web"));
    world.event(service("db"));
    world.event(host("resolved"));
    world.event(json!({"state": "resolved", "fingerprint": "db"}));
    assert!(world.after("59s").is_empty());
    let steps = world.after("1s");
    let opened: Vec<_> = steps.iter().filter(|step| step.outcome == Outcome::OpenTicket).collect();
    assert_eq!(opened.len(), 1, "{steps:?}");
    assert_eq!((summary(opened[0]), reason(opened[0])), ("web", "what held it back is over"));
    assert_eq!(opened[0].decisions[0].rule, RuleId::new("service"));
    assert_eq!(world.case("s/db").state, CaseState::Resolved);
    assert!(world.timers.is_empty());
}

#[test]
fn a_technician_who_closes_the_hosts_ticket_lets_go_of_its_services() {
    let mut world = World::new(HOST);
    world.event(host("firing"));
    world.event(service("web"));
    world.report(Report::TicketClosed { key: Key::new("host/srv"), ticket: 1 });
    assert_eq!(world.after("1m")[0].outcome, Outcome::OpenTicket);
}

#[test]
fn a_repeat_after_the_host_came_back_is_decided_at_once() {
    let mut world = World::new(HOST);
    world.event(host("firing"));
    world.event(service("web"));
    world.event(host("resolved"));
    assert_eq!(world.event(service("web")).outcome, Outcome::OpenTicket);
    assert!(world.timers.is_empty());
}

#[test]
fn a_host_that_is_down_again_within_the_minute_holds_its_services_on() {
    let mut world = World::new(HOST);
    world.event(host("firing"));
    world.event(service("web"));
    world.event(host("resolved"));
    world.event(host("firing"));
    assert_eq!(world.after("1m")[0].outcome, Outcome::Inhibited);
    world.event(host("resolved"));
    assert_eq!(world.after("1m")[0].outcome, Outcome::OpenTicket);
}

#[test]
fn a_case_that_waits_for_its_own_ticket_holds_others_back_already() {
    let mut world = World::new(
        "
  - { id: host, when: { check: ping }, key: host/srv, hold: 5m, then: { open_ticket: {} } }
  - { id: service, when: { check: service }, unless_open: host/srv, then: { open_ticket: {} } }",
    );
    world.event(host("firing"));
    assert_eq!(world.event(service("web")).outcome, Outcome::Inhibited);
    assert_eq!(world.after("5m")[0].outcome, Outcome::OpenTicket);
    assert_eq!(world.case("s/web").held_by, Some(Key::new("host/srv")));
    world.event(host("resolved"));
    assert_eq!(world.after("1m")[0].outcome, Outcome::OpenTicket);
}

#[test]
fn a_hold_is_over_only_if_nothing_else_holds_the_case_back_and_begins_anew_after_that() {
    let mut world = World::new(
        "
  - { id: host, when: { check: ping }, key: host/srv, then: { open_ticket: {} } }
  - { id: service, when: { check: service }, unless_open: host/srv, hold: 10m, then: { open_ticket: {} } }",
    );
    assert_eq!(world.event(service("web")).outcome, Outcome::Waiting);
    world.after("5m");
    world.event(host("firing"));
    assert_eq!(world.after("5m")[0].outcome, Outcome::Inhibited);
    world.event(host("resolved"));
    let steps = world.after("1m");
    assert_eq!(
        (steps[0].outcome, reason(&steps[0])),
        (Outcome::Waiting, "held for 10m until 2026-01-05 09:21 UTC")
    );
    assert_eq!(world.after("10m")[0].outcome, Outcome::OpenTicket);
    assert!(world.timers.is_empty());
}

#[test]
fn a_threshold_reached_stays_reached_while_the_case_is_held_back() {
    let mut world = World::new(
        "
  - { id: host, when: { check: ping }, key: host/srv, then: { open_ticket: {} } }
  - { id: service, when: { check: service }, unless_open: host/srv, threshold: { count: 2, within: 5m }, then: { open_ticket: {} } }",
    );
    world.event(host("firing"));
    assert_eq!(world.event(service("web")).outcome, Outcome::Waiting);
    assert_eq!(world.event(service("web")).outcome, Outcome::Inhibited);
    assert!(world.after("1h").is_empty());
    world.event(host("resolved"));
    assert_eq!(world.after("1m")[0].outcome, Outcome::OpenTicket);
}

#[test]
fn a_line_that_holds_a_host_back_holds_the_hosts_services_back() {
    let mut world = World::new(
        "
  - { id: line, when: { check: line }, key: line, then: { open_ticket: {} } }
  - { id: host, when: { check: ping }, key: host, unless_open: [line], then: { open_ticket: {} } }
  - { id: service, when: { check: service }, unless_open: [host, line], then: { open_ticket: {} } }",
    );
    world.event(json!({"check": "line", "fingerprint": "l"}));
    world.event(host("firing"));
    assert_eq!(reason(&world.event(service("web"))), "the case `host` is open");
    world.event(json!({"state": "resolved", "fingerprint": "l"}));
    let opened = world.after("1m");
    assert_eq!((opened.len(), opened[0].outcome), (1, Outcome::OpenTicket), "the host, not the service");
}

#[test]
fn two_that_would_wait_for_each_other_do_not() {
    let mut world = World::new(
        "
  - { id: a, when: { check: a }, key: a, unless_open: [b, a], hold: 5m, then: { open_ticket: {} } }
  - { id: b, when: { check: b }, key: b, unless_open: a, then: { open_ticket: {} } }",
    );
    world.event(json!({"check": "a", "fingerprint": "a"}));
    assert_eq!(world.event(json!({"check": "b", "fingerprint": "b"})).outcome, Outcome::Inhibited);
    assert_eq!(world.after("5m")[0].outcome, Outcome::OpenTicket);
}

#[test]
fn a_key_that_fails_costs_no_alert() {
    let mut world =
        World::new("  - { id: a, unless_open: 'host/${event.title - 1}', then: { open_ticket: {} } }");
    assert_eq!(world.fires().outcome, Outcome::OpenTicket, "a ticket from the defaults");
}

#[test]
fn a_rule_that_is_gone_holds_nothing_back_for_ever() {
    let mut world = World::new(HOST);
    world.event(host("firing"));
    world.event(service("web"));
    world.rules = load("  - { id: b, then: { open_ticket: { summary: by b } } }", Settings::default());
    world.event(host("resolved"));
    assert_eq!(summary(&world.after("1m")[0]), "by b");
}
