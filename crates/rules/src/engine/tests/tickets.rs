//! Events about HaloPSA's own tickets: how a ticket stands, what changed, and what a rule did itself.

use super::*;

/// How ticket 4521 stands, as its source tells; with what a test says otherwise.
fn ticket(fields: Value) -> Value {
    let mut ticket = json!({
        "id": 4521, "summary": "Printer", "status": "New", "status_id": 1, "team": "Service Desk",
        "priority": "Low", "priority_id": 4, "assigned": false, "closed": false,
    });
    let (Value::Object(map), Value::Object(more)) = (&mut ticket, fields) else { panic!("maps") };
    map.extend(more);
    let state = if ticket["closed"] == true { "resolved" } else { "firing" };
    json!({ "source": "halo", "state": state, "fingerprint": "4521", "title": "Printer", "ticket": ticket })
}

fn changed(fields: Value, change: Value) -> Value {
    let mut event = ticket(fields);
    event["change"] = change;
    event
}

/// The tickets that a step's effects name.
fn targets(step: &Step) -> Vec<Option<i64>> {
    step.effects.iter().map(|effect| effect.kind.ticket()).collect()
}

const CHASE: &str = "
  - id: chase
    from: halo
    when: { ticket.status: With User }
    hold: 7d
    then: { add_note: { text: No answer for a week }, update_ticket: { status: Stale } }";

fn with_user() -> Value {
    ticket(json!({"status": "With User"}))
}

#[test]
fn effects_that_name_no_ticket_are_about_the_one_that_the_event_tells_of() {
    let mut world = World::new(
        "
  - id: route
    from: halo
    then: { update_ticket: { team: Network }, add_note: routed, resolve_ticket: { status: Closed } }",
    );
    let step = world.event(ticket(json!({})));
    assert_eq!(kinds(&step), [Outcome::UpdateTicket, Outcome::AddNote, Outcome::ResolveTicket]);
    assert_eq!(targets(&step), [Some(4521); 3]);
    assert_eq!(
        step.effects[0].key,
        Key::new("halo/4521/route"),
        "to each rule a ticket is a case of its own"
    );
}

