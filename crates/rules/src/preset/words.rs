//! What vendors' words usually mean, where a preset does not say it of its own vendor's.

use crate::event::{Severity, State};

/// The severity that a word usually stands for.
pub(super) fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "critical" | "crit" | "disaster" | "emergency" | "emerg" | "fatal" | "blocker" | "severe"
        | "malicious" | "sev0" | "p1" | "page" | "red" => Severity::Critical,
        "high" | "error" | "err" | "major" | "urgent" | "alert" | "down" | "unreachable" | "sev1" | "p2"
        | "orange" => Severity::High,
        "medium" | "moderate" | "average" | "warning" | "warn" | "suspicious" | "sev2" | "p3" | "yellow" => {
            Severity::Medium
        }
        "low" | "minor" | "sev3" | "p4" => Severity::Low,
        "info" | "informational" | "information" | "notice" | "debug" | "none" | "ok" | "sev4" | "p5" => {
            Severity::Info
        }
        _ => return None,
    })
}

/// The state that a word usually stands for.
pub(super) fn state(word: &str) -> Option<State> {
    Some(match word {
        "problem" | "down" | "offline" | "alert" | "alerting" | "alarm" | "triggered" | "trigger"
        | "fired" | "raised" | "active" | "open" | "opened" | "reopened" | "created" | "new"
        | "unresolved" | "failed" | "failure" | "failing" | "critical" | "warning" | "error" => State::Firing,
        "ok" | "up" | "online" | "recovered" | "recovery" | "closed" | "close" | "clear" | "cleared"
        | "normal" | "inactive" | "restored" | "success" => State::Resolved,
        "ack" | "acknowledge" => State::Acknowledged,
        "updated" => State::Update,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_names_mean_themselves() {
        for (name, ours) in Severity::ALL {
            assert_eq!(severity(name), Some(ours));
        }
    }

    #[test]
    fn words_that_say_nothing_mean_nothing() {
        for word in ["", "unknown", "not classified", "3", "P1"] {
            assert_eq!(
                (severity(word), state(word)),
                (None, None),
                "{word}: as it is compared, in lower case"
            );
        }
    }
}
