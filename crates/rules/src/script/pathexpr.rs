//! Expressions that are only paths with fall-backs: `item.labels.severity ?? event.x ?? "medium"`.

use serde_json::Value;

use super::view::Seen;
use super::{Env, View};

/// Alternatives tried in order; the first that is not nothing is the value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PathExpr {
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, PartialEq)]
enum Alternative {
    Path { root: String, steps: Vec<String> },
    Text(String),
}

/// Properties that Rhai gives texts, numbers and lists: what a path with one of them means, it has to say.
const PROPERTIES: [&str; 16] = [
    "bits",
    "bytes",
    "ceiling",
    "chars",
    "floor",
    "fraction",
    "int",
    "is_empty",
    "is_even",
    "is_finite",
    "is_infinite",
    "is_nan",
    "is_odd",
    "is_zero",
    "len",
    "round",
];

const KEYWORDS: [&str; 12] =
    ["true", "false", "let", "if", "else", "for", "while", "loop", "fn", "return", "this", "switch"];

impl PathExpr {
    pub(super) fn parse(source: &str) -> Option<Self> {
        let alternatives =
            source.split("??").map(|part| parse_alternative(part.trim())).collect::<Option<Vec<_>>>()?;
        match alternatives.first()? {
            Alternative::Path { .. } => Some(Self { alternatives }),
            Alternative::Text(_) => None,
        }
    }

    pub(super) fn roots(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().filter_map(|a| match a {
            Alternative::Path { root, .. } => Some(root.as_str()),
            Alternative::Text(_) => None,
        })
    }

    /// The alternatives that are paths: the variable, and the names below it.
    pub(super) fn paths_of(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.alternatives.iter().filter_map(|a| match a {
            Alternative::Path { root, steps } => Some((root.as_str(), steps.as_slice())),
            Alternative::Text(_) => None,
        })
    }

    /// Whether its last alternative is a path, so that nothing may be its value.
    pub(super) fn ends_with_path(&self) -> bool {
        matches!(self.alternatives.last(), Some(Alternative::Path { .. }))
    }

    /// The place that holds the expression's value, where it is one in a variable: nothing of it is copied.
    pub(super) fn place(&self, env: &Env<'_>) -> Option<View> {
        for alternative in &self.alternatives {
            let Alternative::Path { root, steps } = alternative else { return None };
            let view = steps.iter().fold(env.var(root)?.clone(), |view, step| view.get(step));
            if !view.seen().is_null() {
                return Some(view);
            }
        }
        None
    }

    pub(super) fn eval(&self, env: &Env<'_>) -> Value {
        // Fall-backs mostly look into the same variable, whose own place may be deep in a payload.
        let mut looked_at: Option<(&str, Option<Seen<'_>>)> = None;
        for alternative in &self.alternatives {
            let (root, steps) = match alternative {
                Alternative::Text(text) => return Value::String(text.clone()),
                Alternative::Path { root, steps } if root == "now" && steps.is_empty() => {
                    return Value::String(crate::time::to_text(env.now));
                }
                Alternative::Path { root, steps } => (root, steps),
            };
            let variable = match looked_at {
                Some((name, seen)) if name == root => seen,
                // In a rule those of the event; where there is no event, a variable like any other.
                _ if root == "vars" && env.var("event").is_some() => {
                    env.var("event").map(|event| event.seen().get("vars"))
                }
                _ => env.var(root).map(View::seen),
            };
            looked_at = Some((root, variable));
            let found = variable.map(|seen| steps.iter().fold(seen, |at, name| at.get(name)));
            if let Some(found) = found.filter(|found| !found.is_null()) {
                return found.to_value();
            }
        }
        Value::Null
    }
}

fn parse_alternative(text: &str) -> Option<Alternative> {
    if let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        return (!inner.contains(['"', '\\'])).then(|| Alternative::Text(inner.to_owned()));
    }
    let mut names = text.split('.');
    let root = names.next()?;
    let is_name = |name: &str| {
        name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !KEYWORDS.contains(&name)
    };
    let steps: Vec<String> = names.map(str::to_owned).collect();
    (is_name(root) && steps.iter().all(|s| is_name(s) && !PROPERTIES.contains(&s.as_str())))
        .then(|| Alternative::Path { root: root.to_owned(), steps })
}
