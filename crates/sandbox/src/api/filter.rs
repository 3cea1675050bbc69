//! List filters: which query parameter tests which field. A parameter that is not listed is ignored,
//! misspelt or not, as HaloPSA ignores it.

use serde_json::Value;

use super::Refusal;
use crate::{
    moment,
    schema::{FieldType, Schema},
    server::Query,
    store::Record,
};

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
    /// Whether the flag in a field is set is one of a list, written `1,0`; `true` is `1`.
    State(&'static str),
    /// The integer in a field is this one, or none: it is then for all.
    IsOrAny(&'static str),
    /// The list in a field holds a record with this id, or the id itself.
    Links(&'static str),
    /// The text in a field is one of a list, in any case.
    OneOf(&'static str),
    /// The text in a field ends like one of a list: what follows its last dot, in any case.
    Ending(&'static str),
}

/// A filter with its value read.
#[derive(Debug)]
enum Demand {
    Int(&'static str, i64),
    In(&'static str, Vec<i64>, bool),
    Text(&'static str, String, bool),
    Time(&'static str, String, bool),
    Flag(&'static str, bool),
    State(&'static str, Vec<i64>),
    IntOrNone(&'static str, i64),
    Links(&'static str, i64),
    OneOf(&'static str, Vec<String>),
    Ending(&'static str, Vec<String>),
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
                Test::State(field) => Demand::State(field, states(text).ok_or_else(invalid)?),
                Test::IsOrAny(field) => Demand::IntOrNone(field, text.trim().parse().map_err(|_| invalid())?),
                Test::Links(field) => match text.trim().parse().map_err(|_| invalid())? {
                    0 => continue,
                    id => Demand::Links(field, id),
                },
                Test::OneOf(field) => Demand::OneOf(field, names(text)),
                Test::Ending(field) => Demand::Ending(field, names(text)),
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
            Demand::Flag(field, wanted) => is_set(row, field) == *wanted,
            Demand::State(field, states) => states.contains(&i64::from(is_set(row, field))),
            Demand::IntOrNone(field, int) => {
                whole(row, field).unwrap_or_default() == 0 || whole(row, field) == Some(*int)
            }
            Demand::Links(field, id) => {
                let linked = row.get(field).and_then(Value::as_array).into_iter().flatten();
                linked.into_iter().any(|link| link.as_i64().or_else(|| link["id"].as_i64()) == Some(*id))
            }
            Demand::OneOf(field, names) => names.contains(&row.text(field).to_lowercase()),
            Demand::Ending(field, endings) => {
                let name = row.text(field).to_lowercase();
                name.rsplit_once('.').is_some_and(|(_, ending)| endings.iter().any(|wanted| wanted == ending))
            }
        })
    }
}

/// An integer, also where the schema calls an id a number with a fraction.
pub(crate) fn whole(row: &Record, field: &str) -> Option<i64> {
    row.int(field).or_else(|| row.number(field).filter(|n| n.fract() == 0.0).map(|n| n as i64))
}

/// Whether a flag is set, or a number is not 0.
fn is_set(row: &Record, field: &str) -> bool {
    row.flag(field) || row.number(field).is_some_and(|number| number != 0.0)
}

/// The parts of a list, without brackets, quotes and the dots before endings of file names.
fn names(text: &str) -> Vec<String> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    let plain = |part: &str| part.trim().trim_matches('"').trim_start_matches('.').to_lowercase();
    inner.split(',').map(plain).filter(|part| !part.is_empty()).collect()
}

fn states(text: &str) -> Option<Vec<i64>> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Some(vec![1]),
        "false" => Some(vec![0, 1]),
        _ => ints(text),
    }
}

fn ints(text: &str) -> Option<Vec<i64>> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    inner.split(',').map(|part| part.trim().trim_matches('"').parse().ok()).collect()
}

fn time(text: &str) -> Option<String> {
    // A `+` that was not encoded arrives as a space.
    moment::parse(text).or_else(|| moment::parse(&text.replace(' ', "+"))).map(moment::text)
}

/// Conditions as JSON, `[{"filter_name":…,"filter_type":2,"filter_value":…}]`: all of them must hold.
#[derive(Debug, Default)]
pub(crate) struct Advanced(Vec<(&'static str, String)>);

impl Advanced {
    /// Reads `advanced_search`; a field that is not offered is refused, and so is every comparison but equality, the
    /// only one anybody has documented.
    pub(crate) fn read(schema: &Schema, query: &Query) -> Result<Self, Refusal> {
        let invalid = || Refusal::sentence("Invalid advanced search parameter");
        let Some(text) = query.text("advanced_search").filter(|text| !text.trim().is_empty()) else {
            return Ok(Self::default());
        };
        let filters: Vec<Value> = serde_json::from_str(text).map_err(|_| invalid())?;
        let read = filters.iter().map(|filter| {
            let field = filter["filter_name"].as_str().and_then(|name| schema.field(name));
            let Some((field, FieldType::Int | FieldType::Number | FieldType::Text)) = field else {
                return Err(invalid());
            };
            if filter["filter_type"].as_i64() != Some(2) {
                return Err(invalid());
            }
            Ok((field, plain(&filter["filter_value"])))
        });
        Ok(Self(read.collect::<Result<_, _>>()?))
    }

    pub(crate) fn met_by(&self, row: &Record) -> bool {
        self.0.iter().all(|(field, wanted)| row.get(field).map(plain).unwrap_or_default() == *wanted)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string(),
    }
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
            json!({
                "id": 1, "name": "Disk", "client_id": 7, "client": 7.0, "at": "2026-01-01T00:00:00.000", "x": true,
                "assets": [{ "id": 5 }], "kind": 3, "file": "a.TXT",
            }),
            json!({
                "id": 2, "name": "disk full", "client_id": 8, "at": "2026-01-02T00:00:00.000", "assets": [6], "kind": 0,
                "file": "txt",
            }),
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
        for (query, left) in
            [("s=1", &[1][..]), ("s=0", &[2]), ("s=[0,1]", &[1, 2]), ("s=true", &[1]), ("s=false", &[1, 2])]
        {
            assert_eq!(rows_left(&[("s", Test::State("x"))], query), left, "{query}");
        }
        assert_eq!(rows_left(&[("asset", Test::Links("assets"))], "asset=5"), [1]);
        assert_eq!(rows_left(&[("asset", Test::Links("assets"))], "asset=6"), [2]);
        assert_eq!(rows_left(&[("kind", Test::IsOrAny("kind"))], "kind=3"), [1, 2]);
        assert_eq!(rows_left(&[("kind", Test::IsOrAny("kind"))], "kind=4"), [2]);
        assert_eq!(rows_left(&[("kind", Test::Only("kind"))], "kind=true"), [1]);
        assert_eq!(rows_left(&[("names", Test::OneOf("name"))], "names=other,DISK FULL"), [2]);
        assert_eq!(rows_left(&[("end", Test::Ending("file"))], "end=.txt,pdf"), [1]);
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
