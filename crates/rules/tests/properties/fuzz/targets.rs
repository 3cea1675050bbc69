//! What is fuzzed: a function for each kind of foreign bytes, with what must hold whatever they are.
//!
//! The targets of `fuzz/` and the bounded run among the ordinary tests (`super`) are these same functions, so that a
//! find of the one becomes a seed of the other.

#![allow(dead_code, reason = "each target of `fuzz/` uses one of them")]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use haloward_rules::{
    CaseBook, Delivery, EffectKind, Event, Explain, Findings, Input, Preset, PresetSet, RuleSet, Settings,
    Severity, SourceFile, Step, StoryFile, Timer, TimerChange, read_yaml, step,
};
use jiff::Timestamp;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);

/// Rules that use most of the language, for events that could be anything.
const RULES: &str = r##"
defaults: { ticket: { type: Alert, category: ["${event.check}", "${event.labels.x}"] } }
rules:
  - id: raise
    when: { title: { matches: "(?i)ransom" } }
    then: { set: { severity: critical, vars.why: "${event.title}" } }
  - id: lab
    when: { device.name: { like: "LAB-*" }, device.ip: { cidr: 10.0.0.0/8 } }
    then: { drop: "${event.device.name} is a lab machine" }
  - id: slow
    when: { payload.n: { between: [1, 9] }, occurred_at: { newer_than: 1h }, case: { count: { below: 5 } } }
    key: "slow/${event.device.name}"
    threshold: { count: 3, within: 10m }
    hold: 5m
    unless_open: "host/${event.device.name}"
    limit: { tickets: 2, per: 1h }
    escalate: [{ after: 30m, unless: touched, note: "still ${event.title}", update: { priority: High } }]
    then: { open_ticket: { again: { do: note, at_most: 5m }, resolved: { after: 10m, note: over }, reopen_within: 1h } }
  - id: scripted
    when: { script: "event.payload.tags.len > 0 && event.title.contains(\"a\")" }
    then:
      script: |
        for tag in event.payload.tags { if tag == "skip" { drop("skipped"); return; } }
        open_ticket(#{ summary: truncate(event.title, 20), details: `${event.message}`, again: #{ do: "new" } });
  - id: rest
    then: { open_ticket: { details: "# ${event.title}\n| a | ${event.message} |\n|---|---|\n[open](${event.url})" } }
"##;

static STARTER: LazyLock<RuleSet> = LazyLock::new(|| {
    let (rules, findings) = RuleSet::load(&[SourceFile::new("rules.yaml", RULES)], Settings::default());
    assert!(findings.is_empty(), "{}", findings.render());
    rules
});

static PRESETS: LazyLock<PresetSet> = LazyLock::new(|| PresetSet::load(&[], None).0);

/// Any bytes as a rule file: rules or findings; and whatever is left of the rules decides, with or without its index.
pub(crate) fn rule_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", &*text)], Settings::default());
    check_findings(&findings);
    let mut world = World::new(&rules);
    for state in ["firing", "firing", "resolved", "info"] {
        world.feed(&Input::Event(event(state)));
        world.fire_timers();
    }
    let (_, findings) = StoryFile::load(&SourceFile::new("r_test.yaml", &*text));
    check_findings(&findings);
}

/// Any bytes as the text of a template: it renders, or the rule fails and the alert is kept all the same; and the
/// markup in the event's title never becomes markup in the ticket.
pub(crate) fn template(bytes: &[u8]) {
    let text = quoted(&String::from_utf8_lossy(bytes));
    let file = format!(
        "rules: [{{ id: a, key: {text}, then: [{{ set: {{ vars.x: {text} }} }}, {{ open_ticket: {{ type: 1, summary: {text}, \
         details: {text}, category: [{text}], priority: {{ high: {text} }}, custom_fields: {{ x: {text} }} }} }}, {{ add_note: {text} }}] }}]"
    );
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", file)], Settings::default());
    check_findings(&findings);
    let mut world = World::new(&rules);
    let done = world.feed(&Input::Event(event("firing")));
    if rules.rules().is_empty() {
        return;
    }
    assert!(!done.effects.is_empty(), "an alert is lost: {done:?}");
    for effect in &done.effects {
        if let EffectKind::OpenTicket { draft, .. } = &effect.kind
            && !text.contains("raw_html")
            && !text.contains("<i>")
        {
            let html = draft.details.as_ref().map_or("", |details| &*details.html);
            assert!(!html.contains("<i>"), "{html}");
            assert!(
                draft.summary.as_ref().is_none_or(|line| line.chars().count() <= 250 && !line.contains('\n'))
            );
        }
    }
}

/// Any bytes as a preset: a preset that maps, or findings.
pub(crate) fn preset_file(bytes: &[u8]) {
    let file = SourceFile::new("p.yaml", String::from_utf8_lossy(bytes));
    let mut findings = Findings::default();
    if let Ok(node) = read_yaml(&file)
        && let Some(preset) = Preset::inline("own", &file, &node, &mut findings)
    {
        deliver(&preset, event("firing").value());
        deliver(&preset, &json!([]));
    }
    check_findings(&findings);
}

