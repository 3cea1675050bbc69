//! What operators say about each other: whether what is known of a value makes another operator hold, or leaves no
//! value at all. Only what can be proven is said; `false` means "not known".

use jiff::Timestamp;
use serde_json::Value;

use super::Operator;

/// Whether a value of which all of `known` holds also satisfies `want`. `text` says that the value is text if it is
/// there at all, and not a list.
pub(crate) fn implied(want: &Operator, known: &[&Operator], text: bool) -> bool {
    if known.iter().any(|k| follows(want, k, text)) {
        return true;
    }
    if folds_case(want)
        && let Some(texts) = texts(known)
    {
        return texts.iter().all(|value| holds(want, value));
    }
    if let Some(values) = exact(known) {
        return timeless(want) && values.iter().all(|value| holds(want, value));
    }
    between(known).implies(want)
}

/// Whether no value satisfies all of `known`.
pub(crate) fn contradict(known: &[&Operator], text: bool) -> bool {
    let pairs = known
        .iter()
        .enumerate()
        .any(|(i, a)| known[i + 1..].iter().any(|b| excludes(a, b, text) || excludes(b, a, text)));
    pairs
        || between(known).is_empty()
        || texts(known).is_some_and(|texts| texts.is_empty())
        || exact(known).is_some_and(|values| values.is_empty())
}

fn holds(operator: &Operator, value: &Value) -> bool {
    operator.holds(value, Timestamp::UNIX_EPOCH)
}

/// The texts the value can be, in lower case, where an equality with texts is known: those that every other operator
/// without regard to case admits.
fn texts(known: &[&Operator]) -> Option<Vec<Value>> {
    let lists = known.iter().filter(|k| !matches!(k, Operator::Exactly(_)));
    let texts = lists.filter_map(|k| k.required_texts()).min_by_key(Vec::len)?;
    // Beyond ASCII, "the same but for case" is not one thing to all operators.
    if !texts.iter().all(|text| text.is_ascii()) {
        return None;
    }
    let admitted = |value: &Value| known.iter().filter(|k| folds_case(k)).all(|k| holds(k, value));
    Some(texts.into_iter().map(Value::String).filter(admitted).collect())
}

/// The values it can be where `exactly` names them.
fn exact(known: &[&Operator]) -> Option<Vec<Value>> {
    let values = known.iter().find_map(|k| match k {
        Operator::Exactly(values) => Some(values),
        _ => None,
    })?;
    let admitted = |value: &&Value| known.iter().filter(|k| timeless(k)).all(|k| holds(k, value));
    Some(values.iter().filter(admitted).cloned().collect())
}

/// Whether the operator treats texts that differ in case only alike.
fn folds_case(operator: &Operator) -> bool {
    timeless(operator)
        && !matches!(
            operator,
            Operator::Exactly(_)
                | Operator::Matches(_)
                | Operator::NotMatches(_)
                | Operator::Before(_)
                | Operator::After(_)
        )
}

/// Whether the operator asks the value alone and not the time of the decision.
fn timeless(operator: &Operator) -> bool {
    !matches!(operator, Operator::OlderThan(_) | Operator::NewerThan(_))
}

/// Whether `want` holds wherever `known` does.
fn follows(want: &Operator, known: &Operator, text: bool) -> bool {
    use Operator as O;
    let every = |these: &[String], those: &[String], test: fn(&str, &str) -> bool| {
        these.iter().all(|this| those.iter().any(|that| test(this, that)))
    };
    let same = |a: &str, b: &str| a == b;
    match (want, known) {
        (O::Is(a), O::Is(b)) | (O::Not(a), O::Not(b)) => a == b,
        (O::In(wants), O::Is(known)) => wants.contains(known),
        (O::NotIn(wants), O::Not(known)) => wants.iter().all(|want| want == known),
        (O::In(wants), O::In(knowns)) | (O::Exactly(wants), O::Exactly(knowns)) => {
            knowns.iter().all(|value| wants.contains(value))
        }
        (O::Not(value), O::NotIn(values)) => values.contains(value),
        (O::NotIn(wants), O::NotIn(knowns)) => wants.iter().all(|value| knowns.contains(value)),
        (O::Contains(wants), O::Contains(knowns)) => {
            every(knowns, wants, if text { |known, want| known.contains(want) } else { same })
        }
        (O::Contains(wants), O::StartsWith(knowns) | O::EndsWith(knowns)) => {
            every(knowns, wants, |known, want| known.contains(want))
        }
        (O::StartsWith(wants), O::StartsWith(knowns)) => {
            every(knowns, wants, |known, want| known.starts_with(want))
        }
        (O::EndsWith(wants), O::EndsWith(knowns)) => {
            every(knowns, wants, |known, want| known.ends_with(want))
        }
        (O::NotContains(wants), O::NotContains(knowns)) => {
            every(wants, knowns, if text { |want, known| want.contains(known) } else { same })
        }
        (O::Like(wants), O::Like(knowns)) => {
            knowns.iter().all(|(known, _)| wants.iter().any(|(want, _)| want == known))
        }
        (O::Matches(wants), O::Matches(knowns)) | (O::NotMatches(knowns), O::NotMatches(wants)) => {
            knowns.iter().all(|known| wants.iter().any(|want| want.as_str() == known.as_str()))
        }
        (O::OlderThan(want), O::OlderThan(known)) | (O::NewerThan(known), O::NewerThan(want)) => {
            known >= want
        }
        (O::After(want), O::After(known)) | (O::Before(known), O::Before(want)) => known >= want,
        (O::Cidr(wants), O::Cidr(knowns)) => knowns.iter().all(|known| wants.contains(known)),
        (O::Empty(a), O::Empty(b)) => a == b,
        (O::Exists(false) | O::Empty(true), O::Exists(false)) => true,
        (O::Exists(true), known) => timeless(known) && !holds(known, &Value::Null),
        (O::Empty(false), known) => is_comparison(known),
        _ => false,
    }
}

