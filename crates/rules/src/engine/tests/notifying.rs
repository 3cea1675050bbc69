//! `notify`: what channels are told, and when.

use super::*;

/// What a step tells which channel.
fn told(step: &Step) -> Vec<(&str, &str)> {
    let told = step.effects.iter().filter_map(|effect| match &effect.kind {
        EffectKind::Notify { channel, text } => Some((channel.as_str(), text.as_str())),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_rule_can_tell_a_channel_and_open_nothing() {
    let mut world = World::new(
        "  - { id: a, threshold: { count: 2, within: 1h }, then: { notify: { channel: ops, text: '${event.title} (${case.count})' } } }",
    );
    assert_eq!(world.fires().outcome, Outcome::Waiting);
    let step = world.fires();
    assert_eq!((step.outcome, told(&step)), (Outcome::Notify, vec![("ops", "Disk full (2)")]));
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
}

#[test]
fn with_a_ticket_the_channel_is_told_once_for_each() {
    let mut world = World::new(
        "  - { id: a, then: { notify: { channel: ops }, open_ticket: { again: note, reopen_within: 1h } } }",
    );
    let step = world.fires();
    assert_eq!(kinds(&step), [Outcome::OpenTicket, Outcome::Notify]);
    assert_eq!((told(&step), step.effects[1].ticket), (vec![("ops", "Disk full")], 1));
    assert_eq!(kinds(&world.fires()), [Outcome::AddNote], "a repeat is no news");
    world.resolves();
    assert_eq!(kinds(&world.fires()), [Outcome::ReopenTicket, Outcome::Notify]);
}

#[test]
fn an_escalation_can_tell_a_channel() {
    let mut world = World::new(
        "  - { id: a, escalate: { after: 1h, unless: touched, notify: { channel: boss, text: 'since ${case.first_seen}' } }, then: { open_ticket: {} } }",
    );
    world.fires();
    let steps = world.after("1h");
    assert_eq!(
        (steps[0].outcome, told(&steps[0])),
        (Outcome::Notify, vec![("boss", "since 2026-01-05T09:00:00Z")])
    );
}

#[test]
fn a_script_can_tell_a_channel_that_there_is() {
    let mut settings = Settings::default();
    settings.channels = Some(["ops".to_owned()].into());
    let script =
        "  - { id: a, then: { script: 'notify(#{ channel: event.check, text: `${event.title}!` })' } }";
    let mut world = World::with(script, settings);
    let step = world.event(json!({"check": "ops"}));
    assert_eq!(told(&step), [("ops", "Disk full!")]);
    let step = world.event(json!({"check": "opps"}));
    assert_eq!(reason(&step), "rule `a` failed: no channel is called `opps`: did you mean `ops`?");
    assert_eq!(kinds(&step), [Outcome::OpenTicket], "the alert is not lost");
}

#[test]
fn a_message_is_no_ticket_for_an_alert_that_another_rule_failed_on() {
    let mut world = World::new(
        "
  - { id: a, when: { script: event.title }, then: { open_ticket: {} } }
  - { id: b, then: { notify: { channel: ops } } }",
    );
    assert_eq!(kinds(&world.fires()), [Outcome::Notify, Outcome::OpenTicket]);
}

#[test]
fn what_is_held_back_by_a_limit_is_told_in_its_turn() {
    let mut world = World::new(
        "  - { id: a, limit: { tickets: 1, per: 10m }, then: { notify: { channel: ops }, open_ticket: {} } }",
    );
    world.event(json!({"fingerprint": "1"}));
    assert!(told(&world.event(json!({"fingerprint": "2"}))).is_empty());
    let steps = world.after("10m");
    assert_eq!(steps.iter().map(|step| told(step).len()).sum::<usize>(), 1);
}

#[test]
fn a_rule_in_shadow_tells_nobody() {
    let mut world = World::new("  - { id: a, mode: shadow, then: { notify: { channel: ops } } }");
    let step = world.fires();
    assert_eq!((step.effects.len(), step.decisions[0].outcome), (0, Some(Outcome::Notify)));
}

#[test]
fn a_message_is_short_and_plain() {
    let mut world = World::new("  - { id: a, then: { notify: { channel: ops } } }");
    let step = world.event(json!({"title": format!("a\u{1b}[31m\nb{}", "x".repeat(5_000))}));
    let text = told(&step)[0].1;
    assert!(text.starts_with("a[31m\nbx") && text.chars().count() == 4_000, "{text}");
}
