use serde_json::{Value, json};

use super::*;
use crate::engine::{Outcome, TimerKind};
use crate::event::Severity;
use crate::finding::SourceFile;
use crate::ruleset::{RuleSet, Settings};

fn rules(text: &str) -> RuleSet {
    let text = format!("defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{text}");
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", &text)], Settings::default());
    assert!(findings.is_empty(), "{}", findings.render());
    rules
}

fn event(value: Value) -> Event {
    Event::from_json(value, Severity::Medium).expect("an event")
}

fn firing(problem: &str) -> Event {
    event(json!({ "source": "s", "fingerprint": problem, "title": problem }))
}

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).expect("a time")
}

/// Lets time pass; what fired on the way.
fn pass(simulation: &mut Simulation<'_>, until: Timestamp) -> Vec<(i64, String)> {
    std::iter::from_fn(|| simulation.pass(until))
        .map(|fired| (fired.at.as_second() / 60, format!("{} {}", fired.timer.key, fired.step.outcome)))
        .collect()
}

#[test]
fn timers_fire_at_their_times_in_their_order_and_time_goes_on() {
    let rules = rules("  - { id: a, hold: 5m, then: { open_ticket: {} } }\n");
    let mut simulation = Simulation::new(&rules, Explain::Matches, minute(0));
    simulation.event(firing("late"));
    assert_eq!(pass(&mut simulation, minute(2)), []);
    simulation.event(firing("later"));
    let fired = pass(&mut simulation, minute(10));
    assert_eq!(fired, [(5, "s/late open_ticket".to_owned()), (7, "s/later open_ticket".to_owned())]);
    assert_eq!(simulation.now(), minute(10));
    assert_eq!(pass(&mut simulation, minute(3)), [], "time never goes back");
    assert_eq!(simulation.now(), minute(10));
}

#[test]
fn halopsa_numbers_tickets_and_the_note_that_counts_repeats_at_once() {
    let rules = rules("  - { id: a, then: { open_ticket: {} } }\n");
    let mut simulation = Simulation::new(&rules, Explain::Matches, minute(0));
    simulation.event(firing("one"));
    simulation.event(firing("two"));
    let second = simulation.event(firing("two"));
    assert_eq!(second.outcome, Outcome::AddNote);
    assert!(second.cases.is_empty(), "they are with the simulation");
    let ticket = |key: &str| simulation.case(&Key::new(key)).expect("a case").ticket;
    assert_eq!((ticket("s/one").id, ticket("s/one").fold_note), (Some(1), None));
    assert_eq!((ticket("s/two").id, ticket("s/two").fold_note), (Some(2), Some(3)));
    assert_eq!(simulation.newest_ticket(), Some((&Key::new("s/two"), 1)));
}

#[test]
fn a_timer_that_is_set_again_is_moved() {
    let mut timers = Timers::default();
    let (key, kind) = (Key::new("k"), TimerKind::Hold);
    let set = |due| crate::TimerChange::Set { key: key.clone(), kind, due };
    timers.change(&[set(minute(1)), set(minute(2))]);
    assert_eq!(timers.pop(minute(1)), None);
    assert_eq!(timers.pop(minute(2)), Some((minute(2), Timer { key: key.clone(), kind })));
    timers.change(&[set(minute(3)), crate::TimerChange::Cancel { key: key.clone(), kind }]);
    assert_eq!(timers.pop(Timestamp::MAX), None);
}

#[test]
fn what_ended_is_forgotten_once_no_rule_can_open_it_again() {
    let text = "  - { id: a, then: { open_ticket: { reopen_within: 10m } } }\n";
    let rules = rules(text);
    let mut simulation = Simulation::new(&rules, Explain::Matches, minute(0)).forgetting();
    let resolved =
        |problem: &str| event(json!({ "source": "s", "fingerprint": problem, "state": "resolved" }));
    for problem in ["a", "b"] {
        simulation.event(firing(problem));
        simulation.event(resolved(problem));
    }
    pass(&mut simulation, minute(9));
    assert_eq!(simulation.event(firing("a")).outcome, Outcome::ReopenTicket);
    pass(&mut simulation, minute(11));
    assert_eq!(simulation.event(firing("c")).outcome, Outcome::OpenTicket);
    assert!(simulation.case(&Key::new("s/b")).is_none(), "it ended eleven minutes ago");
    assert!(simulation.case(&Key::new("s/a")).is_some(), "its ticket is open again");
    assert_eq!(simulation.event(resolved("b")).outcome, Outcome::Nothing);
    assert_eq!(simulation.event(firing("b")).outcome, Outcome::OpenTicket);
}

#[test]
fn where_a_script_says_how_long_a_ticket_may_be_opened_again_nothing_is_forgotten() {
    let rules =
        rules("  - id: a\n    then: { script: 'open_ticket(#{ type: 1, reopen_within: \"30d\" })' }\n");
    let mut simulation = Simulation::new(&rules, Explain::Matches, minute(0)).forgetting();
    simulation.event(firing("a"));
    simulation.event(event(json!({ "source": "s", "fingerprint": "a", "state": "resolved" })));
    pass(&mut simulation, minute(60 * 24 * 20));
    simulation.event(firing("b"));
    assert_eq!(simulation.event(firing("a")).outcome, Outcome::ReopenTicket);
}
