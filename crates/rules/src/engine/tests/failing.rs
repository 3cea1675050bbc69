//! Rules that fail, events that fit nothing: no alert is swallowed.

use super::*;

#[test]
fn a_rule_that_fails_leaves_nothing_behind_and_the_next_rules_are_tried() {
    let mut world = World::new(
        "  - { id: broken, key: k, then: [{ set: { title: changed } }, { open_ticket: {} }, { add_note: '${event.title - 1}' }] }
  - { id: good, then: { open_ticket: {} } }",
    );
    let step = world.fires();
    assert_eq!(kinds(&step), [Outcome::OpenTicket]);
    assert_eq!(summary(&step), "Disk full", "what it set before is taken back");
    assert_eq!(step.cases.len(), 1);
    let broken = &step.decisions[0];
    assert_eq!((broken.rule.as_str(), broken.outcome), ("broken", Some(Outcome::Error)));
}

#[test]
fn what_no_rule_could_decide_becomes_a_ticket_with_the_event_and_the_error() {
    for (rule, error) in [
        (
            "{ id: a, when: { script: 'loop {}' }, then: { drop: x } }",
            "the script ran for more than 500000 operations",
        ),
        (
            "{ id: a, when: { script: event.title }, then: { drop: x } }",
            "the script gave text, not true or false",
        ),
        ("{ id: a, then: { set: { severity: '${event.title}' } } }", "unknown severity `Disk full`"),
        ("{ id: a, then: { set: { fingerprint: '${event.nowhere}' } } }", "`fingerprint` cannot be empty"),
        ("{ id: a, key: ' ${event.nowhere} ', then: { open_ticket: {} } }", "the key is empty"),
        ("{ id: a, then: { script: 'open_ticket(#{ sumary: \"x\" })' } }", "a ticket has no field `sumary`"),
        (
            "{ id: a, then: { update_ticket: { ticket: '${event.title}', team: x } } }",
            "`Disk full` is no ticket id",
        ),
    ] {
        let mut world =
            World::with(&format!("  - {rule}"), ticket_defaults("{ type: Alert, team: '${event.source}' }"));
        let step = world.event(json!({"message": "2 GB left"}));
        assert_eq!(step.outcome, Outcome::OpenTicket, "{rule}");
        assert!(reason(&step).starts_with(&format!("rule `a` failed: {error}")), "{rule}: {}", reason(&step));
        let draft = draft(&step);
        assert_eq!((draft.summary.as_deref(), json!(draft.team)), (Some("Disk full"), json!("s")), "{rule}");
        let details = &draft.details.as_ref().expect("details").html;
        assert!(details.contains("<strong>rule `a` failed: ") && details.contains("2 GB left"), "{details}");
        assert_eq!(step.decisions.last().map(|d| d.rule.as_str()), Some("on_rule_error"));
        assert_eq!(kinds(&world.fires()), [Outcome::AddNote], "{rule}: the next one is a repeat");
        assert_eq!(kinds(&world.resolves()), [Outcome::ResolveTicket], "{rule}");
    }
}

#[test]
fn defaults_that_fail_too_cost_no_alert() {
    let mut world = World::with(
        "  - { id: a, key: '${event.nowhere}', then: { open_ticket: {} } }",
        ticket_defaults("{ type: Alert, team: '${event.title - 1}' }"),
    );
    let step = world.fires();
    assert_eq!((kinds(&step), summary(&step)), (vec![Outcome::OpenTicket], "Disk full"));
}

#[test]
fn a_failure_may_be_ignored_on_purpose() {
    let mut world =
        World::with("  - { id: a, key: '${event.nowhere}', then: { open_ticket: {} } }", ignoring_errors());
    let step = world.fires();
    assert_eq!((step.outcome, reason(&step)), (Outcome::Error, "rule `a` failed: the key is empty"));
    assert!(step.effects.is_empty() && step.cases.is_empty());
}

#[test]
fn a_ticket_that_is_open_already_needs_no_other_one_for_the_error() {
    let mut world = World::new(
        "  - { id: a, when: { script: 'event.payload.n.crop(1)' }, then: { drop: x } }
  - { id: b, key: k, then: { open_ticket: { again: nothing } } }",
    );
    assert_eq!(kinds(&world.fires()), [Outcome::OpenTicket]);
    assert!(world.fires().effects.is_empty(), "its ticket is open");
}

