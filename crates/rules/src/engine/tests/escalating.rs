//! What happens while a ticket stays open.

use super::*;

const STEPS: &str = "
  - id: a
    then: { open_ticket: {} }
    escalate:
      - { after: 4h, update: { priority: Critical, team: '${event.title}' }, note: 'Open since ${case.first_seen}' }
      - { after: 1h, unless: assigned, note: { text: nobody yet, private: false } }
";

#[test]
fn a_ticket_that_stays_open_escalates_step_by_step() {
    let mut world = World::new(STEPS);
    world.fires();
    assert!(world.after("59m").is_empty());
    let steps = world.after("1m");
    assert_eq!((steps[0].outcome, reason(&steps[0])), (Outcome::AddNote, "its ticket is open for 1h"));
    assert!(note(&steps[0]).contains("nobody yet"));
    let steps = world.after("3h");
    assert_eq!((steps.len(), steps[0].outcome), (1, Outcome::UpdateTicket));
    assert_eq!(kinds(&steps[0]), [Outcome::UpdateTicket, Outcome::AddNote]);
    assert_eq!(draft(&steps[0]).priority, Some(crate::ticket::Reference::Name("Critical".into())));
    assert_eq!(draft(&steps[0]).team, Some(crate::ticket::Reference::Name("Disk full".into())));
    assert!(note(&steps[0]).contains("Open since 2026-01-05T09:00:00Z"), "{}", note(&steps[0]));
    assert_eq!(steps[0].decisions[0].rule, RuleId::new("a"));
    assert!(world.timers.is_empty() && world.case("s/f").escalation.is_none());
}

#[test]
fn a_repeat_does_not_put_the_escalation_off() {
    let mut world = World::new(STEPS);
    world.fires();
    world.after("30m");
    world.fires();
    assert_eq!(world.after("30m")[0].outcome, Outcome::AddNote);
}

#[test]
fn a_ticket_that_somebody_has_taken_skips_what_is_for_those_that_nobody_has() {
    let mut world = World::new(STEPS);
    world.fires();
    world.report(Report::TicketTouched { key: Key::new("s/f"), ticket: 1 });
    let steps = world.after("1h");
    assert_eq!(
        (steps[0].outcome, reason(&steps[0]), steps[0].effects.len()),
        (Outcome::Nothing, "somebody has worked on its ticket", 0)
    );
    assert_eq!(world.after("3h")[0].outcome, Outcome::UpdateTicket, "the other step is for all");
}

#[test]
fn a_ticket_that_is_resolved_or_closed_escalates_no_more() {
    let mut world = World::new(STEPS);
    world.fires();
    world.resolves();
    assert!(world.timers.is_empty(), "{:?}", world.timers);
    world.fires();
    world.report(Report::TicketClosed { key: Key::new("s/f"), ticket: 2 });
    assert!(world.timers.is_empty(), "{:?}", world.timers);
}

#[test]
fn another_ticket_and_a_reopened_one_escalate_from_the_start() {
    let mut world = World::new(
        "
  - { id: a, when: { check: new }, key: k, then: { open_ticket: { again: new } }, escalate: { after: 1h, note: x } }
  - { id: b, then: { open_ticket: { reopen_within: 1h } }, escalate: { after: 1h, note: x } }",
    );
    world.event(json!({"check": "new"}));
    world.after("30m");
    world.event(json!({"check": "new"}));
    assert!(world.after("30m").is_empty());
    assert_eq!(world.after("30m")[0].outcome, Outcome::AddNote);
    world.fires();
    world.after("30m");
    world.resolves();
    world.fires();
    assert!(world.after("30m").is_empty());
    assert_eq!(world.after("30m")[0].outcome, Outcome::AddNote);
}

#[test]
fn time_that_passed_before_the_ticket_does_not_count() {
    let mut world =
        World::new("  - { id: a, hold: 1h, then: { open_ticket: {} }, escalate: { after: 1h, note: x } }");
    world.fires();
    assert_eq!(world.after("1h")[0].outcome, Outcome::OpenTicket);
    assert!(world.after("59m").is_empty());
    assert_eq!(world.after("1m")[0].outcome, Outcome::AddNote);
}

#[test]
fn steps_that_a_late_timer_passed_over_happen_one_after_the_other() {
    let mut world = World::new(STEPS);
    world.fires();
    world.now = world.now.checked_add(SignedDuration::from_hours(9)).expect("a time");
    let timer = Input::Timer(Timer { key: Key::new("s/f"), kind: TimerKind::Escalate });
    assert_eq!(world.feed(&timer).outcome, Outcome::AddNote);
    assert_eq!(world.timers.values().next(), Some(&world.now));
    assert_eq!(world.feed(&timer).outcome, Outcome::UpdateTicket);
}

#[test]
fn a_step_that_fails_does_nothing_and_the_next_one_comes_all_the_same() {
    let mut world = World::new(
        "
  - id: a
    then: { open_ticket: {} }
    escalate:
      - { after: 1h, update: { team: '${event.title - 1}' }, note: x }
      - { after: 2h, note: y }",
    );
    world.fires();
    let steps = world.after("1h");
    assert_eq!((steps[0].outcome, steps[0].effects.len()), (Outcome::Error, 0));
    assert!(reason(&steps[0]).starts_with("the escalation failed: "), "{}", reason(&steps[0]));
    assert_eq!(world.after("1h")[0].outcome, Outcome::AddNote);
}

#[test]
fn a_rule_that_does_not_escalate_any_more_does_not() {
    let mut world = World::new(STEPS);
    world.fires();
    world.rules = load("  - { id: a, then: { open_ticket: {} } }", Settings::default());
    let steps = world.after("1h");
    assert_eq!(reason(&steps[0]), "its rule does not escalate any more");
    assert!(world.timers.is_empty());
}

#[test]
fn a_rule_in_shadow_escalates_in_silence() {
    let mut world = World::new(
        "  - { id: a, mode: shadow, then: { open_ticket: {} }, escalate: { after: 1h, note: x } }",
    );
    world.fires();
    let steps = world.after("1h");
    assert_eq!((steps[0].decisions[0].outcome, steps[0].effects.len()), (Some(Outcome::AddNote), 0));
}
