//! The brake of a rule: `limit`, its storm ticket, and what waits.

use super::*;

const TWO: &str = "  - { id: a, limit: { tickets: 2, per: 10m }, then: { open_ticket: {} } }";

impl World {
    /// A problem of its own fires.
    fn problem(&mut self, name: &str) -> Step {
        self.event(json!({"fingerprint": name, "title": name, "client": {"name": "Acme"}}))
    }

    /// What was opened, by key, while time passed.
    fn opened_after(&mut self, duration: &str) -> Vec<String> {
        let steps = self.after(duration);
        let effects = steps.iter().flat_map(|step| &step.effects);
        let opened = effects.filter(|effect| effect.kind.outcome() == Outcome::OpenTicket);
        opened.map(|effect| effect.key.as_str().to_owned()).collect()
    }
}

#[test]
fn what_is_beyond_the_limit_waits_and_one_storm_ticket_says_so() {
    let mut world = World::new(TWO);
    assert_eq!(world.problem("1").outcome, Outcome::OpenTicket);
    assert_eq!(world.problem("2").outcome, Outcome::OpenTicket);
    let step = world.problem("3");
    assert_eq!((step.outcome, reason(&step)), (Outcome::Limited, "more than 2 tickets within 10m"));
    assert_eq!(step.effects.len(), 1);
    assert_eq!(step.effects[0].key, Key::new("storm/a"));
    assert_eq!(summary(&step), "Storm: alerts of a are held back");
    let EffectKind::OpenTicket { origin, draft } = &step.effects[0].kind else { panic!("a ticket") };
    assert_eq!((&origin.client_name, &draft.client), (&None, &None), "it belongs to no client");
    assert!(draft.ticket_type.is_some());
    let case = world.case("s/3");
    assert_eq!((case.state, case.held_by), (CaseState::Waiting, Some(Key::new("storm/a"))));
}

#[test]
fn the_storm_ticket_is_opened_once_and_its_folded_note_counts_the_rest() {
    let mut world = World::new(TWO);
    for name in ["1", "2", "3"] {
        world.problem(name);
    }
    let step = world.problem("4");
    assert_eq!((step.outcome, kinds(&step)), (Outcome::Limited, vec![Outcome::AddNote]));
    assert!(note(&step).contains("Held back: 2 alerts."), "{}", note(&step));
    assert!(note(&step).contains("Waits: s/3") && note(&step).contains("Waits: s/4"), "{}", note(&step));
    assert!(world.problem("5").effects.is_empty(), "told at most once in the window");
    assert_eq!(world.problem("3").outcome, Outcome::Limited, "a repeat waits on");
    assert_eq!(world.case("storm/a").count, 3, "and is not counted twice");
}

#[test]
fn those_that_wait_get_their_tickets_in_their_order_when_there_is_room() {
    let mut world = World::new(TWO);
    for name in ["1", "2", "3", "4", "5", "6"] {
        world.problem(name);
        world.after("1m");
    }
    assert_eq!(world.opened_after("4m"), ["s/3"], "the first opening no longer counts");
    assert_eq!(world.opened_after("1m"), ["s/4"]);
    assert!(world.opened_after("8m").is_empty());
    world.problem("3");
    assert_eq!(world.case("s/3").count, 2, "a repeat needs no room");
    assert_eq!(world.opened_after("2m"), ["s/5", "s/6"]);
    let steps = world.after("20m");
    let ends = steps.iter().find(|step| step.outcome == Outcome::ResolveTicket).expect("the storm ends");
    assert_eq!((ends.effects[0].key.as_str(), reason(ends)), ("storm/a", "nothing waits any more"));
    assert!(note(ends).contains("4 alerts were held back"), "{}", note(ends));
    assert!(world.timers.iter().all(|((_, kind), _)| *kind == TimerKind::Fold), "{:?}", world.timers);
}

#[test]
fn who_comes_later_does_not_overtake_who_waits() {
    let mut world = World::new("  - { id: a, limit: { tickets: 1, per: 10m }, then: { open_ticket: {} } }");
    world.problem("1");
    world.problem("2");
    world.problem("3");
    assert_eq!(world.opened_after("10m"), ["s/2"]);
    assert_eq!(world.problem("4").outcome, Outcome::Limited);
    assert_eq!(world.opened_after("10m"), ["s/3"]);
    assert_eq!(world.opened_after("10m"), ["s/4"]);
}

#[test]
fn what_is_resolved_while_it_waits_takes_no_room() {
    let mut world = World::new(TWO);
    for name in ["1", "2", "3", "4", "5"] {
        world.problem(name);
    }
    for name in ["3", "4"] {
        let step = world.event(json!({"state": "resolved", "fingerprint": name}));
        assert_eq!(reason(&step), "it ended while waiting: no ticket");
    }
    assert_eq!(world.opened_after("10m"), ["s/5"]);
}

