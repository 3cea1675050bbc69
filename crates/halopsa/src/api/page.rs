//! A page of a list, in whichever form HaloPSA sent it.

use serde_json::Value;

use super::record::Record;

/// Rows of a list, and how many there are in all.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<R> {
    /// The rows that came: at most 100, however many were asked for.
    pub rows: Vec<R>,
    /// How many rows the whole list has; `None` if HaloPSA didn't say. Lists that come in one piece never do.
    pub record_count: Option<u64>,
}

impl<R: Record> Page<R> {
    /// True if no row came.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What to check if the list should not be empty; `None` if it isn't empty.
    ///
    /// HaloPSA hides what an agent may not see instead of refusing, so only the caller can know that rows are missing.
    pub fn hint(&self) -> Option<String> {
        self.rows.is_empty().then(|| crate::error::empty_list_hint(R::PLURAL))
    }

    /// Reads `{"record_count": 2, "tickets": [...]}`, or a bare array.
    pub(super) fn read(answer: Value) -> Result<Self, String> {
        let (rows, record_count) = match answer {
            Value::Array(rows) => (rows, None),
            Value::Null => (Vec::new(), None),
            Value::Object(mut wrapped) => {
                let record_count = wrapped.get("record_count").and_then(crate::wire::integer);
                let key = if wrapped.get(R::ROWS).is_some_and(Value::is_array) {
                    Some(R::ROWS.to_owned())
                } else {
                    wrapped.iter().find(|(_, value)| value.is_array()).map(|(key, _)| key.clone())
                };
                let rows = match key.and_then(|key| wrapped.remove(&key)) {
                    Some(Value::Array(rows)) => rows,
                    _ if record_count == Some(0) => Vec::new(),
                    _ => return Err(format!("it holds no list of {}", R::PLURAL)),
                };
                (rows, record_count.and_then(|count| u64::try_from(count).ok()))
            }
            other => return Err(format!("it is `{other}` instead of a list of {}", R::PLURAL)),
        };
        let rows = rows.into_iter().enumerate().map(|(number, row)| {
            serde_json::from_value(row)
                .map_err(|problem| format!("row {} of {}: {problem}", number + 1, R::PLURAL))
        });
        Ok(Self { rows: rows.collect::<Result<_, _>>()?, record_count })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::TicketId;
    use crate::models::Ticket;

    fn ids(answer: Value) -> Vec<i64> {
        Page::<Ticket>::read(answer)
            .unwrap()
            .rows
            .iter()
            .filter_map(|row| row.id.map(|TicketId(id)| id))
            .collect()
    }

    #[test]
    fn wrapped_and_bare_lists_read_alike() {
        assert_eq!(ids(json!({"record_count": 2, "tickets": [{"id": 1}, {"id": 2}]})), [1, 2]);
        assert_eq!(ids(json!([{"id": 1}, {"id": 2}])), [1, 2]);
        assert_eq!(ids(json!({"record_count": 1, "faults": [{"id": 3}]})), [3]);
        assert_eq!(ids(json!({"record_count": 0})), [0; 0]);
    }

    #[test]
    fn what_is_no_list_says_so() {
        let problem = |answer| Page::<Ticket>::read(answer).unwrap_err();
        assert_eq!(problem(json!({"id": 1})), "it holds no list of tickets");
        assert_eq!(problem(json!("no")), "it is `\"no\"` instead of a list of tickets");
        assert!(problem(json!([{"id": 1}, 2])).starts_with("row 2 of tickets: "));
    }

    #[test]
    fn an_empty_list_tells_what_to_check() {
        let empty = Page::<Ticket>::read(json!([])).unwrap();
        assert_eq!(
            empty.hint().unwrap(),
            "check that the API's agent may see tickets: its role, its teams and departments, and the clients it is \
             limited to; HaloPSA answers with an empty list, not with an error"
        );
    }
}
