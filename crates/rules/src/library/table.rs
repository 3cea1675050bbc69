//! Tables: data that rules look up by a key, such as a client's contract or a site's team.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::csv;
use crate::fields::scalar_text;
use crate::finding::{Finding, Findings, SourceFile};
use crate::yaml::{Node, NodeKind, read};

// LIMIT: a table is held in memory twice while it is reloaded; this is 100,000 rows of 80 characters.
const MAX_BYTES: usize = 8 * 1024 * 1024;
// LIMIT: a folder of tables that a person still knows her way around in.
const MAX_TABLES: usize = 256;

/// One table: rows by key, without regard to case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    at: Arc<str>,
    rows: HashMap<Box<str>, Arc<Value>>,
}

impl Table {
    fn new(path: &str) -> Self {
        Self { at: Arc::from(path), rows: HashMap::new() }
    }

    /// The row of a key; nothing if there is none.
    pub(crate) fn get(&self, key: &str) -> Option<&Arc<Value>> {
        self.rows.get(folded(key).as_str())
    }

    /// Adds a row; false if the key has one.
    pub(super) fn add(&mut self, key: &str, row: Value) -> bool {
        match self.rows.entry(folded(key).into_boxed_str()) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(Arc::new(row));
                true
            }
        }
    }
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The tables of a rules folder by name: `contracts` for `tables/contracts.csv`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    by_name: Arc<BTreeMap<String, Table>>,
}

impl Tables {
    /// Whether a file is a table: it stands in a folder named `tables`.
    pub(crate) fn is_table(path: &str) -> bool {
        Path::new(path).parent().is_some_and(|parent| parent.ends_with("tables"))
    }

    /// Reads the tables of `files`.
    pub(crate) fn load(files: &[&SourceFile], findings: &mut Findings) -> Self {
        let mut by_name: BTreeMap<String, Table> = BTreeMap::new();
        for file in files {
            if by_name.len() >= MAX_TABLES {
                let finding = Finding::error("HW120", format!("there are more than {MAX_TABLES} tables"));
                findings.push(finding.at(Finding::start_of(file)));
                break;
            }
            let stem = Path::new(&*file.path).file_stem().unwrap_or_default().to_string_lossy();
            let table = table(file, findings);
            match by_name.entry(folded(&stem)) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(table);
                }
                std::collections::btree_map::Entry::Occupied(other) => findings.push(
                    Finding::error("HW121", format!("there are two tables `{stem}`"))
                        .at(Finding::start_of(file))
                        .help(format!("the other one is {}", other.get().at)),
                ),
            }
        }
        Self { by_name: Arc::new(by_name) }
    }

    /// The table of that name, without regard to case.
    pub(crate) fn get(&self, name: &str) -> Option<&Table> {
        self.by_name.get(name).or_else(|| self.by_name.get(&folded(name)))
    }

    /// The names there are.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

fn table(file: &SourceFile, findings: &mut Findings) -> Table {
    let mut table = Table::new(&file.path);
    if file.text.len() > MAX_BYTES {
        findings.push(
            Finding::error("HW120", "the table is larger than 8 MiB")
                .at(Finding::start_of(file))
                .help("rules look up what people keep; larger data belongs into the tool that knows it"),
        );
        return table;
    }
    if file.path.ends_with(".csv") {
        csv::rows(file, &mut table, findings);
        return table;
    }
    match read(file) {
        Ok(node) => rows(file, &node, &mut table, findings),
        Err(finding) => findings.push(finding),
    }
    table
}

