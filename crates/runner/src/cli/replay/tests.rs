use haloward_rules::{RuleSet, Settings, Severity, SourceFile};
use serde_json::{Value, json};

use super::compare::{Difference, Kind};
use super::*;

fn rules(text: &str) -> RuleSet {
    let text = format!("defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{text}");
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", &text)], Settings::default());
    assert!(!findings.has_errors(), "{}", findings.render());
    rules
}

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(1_767_603_600 + minute * 60).expect("a time")
}

/// An event of problem `fingerprint` at a minute.
fn event(at: i64, state: &str, fingerprint: &str) -> (i64, Value) {
    let id = format!("evt_{at}");
    let event =
        json!({ "id": id, "source": "s", "state": state, "fingerprint": fingerprint, "title": fingerprint });
    (at, event)
}

fn replay(before: &str, after: &str, events: &[(i64, Value)]) -> Comparison {
    let (before, after) = (rules(before), rules(after));
    let mut replay = Replay::new([Run::of(&before), Run::of(&after)], 100);
    for (at, event) in events {
        let event = Event::from_json(event.clone(), Severity::Medium).expect("an event");
        let id = event.id().to_owned();
        replay.event(&event.received(&id, minute(*at)), minute(*at)).expect("it is only compared");
    }
    replay.finish().0
}

fn counts(comparison: &Comparison) -> [u64; 4] {
    [comparison.fewer, comparison.more, comparison.changed, comparison.same]
}

fn fields(difference: &Difference) -> Vec<String> {
    difference
        .fields
        .iter()
        .map(|field| format!("{}: {} → {}", field.field, field.before, field.after))
        .collect()
}

const ALL: &str = "  - { id: all, then: { open_ticket: {} } }\n";

#[test]
fn the_same_rules_make_the_same_tickets_whatever_happens_to_them() {
    let rules = "  - { id: all, hold: 2m, then: { open_ticket: { again: { do: fold, at_most: 5m } } }, escalate: { after: 20m, note: late } }\n";
    let events: Vec<_> = (0..60)
        .map(|n| event(n, if n % 7 == 6 { "resolved" } else { "firing" }, ["a", "b", "c"][n as usize % 3]))
        .collect();
    let comparison = replay(rules, rules, &events);
    assert!(comparison.same > 3, "{comparison:?}");
    assert_eq!(counts(&comparison)[..3], [0, 0, 0]);
    assert_eq!(comparison.totals[0].tickets, comparison.totals[1].tickets);
}

#[test]
fn an_alert_that_would_get_no_ticket_says_what_happens_to_it_instead() {
    let after = format!("  - {{ id: lab, when: {{ title: lab }}, then: {{ drop: a lab machine }} }}\n{ALL}");
    let events = [event(0, "firing", "lab"), event(1, "firing", "web")];
    let comparison = replay(ALL, &after, &events);
    assert_eq!(counts(&comparison), [1, 0, 0, 1]);
    let found = &comparison.differences[0];
    assert_eq!((found.kind, found.key.as_str(), found.event.id.as_str()), (Kind::Fewer, "s/lab", "evt_0"));
    let instead = found.instead.as_ref().expect("what happens instead");
    assert_eq!(instead.outcome.as_str(), "dropped");
    assert_eq!(instead.rule.as_ref().map(|rule| rule.as_str()), Some("lab"));
    assert_eq!(instead.reason.as_deref(), Some("a lab machine"));
    assert_eq!(counts(&replay(&after, ALL, &events)), [0, 1, 0, 1], "and the other way round");
}

#[test]
fn a_changed_ticket_says_which_fields_and_how() {
    let before =
        "  - { id: all, then: { open_ticket: { priority: High, custom_fields: { a: 1, b: 2 } } } }\n";
    let after = "  - { id: renamed, then: { open_ticket: { priority: Low, team: Desk, custom_fields: { a: 1, b: 3 } } } }\n";
    let comparison = replay(before, after, &[event(0, "firing", "x")]);
    assert_eq!(counts(&comparison), [0, 0, 1, 0]);
    assert_eq!(
        fields(&comparison.differences[0]),
        ["custom_fields.b: 2 → 3", "priority: \"High\" → \"Low\"", "team: null → \"Desk\""]
    );
}

