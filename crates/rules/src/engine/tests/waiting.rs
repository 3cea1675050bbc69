//! Before the ticket: thresholds and holds.

use super::*;

const THREE: &str = "  - { id: a, threshold: { count: 3, within: 30m }, then: { open_ticket: { summary: '${case.count}' } } }";
const HOLD: &str = "  - { id: a, hold: 10m, then: { open_ticket: {} } }";

#[test]
fn the_third_event_within_the_window_opens_the_ticket() {
    let mut world = World::new(THREE);
    let step = world.fires();
    assert_eq!((step.outcome, reason(&step)), (Outcome::Waiting, "1 of 3 within 30m"));
    assert_eq!(world.case("s/f").state, CaseState::Waiting);
    world.after("10m");
    assert_eq!(reason(&world.fires()), "2 of 3 within 30m");
    world.after("10m");
    assert_eq!(summary(&world.fires()), "3");
    assert!(world.timers.is_empty(), "{:?}", world.timers);
    assert_eq!(world.fires().outcome, Outcome::AddNote, "repeats need no threshold");
}

#[test]
fn the_window_slides() {
    let mut world = World::new(THREE);
    for _ in 0..10 {
        assert_eq!(world.fires().outcome, Outcome::Waiting);
        world.after("16m");
    }
    world.fires();
    world.after("1m");
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
}

#[test]
fn a_threshold_not_reached_in_time_is_forgotten() {
    let mut world = World::new(THREE);
    world.fires();
    world.after("20m");
    world.fires();
    assert!(world.after("29m59s").is_empty());
    let steps = world.after("1s");
    assert_eq!(reason(&steps[0]), "its threshold was not reached in time");
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
    assert_eq!(reason(&world.fires()), "1 of 3 within 30m");
    assert_eq!(world.case("s/f").count, 1);
}

#[test]
fn what_is_resolved_in_between_still_counts_for_the_threshold() {
    let mut world = World::new(THREE);
    world.fires();
    let step = world.resolves();
    assert_eq!(
        (step.outcome, reason(&step)),
        (Outcome::Nothing, "it is over for now; its threshold goes on counting")
    );
    world.fires();
    world.resolves();
    assert_eq!(world.fires().outcome, Outcome::OpenTicket, "a service that flaps is the third time down");
}

#[test]
fn a_hold_waits_and_then_opens_the_ticket_by_itself() {
    let mut world = World::new(HOLD);
    let step = world.fires();
    assert_eq!((step.outcome, reason(&step)), (Outcome::Waiting, "held for 10m until 2026-01-05 09:10 UTC"));
    world.after("5m");
    assert_eq!(world.fires().outcome, Outcome::Waiting, "later ones do not prolong it");
    let steps = world.after("5m");
    assert_eq!(
        (steps.len(), steps[0].outcome, reason(&steps[0])),
        (1, Outcome::OpenTicket, "its hold is over")
    );
    let case = world.case("s/f");
    assert_eq!((case.state, case.count, case.held_since), (CaseState::Open, 2, None));
    assert_eq!(steps[0].decisions[0].rule, RuleId::new("a"));
}

#[test]
fn what_is_resolved_while_held_gets_no_ticket() {
    let mut world = World::new(HOLD);
    world.fires();
    let step = world.resolves();
    assert_eq!((step.outcome, reason(&step)), (Outcome::Nothing, "it ended while waiting: no ticket"));
    assert!(world.after("1h").is_empty(), "its timer is gone");
    assert_eq!(world.fires().outcome, Outcome::Waiting);
}

#[test]
fn a_hold_begins_when_the_threshold_is_reached_and_outlasts_its_window() {
    let mut world = World::new(
        "  - { id: a, threshold: { count: 2, within: 1m }, hold: 10m, then: { open_ticket: {} } }",
    );
    world.fires();
    world.after("30s");
    assert_eq!(reason(&world.fires()), "held for 10m until 2026-01-05 09:10 UTC");
    world.after("5m");
    assert_eq!(reason(&world.fires()), "held for 10m until 2026-01-05 09:10 UTC");
    let steps = world.after("10m");
    assert_eq!((steps.len(), steps[0].outcome), (1, Outcome::OpenTicket));
}

#[test]
fn a_threshold_that_ends_in_a_drop_leaves_no_case_behind() {
    let mut world = World::new("  - { id: a, threshold: { count: 2, within: 1h }, then: { drop: noise } }");
    world.fires();
    assert_eq!(world.fires().outcome, Outcome::Dropped);
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
    assert!(world.timers.is_empty());
}

#[test]
fn a_rule_that_fails_when_its_hold_is_over_still_gets_its_alert_a_ticket() {
    let rule = "  - { id: a, hold: 10m, key: k, then: { open_ticket: { summary: '${event.title - 1}' } } }";
    let mut world = World::new(rule);
    world.fires();
    let steps = world.after("10m");
    assert_eq!(kinds(&steps[0]), [Outcome::OpenTicket]);
    assert_eq!(steps[0].effects[0].key, Key::new("k"));
    assert!(reason(&steps[0]).starts_with("rule `a` failed: "), "{}", reason(&steps[0]));
    assert_eq!(world.case("k").count, 1, "one event, counted once");

    let mut world = World::with(rule, ignoring_errors());
    world.fires();
    let steps = world.after("10m");
    assert_eq!((steps[0].outcome, steps[0].effects.len()), (Outcome::Error, 0));
    assert_eq!(world.case("k").state, CaseState::Resolved);
}

#[test]
fn what_a_removed_rule_held_back_is_decided_by_the_rules_there_are() {
    let mut world = World::new(HOLD);
    world.fires();
    world.rules = load("  - { id: b, then: { open_ticket: { summary: by b } } }", Settings::default());
    let steps = world.after("10m");
    assert_eq!(summary(&steps[0]), "by b");

    let mut world = World::new(HOLD);
    world.fires();
    world.rules = load("  - { id: a, mode: off, hold: 10m, then: { open_ticket: {} } }", Settings::default());
    let steps = world.after("10m");
    assert_eq!((steps[0].outcome, steps[0].effects.len()), (Outcome::Unmatched, 0), "the rule is off");
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
}

#[test]
fn a_timer_that_comes_too_late_does_nothing() {
    let mut world = World::new("  - { id: a, then: { open_ticket: {} } }");
    world.fires();
    for kind in TimerKind::ALL {
        let step = world.feed(&Input::Timer(Timer { key: Key::new("s/f"), kind }));
        assert_eq!(
            (step.outcome, reason(&step), step.cases.len()),
            (Outcome::Nothing, "the timer came too late to matter", 0),
            "{kind:?}"
        );
    }
}
