//! Files made to hurt: each ends, in a clear error or in rules that do no harm.

use std::time::Duration;

use haloward_rules::{
    CaseBook, Event, Explain, Findings, Input, RuleSet, Settings, Severity, SourceFile, Step, step,
};
use jiff::Timestamp;
use serde_json::json;

/// The findings of a file, and what its rules decide about one event.
fn decide(text: &str) -> (Findings, Step) {
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", text)], Settings::default());
    let event = json!({"source": "a", "title": "a".repeat(5_000), "severity": "high", "payload": {"n": 7}});
    let event = Event::from_json(event, Severity::Medium).expect("an event");
    let now = Timestamp::constant(1_767_603_600, 0);
    let done = step(&rules, &CaseBook::default(), &Input::Event(event), Explain::Everything, now);
    (findings, done)
}

/// The file has to end in a finding of these words, or, if there is none, in a decision that has them as its reason.
#[expect(
    clippy::disallowed_methods,
    reason = "only a thread of its own can be given up when it does not end"
)]
fn ends_in(text: String, words: &str) {
    let (send, receive) = std::sync::mpsc::channel();
    let shown: String = text.chars().take(80).collect();
    std::thread::spawn(move || {
        let (findings, done) = decide(&text);
        let said = findings.render();
        // A hundred thousand mistakes are not a hundred thousand pages.
        assert!(said.len() < 8 * 1024 * 1024, "{} bytes are shown", said.len());
        let reasons: Vec<String> =
            done.decisions.into_iter().filter_map(|d| d.reason).chain(done.reason).collect();
        send.send(format!("{said}{}", reasons.join("\n"))).expect("somebody waits");
    });
    let said = receive.recv_timeout(Duration::from_secs(120));
    let said = said.unwrap_or_else(|_| panic!("no end, or a panic: {shown}"));
    assert!(said.contains(words), "{shown}\nends in:\n{}", said.chars().take(2_000).collect::<String>());
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("JSON")
}

fn scripted(text: &str) -> String {
    format!("rules: [{{ id: a, when: {{ script: {} }}, then: {{ drop: x }} }}]", quoted(text))
}

fn with(field: &str) -> String {
    format!("rules: [{{ id: a, {field}, then: {{ open_ticket: {{ type: 1 }} }} }}]")
}

fn nested(open: &str, close: &str, times: usize) -> String {
    format!("{}1{}", open.repeat(times), close.repeat(times))
}

#[test]
fn what_is_nested_without_end_is_refused() {
    ends_in(format!("rules: {}", nested("[", "]", 2_000)), "stand deeper than 64 in one another");
    ends_in(format!("rules: {}", nested("{a: ", "}", 2_000)), "stand deeper than 64 in one another");
    ends_in(format!("rules:\n  {}", "- ".repeat(5_000)), "stand deeper than 64");
    let any = nested("any: [{ ", " }]", 70).replace("1 }", "check: x }");
    ends_in(with(&format!("when: {{ {any} }}")), "stand deeper than 64");
    for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("if true {", "}"), ("#{a:", "}"), ("-", "")] {
        ends_in(scripted(&nested(open, close, 2_000)), "the script is not valid");
    }
    ends_in(scripted(&format!("1{}", "+1".repeat(20_000))), "the script is not valid");
    ends_in(with(&format!("key: {}", quoted(&"${".repeat(20_000)))), "`${` has no closing `}`");
}

#[test]
fn scripts_without_end_are_stopped() {
    for text in [
        "loop {}",
        "let n = 0; while true { n += 1; }",
        "fn f(x) { f(x) } f(1)",
        "let n = 0; for a in 0..9999999999 { n += a; }",
        "let n = 0; loop { n += regex_replace(\"aaaaaaaaaaaaaaaaaaaaaaa\", \"(a|b)*c{1,50}\", \"\").len; }",
    ] {
        ends_in(scripted(text), "the script ");
    }
    ends_in(scripted("let s = \"a\"; loop { s += s; }"), "too large");
    ends_in(scripted("let s = [1]; loop { s += s; }"), "too large");
    ends_in(scripted("parse_json(\"[\".repeat(9)) == 1"), "there is no function");
}

