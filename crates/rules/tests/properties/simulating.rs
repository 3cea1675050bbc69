//! The simulation that tests, dry runs and replays run on decides as the engine does, whatever it forgets.

use haloward_rules::{Explain, Key, Outcome, Report, RuleSet, Simulation, Step};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::cases;
use crate::rules::{file, load};
use crate::world::{Happens, story};

/// What a story leads to: the outcome and the effects of each step.
fn told(rules: &RuleSet, story: &[Happens], forgets: bool) -> Vec<(Outcome, Vec<(Key, Outcome)>)> {
    let start = Timestamp::constant(1_767_603_600, 0);
    let mut simulation = Simulation::new(rules, Explain::Matches, start);
    if forgets {
        simulation = simulation.forgetting();
    }
    let mut told = Vec::new();
    let mut tell = |step: &Step| {
        let effects = step.effects.iter().map(|effect| (effect.key.clone(), effect.kind.outcome()));
        told.push((step.outcome, effects.collect()));
    };
    for happens in story {
        let newest = |simulation: &Simulation<'_>| {
            simulation.newest_ticket().map(|(key, ticket)| (key.clone(), ticket))
        };
        match happens {
            Happens::Event(event) => tell(&simulation.event((**event).clone())),
            Happens::Minutes(minutes) => {
                // Longer than the rules keep anything open, so that much is over and forgotten.
                let until = simulation.now() + SignedDuration::from_mins(minutes * 20);
                while let Some(fired) = simulation.pass(until) {
                    tell(&fired.step);
                }
            }
            Happens::Works => {
                if let Some((key, ticket)) = newest(&simulation) {
                    tell(&simulation.report(Report::TicketTouched { key, ticket }));
                }
            }
            // Only what is open is closed: HaloPSA tells nothing about a ticket that is over.
            Happens::Closes => {
                let open = newest(&simulation).filter(|(key, _)| {
                    simulation.case(key).is_some_and(|case| case.state == haloward_rules::CaseState::Open)
                });
                if let Some((key, ticket)) = open {
                    tell(&simulation.report(Report::TicketClosed { key, ticket }));
                }
            }
            Happens::Silence(silence) => {
                simulation.silence(silence);
            }
            Happens::GivesUp | Happens::Retries => {}
        }
    }
    told
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn what_is_forgotten_changes_no_decision((file, story) in (file(), story())) {
        let rules = load(&file);
        prop_assert_eq!(told(&rules, &story, true), told(&rules, &story, false));
    }
}
