//! The records of one kind, in the order they were made.

use std::collections::HashMap;

use super::Record;

/// Records by id, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    rows: Vec<Record>,
    places: HashMap<String, usize>,
    last_id: i64,
}

impl Table {
    pub(crate) fn rows(&self) -> &[Record] {
        &self.rows
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Record> {
        self.places.get(&id.to_ascii_lowercase()).map(|&place| &self.rows[place])
    }

    pub(crate) fn by_id(&self, id: i64) -> Option<&Record> {
        self.get(&id.to_string())
    }

    pub(crate) fn named(&self, field: &str, name: &str) -> Option<&Record> {
        self.rows.iter().find(|row| row.text(field).eq_ignore_ascii_case(name))
    }

    /// The id the next new record gets.
    pub(crate) fn next_id(&self) -> i64 {
        self.last_id + 1
    }

    /// Adds a record, or replaces the one with the same id.
    pub(crate) fn put(&mut self, record: Record) {
        self.last_id = self.last_id.max(record.int("id").unwrap_or(self.last_id + 1));
        let id = record.id().to_ascii_lowercase();
        if let Some(&place) = self.places.get(&id) {
            self.rows[place] = record;
        } else {
            self.places.insert(id, self.rows.len());
            self.rows.push(record);
        }
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Record> {
        let place = self.places.remove(&id.to_ascii_lowercase())?;
        let record = self.rows.remove(place);
        for other in self.places.values_mut().filter(|other| **other > place) {
            *other -= 1;
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_others_are_still_found_after_one_is_removed() {
        let mut table = Table::default();
        for id in 1..=3 {
            table.put(Record::of(json!({ "id": id, "name": format!("row {id}") })));
        }
        assert_eq!(table.remove("2").unwrap().text("name"), "row 2");
        assert_eq!(table.by_id(3).unwrap().text("name"), "row 3");
        assert!(table.by_id(2).is_none());
        assert_eq!(table.next_id(), 4);
    }
}