#[test]
fn patterns_and_texts_without_measure_are_refused_or_harmless() {
    let matches = |pattern: &str| with(&format!("when: {{ title: {{ matches: {} }} }}", quoted(pattern)));
    ends_in(matches("(a{1,1000}){1,1000}"), "the pattern is not valid");
    ends_in(matches(&"(".repeat(10_000)), "the pattern is not valid");
    ends_in(matches("(a*)*b|(a|a)*c"), "no rule matched");
    ends_in(with(&format!("when: {{ title: {{ like: {} }} }}", quoted(&"*a".repeat(2_000)))), "");
    ends_in(with(&format!("when: {{ {}: 1 }}", quoted(&"a[0].".repeat(20_000)))), "error");
    ends_in(format!("rules: [{{ id: {} }}]", "a".repeat(10_000_000)), "a rule needs `then`");
    ends_in(format!("{}: 1", quoted(&"a".repeat(1_000))), "unknown field");
    ends_in(
        format!("rules:\n  - id: a\n    ? {}\n    : 1\n", quoted(&"hold".repeat(250_000))),
        "unknown field",
    );
    ends_in(with(&format!("description: {}", quoted(&"long ".repeat(200_000)))), "");
    ends_in(with(&format!("when: {{ title: {} }}", quoted(&"long ".repeat(200_000)))), "no rule matched");
    ends_in(with(&format!("key: {}", quoted(&"${event.x}".repeat(5_000)))), "the key is empty");
    let details = quoted(&"> * [".repeat(5_000));
    ends_in(format!("rules: [{{ id: a, then: {{ open_ticket: {{ type: 1, details: {details} }} }} }}]"), "");
}

#[test]
fn times_and_numbers_without_measure_are_refused_or_hold() {
    for field in ["hold", "unless_open", "threshold", "limit"] {
        ends_in(with(&format!("{field}: .nan")), "is no number that anything could be compared with");
        ends_in(with(&format!("{field}: 1e999")), "is larger than any number we can hold");
    }
    ends_in(with("hold: 99999999999999999999d"), "`hold` must be a duration");
    ends_in(with("hold: -5m"), "`hold` must be a duration");
    ends_in(with("hold: 1000000000s"), "held for");
    ends_in(with("hold: 1000000000d"), "");
    ends_in(with("threshold: { count: 1000000000, within: 1h }"), "`count` must be from 1 to 1000");
    ends_in(with("threshold: { count: 2, within: 1000000000d }"), "");
    ends_in(with("limit: { tickets: 1, per: 9223372036854775807s }"), "");
    ends_in(with("escalate: { after: 1000000000d, note: x }"), "");
    ends_in(with("when: { occurred_at: { older_than: 1000000000d } }"), "");
    ends_in(with("when: { payload.n: { between: [1, .inf] } }"), "is no number");
    ends_in(with("active: { from: 999999-01-01 }"), "`from` must be a date or time");
}

#[test]
fn a_mistake_in_each_of_very_many_places_is_counted_and_the_first_are_shown() {
    let (findings, _) = decide(&format!("rules: [{}]\n", "{ x: 1 }, ".repeat(20_000)));
    assert!(findings.errors() >= 60_000, "all are counted");
    assert_eq!(findings.len(), 10_000, "those that a person could read are kept");
    ends_in(format!("rules: [{}]\n", "{ x: 1 }, ".repeat(20_000)), "a rule needs `id`");
    let long = format!("  - ? {}\n    : 1\n", "é".repeat(3_000));
    ends_in(format!("rules:\n{}", long.repeat(1_000)), "unknown field");
}

#[test]
fn what_repeats_itself_is_refused_by_name() {
    ends_in("rules: []\nrules: []\n".into(), "the key `rules` stands twice in the same map");
    ends_in("rules:\n\t- id: a\n".into(), "a tab stands where YAML wants spaces");
    ends_in("rules: &r [*r]".into(), "the alias stands inside of what it names");
    let bomb = (1..12)
        .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(",")))
        .collect::<Vec<_>>()
        .concat();
    ends_in(format!("a0: &a0 x\n{bomb}"), "more than 1000000 values, those that aliases repeat included");
}

#[test]
fn a_byte_order_mark_and_the_line_ends_of_windows_change_nothing() {
    let text = "rules:\n  - id: a\n    when: { severity: high }\n    then:\n      drop: |\n        because ${event.payload.n}\n        is ${evnt}\n";
    let plain = decide(text).0.render();
    assert!(plain.contains("r.yaml:7:14"), "{plain}");
    assert_eq!(decide(&text.replace('\n', "\r\n")).0.render(), plain);
    assert_eq!(decide(&format!("\u{feff}{text}")).0.render(), plain);
}
