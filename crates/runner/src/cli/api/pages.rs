//! Walking through the pages of any list, by nothing but what came.
//!
//! HaloPSA cuts pages without a word, and some lists ignore that they were asked for in pages: rows are counted until
//! all have come, or until a page brings none that is new.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use halopsa::Query;
use serde_json::Value;

/// LIMIT: HaloPSA cuts larger pages to this size.
const PAGE_SIZE: usize = 100;

/// Where a walk through a list stands.
#[derive(Debug)]
pub(super) struct Walk {
    query: Query,
    page_no: u64,
    page_size: usize,
    /// How many more rows may be taken.
    room: usize,
    /// Where the rows stand in an answer that wraps them; settled by the first page.
    member: Option<String>,
    came: u64,
    before: Option<u64>,
    seen: HashSet<u64>,
}

/// What one page brought.
#[derive(Debug, PartialEq)]
pub(super) struct Page {
    /// The answer with only those of its rows that are new and wanted.
    pub(super) answer: Value,
    /// Whether to ask for the next page.
    pub(super) more: bool,
    /// Whether rows were left behind for want of room.
    pub(super) cut: bool,
    /// How many rows HaloPSA says there are.
    pub(super) of: Option<u64>,
}

impl Walk {
    /// A walk that begins at the page `query` names, or at the first, and takes at most `limit` rows.
    pub(super) fn new(query: Query, limit: usize, path: &str) -> Self {
        let number = |name: &str| query.get(name).and_then(|text| text.trim().parse::<u64>().ok());
        let page_no = number("page_no").unwrap_or(1);
        let page_size = number("page_size").map_or(PAGE_SIZE, |size| (size as usize).clamp(1, PAGE_SIZE));
        Self {
            query,
            page_no,
            page_size,
            room: limit,
            member: path.rsplit('/').next().map(str::to_lowercase),
            came: 0,
            before: None,
            seen: HashSet::new(),
        }
    }

    /// The parameters of the next page.
    pub(super) fn query(&self) -> Query {
        let query = self.query.clone().with("pageinate", true).with("page_no", self.page_no);
        query.with("page_size", self.page_size)
    }

    /// Takes the answer to [`query`](Self::query).
    pub(super) fn take(&mut self, mut answer: Value) -> Result<Page, String> {
        let of = answer.get("record_count").and_then(Value::as_u64);
        let rows = rows(&mut answer, &mut self.member)?;
        self.page_no += 1;
        self.came += rows.len() as u64;
        let full = rows.len() >= self.page_size;
        let this = Some(hash(&*rows));
        if self.before == this {
            rows.clear();
        }
        self.before = this;
        // Rows that moved to a later page meanwhile come twice; without an id, two of the same are two.
        rows.retain(|row| row.get("id").is_none() || self.seen.insert(hash(row)));
        let any_new = !rows.is_empty();
        let mut more = any_new && of.map_or(full, |of| self.came < of);
        let mut cut = rows.len() > self.room;
        rows.truncate(self.room);
        self.room -= rows.len();
        if self.room == 0 {
            cut |= more;
            more = false;
        }
        Ok(Page { answer, more, cut, of })
    }
}

/// The rows of a list, bare or wrapped: those of the member called like the resource, or of the only one.
fn rows<'v>(answer: &'v mut Value, member: &mut Option<String>) -> Result<&'v mut Vec<Value>, String> {
    let found = match answer {
        Value::Array(_) => None,
        Value::Object(object) => {
            let lists = || object.iter().filter(|(_, value)| value.is_array()).map(|(name, _)| name.as_str());
            let called = |name: &str| {
                let name = name.to_lowercase();
                member.as_deref().is_some_and(|member| name == member || name == format!("{member}s"))
            };
            let name = match lists().find(|name| called(name)) {
                Some(name) => name.to_owned(),
                None => match lists().collect::<Vec<_>>().as_slice() {
                    [only] => (*only).to_owned(),
                    [] if object.get("record_count") == Some(&Value::from(0)) => "rows".to_owned(),
                    [] => return Err("the answer holds no list".into()),
                    several => {
                        return Err(format!("the answer holds several lists: `{}`", several.join("`, `")));
                    }
                },
            };
            object.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new()));
            *member = Some(name.to_lowercase());
            Some(name)
        }
        _ => return Err("the answer is no list".into()),
    };
    let list = match found {
        Some(name) => answer.get_mut(name),
        None => Some(answer),
    };
    list.and_then(Value::as_array_mut).ok_or_else(|| "the answer holds no list".into())
}

