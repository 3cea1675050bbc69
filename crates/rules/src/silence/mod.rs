//! Silences: "no tickets for events like this until then". Data, checked and compiled like the conditions of rules.
//!
//! What a silence does to an event and to its case is the engine's business (`engine::silenced`); who keeps silences
//! and brings them here is the caller's.

mod decode;

pub(crate) use decode::named;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::condition::{Condition, NoTrace, every, holds_for};
use crate::event::Event;
use crate::finding::Findings;
use crate::script::Env;

/// No tickets for what it covers, from one time until another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Its id, unique among silences.
    pub id: String,
    /// Conditions on the event, as a rule's `when`; all must hold.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub when: Map<String, Value>,
    /// The key of the case, with `*` for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The rule's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// From then on.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Who wants it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

impl Silence {
    /// What is wrong with it; nothing if it can be used.
    pub fn check(&self) -> Findings {
        let mut findings = Findings::default();
        decode::compile(self, &mut findings);
        findings
    }

    /// Whether it holds at that time.
    pub fn is_standing(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// Silences, compiled. Cloning them is for who keeps them; the engine only looks.
#[derive(Debug, Clone, Default)]
pub struct Silences {
    all: Vec<Compiled>,
}

#[derive(Debug, Clone)]
struct Compiled {
    silence: Silence,
    when: Vec<Condition>,
    /// Of the path `key`.
    key: Vec<Condition>,
}

static NONE: Silences = Silences { all: Vec::new() };

impl Silences {
    /// No silence at all.
    pub fn none() -> &'static Self {
        &NONE
    }

    /// Compiles silences. One with a mistake is left out and told.
    pub fn compile(silences: impl IntoIterator<Item = Silence>) -> (Self, Findings) {
        let mut findings = Findings::default();
        let all = silences.into_iter().filter_map(|silence| {
            let (when, key) = decode::compile(&silence, &mut findings)?;
            Some(Compiled { silence, when, key })
        });
        (Self { all: all.collect() }, findings)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Silence> {
        self.all.iter().map(|compiled| &compiled.silence)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The one of that id.
    pub(crate) fn get(&self, id: &str) -> Option<&Silence> {
        self.iter().find(|silence| silence.id == id)
    }

    /// The silence that covers an event of a rule's case now; of several, the one that lasts longest.
    pub(crate) fn covering(
        &self,
        event: &Event,
        rule: &str,
        key: &str,
        env: &Env<'_>,
        now: Timestamp,
    ) -> Option<&Silence> {
        let covers = |compiled: &&Compiled| {
            let silence = &compiled.silence;
            silence.is_standing(now)
                && silence.rule.as_deref().is_none_or(|wanted| wanted == rule)
                && (compiled.key.is_empty()
                    || holds_for(&compiled.key, &json!({ "key": key })).iter().all(|trace| trace.held))
                // Conditions on the event alone cannot fail.
                && every(&compiled.when, event.value(), &Value::Null, env, &mut NoTrace).unwrap_or(false)
        };
        let covering = self.all.iter().filter(covers).map(|compiled| &compiled.silence);
        covering.max_by(|a, b| a.until.cmp(&b.until).then_with(|| b.id.cmp(&a.id)))
    }
}

#[cfg(test)]
mod tests;
