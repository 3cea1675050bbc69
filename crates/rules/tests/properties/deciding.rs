//! The engine is one function of its inputs: no index, explanation or batch changes what it decides.

use haloward_rules::{CaseState, Explain, Outcome, State};
use proptest::prelude::*;

use crate::cases;
use crate::rules::{file, in_shadow, load};
use crate::world::{Happens, World, story};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The same story, told by senders that somebody follows.
fn traced(story: &[Happens]) -> Vec<Happens> {
    let trace = |happens: &Happens| match happens {
        Happens::Event(event) => Happens::Event(Box::new((**event).clone().traced(TRACE))),
        other => other.clone(),
    };
    story.iter().map(trace).collect()
}

proptest! {
    #![proptest_config(cases(300))]

    /// `Explain::Everything` looks at every rule, `Explain::Matches` at those that the index finds.
    #[test]
    fn the_index_and_the_explanation_change_no_decision((file, story) in (file(), story())) {
        let rules = load(&file);
        let indexed = World::tell(&rules, &story, Explain::Matches, 1);
        let naive = World::tell(&rules, &story, Explain::Everything, 1);
        for (indexed, naive) in indexed.steps.iter().zip(&naive.steps) {
            prop_assert_eq!(indexed.outcome, naive.outcome);
            prop_assert_eq!(&indexed.reason, &naive.reason);
            prop_assert_eq!(&indexed.event, &naive.event);
            prop_assert_eq!(&indexed.cases, &naive.cases);
            prop_assert_eq!(&indexed.timers, &naive.timers);
            prop_assert_eq!(&indexed.effects, &naive.effects);
            let said: Vec<_> = naive.decisions.iter().filter(|d| d.outcome.is_some()).collect();
            prop_assert_eq!(indexed.decisions.len(), said.len());
            for (indexed, naive) in indexed.decisions.iter().zip(said) {
                prop_assert_eq!((&indexed.rule, indexed.outcome, &indexed.key), (&naive.rule, naive.outcome, &naive.key));
                if indexed.matched {
                    prop_assert_eq!(&indexed.conditions, &naive.conditions);
                    prop_assert!(indexed.conditions.iter().all(|c| c.held || c.path != "severity"));
                }
            }
        }
    }

    #[test]
    fn the_batch_an_event_arrives_in_changes_nothing((file, story, batch) in (file(), story(), 2_usize..9)) {
        let rules = load(&file);
        let single = World::tell(&rules, &story, Explain::Matches, 1);
        let batched = World::tell(&rules, &story, Explain::Matches, batch);
        prop_assert_eq!(&single.steps, &batched.steps);
        prop_assert_eq!(single.cases(), batched.cases());
    }

    #[test]
    fn replaying_from_empty_gives_the_same_cases((file, story) in (file(), story())) {
        let (rules, again) = (load(&file), load(&file));
        let first = World::tell(&rules, &story, Explain::Matches, 1);
        let second = World::tell(&again, &story, Explain::Matches, 1);
        prop_assert_eq!(first.cases(), second.cases());
    }

    #[test]
    fn a_trace_changes_no_decision_and_every_effect_has_one((file, story) in (file(), story())) {
        let rules = load(&file);
        let plain = World::tell(&rules, &story, Explain::Matches, 1);
        let traced = World::tell(&rules, &traced(&story), Explain::Matches, 1);
        prop_assert_eq!(plain.steps.len(), traced.steps.len());
        for (plain, mut traced) in plain.steps.into_iter().zip(traced.steps) {
            for effect in &mut traced.effects {
                prop_assert_eq!(effect.trace.take(), Some(TRACE.to_owned()));
            }
            prop_assert_eq!(
                (plain.outcome, plain.reason, plain.decisions, plain.timers, plain.effects),
                (traced.outcome, traced.reason, traced.decisions, traced.timers, traced.effects)
            );
        }
    }

    #[test]
    fn what_is_in_shadow_sends_nothing((file, story) in (file(), story())) {
        let rules = load(&in_shadow(&file));
        let world = World::tell(&rules, &story, Explain::Matches, 1);
        for step in &world.steps {
            prop_assert!(step.effects.is_empty(), "{step:?}");
        }
        for case in world.cases().into_values().filter(|case| case.silence.is_none()) {
            prop_assert!(case.shadow, "{case:?}");
        }
    }

    #[test]
    fn no_firing_event_whose_rule_failed_is_left_without_a_ticket((file, story) in (file(), story())) {
        let rules = load(&file);
        for step in World::tell(&rules, &story, Explain::Matches, 1).steps {
            let failed = step.decisions.iter().any(|d| d.outcome == Some(Outcome::Error) && d.mode == haloward_rules::Mode::Live);
            let opens = step.event.as_ref().is_some_and(|event| event.state().opens() && event.state() != State::Info);
            // What fails while the ticket is open (a step of `escalate`) costs that step, not the alert.
            let has_one = step.cases.iter().any(|case| case.state == CaseState::Open);
            if failed && opens && !has_one {
                prop_assert!(step.outcome != Outcome::Unmatched && step.outcome != Outcome::Error, "{step:?}");
            }
        }
    }
}