/// Whether the operator holds of numbers alone.
fn is_comparison(operator: &Operator) -> bool {
    matches!(
        operator,
        Operator::Above(_)
            | Operator::Below(_)
            | Operator::AtLeast(_)
            | Operator::AtMost(_)
            | Operator::Between(..)
    )
}

/// Whether `a` and `b` cannot both hold.
fn excludes(a: &Operator, b: &Operator, text: bool) -> bool {
    use Operator as O;
    match (a, b) {
        (O::Exists(false), b) => timeless(b) && !holds(b, &Value::Null),
        (O::Is(value), b) if value.is_null() => timeless(b) && !holds(b, &Value::Null),
        (O::Empty(true), O::Empty(false)) => true,
        (O::Is(value), O::Not(other)) => value == other,
        (O::Is(value), O::NotIn(others)) => others.contains(value),
        (O::In(values), O::NotIn(others)) => values.iter().all(|value| others.contains(value)),
        (O::Contains(wants), O::NotContains(others)) => wants
            .iter()
            .all(|want| others.iter().any(|other| want == other || (text && want.contains(other.as_str())))),
        (O::After(from), O::Before(until)) => from >= until,
        (O::OlderThan(least), O::NewerThan(most)) => least >= most,
        _ => false,
    }
}

/// What is known of a number: its bounds, and whether they belong to it.
#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    low: Option<(f64, bool)>,
    high: Option<(f64, bool)>,
}

fn between(known: &[&Operator]) -> Bounds {
    let mut bounds = Bounds::default();
    for operator in known {
        match operator {
            Operator::Above(n) => bounds.raise(*n, false),
            Operator::AtLeast(n) => bounds.raise(*n, true),
            Operator::Below(n) => bounds.lower(*n, false),
            Operator::AtMost(n) => bounds.lower(*n, true),
            Operator::Between(low, high) => {
                bounds.raise(*low, true);
                bounds.lower(*high, true);
            }
            _ => {}
        }
    }
    bounds
}

impl Bounds {
    fn raise(&mut self, to: f64, included: bool) {
        let higher = |(low, closed): (f64, bool)| to > low || (to >= low && closed && !included);
        if self.low.is_none_or(higher) {
            self.low = Some((to, included));
        }
    }

    fn lower(&mut self, to: f64, included: bool) {
        let lower = |(high, closed): (f64, bool)| to < high || (to <= high && closed && !included);
        if self.high.is_none_or(lower) {
            self.high = Some((to, included));
        }
    }

    fn is_empty(self) -> bool {
        match (self.low, self.high) {
            (Some((low, low_in)), Some((high, high_in))) => {
                low > high || (low >= high && !(low_in && high_in))
            }
            _ => false,
        }
    }

    fn implies(self, want: &Operator) -> bool {
        let from = |n: f64, included: bool| {
            self.low.is_some_and(|(low, closed)| low > n || (low >= n && (included || !closed)))
        };
        let to = |n: f64, included: bool| {
            self.high.is_some_and(|(high, closed)| high < n || (high <= n && (included || !closed)))
        };
        match want {
            Operator::Above(n) => from(*n, false),
            Operator::AtLeast(n) => from(*n, true),
            Operator::Below(n) => to(*n, false),
            Operator::AtMost(n) => to(*n, true),
            Operator::Between(low, high) => from(*low, true) && to(*high, true),
            _ => false,
        }
    }
}