#[test]
fn a_ticket_that_comes_later_is_the_same_ticket_while_the_other_is_open() {
    let held = "  - { id: all, hold: 10m, then: { open_ticket: {} } }\n";
    let comparison = replay(ALL, held, &[event(0, "firing", "x"), event(30, "firing", "y")]);
    assert_eq!(counts(&comparison), [1, 0, 1, 0], "y is not held long enough yet: {comparison:?}");
    let late = comparison.differences.iter().find(|found| found.kind == Kind::Changed).expect("x");
    assert_eq!(fields(late), ["opened: \"2026-01-05T09:00:00Z\" → \"2026-01-05T09:10:00Z\""]);
    let quick = [event(0, "firing", "x"), event(5, "resolved", "x"), event(60, "firing", "z")];
    let comparison = replay(ALL, held, &quick);
    let fewer: Vec<&str> = comparison.differences.iter().map(|found| found.key.as_str()).collect();
    assert_eq!((counts(&comparison), fewer), ([2, 0, 0, 0], vec!["s/x", "s/z"]), "it was over before");
}

#[test]
fn a_key_that_changes_makes_no_new_ticket_of_an_old_one() {
    let after = "  - { id: all, key: 'other/${event.fingerprint}', then: { open_ticket: {} } }\n";
    let events = [event(0, "firing", "x"), event(5, "resolved", "x")];
    let comparison = replay(ALL, after, &events);
    assert_eq!(counts(&comparison), [0, 0, 1, 0]);
    assert_eq!(fields(&comparison.differences[0]), ["key: \"s/x\" → \"other/x\""]);
}

#[test]
fn what_happens_to_a_ticket_later_counts_too() {
    let before = "  - { id: all, then: { open_ticket: { again: note, resolved: nothing } } }\n";
    let after = "  - { id: all, then: { open_ticket: { again: count } }, escalate: { after: 10m, update: { priority: High } } }\n";
    let events = [event(0, "firing", "x"), event(1, "firing", "x"), event(20, "resolved", "x")];
    let comparison = replay(before, after, &events);
    assert_eq!(counts(&comparison), [0, 0, 1, 0]);
    assert_eq!(
        fields(&comparison.differences[0]),
        [
            "later priority: null → \"High\"",
            "note: \"<p>Fires again (seen 2 times): x</p>\\n\" → \"<p>Resolved: x<br />\\nSeen 2 times, \
             first 2026-01-05 09:00 UTC, last 2026-01-05 09:01 UTC.</p>\\n\"",
            "resolved: null → \"2026-01-05T09:20:00Z\"",
        ]
    );
}

#[test]
fn a_ticket_opened_again_instead_of_a_new_one_is_a_change_of_it() {
    let after = "  - { id: all, then: { open_ticket: { reopen_within: 1h } } }\n";
    let events = [event(0, "firing", "x"), event(5, "resolved", "x"), event(10, "firing", "x")];
    let comparison = replay(ALL, after, &events);
    assert_eq!(counts(&comparison), [0, 0, 1, 1]);
    let opened = "opened: \"2026-01-05T09:10:00Z\" → \"again 2026-01-05T09:10:00Z\"";
    assert_eq!(fields(&comparison.differences[0]), [opened]);
    assert_eq!((comparison.totals[0].tickets, comparison.totals[1].tickets), (2, 1));
}

#[test]
fn differences_beyond_those_kept_are_counted() {
    let none = "  - { id: none, then: { drop: x } }\n";
    let (before, after) = (rules(ALL), rules(none));
    let mut replay = Replay::new([Run::of(&before), Run::of(&after)], 3);
    for n in 0..10 {
        let event =
            Event::from_json(event(n, "firing", &n.to_string()).1, Severity::Medium).expect("an event");
        replay.event(&event, minute(n)).expect("it is only compared");
    }
    let comparison = replay.finish().0;
    assert_eq!((comparison.fewer, comparison.differences.len()), (10, 3));
}