/// The rows of an answer, where it is a list; else the answer as its own only row.
pub(super) fn rows_of(mut answer: Value, path: &str) -> Vec<Value> {
    let mut member = path.rsplit('/').next().map(str::to_lowercase);
    match rows(&mut answer, &mut member) {
        Ok(rows) => std::mem::take(rows),
        Err(_) => vec![answer],
    }
}

fn hash<T: serde::Serialize + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(value).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn walk(limit: usize, query: Query) -> Walk {
        Walk::new(query, limit, "/Tickets")
    }

    /// The ids that come from `pages`, and whether the last one taken left rows behind.
    fn ids(mut walk: Walk, pages: &[Value]) -> (Vec<i64>, bool) {
        let mut ids = Vec::new();
        for answer in pages {
            let page = walk.take(answer.clone()).unwrap();
            ids.extend(rows_of(page.answer, "/Tickets").iter().filter_map(|row| row["id"].as_i64()));
            if !page.more {
                return (ids, page.cut);
            }
        }
        panic!("asks for one more page after {ids:?}");
    }

    fn page(count: u64, ids: std::ops::Range<i64>) -> Value {
        let rows: Vec<Value> = ids.map(|id| json!({ "id": id })).collect();
        json!({ "record_count": count, "tickets": rows })
    }

    #[test]
    fn a_walk_ends_when_all_rows_have_come_whatever_the_size_of_the_pages() {
        let (found, cut) = ids(walk(1_000, Query::new()), &[page(5, 0..2), page(5, 2..4), page(5, 4..5)]);
        assert_eq!((found, cut), ((0..5).collect(), false));
        assert_eq!(ids(walk(9, Query::new()), &[json!({"record_count": 0})]).0, [0; 0]);
    }

    #[test]
    fn a_row_that_moved_to_the_next_page_comes_once() {
        assert_eq!(ids(walk(9, Query::new()), &[page(4, 0..2), page(4, 1..3)]).0, [0, 1, 2]);
    }

    #[test]
    fn a_list_that_knows_no_pages_is_read_once_more_at_most() {
        let rows = json!([{"id": 1}, {"id": 2}]);
        assert_eq!(ids(walk(9, Query::new()), std::slice::from_ref(&rows)).0, [1, 2]);
        let unnamed = json!([{"name": "a"}, {"name": "a"}]);
        let mut pages = walk(9, Query::new().with("page_size", 2));
        let first = pages.take(unnamed.clone()).unwrap();
        assert_eq!((first.answer, first.more), (unnamed.clone(), true), "it may have been cut");
        let second = pages.take(unnamed).unwrap();
        assert_eq!((second.answer, second.more), (json!([]), false));
    }

    #[test]
    fn the_limit_cuts_within_a_page_and_between_pages() {
        assert_eq!(ids(walk(3, Query::new()), &[page(4, 0..2), page(4, 2..4)]), (vec![0, 1, 2], true));
        assert_eq!(ids(walk(2, Query::new()), &[page(4, 0..2)]), (vec![0, 1], true));
        assert_eq!(ids(walk(2, Query::new()), &[page(2, 0..2)]), (vec![0, 1], false));
    }

    #[test]
    fn pages_are_asked_for_by_number_and_size() {
        let query = Query::new().with("page_no", 3).with("page_size", 1000).with("open_only", true);
        let mut walk = walk(9, query);
        assert_eq!(walk.query().to_string(), "page_no=3&page_size=100&open_only=true&pageinate=true");
        walk.take(page(900, 0..5)).unwrap();
        assert_eq!(walk.query().get("page_no"), Some("4"));
    }

    #[test]
    fn the_rows_are_those_called_like_the_resource() {
        let answer = json!({"columns": [{"id": 7}], "tickets": [{"id": 1}]});
        assert_eq!(rows_of(answer.clone(), "/Tickets"), [json!({"id": 1})]);
        assert_eq!(rows_of(answer, "/Ticket"), [json!({"id": 1})]);
        let problem = |answer| walk(9, Query::new()).take(answer).unwrap_err();
        assert_eq!(problem(json!({"a": [], "b": []})), "the answer holds several lists: `a`, `b`");
        assert_eq!(problem(json!({"id": 1})), "the answer holds no list");
        assert_eq!(problem(json!("no")), "the answer is no list");
    }
}
