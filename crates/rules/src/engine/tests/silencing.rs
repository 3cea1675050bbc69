//! Silences: what they cover, and what becomes of it when they end.

use super::*;
use crate::silence::{Silence, Silences};

const RULE: &str = "  - { id: a, then: { open_ticket: {} } }";

impl World {
    /// A silence of that id from now on.
    pub(super) fn silence(&mut self, id: &str, covers: Value, lasts: &str) {
        let lasts = SignedDuration::try_from(parse_duration(lasts).expect("a duration")).expect("fits");
        let (from, until) = (self.now, self.now.checked_add(lasts).expect("a time"));
        let mut value = json!({"id": id, "from": from, "until": until, "comment": "patching", "by": "Ana"});
        let (Value::Object(map), Value::Object(covers)) = (&mut value, covers) else { panic!("a map") };
        map.extend(covers);
        let silence: Silence = serde_json::from_value(value).expect("a silence");
        let others = self.cases.silences().iter().filter(|other| other.id != id).cloned();
        let (silences, findings) = Silences::compile(others.chain([silence]).collect::<Vec<_>>());
        assert!(findings.is_empty(), "{}", findings.render());
        self.cases.silence(silences);
    }

    fn silence_device(&mut self, lasts: &str) {
        self.silence("sil_1", json!({"when": {"device.name": "srv"}}), lasts);
    }

    fn srv(&mut self, fingerprint: &str, state: &str) -> Step {
        self.event(json!({"device": {"name": "srv"}, "fingerprint": fingerprint, "state": state}))
    }
}

fn outcomes(steps: &[Step]) -> Vec<Outcome> {
    steps.iter().map(|step| step.outcome).collect()
}

#[test]
fn what_fires_under_a_silence_is_decided_when_it_ends() {
    let mut world = World::new(RULE);
    world.silence_device("1h");
    let step = world.srv("f", "firing");
    assert_eq!(
        (step.outcome, reason(&step)),
        (Outcome::Silenced, "until 2026-01-05 10:00 UTC: silence sil_1 by Ana: patching")
    );
    assert!(step.effects.is_empty());
    assert_eq!(world.srv("f", "firing").outcome, Outcome::Silenced, "a repeat is counted");
    assert_eq!(world.event(json!({"fingerprint": "other"})).outcome, Outcome::OpenTicket, "not covered");
    assert!(world.after("59m").is_empty());
    let steps = world.after("3m");
    assert_eq!(outcomes(&steps), [Outcome::Nothing, Outcome::OpenTicket]);
    assert_eq!(reason(&steps[0]), "the silence is over: 1 that waited are decided now");
    assert_eq!(world.case("s/f").count, 2);
    assert!(world.timers.is_empty(), "{:?}", world.timers);
}

#[test]
fn what_is_over_before_the_silence_is_gets_no_ticket() {
    let mut world = World::new(RULE);
    world.silence_device("1h");
    world.srv("f", "firing");
    assert_eq!(reason(&world.srv("f", "resolved")), "it ended while waiting: no ticket");
    assert_eq!(outcomes(&world.after("2h")), [Outcome::Nothing]);
}

#[test]
fn what_only_happened_under_a_silence_is_gone() {
    let mut world = World::new(RULE);
    world.silence_device("1h");
    assert_eq!(world.srv("f", "info").outcome, Outcome::Silenced);
    assert!(world.timers.is_empty() && world.cases.case(&Key::new("s/f")).is_none());
}

#[test]
fn an_open_ticket_counts_quietly_and_is_resolved_all_the_same() {
    let mut world = World::new("  - { id: a, then: { open_ticket: { again: note } } }");
    world.srv("f", "firing");
    world.silence_device("1h");
    let step = world.event(json!({"device": {"name": "srv"}, "severity": "critical"}));
    assert_eq!((step.outcome, step.effects.len()), (Outcome::Silenced, 0));
    assert!(reason(&step).ends_with("; its open ticket has seen it 2 times"), "{}", reason(&step));
    assert_eq!(kinds(&world.srv("f", "resolved")), [Outcome::ResolveTicket]);
}

#[test]
fn a_threshold_goes_on_counting_under_a_silence() {
    let mut world =
        World::new("  - { id: a, threshold: { count: 2, within: 30m }, then: { open_ticket: {} } }");
    world.silence_device("20m");
    let step = world.srv("f", "firing");
    assert!(reason(&step).ends_with("; 1 of 2 within 30m"), "{}", reason(&step));
    assert!(outcomes(&world.after("21m")).is_empty(), "one alert is none");
    assert_eq!(world.srv("f", "firing").outcome, Outcome::OpenTicket);
    world.silence_device("20m");
    for _ in 0..2 {
        world.srv("g", "firing");
    }
    assert_eq!(outcomes(&world.after("21m")), [Outcome::Nothing, Outcome::OpenTicket]);
}