#[test]
fn a_storm_of_what_was_only_a_flicker_ends_by_itself() {
    let mut world = World::new(TWO);
    for name in ["1", "2", "3"] {
        world.problem(name);
    }
    world.event(json!({"state": "resolved", "fingerprint": "3"}));
    assert_eq!(world.after("10m")[0].outcome, Outcome::ResolveTicket);
    assert_eq!(world.case("storm/a").state, CaseState::Resolved);
    assert!(world.timers.is_empty(), "{:?}", world.timers);
    assert_eq!(world.problem("4").outcome, Outcome::OpenTicket);
}

#[test]
fn a_storm_ticket_that_somebody_works_on_stays_open_with_a_note() {
    let mut world = World::new(TWO);
    for name in ["1", "2", "3"] {
        world.problem(name);
    }
    world.report(Report::TicketTouched { key: Key::new("storm/a"), ticket: 1 });
    world.event(json!({"state": "resolved", "fingerprint": "3"}));
    assert_eq!(world.after("10m")[0].outcome, Outcome::AddNote);
}

#[test]
fn who_closes_the_storm_ticket_loses_no_alert() {
    let mut world = World::new(TWO);
    for name in ["1", "2", "3", "4"] {
        world.problem(name);
    }
    world.report(Report::TicketClosed { key: Key::new("storm/a"), ticket: 1 });
    assert_eq!(world.opened_after("1m"), ["storm/a"], "there is no room: another storm ticket");
    assert_eq!(world.opened_after("9m"), ["s/3", "s/4"]);
}

#[test]
fn a_limit_that_is_taken_away_lets_everything_go() {
    let mut world = World::new(TWO);
    for name in ["1", "2", "3", "4"] {
        world.problem(name);
    }
    world.rules = load("  - { id: a, then: { open_ticket: {} } }", Settings::default());
    assert_eq!(world.opened_after("11m"), ["s/3", "s/4"]);
    assert_eq!(world.case("storm/a").state, CaseState::Resolved);
}

#[test]
fn a_script_is_stopped_at_the_ticket_and_runs_as_a_whole_in_its_turn() {
    let script = "
  - id: a
    limit: { tickets: 1, per: 10m }
    then: { script: 'if event.title == \"lab\" { drop(\"lab\"); return; } set(#{ title: `${event.title}!` }); open_ticket(#{}); add_note(#{ text: \"hello\", ticket: 7 })' }";
    let mut world = World::new(script);
    assert_eq!(kinds(&world.problem("1")), [Outcome::OpenTicket, Outcome::AddNote]);
    assert_eq!(world.problem("lab").outcome, Outcome::Dropped, "what opens no ticket needs no room");
    let step = world.problem("2");
    assert_eq!((step.outcome, kinds(&step)), (Outcome::Limited, vec![Outcome::OpenTicket]));
    let steps = world.after("10m");
    let opened = steps.iter().find(|step| step.outcome == Outcome::OpenTicket).expect("its turn");
    assert_eq!(
        (kinds(opened), summary_of_first(opened)),
        (vec![Outcome::OpenTicket, Outcome::AddNote], "2!")
    );
}

#[test]
fn a_ticket_that_takes_the_place_of_one_resolved_just_now_needs_no_room() {
    let mut world = World::new(
        "  - { id: a, limit: { tickets: 1, per: 10m }, then: [{ resolve_ticket: true }, { open_ticket: {} }] }",
    );
    world.fires();
    assert_eq!(kinds(&world.fires()), [Outcome::ResolveTicket, Outcome::OpenTicket]);
    assert_eq!(world.case("s/f").state, CaseState::Open);
}

#[test]
fn what_another_rule_counted_first_is_decided_by_the_rule_that_held_it_back() {
    let mut world = World::new(
        "
  - { id: b, when: { check: x }, key: '${event.fingerprint}', threshold: { count: 9, within: 1h }, then: { drop: x } }
  - { id: a, key: '${event.fingerprint}', limit: { tickets: 1, per: 10m }, then: { open_ticket: {} } }",
    );
    world.problem("1");
    world.event(json!({"fingerprint": "2", "check": "x"}));
    assert_eq!(world.problem("2").outcome, Outcome::Limited);
    assert_eq!(world.opened_after("10m"), ["2"]);
}

fn summary_of_first(step: &Step) -> &str {
    let EffectKind::OpenTicket { draft, .. } = &step.effects[0].kind else { panic!("a ticket") };
    draft.summary.as_deref().expect("a summary")
}

#[test]
fn another_ticket_for_an_open_case_counts_and_is_only_counted_beyond_the_limit() {
    let mut world = World::new(
        "  - { id: a, key: k, limit: { tickets: 2, per: 10m }, then: { open_ticket: { again: new } } }",
    );
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
    assert_eq!(world.fires().outcome, Outcome::Counted);
    world.after("10m");
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
}

#[test]
fn a_hold_that_was_waited_out_is_not_waited_out_again() {
    let mut world =
        World::new("  - { id: a, hold: 5m, limit: { tickets: 1, per: 10m }, then: { open_ticket: {} } }");
    world.problem("1");
    world.problem("2");
    assert_eq!(world.opened_after("5m"), ["s/1", "storm/a"]);
    assert_eq!(world.opened_after("10m"), ["s/2"]);
}

