//! An event as a rule test: what came before it in its case, it itself, and what was decided about it.

use haloward_rules::format_duration;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::inspect::EventReport;

/// Outcomes that a step of a test expects by name; anything else that happens is `nothing`.
pub(in crate::cli) const EXPECTED: [&str; 11] = [
    "open_ticket",
    "reopen_ticket",
    "resolve_ticket",
    "update_ticket",
    "add_note",
    "waiting",
    "inhibited",
    "limited",
    "dropped",
    "counted",
    "unmatched",
];

/// The test file for an event.
pub(super) fn test(report: &EventReport) -> Value {
    let start = report.events.first().map_or(Timestamp::UNIX_EPOCH, |first| first.at);
    let mut now = start;
    let mut steps = Vec::new();
    for (place, reported) in report.events.iter().enumerate() {
        let mut step = Map::new();
        // Whole seconds: less than that never matters to rules, and reads badly.
        let after = reported.at.as_second() - now.as_second();
        if let Ok(after @ 1..) = u64::try_from(after) {
            step.insert("after".into(), format_duration(std::time::Duration::from_secs(after)).into());
            now = reported.at;
        }
        step.insert("event".into(), reported.event.clone());
        if place + 1 == report.events.len()
            && let Some(expect) = expected(report)
        {
            step.insert("expect".into(), expect);
        }
        steps.push(Value::Object(step));
    }
    let title = report.events.last().and_then(|last| last.event["title"].as_str()).unwrap_or_default();
    let outcome = report.decision.as_ref().map_or("waits", |decision| decision.outcome.as_str());
    let start = Timestamp::from_second(start.as_second()).unwrap_or(start);
    json!({ "tests": [ { "name": format!("{title}: {outcome}"), "start": start, "steps": steps } ] })
}

fn expected(report: &EventReport) -> Option<Value> {
    let decision = report.decision.as_ref()?;
    if !EXPECTED.contains(&decision.outcome.as_str()) {
        return (decision.outcome == "nothing").then(|| json!({ "nothing": true }));
    }
    let mut expect = Map::new();
    if let (Some(rule), "open_ticket") = (&decision.rule, decision.outcome.as_str()) {
        expect.insert("rule".into(), rule.clone().into());
    }
    expect.insert(decision.outcome.clone(), true.into());
    Some(Value::Object(expect))
}

/// The file as people write it.
pub(super) fn yaml(test: &Value) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(test)
}