/// Any bytes as a payload, through the preset of every vendor, and what comes of it through rules.
pub(crate) fn payload(bytes: &[u8]) {
    let Ok(payload) = serde_json::from_slice::<Value>(bytes) else { return };
    for preset in PRESETS.iter() {
        deliver(preset, &payload);
    }
}

/// Any bytes as events, a JSON object in each line.
pub(crate) fn events(bytes: &[u8]) {
    let mut world = World::new(&STARTER);
    for line in bytes.split(|byte| *byte == b'\n').take(50) {
        if let Ok(value) = serde_json::from_slice::<Value>(line)
            && let Ok(event) = Event::from_json(value, Severity::Medium)
        {
            world.feed(&Input::Event(event.received("e-1", NOW)));
        }
    }
    world.fire_timers();
}

/// Any bytes as conditions; behind a zero byte, as the event that they look at.
pub(crate) fn conditions(bytes: &[u8]) {
    let (when, payload) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &b"null"[..]),
    };
    let when = String::from_utf8_lossy(when)
        .lines()
        .map(|line| format!("      {line}\n"))
        .collect::<Vec<_>>()
        .concat();
    let file = format!("rules:\n  - id: a\n    then: {{ drop: x }}\n    when:\n{when}");
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", file)], Settings::default());
    check_findings(&findings);
    let mut value = event("firing").value().clone();
    if let Ok(payload) = serde_json::from_slice::<Value>(payload) {
        value["payload"] = payload.clone();
        value["labels"] = payload;
    }
    let event = Event::from_json(value, Severity::Medium).expect("an event");
    World::new(&rules).feed(&Input::Event(event));
}

fn event(state: &str) -> Event {
    let event = json!({
        "source": "a", "state": state, "title": "Disk <i>C:</i>", "check": "disk", "severity": "high", "message": "m\n| é\u{1F600}",
        "device": {"name": "srv", "ip": "10.1.2.3"}, "client": {"name": "Acme"}, "url": "https://x.test/", "fingerprint": "f",
        "payload": {"n": 7, "tags": ["a", {"b": null}], "text": "é\u{1F600}<b>"}, "occurred_at": "2026-01-05T08:00:00Z"
    });
    Event::from_json(event, Severity::Medium).expect("an event").received("e-1", NOW)
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("JSON")
}

/// However many mistakes a file has, a person is shown so many, each in a few lines.
fn check_findings(findings: &Findings) {
    assert!(findings.len() <= 10_000 && findings.errors() >= findings.iter().filter(|f| is_error(f)).count());
    assert!(findings.render().len() <= 10_000 * 4_096, "what is shown is longer than anybody reads");
    for finding in findings.iter().take(100) {
        let shown = finding.render();
        assert!(
            !shown.contains(|c: char| c.is_control() && c != '\n'),
            "a control character reaches the terminal: {shown:?}"
        );
    }
}

fn is_error(finding: &haloward_rules::Finding) -> bool {
    finding.level == haloward_rules::Level::Error
}

fn deliver(preset: &Preset, payload: &Value) {
    let mapped = preset.map(Delivery {
        source: "s",
        payload: payload.clone().into(),
        headers: Arc::new(json!({"x-id": "1"})),
        default_severity: Severity::Medium,
        at: NOW,
    });
    let mut world = World::new(&STARTER);
    for event in mapped.events.into_iter().take(20) {
        assert!(
            !event.title().is_empty() && !event.fingerprint().is_empty() && event.source() == "s",
            "{event:?}"
        );
        let again = Event::from_json(event.value().clone(), Severity::Medium).expect("an event stays one");
        assert_eq!((again.state(), again.severity()), (event.state(), event.severity()));
        world.feed(&Input::Event(event));
    }
}

/// Cases and timers between inputs.
struct World<'a> {
    rules: &'a RuleSet,
    cases: CaseBook,
    timers: BTreeMap<String, Timer>,
}

impl<'a> World<'a> {
    fn new(rules: &'a RuleSet) -> Self {
        Self { rules, cases: CaseBook::default(), timers: BTreeMap::new() }
    }

    fn feed(&mut self, input: &Input) -> Step {
        let done = step(self.rules, &self.cases, input, Explain::Matches, NOW);
        let naive = step(self.rules, &self.cases, input, Explain::Everything, NOW);
        assert_eq!((done.outcome, &done.cases, &done.timers), (naive.outcome, &naive.cases, &naive.timers));
        assert_eq!(done.effects, naive.effects);
        self.cases.put(done.cases.clone());
        for change in done.timers.clone() {
            match change {
                TimerChange::Set { key, kind, .. } => {
                    self.timers.insert(format!("{kind:?} {key}"), Timer { key, kind })
                }
                TimerChange::Cancel { key, kind } => self.timers.remove(&format!("{kind:?} {key}")),
            };
        }
        done
    }

    /// What waits falls due at once, whatever its time.
    fn fire_timers(&mut self) {
        for timer in std::mem::take(&mut self.timers).into_values().take(20) {
            self.feed(&Input::Timer(timer));
        }
    }
}
