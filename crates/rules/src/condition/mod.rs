//! Conditions: the compiled `when` of a rule, and the one evaluation that both decides and explains.

mod decode;
mod decode_operator;
mod implies;
mod operator;

pub(crate) use decode::{decode_expected, decode_when, script_finding};
pub(crate) use implies::{contradict, implied};
pub(crate) use operator::Operator;

use serde::Serialize;
use serde_json::Value;

use crate::library::Library;
use crate::path::Path;
use crate::script::{Env, Script, ScriptError};

/// A compiled condition.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// A path and what its value must be; all operators must hold for the same value.
    Test {
        path: Path,
        tests: Vec<Operator>,
    },
    All(Vec<Condition>),
    Any(Vec<Condition>),
    None(Vec<Condition>),
    During(String),
    Outside(String),
    /// About the case: `case: { count: { at_least: 5 } }`.
    Case(Vec<Condition>),
    Script(Script),
}

/// What one condition expected and met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionTrace {
    /// The path it looked at, or `script`, `during`, `any` …
    pub path: String,
    /// What it expected, as a sentence fragment: `below 10`.
    pub expected: String,
    /// What it met.
    pub actual: Value,
    /// Whether it held.
    pub held: bool,
}

/// Receives what conditions met; the one that throws it away costs nothing on the hot path.
pub(crate) trait Sink {
    /// Whether anything is kept; lets callers skip making the texts.
    const KEEPS: bool;
    fn add(&mut self, trace: ConditionTrace);
}

/// Keeps nothing.
pub(crate) struct NoTrace;

impl Sink for NoTrace {
    const KEEPS: bool = false;
    fn add(&mut self, _: ConditionTrace) {}
}

impl Sink for Vec<ConditionTrace> {
    const KEEPS: bool = true;
    fn add(&mut self, trace: ConditionTrace) {
        self.push(trace);
    }
}

impl Condition {
    /// Whether the condition holds for the event and case of `env`. A trace is complete: with a sink that keeps,
    /// conditions after the first that failed are evaluated too.
    pub(crate) fn holds<S: Sink>(
        &self,
        event: &Value,
        case: &Value,
        env: &Env<'_>,
        sink: &mut S,
    ) -> Result<bool, ScriptError> {
        Ok(match self {
            Self::Test { path, tests } => test(path, tests, event, "", env, sink),
            Self::Case(inner) => {
                let mut held = true;
                for condition in inner {
                    if let Self::Test { path, tests } = condition {
                        held &= test(path, tests, case, "case.", env, sink);
                    }
                }
                held
            }
            Self::All(inner) => every(inner, event, case, env, sink)?,
            Self::Any(inner) => {
                let mut held = false;
                for condition in inner {
                    if !held || explains::<S>(condition) {
                        held |= condition.holds(event, case, env, sink)?;
                    }
                }
                group("any", "one of these holds", held, sink);
                held
            }
            Self::None(inner) => {
                let mut none = true;
                for condition in inner {
                    if none || explains::<S>(condition) {
                        none &= !condition.holds(event, case, env, sink)?;
                    }
                }
                group("none", "none of these holds", none, sink);
                none
            }
            Self::During(name) | Self::Outside(name) => {
                let inside = env.library.calendars.get(name).is_some_and(|c| c.contains(env.now));
                let (path, held) = match self {
                    Self::During(_) => ("during", inside),
                    _ => ("outside", !inside),
                };
                if S::KEEPS {
                    let actual = Value::String(crate::time::to_text(env.now));
                    sink.add(ConditionTrace { path: path.into(), expected: name.clone(), actual, held });
                }
                held
            }
            Self::Script(script) => {
                let held = script.holds(env)?;
                if S::KEEPS {
                    sink.add(ConditionTrace {
                        path: "script".into(),
                        expected: script.source().trim().to_owned(),
                        actual: Value::Bool(held),
                        held,
                    });
                }
                held
            }
        })
    }

    /// Whether the condition looks at the case.
    pub(crate) fn asks_case(&self) -> bool {
        match self {
            Self::Case(_) => true,
            Self::Script(script) => script.source().contains("case"),
            Self::All(inner) | Self::Any(inner) | Self::None(inner) => inner.iter().any(Self::asks_case),
            Self::Test { .. } | Self::During(_) | Self::Outside(_) => false,
        }
    }

