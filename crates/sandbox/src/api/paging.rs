//! Order, pages and the envelope of a list.

use serde_json::{Map, Value};

use crate::{server::Query, store::Record};

/// LIMIT: HaloPSA cuts every list at 100 rows whatever is asked, and says nothing about it.
const MOST_ROWS: usize = 100;

/// How many rows come when a request names no number.
const USUAL_ROWS: usize = 50;

/// Puts rows in the order a query asks for; without one they stay as they are.
pub(crate) fn sort(rows: &mut [Record], query: &Query) {
    for level in (1..=5).rev() {
        let suffix = if level == 1 { String::new() } else { level.to_string() };
        let Some(field) = query.text(&format!("order{suffix}")).map(str::to_ascii_lowercase) else {
            continue;
        };
        let descending = query.flag(&format!("orderdesc{suffix}"));
        rows.sort_by(|a, b| {
            let order = compare(a.get(&field), b.get(&field));
            if descending { order.reverse() } else { order }
        });
    }
}

fn compare(a: Option<&Value>, b: Option<&Value>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(std::cmp::Ordering::Equal)
        }
        (Some(Value::String(a)), Some(Value::String(b))) => a.to_lowercase().cmp(&b.to_lowercase()),
        (a, b) => a.is_some_and(|v| !v.is_null()).cmp(&b.is_some_and(|v| !v.is_null())),
    }
}

/// Whether a query asks for an order.
pub(crate) fn is_ordered(query: &Query) -> bool {
    query.text("order").is_some()
}

/// The part of the rows a query asks for, at most 100.
pub(crate) fn cut<T: Clone>(rows: &[T], query: &Query) -> Vec<T> {
    let (skip, take) = if query.flag("pageinate") {
        let size = query.int("page_size").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let size = size.unwrap_or(USUAL_ROWS).min(MOST_ROWS);
        let page = query.int("page_no").and_then(|n| usize::try_from(n).ok()).unwrap_or(1).max(1);
        (size.saturating_mul(page - 1), size)
    } else {
        let count = query.int("count").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        (0, count.unwrap_or(USUAL_ROWS).min(MOST_ROWS))
    };
    rows.iter().skip(skip).take(take).cloned().collect()
}

/// A wrapped list: how many there are in all, and the part asked for under the list's own key.
pub(crate) fn envelope(key: &str, rows: &[Record], query: &Query) -> Value {
    wrapped(key, rows.len(), &cut(rows, query), query)
}

/// A wrapped list of which the part asked for has been cut already.
pub(crate) fn wrapped(key: &str, total: usize, part: &[Record], query: &Query) -> Value {
    let mut body = Map::new();
    if query.flag("pageinate") {
        body.insert("page_no".to_owned(), query.int("page_no").unwrap_or(1).into());
        body.insert("page_size".to_owned(), query.int("page_size").unwrap_or(50).into());
    }
    body.insert("record_count".to_owned(), total.into());
    body.insert(key.to_owned(), part.iter().map(Record::value).collect());
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(query: &str) -> (usize, Option<i64>) {
        let rows: Vec<Record> = (1..=250).map(|id| Record::of(json!({ "id": id }))).collect();
        let rows = cut(&rows, &Query::parse(query));
        (rows.len(), rows.first().and_then(|row| row.int("id")))
    }

    #[test]
    fn a_page_never_has_more_than_a_hundred_rows() {
        assert_eq!(page("pageinate=true&page_no=1&page_size=1000"), (100, Some(1)));
        assert_eq!(page("pageinate=true&page_no=3&page_size=100"), (50, Some(201)));
        assert_eq!(page("pageinate=true&page_no=0&page_size=20"), (20, Some(1)));
        assert_eq!(page("pageinate=true&page_no=9223372036854775807&page_size=100"), (0, None));
        assert_eq!(page("count=1000"), (100, Some(1)));
        assert_eq!(page("page_no=2&page_size=10"), (50, Some(1)), "pages want pageinate");
    }

    #[test]
    fn rows_are_sorted_by_up_to_five_fields() {
        let mut rows: Vec<Record> = [("b", 1), ("a", 2), ("a", 3)]
            .iter()
            .map(|(n, i)| Record::of(json!({ "n": n, "id": i })))
            .collect();
        sort(&mut rows, &Query::parse("order=n&order2=id&orderdesc2=true"));
        assert_eq!(rows.iter().filter_map(|row| row.int("id")).collect::<Vec<_>>(), [3, 2, 1]);
    }
}