#[test]
fn an_error_of_a_rule_and_a_drop_of_another_open_the_ticket_all_the_same() {
    let mut world = World::new(
        "  - { id: a, key: '${event.nowhere}', then: { open_ticket: {} } }
  - { id: b, then: { drop: noise } }",
    );
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
}

#[test]
fn a_resolved_event_resolves_although_a_rule_failed_on_it() {
    let mut world = World::new(
        "  - { id: broken, when: { state: resolved, script: 'loop {}' }, then: { drop: x } }
  - { id: a, then: { open_ticket: {} } }",
    );
    world.fires();
    let step = world.resolves();
    assert_eq!(kinds(&step), [Outcome::ResolveTicket]);
    assert_eq!(step.decisions[0].outcome, Some(Outcome::Error));
}

#[test]
fn a_rule_is_asked_for_its_key_and_script_only_where_its_plain_conditions_hold() {
    let mut world = World::new(
        "  - { id: a, when: { case: { count: 1 }, title: other }, key: '${event.nowhere}', then: { drop: x } }
  - { id: b, when: { script: 'loop {}', title: other }, then: { drop: x } }
  - { id: c, when: { title: other, any: [{ script: 'loop {}' }] }, then: { drop: x } }
  - { id: d, when: { any: [{ title: disk full }, { script: 'loop {}' }] }, then: { open_ticket: {} } }",
    );
    assert_eq!(kinds(&world.fires()), [Outcome::OpenTicket]);
}

#[test]
fn what_no_preset_understood_becomes_one_ticket_for_its_source() {
    let mut world = World::new("  - { id: a, then: { drop: x } }");
    let unmapped =
        |n: i32| Event::unmapped_from("veeam", Severity::Medium, json!({"n": n}), "its state is missing");
    let step = world.feed(&Input::Event(unmapped(1)));
    assert_eq!(summary(&step), "Payload from veeam that could not be read as an alert");
    assert_eq!(reason(&step), "the payload does not fit its preset: its state is missing");
    let details = &draft(&step).details.as_ref().expect("details").html;
    assert!(details.contains("{&quot;n&quot;:1}"), "{details}");
    assert_eq!(step.effects[0].key, Key::new("unmapped/veeam"));
    assert_eq!(kinds(&world.feed(&Input::Event(unmapped(2)))), [Outcome::AddNote]);
}

#[test]
fn what_a_script_sets_cannot_break_the_event() {
    for path in ["source.x", "id.x", "severity.x", "title.x", "state[0]", "fingerprint.y"] {
        let rule = format!("  - {{ id: a, then: {{ script: 'set(#{{ \"{path}\": 1 }})' }} }}");
        let mut world = World::new(&rule);
        let step = world.fires();
        assert!(reason(&step).contains("cannot be set"), "{path}: {}", reason(&step));
        assert_eq!(step.effects[0].key, Key::new("s/f"), "{path}");
    }
}

#[test]
fn a_rule_that_fails_among_those_that_go_on_costs_the_others_nothing() {
    let mut world = World::new(
        "
  - { id: a, continue: true, then: { set: { vars.x: 1 }, open_ticket: {} } }
  - { id: b, key: b, continue: true, then: { set: { vars.x: 2 }, open_ticket: { summary: '${event.title - 1}' } } }
  - { id: c, key: c, then: { open_ticket: { summary: 'x is ${event.vars.x}' } } }",
    );
    let step = world.fires();
    let outcomes: Vec<_> = step.decisions.iter().map(|d| (d.rule.as_str(), d.outcome)).collect();
    let (opened, failed) = (Some(Outcome::OpenTicket), Some(Outcome::Error));
    assert_eq!(outcomes, [("a", opened), ("b", failed), ("c", opened)]);
    assert_eq!(kinds(&step), [Outcome::OpenTicket, Outcome::OpenTicket], "and none for the error");
    let EffectKind::OpenTicket { draft, .. } = &step.effects[1].kind else { panic!("a ticket") };
    assert_eq!(draft.summary.as_deref(), Some("x is 1"), "what the failing rule had set is taken back");
}