#[test]
fn a_hold_that_ends_under_a_silence_waits_for_that_and_then_anew() {
    let mut world = World::new("  - { id: a, hold: 10m, then: { open_ticket: {} } }");
    world.srv("f", "firing");
    world.after("5m");
    world.silence_device("1h");
    assert_eq!(outcomes(&world.after("5m")), [Outcome::Silenced]);
    assert_eq!(outcomes(&world.after("57m")), [Outcome::Nothing, Outcome::Waiting]);
    assert_eq!(outcomes(&world.after("10m")), [Outcome::OpenTicket]);
}

#[test]
fn a_silence_that_is_ended_early_lets_go_and_one_that_is_prolonged_holds_on() {
    let mut world = World::new(RULE);
    world.silence_device("1h");
    world.srv("f", "firing");
    world.after("30m");
    world.silence_device("2h");
    let steps = world.after("40m");
    assert_eq!(reason(&steps[0]), "it goes on until 2026-01-05 11:30 UTC");
    world.cases.silence(Silences::default());
    let over = Input::Timer(Timer { key: Key::new("silence/sil_1"), kind: TimerKind::Recheck });
    world.feed(&over);
    assert_eq!(outcomes(&world.after("1m")), [Outcome::OpenTicket]);
}

#[test]
fn another_silence_takes_over_where_one_ends() {
    let mut world = World::new(RULE);
    world.silence("sil_1", json!({"rule": "a"}), "1h");
    world.srv("f", "firing");
    world.after("30m");
    world.silence("sil_2", json!({"key": "s/*"}), "1h");
    assert_eq!(outcomes(&world.after("32m")), [Outcome::Nothing, Outcome::Silenced]);
    assert_eq!(outcomes(&world.after("40m")), [Outcome::Nothing, Outcome::OpenTicket]);
}

#[test]
fn a_silenced_host_still_keeps_its_services_quiet() {
    let mut world = World::new(
        "
  - { id: host, when: { check: ping }, key: host, then: { open_ticket: {} } }
  - { id: a, unless_open: host, then: { open_ticket: {} } }",
    );
    world.silence("sil_1", json!({"rule": "host"}), "1h");
    world.event(json!({"check": "ping", "fingerprint": "h"}));
    assert_eq!(world.fires().outcome, Outcome::Inhibited);
}

#[test]
fn what_is_dropped_or_has_ended_is_not_silenced() {
    let mut world = World::new(
        "
  - { id: lab, when: { title: lab }, then: { drop: lab } }
  - { id: fixed, when: { state: resolved, title: fixed }, then: { resolve_ticket: true } }
  - { id: a, then: { open_ticket: {} } }",
    );
    world.event(json!({"title": "fixed"}));
    world.silence("sil_1", json!({"when": {"source": "s"}}), "1h");
    assert_eq!(world.event(json!({"title": "lab"})).outcome, Outcome::Dropped);
    assert_eq!(world.event(json!({"title": "fixed", "state": "resolved"})).outcome, Outcome::ResolveTicket);
}

#[test]
fn a_rule_that_names_other_states_is_silenced_too() {
    let mut world = World::new("  - { id: a, when: { state: update }, then: { open_ticket: {} } }");
    world.silence("sil_1", json!({"rule": "a"}), "1h");
    let step = world.event(json!({"state": "update"}));
    assert_eq!((step.outcome, step.cases.len()), (Outcome::Silenced, 0));
}

#[test]
fn what_no_rule_could_decide_waits_as_well_and_is_not_lost() {
    let mut world = World::new("  - { id: a, when: { script: event.title }, then: { open_ticket: {} } }");
    world.silence("sil_1", json!({"when": {"source": "s"}}), "1h");
    for _ in 0..2 {
        let step = world.fires();
        assert_eq!((step.outcome, step.effects.len()), (Outcome::Silenced, 0));
        assert!(reason(&step).contains("; rule `a` failed"), "{}", reason(&step));
    }
    assert_eq!(outcomes(&world.after("61m")), [Outcome::Nothing, Outcome::OpenTicket]);
    world.silence("sil_2", json!({"when": {"source": "s"}}), "1h");
    let step = world.fires();
    assert_eq!((step.outcome, step.effects.len()), (Outcome::Silenced, 0), "its ticket is open");
}

#[test]
fn a_rule_in_shadow_is_silenced_by_the_key_people_see() {
    let mut world = World::new("  - { id: a, mode: shadow, key: k, then: { open_ticket: {} } }");
    world.silence("sil_1", json!({"key": "k"}), "1h");
    let step = world.fires();
    assert_eq!(step.decisions[0].outcome, Some(Outcome::Silenced));
}

#[test]
fn a_silence_remembers_many_and_the_rest_looks_for_itself() {
    let mut world = World::new(RULE);
    world.silence("sil_1", json!({"rule": "a"}), "15m");
    for n in 0..2_002 {
        world.srv(&n.to_string(), "firing");
    }
    assert_eq!(world.case("silence/sil_1").holding.len(), 2_000);
    let steps = world.after("21m");
    let opened = steps.iter().filter(|step| step.outcome == Outcome::OpenTicket).count();
    assert_eq!(opened, 2_002, "none is forgotten");
}
