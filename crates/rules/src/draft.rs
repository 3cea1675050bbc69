//! The fields of an event while it is made: a dozen, in the order in which they were put, looked up by going through
//! them: most are only put there and written, and a sorted map of them would be searched forty times for each event.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::path::Path;

/// The fields of an event, each name once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    fields: Vec<(Name, Value)>,
}

/// A field's name: one of ours, or one that a preset says.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    Ours(&'static str),
    Said(Arc<str>),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Ours(name) => name,
            Self::Said(name) => name,
        }
    }
}

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self::Ours(name)
    }
}

/// More than presets say of an event.
const USUAL: usize = 24;

impl Draft {
    pub(crate) fn new() -> Self {
        Self { fields: Vec::with_capacity(USUAL) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.fields.iter_mut().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn insert(&mut self, name: impl Into<Name>, value: Value) {
        let name = name.into();
        match self.get_mut(name.as_str()) {
            Some(known) => *known = value,
            None => self.fields.push((name, value)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.fields.iter().position(|(known, _)| known.as_str() == name)?;
        Some(self.fields.remove(place).1)
    }

    /// Sets the value at a path, as [`Path::set`] does in a map.
    pub(crate) fn set(&mut self, path: &Path, value: Value) -> Result<(), &'static str> {
        let root = path.root_name();
        if !self.has(root) {
            self.fields.push((Name::Said(Arc::clone(root)), Value::Null));
        }
        match self.get_mut(root) {
            Some(field) => path.set_below_root(field, value),
            None => unreachable!("it has just been put there"),
        }
    }

    /// Appends the fields as a JSON object.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (place, (name, value)) in self.fields.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            crate::value::write_text(name.as_str(), out);
            out.push(b':');
            crate::value::write_json(value, out);
        }
        out.push(b'}');
    }
}

#[cfg(test)]
impl From<Map<String, Value>> for Draft {
    fn from(map: Map<String, Value>) -> Self {
        Self { fields: map.into_iter().map(|(name, value)| (Name::Said(name.into()), value)).collect() }
    }
}

impl From<Draft> for Map<String, Value> {
    fn from(draft: Draft) -> Self {
        draft.fields.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect()
    }
}

/// Fields by name, however they are kept.
pub(crate) trait Named {
    fn named(&self, name: &str) -> Option<&Value>;
    fn put(&mut self, name: &'static str, value: Value);
}

impl Named for Draft {
    fn named(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }

    fn put(&mut self, name: &'static str, value: Value) {
        self.insert(name, value);
    }
}

impl Named for Map<String, Value> {
    fn named(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }

    fn put(&mut self, name: &'static str, value: Value) {
        self.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::tests::any_value;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        /// Whatever is put, taken and set, it is what a map would be.
        #[test]
        fn a_draft_is_a_map(changes in prop::collection::vec((0..4usize, 0..6usize, any_value()), 0..24)) {
            const PATHS: [&str; 6] = ["title", "device.name", "device", "labels[\"a b\"]", "vars.x.y", "vars"];
            let (mut draft, mut map) = (Draft::new(), json!({}));
            for (what, which, value) in changes {
                let path = Path::parse(PATHS[which]).unwrap();
                match what {
                    0 => {
                        let removed = map.as_object_mut().unwrap().remove(path.root());
                        prop_assert_eq!(draft.remove(path.root()), removed);
                    }
                    1 => {
                        draft.insert("title", value.clone());
                        map["title"] = value;
                    }
                    _ => prop_assert_eq!(draft.set(&path, value.clone()), path.set(&mut map, value)),
                }
                prop_assert_eq!(draft.get(path.root()), map.get(path.root()));
            }
            let mut written = Vec::new();
            draft.write_json(&mut written);
            prop_assert_eq!(&serde_json::from_slice::<Value>(&written).unwrap(), &map);
            prop_assert_eq!(Value::Object(draft.into()), map);
        }
    }
}
