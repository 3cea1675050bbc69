//! Repeats while the ticket is open.

use super::*;

fn again(text: &str) -> World {
    World::new(&format!(
        "  - {{ id: a, then: {{ open_ticket: {{ priority: {{ critical: P1, high: P2, else: P3 }}, again: {text} }} }} }}"
    ))
}

fn fold(step: &Step) -> bool {
    matches!(&step.effects[0].kind, EffectKind::AddNote { note, .. } if note.fold && note.private)
}

#[test]
fn repeats_fold_into_one_note_at_once_and_then_at_most_once_an_hour() {
    let mut world = World::new("  - { id: a, then: { open_ticket: {} } }");
    world.fires();
    world.after("1m");
    let first = world.fires();
    assert!(fold(&first));
    assert_eq!(
        note(&first),
        "<p>Still firing: seen 2 times.<br />\nFirst: 2026-01-05 09:00 UTC<br />\nLast: 2026-01-05 09:01 UTC<br />\nDisk full</p>\n"
    );
    for seen in 3..6 {
        world.after("10m");
        let step = world.fires();
        assert_eq!((step.outcome, reason(&step)), (Outcome::Counted, &*format!("seen {seen} times")));
        assert!(step.effects.is_empty());
    }
    let rest = world.after("30m");
    assert_eq!(rest.len(), 1, "the timer tells the rest");
    assert!(fold(&rest[0]) && note(&rest[0]).contains("seen 5 times"), "{}", note(&rest[0]));
    assert!(world.after("10h").is_empty(), "nothing is left to tell");
    assert!(fold(&world.fires()), "an hour is over: told at once again");
}

#[test]
fn a_note_for_each_repeat_or_one_in_a_while() {
    let mut world = again("note");
    world.fires();
    for seen in 2..4 {
        let step = world.event(json!({"message": "free: 1 %"}));
        let text = format!("<p>Fires again (seen {seen} times): Disk full<br />\nfree: 1 %</p>\n");
        assert_eq!(note(&step), text);
        assert!(!fold(&step));
    }
    let mut world = again("{ do: note, at_most: 10m }");
    world.fires();
    assert_eq!(world.fires().outcome, Outcome::AddNote);
    world.after("9m");
    assert_eq!(world.fires().outcome, Outcome::Counted);
    world.after("1m");
    assert_eq!(world.fires().outcome, Outcome::AddNote);
}

#[test]
fn repeats_may_only_count_or_do_nothing() {
    let mut world = again("count");
    world.fires();
    assert_eq!(world.fires().outcome, Outcome::Counted);
    assert_eq!(world.case("s/f").count, 2);
    let mut world = again("nothing");
    world.fires();
    let step = world.fires();
    assert_eq!((step.outcome, reason(&step)), (Outcome::Nothing, "its ticket is open"));
    assert!(step.effects.is_empty() && world.timers.is_empty());
}

#[test]
fn repeats_may_open_another_ticket() {
    let mut world = again("new");
    assert_eq!(world.fires().effects[0].ticket, 1);
    assert_eq!(world.fires().effects[0].ticket, 2);
    assert_eq!(world.case("s/f").tickets, 2);
    let mut world = again("{ do: new, at_most: 1h }");
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
    world.after("59m");
    assert_eq!(world.fires().outcome, Outcome::Counted, "at most one an hour");
    world.after("1m");
    assert_eq!(world.fires().effects[0].ticket, 2);
}

#[test]
fn a_repeat_that_is_more_severe_raises_the_priority_and_never_lowers_it() {
    let mut world = again("count");
    world.event(json!({"severity": "high"}));
    assert_eq!(world.event(json!({"severity": "low"})).outcome, Outcome::Counted);
    let step = world.event(json!({"severity": "critical"}));
    assert_eq!((step.outcome, reason(&step)), (Outcome::UpdateTicket, "its severity rose to critical"));
    assert_eq!(json!(draft(&step)), json!({"priority": "P1"}), "nothing else of the ticket changes");
    assert_eq!(world.case("s/f").severity, Severity::Critical);
    assert_eq!(world.event(json!({"severity": "high"})).outcome, Outcome::Counted);
    assert_eq!(world.event(json!({"severity": "critical"})).outcome, Outcome::Counted);
}

#[test]
fn a_raise_that_changes_nothing_is_not_sent() {
    let mut world = World::new("  - { id: a, then: { open_ticket: { priority: High, again: count } } }");
    world.event(json!({"severity": "low"}));
    let step = world.event(json!({"severity": "critical"}));
    assert_eq!(
        (step.outcome, step.effects.len()),
        (Outcome::Counted, 0),
        "a technician may have set another"
    );
}

#[test]
fn a_raise_and_a_fold_go_together() {
    let mut world = again("fold");
    world.event(json!({"severity": "low"}));
    let step = world.event(json!({"severity": "critical"}));
    assert_eq!(kinds(&step), [Outcome::UpdateTicket, Outcome::AddNote]);
}

#[test]
fn two_rules_with_one_key_share_the_ticket() {
    let mut world = World::new(
        "  - { id: cpu, when: { check: cpu }, key: 'load/${event.device.name}', then: { open_ticket: {} } }
  - { id: ram, when: { check: ram }, key: 'load/${event.device.name}', then: { open_ticket: {} } }",
    );
    let device = json!({"name": "SRV"});
    let cpu = world.event(json!({"check": "cpu", "fingerprint": "c", "device": device}));
    let ram = world.event(json!({"check": "ram", "fingerprint": "r", "device": device}));
    assert_eq!((cpu.outcome, ram.outcome), (Outcome::OpenTicket, Outcome::AddNote));
    assert_eq!(world.case("load/SRV").feeds.len(), 2);
}