    /// Whether the condition looks at the event and the time alone: it costs little and cannot fail.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Case(_) | Self::Script(_) => false,
            Self::All(inner) | Self::Any(inner) | Self::None(inner) => inner.iter().all(Self::is_plain),
            Self::Test { .. } | Self::During(_) | Self::Outside(_) => true,
        }
    }

    fn runs_script(&self) -> bool {
        match self {
            Self::Script(_) => true,
            Self::All(inner) | Self::Any(inner) | Self::None(inner) => inner.iter().any(Self::runs_script),
            Self::Test { .. } | Self::Case(_) | Self::During(_) | Self::Outside(_) => false,
        }
    }

    /// Calls `visit` for the paths and operators that must or may hold of the event; not for those under `none`.
    pub(crate) fn wanted<'c>(&'c self, visit: &mut dyn FnMut(&'c Path, &'c [Operator])) {
        match self {
            Self::Test { path, tests } => visit(path, tests),
            Self::All(inner) | Self::Any(inner) => inner.iter().for_each(|c| c.wanted(visit)),
            Self::None(_) | Self::Case(_) | Self::During(_) | Self::Outside(_) | Self::Script(_) => {}
        }
    }
}

/// All conditions of a list, in order.
pub(crate) fn every<S: Sink>(
    conditions: &[Condition],
    event: &Value,
    case: &Value,
    env: &Env<'_>,
    sink: &mut S,
) -> Result<bool, ScriptError> {
    let mut held = true;
    for condition in conditions {
        if held || explains::<S>(condition) {
            held &= condition.holds(event, case, env, sink)?;
        }
    }
    Ok(held)
}

/// Whether a condition that cannot change the answer any more is evaluated for its trace. One with a script is not:
/// it may rely on what the conditions before it made sure of, and must not fail where the hot path would not run it.
fn explains<S: Sink>(condition: &Condition) -> bool {
    S::KEEPS && !condition.runs_script()
}

/// Plain comparisons against any JSON, each with what it met.
pub(crate) fn holds_for(conditions: &[Condition], value: &Value) -> Vec<ConditionTrace> {
    let env = Env {
        vars: Vec::new(),
        now: jiff::Timestamp::UNIX_EPOCH,
        library: Library::empty(),
        is_open: &|_| false,
    };
    let mut traces = Vec::new();
    for condition in conditions {
        if let Condition::Test { path, tests } = condition {
            test(path, tests, value, "", &env, &mut traces);
        }
    }
    traces
}

/// Whether the value at a path, or any of them, is what all of the operators want.
fn test<S: Sink>(
    path: &Path,
    tests: &[Operator],
    root: &Value,
    prefix: &str,
    env: &Env<'_>,
    sink: &mut S,
) -> bool {
    // An absent element of a list still counts as nothing for `exists: false` and its like.
    let mut met: Option<&Value> = None;
    let mut held = path.any(root, &mut |value| {
        met.get_or_insert(value);
        tests.iter().all(|test| test.holds(value, env.now))
    });
    if met.is_none() {
        held = tests.iter().all(|test| test.holds(&Value::Null, env.now));
    }
    if S::KEEPS {
        let actual =
            if path.is_many() { all_values(path, root) } else { met.cloned().unwrap_or(Value::Null) };
        let mut expected = tests.iter().map(Operator::describe).collect::<Vec<_>>().join(" and ");
        if let Some(why) =
            (!held).then(|| tests.iter().find_map(|t| t.cannot_apply(met.unwrap_or(&Value::Null)))).flatten()
        {
            expected = format!("{expected} ({why})");
        }
        sink.add(ConditionTrace { path: format!("{prefix}{path}"), expected, actual, held });
    }
    held
}

fn group<S: Sink>(path: &str, expected: &str, held: bool, sink: &mut S) {
    if S::KEEPS {
        sink.add(ConditionTrace {
            path: path.into(),
            expected: expected.into(),
            actual: Value::Bool(held),
            held,
        });
    }
}

fn all_values(path: &Path, root: &Value) -> Value {
    let mut all = Vec::new();
    path.any(root, &mut |value| {
        all.push(value.clone());
        // LIMIT: a trace shows the first values of a long list.
        all.len() >= 20
    });
    Value::Array(all)
}

#[cfg(test)]
mod tests;
