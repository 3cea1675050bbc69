//! Paths into an event: `device.name`, `payload.tags[0]`, `payload.tags[].name`, `labels["app.kubernetes.io/name"]`.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Any,
}

/// A compiled path. A step that is not there reads as nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
    text: String,
    root: Arc<str>,
}

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{path}` is not a path: {why}")]
pub struct PathError {
    path: String,
    why: &'static str,
}

static NOTHING: Value = Value::Null;

impl Path {
    /// Compiles a path. A leading `event.` is allowed and dropped, since staff copy it from templates.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let error = |why| PathError { path: text.to_owned(), why };
        let body = text.trim();
        let body = body.strip_prefix("event.").unwrap_or(body);
        let mut steps = Vec::new();
        let mut rest = body;
        if rest.is_empty() {
            return Err(error("it is empty"));
        }
        loop {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                return Err(error("a name is missing between the dots"));
            }
            steps.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
            while let Some(inner) = rest.strip_prefix('[') {
                if let Some(quoted) = inner.strip_prefix('"') {
                    let close = quoted.find("\"]").ok_or_else(|| error("`[\"` has no `\"]`"))?;
                    steps.push(Step::Key(quoted[..close].to_owned()));
                    rest = &quoted[close + 2..];
                    continue;
                }
                let close = inner.find(']').ok_or_else(|| error("`[` has no `]`"))?;
                steps.push(match inner[..close].trim() {
                    "" => Step::Any,
                    index => Step::Index(index.parse().map_err(|_| error("an index is a number from 0"))?),
                });
                rest = &inner[close + 1..];
            }
            match rest.strip_prefix('.') {
                Some(next) => rest = next,
                None if rest.is_empty() => break,
                None => return Err(error("a dot is missing after `]`")),
            }
        }
        let root = match &steps[0] {
            Step::Key(key) => Arc::from(key.as_str()),
            Step::Index(_) | Step::Any => Arc::from(""),
        };
        Ok(Self { steps, text: body.to_owned(), root })
    }

    /// The path as text, without a leading `event.`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first name of the path: `device` of `device.name`.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The same, shared.
    pub(crate) fn root_name(&self) -> &Arc<str> {
        &self.root
    }

    /// The last name of the path, where it ends in one: `name` of `device.name`.
    pub(crate) fn last_name(&self) -> Option<&str> {
        match self.steps.last() {
            Some(Step::Key(key)) => Some(key),
            Some(Step::Index(_) | Step::Any) | None => None,
        }
    }

    /// Whether the path may stand for many values (`[]`).
    pub fn is_many(&self) -> bool {
        self.steps.contains(&Step::Any)
    }

    /// Whether the path leads somewhere in the value, even if to nothing.
    pub(crate) fn is_in(&self, root: &Value) -> bool {
        leads(&self.steps, root)
    }

    /// The value at the path; the first one where the path stands for many.
    pub fn first<'v>(&self, root: &'v Value) -> &'v Value {
        let mut found = &NOTHING;
        self.any(root, &mut |value| {
            found = value;
            true
        });
        found
    }

    /// Whether `test` holds for the value at the path, or for any of them. Nothing is a value too, unless the
    /// path stands for the elements of an empty list.
    pub fn any<'v>(&self, root: &'v Value, test: &mut dyn FnMut(&'v Value) -> bool) -> bool {
        walk(&self.steps, root, test)
    }

    /// Sets the value at the path, making maps on the way. Indexes beyond a list and `[]` are refused.
    pub(crate) fn set(&self, root: &mut Value, new: Value) -> Result<(), &'static str> {
        put(&self.steps, root, new)
    }

    /// The same in the value of the path's first name.
    pub(crate) fn set_below_root(&self, field: &mut Value, new: Value) -> Result<(), &'static str> {
        put(&self.steps[1..], field, new)
    }

    /// Takes the value at the path out of its map or list; all of them where the path stands for many.
    pub fn remove(&self, root: &mut Value) {
        cut(&self.steps, root);
    }
}

/// Sets what the steps lead to, making maps on the way.
fn put(steps: &[Step], root: &mut Value, new: Value) -> Result<(), &'static str> {
    let mut at = root;
    for step in steps {
        at = match step {
            Step::Key(key) => {
                if !at.is_object() {
                    *at = Value::Object(serde_json::Map::new());
                }
                let Value::Object(map) = at else { return Err("the value is no map") };
                map.entry(key.clone()).or_insert(Value::Null)
            }
            Step::Index(index) => at.get_mut(*index).ok_or("the list has no such element")?,
            Step::Any => return Err("`[]` stands for many values and cannot be set"),
        };
    }
    *at = new;
    Ok(())
}

