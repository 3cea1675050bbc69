//! What follows from an event carries its trace: effects of its own, and of the timers that it set.

use super::*;

/// The traces of a step's effects, in order.
fn traces(step: &Step) -> Vec<Option<&str>> {
    step.effects.iter().map(|effect| effect.trace.as_deref()).collect()
}

#[test]
fn an_effect_carries_the_trace_of_the_event_that_caused_it() {
    let mut world = World::new("  - { id: a, then: { open_ticket: { again: { do: note, at_most: 0s } } } }");
    assert_eq!(traces(&world.event(json!({"trace": "t1"}))), [Some("t1")]);
    assert_eq!(traces(&world.event(json!({"trace": "t2"}))), [Some("t2")]);
    assert_eq!(traces(&world.event(json!({"trace": "t3", "state": "resolved"}))), [Some("t3")]);
    assert_eq!(traces(&world.fires()), [None], "whoever is not followed is not taken for somebody else");
}

#[test]
fn an_effect_of_a_timer_carries_the_trace_of_the_last_event() {
    let mut world = World::new(
        "  - { id: a, hold: 10m, escalate: { after: 2h, note: x }, then: { open_ticket: { again: { at_most: 1h } } } }",
    );
    for trace in ["t1", "t2"] {
        world.event(json!({"trace": trace}));
    }
    assert_eq!(traces(&world.after("10m")[0]), [Some("t2")]);
    for trace in ["t3", "t4", "t5"] {
        world.event(json!({"trace": trace}));
    }
    let steps = world.after("2h");
    assert_eq!(steps.iter().flat_map(traces).collect::<Vec<_>>(), [Some("t5"), Some("t5")]);
}

#[test]
fn an_effect_on_another_case_carries_the_trace_of_the_event_that_led_to_it() {
    let mut world = World::new(
        "  - { id: a, group: { by: x, within: 1h, ticket: { summary: many } }, then: { open_ticket: {} } }",
    );
    world.event(json!({"trace": "t1", "fingerprint": "f"}));
    let step = world.event(json!({"trace": "t2", "fingerprint": "g"}));
    assert_eq!(kinds(&step), [Outcome::OpenTicket, Outcome::UpdateTicket, Outcome::OpenTicket]);
    assert_eq!(traces(&step), [Some("t2"); 3], "the first one's ticket joins because of the second");
}

#[test]
fn an_effect_that_is_kept_without_a_trace_is_read_again() {
    let mut world = World::new("  - { id: a, then: { open_ticket: {} } }");
    for trace in [json!(null), json!("t1")] {
        let step = world.event(json!({"trace": trace, "fingerprint": trace}));
        let text = serde_json::to_string(&step.effects[0]).expect("JSON");
        assert_eq!(text.contains("trace"), !trace.is_null(), "{text}");
        assert_eq!(serde_json::from_str::<Effect>(&text).expect("an effect"), step.effects[0]);
    }
}