#[test]
fn scripts_are_about_that_ticket_too() {
    let mut world = World::new(
        "
  - id: route
    from: halo
    then:
      script: |
        update_ticket(#{ team: \"Network\" });
        add_note(#{ ticket: 7, text: \"see there\" });
        resolve_ticket(#{ });",
    );
    assert_eq!(targets(&world.event(ticket(json!({})))), [Some(4521), Some(7), Some(4521)]);
}

#[test]
fn a_change_that_changes_nothing_is_not_asked_for() {
    let rule = |fields: &str| {
        World::new(&format!("  - {{ id: a, from: halo, then: {{ update_ticket: {{ {fields} }} }} }}"))
            .event(ticket(json!({})))
    };
    for so in ["team: service desk", "priority: 4", "status: 1, summary: Printer"] {
        let step = rule(so);
        assert_eq!((step.outcome, reason(&step)), (Outcome::Nothing, "the ticket is so already"), "{so}");
    }
    for other in ["team: Network", "priority: 3", "status: New, team: Network", "tags: [new]", "agent: Ana"] {
        assert_eq!(rule(other).outcome, Outcome::UpdateTicket, "{other}");
    }
}

#[test]
fn tickets_are_heard_by_rules_that_name_their_source_or_speak_of_tickets() {
    let mut world = World::new(
        "
  - { id: alerts, then: { open_ticket: {} } }
  - { id: new, when: { ticket.status: New, ticket.team: Network }, then: { update_ticket: { priority: High } } }",
    );
    let step = world.event(ticket(json!({})));
    assert_eq!(
        (step.outcome, kinds(&step)),
        (Outcome::Unmatched, vec![]),
        "no ticket about a ticket by accident"
    );
    assert_eq!(world.event(ticket(json!({"team": "Network"}))).outcome, Outcome::UpdateTicket);
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
}

#[test]
fn a_rule_acts_once_the_ticket_has_been_so_for_as_long_as_it_holds() {
    let mut world = World::new(CHASE);
    let step = world.event(with_user());
    assert_eq!((step.outcome, reason(&step)), (Outcome::Waiting, "held for 7d until 2026-01-12 09:00 UTC"));
    world.after("3d");
    let other = ticket(json!({"status": "With User", "team": "Network"}));
    assert_eq!(world.event(other).outcome, Outcome::Waiting, "another change leaves the wait as it is");
    let steps = world.after("4d");
    assert_eq!((steps.len(), targets(&steps[0])), (1, vec![Some(4521); 2]));
    assert_eq!(
        world.case("halo/4521/chase").event.value()["ticket"]["team"],
        "Network",
        "as it stands by then"
    );
}

#[test]
fn a_ticket_that_is_otherwise_in_between_is_waited_for_anew() {
    let mut world = World::new(CHASE);
    world.event(with_user());
    world.after("6d");
    let step = world.event(ticket(json!({"status": "Updated"})));
    assert_eq!(step.decisions[0].reason.as_deref(), Some("the ticket is not as the rule wants it any more"));
    assert!(world.timers.is_empty());
    world.event(with_user());
    assert!(world.after("6d").is_empty());
    assert_eq!(world.after("1d").len(), 1);
}

#[test]
fn it_acts_once_until_the_ticket_was_otherwise() {
    let mut world = World::new(CHASE);
    world.event(with_user());
    world.after("7d");
    let step = world.event(with_user());
    assert_eq!(
        (step.outcome, reason(&step)),
        (Outcome::Nothing, "it acted at 2026-01-12 09:00 UTC, and the ticket was not otherwise since")
    );
    assert!(world.after("30d").is_empty());
    world.event(ticket(json!({})));
    world.event(with_user());
    assert_eq!(world.after("7d").len(), 1, "it has been otherwise");
}

#[test]
fn a_closed_ticket_is_waited_for_no_more_and_heard_only_where_that_is_asked_for() {
    let mut world = World::new(CHASE);
    world.event(with_user());
    let step = world.event(ticket(json!({"status": "With User", "closed": true})));
    assert_eq!(step.outcome, Outcome::Nothing);
    assert_eq!(world.case("halo/4521/chase").state, CaseState::Resolved);
    assert!(world.after("30d").is_empty());
    for when in
        ["change.kind: closed", "change.kind: [merged, closed]", "ticket.closed: true", "state: resolved"]
    {
        let rule =
            format!("  - {{ id: a, from: halo, when: {{ {when} }}, then: {{ notify: {{ channel: c }} }} }}");
        let mut world = World::new(&rule);
        let closed = changed(json!({"closed": true}), json!({"kind": "closed"}));
        assert_eq!(world.event(closed).outcome, Outcome::Notify, "{when}");
        assert_eq!(
            world.event(changed(json!({}), json!({"kind": "changed"}))).outcome,
            Outcome::Unmatched,
            "{when}"
        );
    }
}

#[test]
fn a_rule_that_decides_first_does_not_end_what_another_one_waits_for() {
    let mut world = World::new(&format!(
        "
  - {{ id: first, from: halo, when: {{ ticket.priority: High }}, then: {{ add_note: urgent }} }}{CHASE}"
    ));
    world.event(with_user());
    world.after("3d");
    let step = world.event(ticket(json!({"status": "With User", "priority": "High"})));
    assert_eq!(kinds(&step), [Outcome::AddNote]);
    assert_eq!(world.after("4d").len(), 1, "a week after the first");
}

#[test]
fn what_rules_did_themselves_is_heard_only_where_that_is_asked_for_and_ends_waits_all_the_same() {
    let rules = format!(
        "{CHASE}
  - {{ id: any, from: halo, then: {{ add_note: changed }} }}
  - {{ id: own, from: halo, when: {{ change.ours: true }}, then: {{ notify: {{ channel: c }} }} }}"
    );
    let mut world = World::new(&rules);
    world.event(with_user());
    let step = world.event(changed(json!({"status": "Resolved"}), json!({"kind": "changed", "ours": true})));
    assert_eq!(kinds(&step), [Outcome::Notify]);
    assert!(world.after("30d").is_empty(), "the wait is over");
}

const SLA: &str = "
  - id: sla
    from: halo
    hold: { until: '${event.ticket.fix_by}', early: 30m }
    then: { update_ticket: { priority: High } }";

#[test]
fn a_rule_can_wait_until_a_time_that_the_ticket_tells_and_moves_with_it() {
    let mut world = World::new(SLA);
    let due = |at: &str| ticket(json!({ "fix_by": at }));
    let step = world.event(due("2026-01-05T12:00:00Z"));
    assert_eq!((step.outcome, reason(&step)), (Outcome::Waiting, "held until 2026-01-05 11:30 UTC"));
    world.after("1h");
    world.event(due("2026-01-05T14:00:00Z"));
    assert!(world.after("3h29m").is_empty());
    assert_eq!(targets(&world.after("1m")[0]), [Some(4521)]);
    assert_eq!(world.event(due("2026-01-05T14:00:00Z")).outcome, Outcome::Nothing, "it has acted on it");
    assert_eq!(world.event(due("2026-01-06T14:00:00Z")).outcome, Outcome::Waiting, "it was put off");
    assert_eq!(world.after("1d").len(), 1);
}

#[test]
fn a_time_that_is_past_is_acted_on_at_once_and_one_that_nobody_knows_is_not_waited_for() {
    let mut world = World::new(SLA);
    let step = world.event(ticket(json!({})));
    assert_eq!((step.outcome, reason(&step)), (Outcome::Nothing, "the time that it waits for is not known"));
    let step = world.event(ticket(json!({"fix_by": "2026-01-05T08:00:00Z"})));
    assert_eq!(step.outcome, Outcome::UpdateTicket);
    assert_eq!(world.event(ticket(json!({"fix_by": "2026-01-05T08:00:00Z"}))).outcome, Outcome::Nothing);
    assert!(world.timers.is_empty());
    let step = world.event(ticket(json!({"fix_by": "tomorrow"})));
    assert_eq!(
        (step.outcome, reason(&step)),
        (Outcome::Error, "rule `sla` failed: `hold` waits until `tomorrow`, which is no time"),
    );
    assert!(step.effects.is_empty(), "a ticket is there already: no other one tells of the mistake");
}

#[test]
fn who_changes_a_ticket_ten_times_within_an_hour_is_stopped_for_a_while() {
    let mut world = World::new(
        "  - { id: pull, from: halo, when: { ticket.team: A }, then: { update_ticket: { team: B } } }",
    );
    for _ in 0..10 {
        let step = world.event(ticket(json!({"team": "A"})));
        assert_eq!((step.outcome, step.warnings.len()), (Outcome::UpdateTicket, 0));
        world.after("1m");
    }
    let step = world.event(ticket(json!({"team": "A"})));
    let why = "it changed ticket 4521 10 times within an hour: something answers each change with another; it acts \
               again from 2026-01-05 10:00 UTC on";
    assert_eq!((step.outcome, step.effects.len()), (Outcome::Limited, 0));
    assert_eq!(step.decisions[0].reason.as_deref(), Some(why));
    assert_eq!(step.warnings, [format!("rule `pull` is stopped: {why}")]);
    let mut other = ticket(json!({"team": "A"}));
    (other["ticket"]["id"], other["fingerprint"]) = (4522.into(), "4522".into());
    assert_eq!(world.event(other).outcome, Outcome::UpdateTicket, "another ticket is another matter");
    world.after("50m");
    assert_eq!(world.event(ticket(json!({"team": "A"}))).outcome, Outcome::UpdateTicket);
}

#[test]
fn a_ticket_that_a_rule_opens_for_another_one_is_resolved_with_it() {
    let mut world = World::new(
        "
  - id: order
    from: halo
    when: { ticket.type: Onboarding }
    then: { open_ticket: { summary: Order a laptop, parent: '${event.ticket.id}' } }",
    );
    let step = world.event(ticket(json!({"type": "Onboarding"})));
    assert_eq!(draft(&step).parent, Some(crate::ticket::Parent::Id(4521)));
    let step = world.event(ticket(json!({"type": "Onboarding", "closed": true})));
    assert_eq!((kinds(&step), targets(&step)), (vec![Outcome::ResolveTicket], vec![None]));
}

#[test]
fn a_rule_that_is_gone_does_not_decide_about_how_a_ticket_stood_once() {
    let mut world = World::new(CHASE);
    world.event(with_user());
    world.rules = load("  - { id: any, from: halo, then: { add_note: changed } }", Settings::default());
    let steps = world.after("7d");
    assert_eq!((steps.len(), steps[0].outcome), (1, Outcome::Nothing));
    assert_eq!(world.case("halo/4521/chase").state, CaseState::Resolved);
}

#[test]
fn in_shadow_nothing_is_sent_and_waits_are_kept_apart() {
    let mut world = World::new(&CHASE.replace("hold: 7d", "hold: 7d\n    mode: shadow"));
    world.event(with_user());
    world.event(ticket(json!({"status": "Updated"})));
    assert!(world.timers.is_empty(), "it ends in shadow too");
    world.event(with_user());
    let steps = world.after("7d");
    assert_eq!((steps.len(), steps[0].effects.len()), (1, 0));
}
