//! Tables as CSV: the first line names the columns, the first column is the key.

use std::collections::BTreeSet;

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::table::{Table, twice};
use crate::finding::{Finding, Findings, SourceFile};
use crate::yaml::Span;

// LIMIT: what fits a spreadsheet that a person reads.
const MAX_COLUMNS: usize = 64;

/// Reads the rows of a CSV file into `table`. A table of two columns maps keys to values, a wider one to maps by
/// column.
pub(super) fn rows(file: &SourceFile, table: &mut Table, findings: &mut Findings) {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text.lines().next().unwrap_or_default()))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns = match reader.headers() {
        Ok(columns) => columns.clone(),
        Err(error) => return findings.push(unreadable(file, &error)),
    };
    if let Some(finding) = misfit(file, &columns) {
        return findings.push(finding);
    }
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            // What follows could be read, but with a line too long or too short nobody knows which cell is which.
            Err(error) => return findings.push(unreadable(file, &error)),
        };
        let line = record.position().map_or(1, csv::Position::line);
        let key = record.get(0).unwrap_or_default();
        if key.is_empty() {
            findings.push(
                Finding::error("HW120", "the row has no key")
                    .at(file.place(at(line)))
                    .help(format!("the first column, `{}`, is what rows are looked up by", &columns[0])),
            );
        } else if !table.add(key, row(&columns, &record)) {
            findings.push(twice(key).at(file.place(at(line))));
        }
    }
}

/// Spreadsheets write what their country's settings say.
fn delimiter(header: &str) -> u8 {
    let count = |c: u8| header.bytes().filter(|b| *b == c).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|c| count(*c)).unwrap_or(b',')
}

fn row(columns: &StringRecord, record: &StringRecord) -> Value {
    let cell = |text: &str| if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) };
    if columns.len() == 2 {
        return cell(record.get(1).unwrap_or_default());
    }
    let cells = columns.iter().zip(record).skip(1);
    Value::Object(cells.map(|(name, text)| (name.to_owned(), cell(text))).collect::<Map<_, _>>())
}

fn misfit(file: &SourceFile, columns: &StringRecord) -> Option<Finding> {
    let mut seen = BTreeSet::new();
    let what = if columns.is_empty() {
        "the table is empty".to_owned()
    } else if columns.len() == 1 {
        "the table has one column".to_owned()
    } else if columns.len() > MAX_COLUMNS {
        format!("the table has more than {MAX_COLUMNS} columns")
    } else if columns.iter().any(str::is_empty) {
        "a column has no name".to_owned()
    } else {
        let twice = columns.iter().find(|name| !seen.insert(name.to_lowercase()))?;
        format!("the column `{twice}` is there twice")
    };
    Some(
        Finding::error("HW120", what)
            .at(Finding::start_of(file))
            .help("the first line names the columns, the first column is the key: `client,type`"),
    )
}

fn unreadable(file: &SourceFile, error: &csv::Error) -> Finding {
    let line = error.position().map_or(1, csv::Position::line);
    let what = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the row has {len} cells, the first line has {expected_len}")
        }
        _ => "this is not CSV we can read".to_owned(),
    };
    Finding::error("HW120", what)
        .at(file.place(at(line)))
        .help("put a cell with a comma in it into double quotes")
}

fn at(line: u64) -> Span {
    Span { line: u32::try_from(line).unwrap_or(0), column: 1, len: 0 }
}
