//! Whether HaloPSA can be reached: a circuit breaker for the connection, and what is told of it.
//!
//! A HaloPSA that is not there at all opens it at once; one that answers nothing but errors of its own does after a few
//! in a row, so that a single operation that makes HaloPSA stumble never stops the others. While it is open nothing is
//! sent. Then one request at a time finds out whether HaloPSA is back; whatever it answers for certain closes it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pace::Backoff;
use crate::clock::later;

/// LIMIT: so many failures of HaloPSA in a row are no accident of one operation.
const IN_A_ROW: u32 = 5;

/// What an attempt says about the connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Nothing.
    #[default]
    Untold,
    /// HaloPSA answered.
    Reached,
    /// HaloPSA failed, or its answer was lost.
    Failed,
    /// HaloPSA is not there, or lets nobody in.
    Away,
}

/// How HaloPSA is reached. Cloning is cheap, and all clones tell the same.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open: Option<Open>,
    problem: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    since: Timestamp,
    tries: u32,
    next_try_at: Timestamp,
}

/// How HaloPSA is reached, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionStatus {
    /// Whether it is: while it is not, everything waits but one request at a time that tries.
    pub reached: bool,
    /// Since when it is not.
    pub away_since: Option<Timestamp>,
    /// When it is tried next.
    pub next_try_at: Option<Timestamp>,
    /// What went wrong last.
    pub problem: Option<String>,
}

impl Connection {
    /// How it stands.
    pub fn status(&self) -> ConnectionStatus {
        let state = self.state();
        ConnectionStatus {
            reached: state.open.is_none(),
            away_since: state.open.map(|open| open.since),
            next_try_at: state.open.map(|open| open.next_try_at),
            problem: state.problem.clone().filter(|_| state.open.is_some()),
        }
    }

    /// What went wrong with an attempt.
    pub(super) fn went_wrong(&self, problem: &str) {
        self.state().problem = Some(problem.to_owned());
    }

    /// Whether nothing is known to be wrong with it.
    pub(super) fn is_reached(&self) -> bool {
        self.state().open.is_none()
    }

    /// Until when nothing is sent.
    pub(super) fn waits_until(&self) -> Option<Timestamp> {
        self.state().open.map(|open| open.next_try_at)
    }

    /// An attempt ended; `random` lies between 0 and 1.
    pub(super) fn tried(&self, reach: Reach, random: f64, now: Timestamp) {
        let mut state = self.state();
        match reach {
            Reach::Untold => {}
            Reach::Reached => {
                if let Some(open) = state.open {
                    let away = now.duration_since(open.since).as_secs();
                    tracing::info!(
                        away_seconds = away,
                        tries = open.tries,
                        "HaloPSA is back: what waited is sent"
                    );
                }
                *state = State::default();
            }
            Reach::Failed | Reach::Away => {
                state.failures = state.failures.saturating_add(1);
                let opens = reach == Reach::Away || state.open.is_some() || state.failures >= IN_A_ROW;
                if !opens {
                    return;
                }
                let tries = state.open.map_or(1, |open| open.tries.saturating_add(1));
                let since = state.open.map_or(now, |open| open.since);
                let next_try_at = later(now, Backoff::AWAY.after(tries, random));
                if state.open.is_none() {
                    let problem = state.problem.as_deref().unwrap_or("it does not answer");
                    tracing::warn!(%problem, %next_try_at, "HaloPSA is away: everything for it waits, and is tried again");
                }
                state.open = Some(Open { since, tries, next_try_at });
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Whole at any moment, so a panic elsewhere leaves nothing half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_halopsa_that_is_not_there_is_tried_ever_more_seldom_until_it_answers() {
        let connection = Connection::default();
        connection.went_wrong("connection refused");
        for (wait, at) in [(1, 0), (2, 10), (4, 20)] {
            let now = later(START, Duration::from_secs(at));
            connection.tried(Reach::Away, 0.0, now);
            assert_eq!(connection.waits_until(), Some(later(now, Duration::from_secs(wait))));
        }
        let status = connection.status();
        assert_eq!((status.reached, status.away_since), (false, Some(START)));
        assert_eq!(status.problem.as_deref(), Some("connection refused"));
        connection.tried(Reach::Untold, 0.0, START);
        assert!(!connection.is_reached(), "what says nothing closes nothing");
        connection.tried(Reach::Reached, 0.0, START);
        let status = ConnectionStatus { reached: true, away_since: None, next_try_at: None, problem: None };
        assert_eq!(connection.status(), status);
    }

    #[test]
    fn one_that_fails_opens_it_after_a_few_in_a_row_only() {
        let connection = Connection::default();
        for _ in 0..20 {
            for _ in 0..IN_A_ROW - 1 {
                connection.tried(Reach::Failed, 0.5, START);
            }
            assert!(connection.is_reached());
            connection.tried(Reach::Reached, 0.5, START);
        }
        for _ in 0..IN_A_ROW {
            connection.tried(Reach::Failed, 0.5, START);
        }
        assert!(!connection.is_reached());
        connection.tried(Reach::Failed, 0.0, later(START, Duration::from_secs(60)));
        assert_eq!(
            connection.waits_until(),
            Some(later(START, Duration::from_secs(62))),
            "half open: tried once"
        );
    }

    #[test]
    fn of_several_answers_the_worst_counts() {
        let all = [Reach::Reached, Reach::Untold, Reach::Away, Reach::Failed];
        assert_eq!(all.into_iter().max(), Some(Reach::Away));
    }
}
