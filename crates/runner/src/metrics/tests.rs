use std::collections::BTreeSet;

use super::*;

fn sample() -> String {
    let metrics = Metrics::new();
    let at: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    metrics.accepted("prom", 3, 1, Duration::from_millis(2));
    metrics.refused(401, Some("prom"));
    metrics.decided(haloward_rules::Outcome::OpenTicket);
    metrics.event_decided(at, at);
    metrics.attempted("open_ticket", Result::Done);
    metrics.delivered(at, at);
    metrics.reloaded(false);
    metrics.fetched("ninja", 2, 0, true);
    metrics.fetch_failed("ninja");
    let store = StoreStatus {
        counts: crate::store::Counts { undecided: 7, dead_operations: 2, ..Default::default() },
        oldest: crate::store::QueueAge { dead: Some(at), ..Default::default() },
        bytes: 4096,
    };
    let budget = BudgetStatus {
        limit: 300,
        window_seconds: 300,
        used: 12,
        available: 228,
        available_urgent: 288,
        waiting: 0,
        paused_seconds: None,
    };
    let connection = ConnectionStatus {
        reached: false,
        away_since: Some("2026-01-05T09:00:00Z".parse().unwrap()),
        next_try_at: None,
        problem: None,
    };
    metrics.text(&store, &budget, &connection, "2026-01-05T09:01:30Z".parse().unwrap())
}

/// Samples as a reader of the format takes them: name, labels, value.
fn read(text: &str) -> Vec<(String, String, f64)> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
        (name.to_owned(), labels.trim_end_matches('}').to_owned(), value.parse().unwrap())
    };
    text.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

#[test]
fn what_is_counted_can_be_read() {
    let samples = read(&sample());
    let value = |name: &str, labels: &str| {
        let found = samples.iter().find(|(n, l, _)| n == name && l == labels);
        found.unwrap_or_else(|| panic!("no {name} {labels} in {samples:#?}")).2.to_string()
    };
    for (name, labels, expected) in [
        ("haloward_events_accepted_total", "source=\"prom\"", "3"),
        ("haloward_duplicates_prevented_total", "how=\"delivery\"", "1"),
        ("haloward_deliveries_refused_total", "status=\"401\",source=\"prom\"", "1"),
        ("haloward_decisions_total", "outcome=\"open_ticket\"", "1"),
        ("haloward_operations_total", "kind=\"open_ticket\",result=\"done\"", "1"),
        ("haloward_fetches_total", "source=\"ninja\",result=\"done\"", "1"),
        ("haloward_events_accepted_total", "source=\"ninja\"", "2"),
        ("haloward_reloads_total", "result=\"refused\"", "1"),
        ("haloward_halopsa_away", "", "1"),
        ("haloward_rules_stale", "", "1"),
        ("haloward_accept_seconds_count", "", "1"),
        ("haloward_accept_seconds_bucket", "le=\"0.0025\"", "1"),
        ("haloward_queue_length", "queue=\"undecided\"", "7"),
        ("haloward_queue_oldest_seconds", "queue=\"dead\"", "90"),
        ("haloward_budget_requests", "requests=\"available\"", "228"),
        ("haloward_store_bytes", "", "4096"),
    ] {
        assert_eq!(value(name, labels), expected, "{name} {labels}");
    }
}

#[test]
fn every_metric_is_documented_and_no_other() {
    let docs =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operation.md")).unwrap();
    let documented: BTreeSet<&str> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("| `haloward_")?.split_once('`').map(|(name, _)| name))
        .collect();
    let text = sample();
    let told: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE haloward_"))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, kind)| if kind == "counter" { format!("{name}_total") } else { name.to_owned() })
        .collect();
    assert_eq!(told.iter().map(String::as_str).collect::<BTreeSet<_>>(), documented);
}