#[test]
fn a_rule_in_shadow_has_a_storm_of_its_own_that_sends_nothing() {
    let mut world = World::new(
        "  - { id: a, mode: { live_for: [Acme] }, limit: { tickets: 1, per: 10m }, then: { open_ticket: {} } }",
    );
    assert_eq!(world.problem("1").outcome, Outcome::OpenTicket);
    for name in ["2", "3"] {
        let step = world.event(json!({"fingerprint": name, "client": {"name": "Other"}}));
        assert!(step.effects.is_empty(), "{step:?}");
    }
    assert!(world.case("shadow/storm/a").shadow);
    assert_eq!(world.case("storm/a").state, CaseState::Resolved, "no storm for the live ones");
    assert!(world.opened_after("10m").is_empty());
    assert_eq!(world.problem("4").outcome, Outcome::OpenTicket);
}

#[test]
fn a_limited_case_whose_host_goes_down_waits_for_the_host_in_its_turn() {
    let mut world = World::new(
        "
  - { id: host, when: { check: ping }, key: host, then: { open_ticket: {} } }
  - { id: a, unless_open: host, limit: { tickets: 1, per: 10m }, then: { open_ticket: {} } }",
    );
    world.problem("1");
    world.problem("2");
    world.event(json!({"check": "ping", "fingerprint": "h"}));
    assert!(world.opened_after("10m").is_empty());
    assert_eq!(world.case("s/2").held_by, Some(Key::new("host")));
    world.event(json!({"state": "resolved", "fingerprint": "h"}));
    assert_eq!(world.opened_after("1m"), ["s/2"]);
}

/// At most so many tickets in ten minutes, whatever rule opens them.
fn braked(tickets: u32) -> Settings {
    let mut settings = Settings::default();
    settings.brake = Some(crate::rule::Limit { tickets, per: std::time::Duration::from_mins(10) });
    settings
}

const RULES: &str = "
  - { id: disk, when: { check: disk }, then: { open_ticket: { team: Servers } } }
  - { id: a, then: { open_ticket: {} } }";

#[test]
fn the_brake_holds_for_all_rules_together() {
    let mut world = World::with(RULES, braked(2));
    world.problem("1");
    assert_eq!(world.event(json!({"check": "disk", "fingerprint": "2"})).outcome, Outcome::OpenTicket);
    let step = world.event(json!({"check": "disk", "fingerprint": "3"}));
    assert_eq!((step.outcome, reason(&step)), (Outcome::Limited, "more than 2 tickets within 10m"));
    assert_eq!(step.effects[0].key, Key::new("storm"));
    assert_eq!((summary(&step), step.effects[0].rule.as_str()), ("Storm: alerts are held back", "brake"));
    assert_eq!(world.problem("4").outcome, Outcome::Limited);
    assert_eq!(world.opened_after("10m"), ["s/3", "s/4"], "in the order they came, each by its own rule");
    let steps = world.after("10m");
    assert_eq!(steps.last().map(|step| step.outcome), Some(Outcome::ResolveTicket));
    assert!(world.timers.is_empty(), "{:?}", world.timers);
}

#[test]
fn a_ticket_needs_room_under_the_rules_limit_and_under_the_brake() {
    let rules = "
  - { id: disk, when: { check: disk }, limit: { tickets: 1, per: 30m }, then: { open_ticket: {} } }
  - { id: a, then: { open_ticket: {} } }";
    let mut world = World::with(rules, braked(2));
    let disk = |name: &str| json!({"check": "disk", "fingerprint": name});
    assert_eq!(world.event(disk("1")).outcome, Outcome::OpenTicket);
    let step = world.event(disk("2"));
    assert_eq!((step.outcome, step.effects[0].key.as_str()), (Outcome::Limited, "storm/disk"));
    assert_eq!(world.problem("3").outcome, Outcome::OpenTicket, "the storm's own ticket takes no room");
    let step = world.problem("4");
    assert_eq!((step.outcome, step.effects[0].key.as_str()), (Outcome::Limited, "storm"));
    assert_eq!(world.opened_after("10m"), ["s/4"]);
    assert_eq!(world.opened_after("20m"), ["s/2"]);
}

#[test]
fn a_brake_that_is_taken_away_lets_everything_go() {
    let mut world = World::with(RULES, braked(1));
    for name in ["1", "2", "3"] {
        world.problem(name);
    }
    world.rules = load(RULES, Settings::default());
    assert_eq!(world.opened_after("11m"), ["s/2", "s/3"]);
    assert_eq!(world.case("storm").state, CaseState::Resolved);
}

#[test]
fn what_is_in_shadow_takes_no_room_from_what_is_live() {
    let rules = "
  - { id: quiet, mode: shadow, then: { open_ticket: {} } }
  - { id: a, then: { open_ticket: {} } }";
    let mut world = World::with(rules, braked(2));
    for name in ["1", "2"] {
        assert_eq!(world.problem(name).outcome, Outcome::OpenTicket);
    }
    assert!(world.case("shadow/storm").shadow);
}
