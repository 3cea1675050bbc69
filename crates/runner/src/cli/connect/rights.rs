//! What the rules need to read and to write, tried one by one.
//!
//! Whether something may be written is tried with an empty list: HaloPSA looks at the rights first, and there is
//! nothing in it to write.

use std::collections::BTreeMap;

use halopsa::{Method, Query};
use haloward_rules::RuleId;
use serde_json::{Value, json};

use super::Connection;
use super::report::Report;
use crate::cli::Failure;

/// Something to be allowed.
struct Need {
    step: &'static str,
    path: &'static str,
    writes: bool,
    /// What for.
    why: String,
}

pub(super) async fn examine(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<(), Failure> {
    for need in needs(&connection.loaded.rules.ticket_fields()) {
        let tried = connection.within(attempt(connection, &need)).await;
        match tried {
            Ok(detail) => report.good(need.step, detail)?,
            Err(trouble) => {
                report.bad(need.step, format!("{}: {}", need.why, trouble.text), trouble.help)?;
            }
        }
    }
    Ok(())
}

/// What every installation needs, and what the fields that the rules fill in need besides.
fn needs(fields: &BTreeMap<&'static str, Vec<RuleId>>) -> Vec<Need> {
    let need = |step, path, writes, why: &str| Need { step, path, writes, why: why.to_owned() };
    let mut needs = vec![
        need("read tickets", "/Tickets", false, "tickets are looked for and tracked"),
        need("edit tickets", "/Tickets", true, "alerts become tickets"),
        need("read actions", "/Actions", false, "it is seen whether somebody worked on a ticket"),
        need("edit actions", "/Actions", true, "repeats and ends of alerts become notes"),
        need("read clients", "/Client", false, "tickets belong to clients"),
    ];
    for (field, step, path) in [
        ("site", "read sites", "/Site"),
        ("user", "read users", "/Users"),
        ("asset", "read assets", "/Asset"),
        ("team", "read teams", "/Team"),
        ("agent", "read agents", "/Agent"),
        ("category", "read categories", "/Category"),
        ("custom_fields", "read fields", "/FieldInfo"),
    ] {
        if let Some(rules) = fields.get(field) {
            needs.push(Need { step, path, writes: false, why: format!("{} `{field}`", who(rules)) });
        }
    }
    needs
}

/// Who fills a field in.
fn who(rules: &[RuleId]) -> String {
    match rules {
        [] => "the ticket defaults fill in".to_owned(),
        [one] => format!("rule `{one}` fills in"),
        [first, rest @ ..] => {
            let others =
                if rest.len() == 1 { "another".to_owned() } else { format!("{} others", rest.len()) };
            format!("rule `{first}` and {others} fill in")
        }
    }
}

async fn attempt(connection: &Connection<'_>, need: &Need) -> Result<String, halopsa::Error> {
    if need.writes {
        let nothing = json!([]);
        let sent = connection.client.request(Method::POST, need.path, &Query::new(), Some(&nothing)).await;
        return match sent {
            Err(error) if matches!(error.status(), Some(401 | 403)) => Err(error),
            // It got past the rights; that an empty list is no ticket is no surprise.
            Ok(_) | Err(halopsa::Error::Refused { .. }) => Ok("allowed".to_owned()),
            Err(error) => Err(error),
        };
    }
    let answer = connection.client.get(need.path, &Query::new().with("count", 1)).await?;
    let rows = |value: &Value| value.as_array().map(Vec::len);
    let count = match &answer {
        Value::Object(map) => {
            let said = map.get("record_count").and_then(Value::as_u64);
            said.or_else(|| map.values().find_map(rows).map(|count| count as u64))
        }
        other => rows(other).map(|count| count as u64),
    };
    Ok(count.map_or_else(|| "allowed".to_owned(), |count| format!("{count} visible")))
}