/// Takes what the steps lead to out of its map or list.
fn cut(steps: &[Step], at: &mut Value) {
    let Some((step, rest)) = steps.split_first() else { return };
    match (step, at) {
        (Step::Any, Value::Array(items)) if rest.is_empty() => items.clear(),
        (Step::Any, Value::Array(items)) => items.iter_mut().for_each(|item| cut(rest, item)),
        // Converters give an object for one element and a list for several.
        (Step::Any, single) => cut(rest, single),
        (Step::Index(index), Value::Array(items)) if rest.is_empty() && *index < items.len() => {
            items.remove(*index);
        }
        (Step::Key(key), Value::Object(map)) if rest.is_empty() => {
            map.remove(key);
        }
        (Step::Index(index), at) => at.get_mut(*index).into_iter().for_each(|value| cut(rest, value)),
        (Step::Key(key), at) => at.get_mut(key.as_str()).into_iter().for_each(|value| cut(rest, value)),
    }
}

fn walk<'v>(steps: &[Step], at: &'v Value, test: &mut dyn FnMut(&'v Value) -> bool) -> bool {
    let mut at = at;
    for (i, step) in steps.iter().enumerate() {
        at = match step {
            Step::Key(key) => at.get(key.as_str()).unwrap_or(&NOTHING),
            Step::Index(index) => at.get(*index).unwrap_or(&NOTHING),
            Step::Any => {
                return match at {
                    Value::Array(items) => items.iter().any(|item| walk(&steps[i + 1..], item, test)),
                    Value::Null => false,
                    // Converters give an object for one element and a list for several.
                    single => walk(&steps[i + 1..], single, test),
                };
            }
        };
    }
    test(at)
}

fn leads(steps: &[Step], at: &Value) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    match step {
        Step::Key(key) => at.get(key.as_str()).is_some_and(|value| leads(rest, value)),
        // Which element has it, and how many there are, differs from payload to payload.
        Step::Index(_) | Step::Any => match at {
            Value::Array(items) => items.is_empty() || items.iter().any(|item| leads(rest, item)),
            single => leads(rest, single),
        },
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_reach_into_maps_and_lists_and_read_nothing_elsewhere() {
        let value = json!({"payload": {"tags": [{"name": "a"}, {"name": "b"}]}, "labels": {"x.y/z": 1}});
        let first = |path: &str| Path::parse(path).expect("a path").first(&value).clone();
        assert_eq!(first("payload.tags[1].name"), json!("b"));
        assert_eq!(first("event.payload.tags[].name"), json!("a"));
        assert_eq!(first("labels[\"x.y/z\"]"), json!(1));
        assert_eq!(first("payload.nowhere.at[3].all"), Value::Null);
        let mut seen = 0;
        Path::parse("payload.tags[].name").expect("a path").any(&value, &mut |_| {
            seen += 1;
            false
        });
        assert_eq!(seen, 2);
    }

    #[test]
    fn broken_paths_say_what_is_missing() {
        for path in ["", "a..b", "a[", "a[x]", "a[0]b", "labels[\"x]"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_removed_is_gone_and_nothing_else() {
        let removed = |path: &str| {
            let mut value = json!({"a": {"b": 1, "c": [{"d": 1, "e": 2}, {"d": 3}, 4]}});
            Path::parse(path).expect("a path").remove(&mut value);
            value
        };
        assert_eq!(removed("a.b"), json!({"a": {"c": [{"d": 1, "e": 2}, {"d": 3}, 4]}}));
        assert_eq!(removed("a.c[].d"), json!({"a": {"b": 1, "c": [{"e": 2}, {}, 4]}}));
        assert_eq!(removed("a.c[0].e"), json!({"a": {"b": 1, "c": [{"d": 1}, {"d": 3}, 4]}}));
        assert_eq!(removed("a.c[2]"), json!({"a": {"b": 1, "c": [{"d": 1, "e": 2}, {"d": 3}]}}));
        assert_eq!(removed("a.c[]"), json!({"a": {"b": 1, "c": []}}));
        assert_eq!(removed("a"), json!({}));
        for nowhere in ["x", "a.b.c", "a.c[9]", "a.c[9].d", "a[0]"] {
            assert_eq!(removed(nowhere)["a"]["c"][0]["d"], json!(1), "{nowhere}");
        }
    }

    #[test]
    fn setting_makes_the_maps_on_the_way() {
        let mut value = json!({"client": null});
        Path::parse("client.name").expect("a path").set(&mut value, json!("Acme")).expect("sets");
        assert_eq!(value, json!({"client": {"name": "Acme"}}));
    }
}
