//! Views: what a script holds instead of a converted copy of the event. A view is a shared tree and a place in it.

use std::sync::{Arc, LazyLock};

use rhai::{Dynamic, ImmutableString};
use serde_json::{Number, Value};

/// A place in a shared JSON tree.
#[derive(Debug, Clone)]
pub(crate) struct View {
    root: Root,
    place: Vec<Step>,
}

#[derive(Clone)]
enum Root {
    Tree(Arc<Value>),
    Lazy(Arc<LazyTree>),
}

type LazyTree = LazyLock<Value, Box<dyn FnOnce() -> Value + Send>>;

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tree().fmt(f)
    }
}

impl Root {
    fn tree(&self) -> &Value {
        match self {
            Self::Tree(tree) => tree,
            Self::Lazy(tree) => tree,
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(ImmutableString),
    Index(usize),
}

/// HTML its author vouches for.
#[derive(Debug, Clone)]
pub(super) struct RawHtml(pub(super) ImmutableString);

static NOTHING: Value = Value::Null;

impl View {
    /// A view on a whole tree.
    pub(crate) fn new(root: Arc<Value>) -> Self {
        Self { root: Root::Tree(root), place: Vec::new() }
    }

    /// A view on a tree that is made when somebody first looks at it.
    pub(crate) fn lazy(tree: impl FnOnce() -> Value + Send + 'static) -> Self {
        Self { root: Root::Lazy(Arc::new(LazyLock::new(Box::new(tree)))), place: Vec::new() }
    }

    /// The value at this place.
    pub(crate) fn value(&self) -> &Value {
        self.place.iter().fold(self.root.tree(), |at, step| {
            match step {
                Step::Key(key) => at.get(key.as_str()),
                Step::Index(index) => at.get(*index),
            }
            .unwrap_or(&NOTHING)
        })
    }

    /// The value at this place: taken out of its tree where nobody else looks at that, else copied.
    pub(crate) fn into_value(mut self) -> Value {
        let place = &self.place;
        if let Root::Tree(tree) = &mut self.root
            && let Some(tree) = Arc::get_mut(tree)
        {
            let found = place.iter().try_fold(tree, |at, step| match step {
                Step::Key(key) => at.get_mut(key.as_str()),
                Step::Index(index) => at.get_mut(*index),
            });
            return found.map(Value::take).unwrap_or_default();
        }
        self.value().clone()
    }

    /// The view on a field of this place.
    pub(crate) fn get(&self, key: &str) -> Self {
        self.deeper(Step::Key(key.into()))
    }

    /// The view on an element of this place.
    pub(crate) fn at(&self, index: usize) -> Self {
        self.deeper(Step::Index(index))
    }

    fn deeper(&self, step: Step) -> Self {
        let mut place = Vec::with_capacity(self.place.len() + 1);
        place.extend(self.place.iter().cloned());
        place.push(step);
        Self { root: self.root.clone(), place }
    }

    /// What a script gets for this place: scalars as Rhai's own, maps as views, lists as arrays of these.
    pub(crate) fn to_dynamic(&self) -> Dynamic {
        match self.value() {
            Value::Array(items) => {
                Dynamic::from_array((0..items.len()).map(|i| self.at(i).to_dynamic()).collect())
            }
            Value::Object(_) => Dynamic::from(self.clone()),
            scalar => scalar_of(scalar),
        }
    }

    /// What a script gets for a field of this place. Most fields are scalars, for which no view is made.
    pub(super) fn field(&self, key: &str) -> Dynamic {
        match self.value().get(key) {
            Some(Value::Array(_) | Value::Object(_)) => self.get(key).to_dynamic(),
            Some(scalar) => scalar_of(scalar),
            None => Dynamic::UNIT,
        }
    }

    pub(super) fn keys(&self) -> Vec<String> {
        match self.value() {
            Value::Object(map) => map.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

fn scalar_of(value: &Value) -> Dynamic {
    match value {
        Value::Bool(b) => (*b).into(),
        Value::Number(n) => number(n),
        Value::String(text) => text.as_str().into(),
        Value::Null | Value::Array(_) | Value::Object(_) => Dynamic::UNIT,
    }
}

fn number(n: &Number) -> Dynamic {
    if let Some(i) = n.as_i64() {
        return i.into();
    }
    if let Some(u) = n.as_u64() {
        // Ids beyond 63 bits stay exact as text.
        return u.to_string().into();
    }
    n.as_f64().unwrap_or_default().into()
}

/// A script's value as JSON. Functions, ranges and other things without a JSON form become their text.
pub(super) fn to_value(value: &Dynamic) -> Value {
    if value.is_unit() {
        return Value::Null;
    }
    if let Ok(b) = value.as_bool() {
        return Value::Bool(b);
    }
    if let Ok(i) = value.as_int() {
        return Value::Number(i.into());
    }
    if let Ok(f) = value.as_float() {
        return Number::from_f64(f).map_or(Value::Null, Value::Number);
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Value::String(text.to_string());
    }
    if let Some(view) = value.read_lock::<View>() {
        return view.value().clone();
    }
    if let Some(raw) = value.read_lock::<RawHtml>() {
        return Value::String(raw.0.to_string());
    }
    if let Some(items) = value.read_lock::<rhai::Array>() {
        return Value::Array(items.iter().map(to_value).collect());
    }
    if let Some(map) = value.read_lock::<rhai::Map>() {
        return Value::Object(map.iter().map(|(k, v)| (k.to_string(), to_value(v))).collect());
    }
    Value::String(value.to_string())
}

/// JSON as a script's own value, for helpers such as `parse_json`.
pub(super) fn from_value(value: Value) -> Dynamic {
    View::new(Arc::new(value)).to_dynamic()
}
