//! List filters: which query parameter tests which field. A parameter that is not listed is ignored,
//! misspelt or not, as HaloPSA ignores it.

use serde_json::Value;

use super::Refusal;
use crate::{moment, server::Query, store::Record};

/// One parameter and what it demands of a row.
pub(crate) type Filter = (&'static str, Test);

/// What a parameter's value is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    /// The integer in a field is this one.
    Is(&'static str),
    /// The integer in a field is one of a list, written `1,2` or `[1,2]`.
    AnyOf(&'static str),
    /// The integer in a field is none of a list.
    NoneOf(&'static str),
    /// The text in a field is this one, in any case.
    Named(&'static str),
    /// The text in a field contains this, in any case.
    Holds(&'static str),
    /// The time in a field is this or later.
    Since(&'static str),
    /// The time in a field is this or earlier.
    Until(&'static str),
    /// With `true`, the flag in a field must be set.
    Only(&'static str),
    /// With `true`, the flag in a field must not be set.
    Without(&'static str),
}

/// A filter with its value read.
#[derive(Debug)]
enum Demand {
    Int(&'static str, i64),
    In(&'static str, Vec<i64>, bool),
    Text(&'static str, String, bool),
    Time(&'static str, String, bool),
    Flag(&'static str, bool),
}

/// The demands a query makes.
#[derive(Debug, Default)]
pub(crate) struct Demands(Vec<Demand>);

impl Demands {
    /// Reads the filters a query uses; a value that is not of the right type is refused.
    pub(crate) fn read(filters: &[Filter], query: &Query) -> Result<Self, Refusal> {
        let mut demands = Vec::new();
        for (name, test) in filters {
            let Some(text) = query.text(name).filter(|text| !text.trim().is_empty()) else { continue };
            let invalid = || Refusal::Field {
                path: (*name).to_owned(),
                text: format!("The value '{text}' is not valid."),
            };
            let demand = match *test {
                Test::Is(field) => match text.trim().parse::<i64>().map_err(|_| invalid())? {
                    // HaloPSA's own client sends 0 for "any".
                    0 => continue,
                    int => Demand::Int(field, int),
                },
                Test::AnyOf(field) => Demand::In(field, ints(text).ok_or_else(invalid)?, true),
                Test::NoneOf(field) => Demand::In(field, ints(text).ok_or_else(invalid)?, false),
                Test::Named(field) => Demand::Text(field, text.trim().to_lowercase(), true),
                Test::Holds(field) => Demand::Text(field, text.trim().to_lowercase(), false),
                Test::Since(field) => Demand::Time(field, time(text).ok_or_else(invalid)?, true),
                Test::Until(field) => Demand::Time(field, time(text).ok_or_else(invalid)?, false),
                Test::Only(field) if query.flag(name) => Demand::Flag(field, true),
                Test::Without(field) if query.flag(name) => Demand::Flag(field, false),
                Test::Only(_) | Test::Without(_) => continue,
            };
            demands.push(demand);
        }
        Ok(Self(demands))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn met_by(&self, row: &Record) -> bool {
        self.0.iter().all(|demand| match demand {
            Demand::Int(field, int) => whole(row, field) == Some(*int),
            Demand::In(field, list, inside) => {
                whole(row, field).is_some_and(|int| list.contains(&int)) == *inside
            }
            Demand::Text(field, text, true) => row.text(field).to_lowercase() == *text,
            Demand::Text(field, text, false) => row.text(field).to_lowercase().contains(text.as_str()),
            // Times are written so that their order is the texts' order.
            Demand::Time(field, time, true) => row.text(field) >= time.as_str(),
            Demand::Time(field, time, false) => row.has(field) && row.text(field) <= time.as_str(),
            Demand::Flag(field, wanted) => row.flag(field) == *wanted,
        })
    }
}

/// An integer, also where the schema calls an id a number with a fraction.
fn whole(row: &Record, field: &str) -> Option<i64> {
    row.int(field).or_else(|| row.number(field).filter(|n| n.fract() == 0.0).map(|n| n as i64))
}

fn ints(text: &str) -> Option<Vec<i64>> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    inner.split(',').map(|part| part.trim().trim_matches('"').parse().ok()).collect()
}

fn time(text: &str) -> Option<String> {
    // A `+` that was not encoded arrives as a space.
    moment::parse(text).or_else(|| moment::parse(&text.replace(' ', "+"))).map(moment::text)
}

/// Whether one of the searched fields contains the text.
///
/// HaloPSA's general search does not find names of devices that end in digits; neither does this one.
pub(crate) fn found_by_search(row: &Record, fields: &[&str], wanted: &str) -> bool {
    let wanted = wanted.trim().to_lowercase();
    if wanted.is_empty() {
        return true;
    }
    let ends_in_digits = wanted.ends_with(|c: char| c.is_ascii_digit());
    if ends_in_digits && wanted.chars().any(char::is_alphabetic) && !wanted.contains(char::is_whitespace) {
        return false;
    }
    fields.iter().any(|field| match row.get(field) {
        Some(Value::String(text)) => text.to_lowercase().contains(&wanted),
        Some(Value::Number(number)) => number.to_string() == wanted,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows_left(filters: &[Filter], query: &str) -> Vec<i64> {
        let rows = [
            json!({ "id": 1, "name": "Disk", "client_id": 7, "client": 7.0, "at": "2026-01-01T00:00:00.000", "x": true }),
            json!({ "id": 2, "name": "disk full", "client_id": 8, "at": "2026-01-02T00:00:00.000" }),
        ];
        let demands = Demands::read(filters, &Query::parse(query)).unwrap();
        rows.map(Record::of)
            .iter()
            .filter(|row| demands.met_by(row))
            .filter_map(|row| row.int("id"))
            .collect()
    }

    #[test]
    fn each_test_keeps_the_rows_it_should() {
        assert_eq!(rows_left(&[("client_id", Test::Is("client_id"))], "client_id=7"), [1]);
        assert_eq!(rows_left(&[("client_id", Test::Is("client_id"))], "client_id=0"), [1, 2]);
        assert_eq!(rows_left(&[("site", Test::Is("client"))], "site=7"), [1]);
        assert_eq!(rows_left(&[("ids", Test::AnyOf("id"))], "ids=[2,9]"), [2]);
        assert_eq!(rows_left(&[("but", Test::NoneOf("id"))], "but=2"), [1]);
        assert_eq!(rows_left(&[("name", Test::Named("name"))], "NAME=disk"), [1]);
        assert_eq!(rows_left(&[("name", Test::Holds("name"))], "name=DISK"), [1, 2]);
        assert_eq!(rows_left(&[("from", Test::Since("at"))], "from=2026-01-01T12:00:00Z"), [2]);
        assert_eq!(rows_left(&[("to", Test::Until("at"))], "to=2026-01-01"), [1]);
        assert_eq!(rows_left(&[("only", Test::Only("x"))], "only=true"), [1]);
        assert_eq!(rows_left(&[("not", Test::Without("x"))], "not=true"), [2]);
        assert_eq!(rows_left(&[("client_id", Test::Is("client_id"))], "clientid=7"), [1, 2]);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused() {
        let query = Query::parse("client_id=seven");
        assert!(Demands::read(&[("client_id", Test::Is("client_id"))], &query).is_err());
    }

    #[test]
    fn search_misses_device_names_that_end_in_digits() {
        let row = Record::of(json!({ "summary": "Disk full on SRV-01", "id": 20_001 }));
        assert!(found_by_search(&row, &["summary"], "full on srv"));
        assert!(!found_by_search(&row, &["summary"], "SRV-01"));
        assert!(found_by_search(&row, &["summary", "id"], "20001"));
    }
}
