//! The parameters after the `?` of a request.

use std::fmt;

/// Query parameters, in the order they were given.
///
/// HaloPSA ignores a parameter it doesn't know and answers as if it were absent, so a misspelt filter gives
/// every row. The typed filters in [`crate::filters`] can't be misspelt; here, spell with care.
///
/// ```
/// let query = halopsa::Query::new().with("count", 10).with("search", "disk full");
/// assert_eq!(query.to_string(), "count=10&search=disk+full");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter, replacing one of the same name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a parameter in place, replacing one of the same name.
    #[allow(clippy::needless_pass_by_value, reason = "callers pass numbers and ids as they are")]
    pub fn set(&mut self, name: impl Into<String>, value: impl ToString) {
        let (name, value) = (name.into(), value.to_string());
        match self.pairs.iter_mut().find(|(given, _)| *given == name) {
            Some(pair) => pair.1 = value,
            None => self.pairs.push((name, value)),
        }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// True if there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Every parameter, name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish();
        f.write_str(&encoded)
    }
}

impl<K: Into<String>, V: ToString> FromIterator<(K, V)> for Query {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::new(), |query, (name, value)| query.with(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_given_twice_keeps_its_last_value() {
        let query = Query::new().with("page_no", 1).with("search", "a&b").with("page_no", 2);
        assert_eq!(query.to_string(), "page_no=2&search=a%26b");
        assert_eq!(query.get("page_no"), Some("2"));
    }
}
