//! Views: what a script holds instead of a converted copy of the event. A view is a shared tree and a place in it.

use std::sync::{Arc, LazyLock};

use rhai::{Dynamic, ImmutableString};
use serde_json::{Number, Value};

use crate::payload::{Document, Kept, Part, Payload, Sent};

/// A place in a shared JSON tree, or in a payload as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct View {
    root: Root,
    steps: Vec<Step>,
}

#[derive(Clone)]
enum Root {
    Tree(Arc<Value>),
    Lazy(Arc<LazyTree>),
    /// A document, and where in it the steps lead; nothing where they lead nowhere.
    Sent(Arc<Document>, Option<u32>),
}

/// What a view shows, wherever it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'v> {
    Tree(&'v Value),
    Sent(Part<'v>),
}

impl Seen<'_> {
    const NOTHING: Self = Self::Tree(&NOTHING);

    /// What stands under a name of it.
    pub(crate) fn get(self, name: &str) -> Self {
        match self {
            Self::Tree(value) => value.get(name).map(Self::Tree),
            Self::Sent(part) => part.get(name).map(Self::Sent),
        }
        .unwrap_or(Self::NOTHING)
    }

    pub(crate) fn is_null(self) -> bool {
        match self {
            Self::Tree(value) => value.is_null(),
            Self::Sent(part) => part.is_null(),
        }
    }

    pub(crate) fn is_list(self) -> bool {
        match self {
            Self::Tree(value) => value.is_array(),
            Self::Sent(part) => part.is_list(),
        }
    }

    pub(crate) fn is_map(self) -> bool {
        match self {
            Self::Tree(value) => value.is_object(),
            Self::Sent(part) => part.is_map(),
        }
    }

    /// How many elements it has, if it is a list.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Tree(value) => value.as_array().map_or(0, Vec::len),
            Self::Sent(part) => part.elements().count(),
        }
    }

    /// A copy of it.
    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Tree(value) => value.clone(),
            Self::Sent(part) => part.to_value(),
        }
    }
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
            Self::Sent(document, _) => document.tree(),
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
        Self { root: Root::Tree(root), steps: Vec::new() }
    }

    /// A view on a tree that is made when somebody first looks at it.
    pub(crate) fn lazy(tree: impl FnOnce() -> Value + Send + 'static) -> Self {
        Self { root: Root::Lazy(Arc::new(LazyLock::new(Box::new(tree)))), steps: Vec::new() }
    }

    /// A view on a whole payload.
    pub(crate) fn of(payload: &Payload) -> Self {
        match payload.kept() {
            Kept::Tree(tree) => Self::new(Arc::clone(tree)),
            Kept::Text(document) => {
                let root = Root::Sent(Arc::clone(document), Some(document.root().at()));
                Self { root, steps: Vec::new() }
            }
        }
    }

    /// What stands at this place.
    pub(crate) fn seen(&self) -> Seen<'_> {
        match &self.root {
            Root::Sent(document, at) => at.map_or(Seen::NOTHING, |at| Seen::Sent(document.part(at))),
            Root::Tree(_) | Root::Lazy(_) => Seen::Tree(self.value()),
        }
    }

    /// The value at this place as a tree.
    pub(crate) fn value(&self) -> &Value {
        self.steps.iter().fold(self.root.tree(), |at, step| {
            match step {
                Step::Key(key) => at.get(key.as_str()),
                Step::Index(index) => at.get(*index),
            }
            .unwrap_or(&NOTHING)
        })
    }

    /// What was sent at this place: taken out of its tree where nobody else looks at that, else shared or copied.
    pub(crate) fn into_sent(mut self) -> Sent {
        let steps = &self.steps;
        match &mut self.root {
            Root::Sent(document, Some(at)) => return Sent::part(Arc::clone(document), *at),
            Root::Tree(tree) => {
                if let Some(tree) = Arc::get_mut(tree) {
                    let found = steps.iter().try_fold(tree, |at, step| match step {
                        Step::Key(key) => at.get_mut(key.as_str()),
                        Step::Index(index) => at.get_mut(*index),
                    });
                    return Sent::tree(found.map(Value::take).unwrap_or_default());
                }
            }
            Root::Sent(_, None) | Root::Lazy(_) => {}
        }
        Sent::tree(self.value().clone())
    }

    /// The view on a field of this place.
    pub(crate) fn get(&self, key: &str) -> Self {
        let root = self.root_at(|part| part.get(key));
        self.deeper(root, Step::Key(key.into()))
    }

    /// The views on the elements of this place, if it is a list.
    pub(crate) fn elements(&self) -> Vec<Self> {
        match (self.seen(), &self.root) {
            (Seen::Sent(list), Root::Sent(document, _)) => {
                let root = |part: Part<'_>| Root::Sent(Arc::clone(document), Some(part.at()));
                let views = list.elements().enumerate();
                views.map(|(index, part)| self.deeper(root(part), Step::Index(index))).collect()
            }
            (Seen::Tree(Value::Array(items)), root) => {
                (0..items.len()).map(|index| self.deeper(root.clone(), Step::Index(index))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The root of what the steps to it and one more lead to.
    fn root_at(&self, next: impl for<'d> FnOnce(Part<'d>) -> Option<Part<'d>>) -> Root {
        match &self.root {
            Root::Sent(document, at) => {
                let found = at.and_then(|at| next(document.part(at)));
                Root::Sent(Arc::clone(document), found.map(Part::at))
            }
            other => other.clone(),
        }
    }

    fn deeper(&self, root: Root, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.steps.len() + 1);
        steps.extend(self.steps.iter().cloned());
        steps.push(step);
        Self { root, steps }
    }

    /// What a script gets for this place: scalars as Rhai's own, maps as views, lists as arrays of these.
    pub(crate) fn to_dynamic(&self) -> Dynamic {
        let seen = self.seen();
        if seen.is_list() {
            Dynamic::from_array(self.elements().iter().map(Self::to_dynamic).collect())
        } else if seen.is_map() {
            Dynamic::from(self.clone())
        } else {
            scalar_of(seen)
        }
    }

    /// What a script gets for a field of this place. Most fields are scalars, for which no view is made.
    pub(super) fn field(&self, key: &str) -> Dynamic {
        let seen = self.seen().get(key);
        if seen.is_list() || seen.is_map() { self.get(key).to_dynamic() } else { scalar_of(seen) }
    }

    pub(super) fn keys(&self) -> Vec<String> {
        match self.value() {
            Value::Object(map) => map.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

fn scalar_of(seen: Seen<'_>) -> Dynamic {
    let copied;
    let value = match seen {
        Seen::Tree(value) => value,
        Seen::Sent(part) => {
            copied = part.to_value();
            &copied
        }
    };
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
        return view.seen().to_value();
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