/// The rows of a YAML table: a map from keys to values of any kind.
fn rows(file: &SourceFile, node: &Node, table: &mut Table, findings: &mut Findings) {
    let NodeKind::Map(entries) = &node.kind else {
        findings.push(
            Finding::error(
                "HW120",
                format!("a table must be a map of keys to values, not {}", node.kind_name()),
            )
            .at(file.place(node.span))
            .help("write one `key: value` a line; the value may be text, a number, a list or a map"),
        );
        return;
    };
    for (key, value) in entries {
        let row = scalar_text(value).filter(|_| matches!(value.kind, NodeKind::Text(_)));
        let row = row.map_or_else(|| value.to_value(), |text| Value::String(text.trim().to_owned()));
        if !table.add(&key.text, row) {
            findings.push(twice(&key.text).at(file.place(key.span)));
        }
    }
}

pub(super) fn twice(key: &str) -> Finding {
    Finding::error("HW122", format!("the key `{key}` is in the table twice"))
        .help("keys are the same whatever their case; keep one of the rows")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn load(files: &[(&str, &str)]) -> (Tables, String) {
        let files: Vec<SourceFile> = files.iter().map(|(path, text)| SourceFile::new(path, text)).collect();
        let mut findings = Findings::default();
        let tables = Tables::load(&files.iter().collect::<Vec<_>>(), &mut findings);
        (tables, findings.render())
    }

    fn row(tables: &Tables, table: &str, key: &str) -> Value {
        tables.get(table).expect(table).get(key).map_or(Value::Null, |row| (**row).clone())
    }

    #[test]
    fn a_table_of_two_columns_gives_the_value_and_a_wider_one_the_row() {
        let (tables, findings) = load(&[
            ("rules/tables/teams.csv", "site,team\nLeeds,North\nYork,\n\nBath,\"South, West\"\n"),
            (
                "rules/tables/contracts.csv",
                "\u{feff}client; type ;hours\r\nNorthwind Dental;Managed;24\r\nHarbour;;8\r\n",
            ),
        ]);
        assert_eq!(findings, "");
        assert_eq!(row(&tables, "teams", "Leeds"), json!("North"));
        assert_eq!(row(&tables, "teams", "Bath"), json!("South, West"));
        assert_eq!(row(&tables, "teams", "York"), Value::Null, "an empty cell is nothing");
        assert_eq!(row(&tables, "contracts", "Northwind Dental"), json!({"type": "Managed", "hours": "24"}));
        assert_eq!(row(&tables, "contracts", "Harbour"), json!({"type": null, "hours": "8"}));
        assert_eq!(row(&tables, "contracts", "Nobody"), Value::Null);
    }

    #[test]
    fn keys_and_names_of_tables_are_the_same_whatever_their_case() {
        let (tables, findings) =
            load(&[("tables/Sites.yaml", "LEEDS: north\nÉvry: { team: sud }\n12: twelve\n")]);
        assert_eq!(findings, "");
        assert_eq!(row(&tables, "sites", " leeds "), json!("north"));
        assert_eq!(row(&tables, "SITES", "éVRY"), json!({"team": "sud"}));
        assert_eq!(row(&tables, "sites", "12"), json!("twelve"));
    }

    #[test]
    fn mistakes_in_tables_are_shown_at_their_line() {
        let (_, findings) = load(&[
            ("tables/a.csv", "client,type\nNorthwind,A\nNORTHWIND,B\n,C\n"),
            ("tables/b.csv", "client,type\nNorthwind,A,x\n"),
            ("tables/c.csv", "client\nNorthwind\n"),
            ("tables/d.csv", "client,type,type\n"),
            ("tables/e.csv", ""),
            ("tables/f.yaml", "- a\n- b\n"),
            ("tables/g.yaml", "A: 1\na: 2\n"),
            ("tables/G.csv", "a,b\n"),
        ]);
        assert_eq!(findings, include_str!("../../tests/findings/tables.txt"), "\n{findings}");
    }

    #[test]
    fn a_table_too_large_is_refused() {
        let (_, findings) = load(&[("tables/a.csv", &"a,b\n".repeat(MAX_BYTES / 4 + 1))]);
        assert!(findings.starts_with("error[HW120]: the table is larger than 8 MiB"), "{findings}");
    }
}
