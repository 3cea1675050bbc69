//! Values as HaloPSA writes them, and as it accepts them.
//!
//! Reading is forgiving, writing is strict: HaloPSA sends the same id as `95`, `95.0` or `"95"` depending on the
//! route and refuses `95.0` when it gets it back.

use serde_json::{Map, Value};

/// Reads a field's value; `None` when it isn't of the expected kind.
pub(crate) trait FromWire: Sized {
    /// Reads the value, or answers `None` if it doesn't fit.
    fn from_wire(value: &Value) -> Option<Self>;
}

/// An integer, however it is written.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// LIMIT: beyond 2^53 a float no longer names one integer.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= LARGEST_EXACT).then_some(number as i64)
}

impl FromWire for i64 {
    fn from_wire(value: &Value) -> Option<Self> {
        integer(value)
    }
}

impl FromWire for f64 {
    fn from_wire(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }
}

impl FromWire for bool {
    fn from_wire(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromWire for String {
    fn from_wire(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl FromWire for Value {
    fn from_wire(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl FromWire for Map<String, Value> {
    fn from_wire(value: &Value) -> Option<Self> {
        value.as_object().cloned()
    }
}

impl<T: FromWire> FromWire for Vec<T> {
    fn from_wire(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_wire).collect()
    }
}

/// Takes a field out of an object. A value of another kind stays where it is; `null` and an empty date read as
/// nothing and stay too, so that they go back as they came.
pub(crate) fn take<T: FromWire>(object: &mut Map<String, Value>, name: &str) -> Option<T> {
    let value = T::from_wire(object.get(name)?)?;
    object.remove(name);
    Some(value)
}
