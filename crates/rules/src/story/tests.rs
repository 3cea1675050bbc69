use super::*;
use crate::finding::SourceFile;
use crate::ruleset::{RuleSet, Settings};

fn tell(rules: &str, story: &str) -> Vec<StoryOutcome> {
    let (rules, findings) = RuleSet::load(&[SourceFile::new("rules/r.yaml", rules)], Settings::default());
    assert!(!findings.has_errors(), "{}", findings.render());
    let (file, findings) = StoryFile::load(&SourceFile::new("rules/r_test.yaml", story));
    assert!(findings.is_empty(), "{}", findings.render());
    let world = StoryWorld { rules: &rules, preset: &|_| None, payload: &|_, _| Err("no files here".into()) };
    file.run(&world)
}

fn passes(outcomes: &[StoryOutcome]) {
    for outcome in outcomes {
        assert!(
            outcome.failure.is_none(),
            "{}",
            outcome.failure.as_ref().map(ToString::to_string).unwrap_or_default()
        );
    }
}

const RULES: &str = "
defaults: { ticket: { type: Alert } }
rules:
  - id: backup-failed
    when: { title: { contains: backup } }
    key: backup/${event.fingerprint}
    threshold: { count: 3, within: 30m }
    then: { open_ticket: { summary: '${event.title} (${case.count})', priority: High } }
";

#[test]
fn the_story_of_the_contract_passes() {
    let outcomes = tell(
        RULES,
        "
tests:
  - name: three failures in half an hour open one ticket, a success resolves it
    start: 2026-01-05T09:00:00Z
    steps:
      - { event: { source: veeam, state: firing, fingerprint: job-7, title: Backup failed }, expect: { nothing: true, waiting: true } }
      - { after: 10m, event: { source: veeam, fingerprint: job-7, title: Backup failed }, expect: { nothing: true } }
      - { after: 10m, event: { source: veeam, fingerprint: job-7, title: Backup failed }, expect: { rule: backup-failed, key: backup/job-7, open_ticket: { summary: { contains: 'failed (3)' }, priority: High } } }
      - { after: 10m, event: { source: veeam, fingerprint: job-7, title: Backup failed }, expect: { add_note: { text: { contains: seen 4 times } } } }
      - { after: 10m, event: { source: veeam, fingerprint: job-7, title: Backup failed }, expect: { counted: true } }
      - { after: 1h, expect: { add_note: { text: { contains: seen 5 times } } } }
      - { after: 1m, event: { source: veeam, state: resolved, fingerprint: job-7 }, expect: { resolve_ticket: true } }
",
    );
    passes(&outcomes);
}

/// The failure of the only story told, as people read it.
fn failure(rules: &str, story: &str) -> String {
    let outcomes = tell(rules, story);
    assert_eq!(outcomes.len(), 1);
    outcomes[0].failure.as_ref().expect("it fails").to_string()
}

#[test]
fn a_failure_shows_expected_beside_actual_and_the_trace() {
    let rules = "
defaults: { ticket: { type: Alert } }
rules:
  - { id: disk, when: { check: { contains: disk } }, then: { open_ticket: {} } }
  - { id: lab, when: { source: s, device.name: { starts_with: LAB- } }, then: { drop: a lab machine } }
  - { id: backup, from: s, when: { title: { contains: backup } }, then: { open_ticket: { priority: High, team: Desk } } }
";
    let text = failure(
        rules,
        "
tests:
  - name: wrong
    steps:
      - { event: { source: s, title: Backup started, check: jobs } }
      - { after: 1d, event: { source: s, title: Backup of the night failed, fingerprint: f },
          expect: { rule: disk, open_ticket: { summary: { contains: has failed }, priority: Low, team: desk, details: { contains: tape } }, waiting: true } }
",
    );
    assert_eq!(
        text,
        "\
step 2 at rules/r_test.yaml:6
  open_ticket (s/f)
              expected             actual
    summary   contains has failed  Backup of the night failed
    priority  Low                  High
    details
      expected  contains tape
      actual    <p><strong>Backup of the night failed</strong></p> <table> <tr><td>Severity</td><td>medium</td></tr> <tr><td>Source</td><td>s</td></tr> </table>
  expected  waiting
  actual    open_ticket (s/f)
  expected  rule disk
  actual    rule backup
  what the rules said
    Backup of the night failed → open_ticket
      ✗ disk (rules/r.yaml:4): check contains disk, is nothing
      ✗ lab (rules/r.yaml:5): device.name starts with lab- (the value is no text), is nothing
      ✓ backup (rules/r.yaml:6): open_ticket
"
    );
}

#[test]
fn a_failure_about_what_did_not_happen_says_what_did() {
    let text = failure(
        RULES,
        "tests:\n  - { name: n, steps: [{ event: { source: s, title: Backup failed }, expect: { open_ticket: true } }] }\n",
    );
    assert_eq!(
        text,
        "\
step 1 at rules/r_test.yaml:2
  expected  open_ticket
  actual    waiting: 1 of 3 within 30m
  what the rules said
    Backup failed → waiting
      ✓ backup-failed (rules/r.yaml:4): waiting: 1 of 3 within 30m
"
    );
    let text =
        failure(RULES, "tests:\n  - { name: n, steps: [{ after: 1h, expect: { add_note: true } }] }\n");
    assert_eq!(
        text,
        "\
step 1 at rules/r_test.yaml:2
  expected  add_note
  actual    nothing: no event came and no timer fell due
"
    );
    let text = failure(
        RULES,
        "tests:\n  - { name: n, steps: [{ technician: works, expect: { nothing: true } }] }\n",
    );
    assert_eq!(text, "step 1 at rules/r_test.yaml:2\n  no ticket was opened before\n");
}

#[test]
fn a_trace_names_what_matched_however_many_rules_did_not() {
    let quiet =
        |number| format!("  - {{ id: r{number}, when: {{ check: c{number} }}, then: {{ drop: x }} }}\n");
    let quiet: String = (0..30).map(quiet).collect();
    let mut rules = format!("defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{quiet}");
    rules.push_str("  - { id: last, then: { open_ticket: {} } }\n");
    let text = failure(
        &rules,
        "tests:\n  - { name: n, steps: [{ event: { source: s }, expect: { nothing: true } }] }\n",
    );
    assert!(text.contains("✗ r11 (") && !text.contains("✗ r12 ("), "{text}");
    assert!(text.contains("✓ last (") && text.ends_with("✗ and 18 more\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn effects_that_nothing_expected_fail_the_test_and_a_step_without_expect_asserts_nothing() {
    let rules = "defaults: { ticket: { type: Alert } }\nrules:\n  - { id: all, then: { open_ticket: {} } }\n";
    let text = failure(
        rules,
        "tests:\n  - { name: quiet, steps: [{ event: { source: s, title: x }, expect: { rule: all } }] }\n",
    );
    assert!(text.contains("\n  unexpected  open_ticket (s/x)\n"), "{text}");
    passes(&tell(rules, "tests:\n  - { name: free, steps: [{ event: { source: s, title: x } }] }\n"));
}

#[test]
fn several_effects_of_a_kind_are_expected_as_a_list() {
    let rules = "
defaults: { ticket: { type: Alert } }
rules:
  - { id: one, continue: true, key: one, then: { open_ticket: { summary: One } } }
  - { id: two, key: two, then: { open_ticket: { summary: Two } } }
";
    let story = |expected: &str| {
        format!(
            "tests:\n  - {{ name: n, steps: [{{ event: {{ source: s }}, expect: {{ open_ticket: {expected} }} }}] }}\n"
        )
    };
    passes(&tell(rules, &story("[{ summary: Two, rule: two }, { summary: One }]")));
    let text = failure(rules, &story("[{ summary: One }, { summary: One }]"));
    assert!(text.contains("summary  One       Two"), "{text}");
    assert!(failure(rules, &story("true")).contains("unexpected  open_ticket (two)"));
}

#[test]
fn an_outcome_without_an_effect_has_fields_too() {
    let rules =
        "rules:\n  - { id: lab, when: { check: lab }, key: lab/1, then: { drop: 'a lab machine' } }\n";
    let story = |expected: &str| {
        format!(
            "tests:\n  - {{ name: n, steps: [{{ event: {{ source: s, check: lab }}, expect: {{ {expected} }} }}] }}\n"
        )
    };
    passes(&tell(
        rules,
        &story("dropped: { reason: { contains: lab }, rule: lab, key: lab/1 }, nothing: true"),
    ));
    let text = failure(rules, &story("dropped: { reason: a spare }"));
    assert!(text.contains("reason  a spare   a lab machine"), "{text}");
    let text = failure(rules, &story("unmatched: true"));
    assert!(text.contains("expected  unmatched\n  actual    dropped: a lab machine"), "{text}");
}

#[test]
fn mistakes_in_a_test_are_shown_at_their_place() {
    let text = "tests:
  - name: n
    steps:
      - { event: { title: x }, expect: { nothing: false } }
      - { event: { source: s, state: ablaze }, expect: { rule: [a], opn_ticket: true } }
      - { event: { title: x }, source: s, expect: { nothing: true, add_note: true } }
      - { event: { source: s }, expect: { dropped: maybe } }
";
    let (_, findings) = StoryFile::load(&SourceFile::new("rules/r_test.yaml", text));
    let shown: Vec<String> = findings
        .iter()
        .map(|f| format!("{} {}: {}", f.code, f.place.as_ref().map_or(0, |p| p.span.line), f.message))
        .collect();
    assert_eq!(
        shown,
        [
            "HW160 4: `nothing` can only be `true`",
            "HW161 4: the step has no event: the event has no `source`",
            "HW160 5: `rule` must be text, not a list",
            "HW072 5: `expect` knows no `opn_ticket`",
            "HW161 5: the step has no event: unknown state `ablaze`: one of firing, resolved, info, acknowledged, update, test",
            "HW160 6: `nothing` and `add_note` cannot both be expected",
            "HW010 7: expected fields must be a map, or `true` for any",
        ]
    );
}

const COVERED: &str = "
defaults: { ticket: { type: Alert } }
rules:
  - { id: off, mode: off, then: { drop: never } }
  - id: disk
    when:
      case: { count: { at_least: 1 } }
      any:
        - { check: disk, severity: high }
        - check: raid
      script: event.device.name != \"LAB\"
    then:
      open_ticket:
        again: count
        resolved: { do: resolve }
        reopen_within: 1h
    escalate:
      - { after: 1h, note: late }
      - { after: 10m, note: soon }
  - { id: spare, when: { check: spare }, then: [{ set: { severity: low } }, { drop: spare }] }
";

#[test]
fn coverage_says_which_rules_conditions_and_effects_no_test_reached_and_where() {
    let (rules, _) = RuleSet::load(&[SourceFile::new("rules/r.yaml", COVERED)], Settings::default());
    let outcomes = tell(
        COVERED,
        "
tests:
  - name: opens
    steps:
      - { event: { source: s, check: disk, severity: high }, expect: { open_ticket: true } }
      - { event: { source: s, check: disk, severity: high }, expect: { counted: true } }
      - { after: 10m, expect: { add_note: true } }
  - name: other
    steps:
      - { event: { source: s, check: cpu } }
",
    );
    passes(&outcomes);
    let mut coverage = Coverage::default();
    for outcome in outcomes {
        coverage.merge(outcome.coverage);
    }
    let report = coverage.report(&rules);
    let gaps: Vec<String> = report.gaps.iter().map(ToString::to_string).collect();
    assert_eq!(
        gaps,
        [
            "rules/r.yaml:10 disk: `check is raid` never held",
            "rules/r.yaml:7 disk: `case.count at least 1` never failed",
            "rules/r.yaml:11 disk: `script event.device.name != \"LAB\"` never failed",
            "rules/r.yaml:15 disk: `open_ticket.resolved` never happened",
            "rules/r.yaml:16 disk: `open_ticket.reopen_within` never happened",
            "rules/r.yaml:18 disk: `escalate after 1h` never happened",
            "rules/r.yaml:20 spare: no test reaches it",
        ]
    );
    let share = |share: Share| (share.reached, share.total, share.percent);
    assert_eq!(share(report.rules), (1, 2, 50));
    assert_eq!(share(report.conditions), (2, 6, 33), "check and severity; what spare asks was never met");
    assert_eq!(share(report.effects), (3, 8, 37), "open_ticket, again, the first escalation");
    assert_eq!(share(Coverage::default().report(&RuleSet::default()).rules), (0, 0, 100), "of nothing, all");
}

#[test]
fn what_another_problem_holds_back_is_told_as_inhibited() {
    let outcomes = tell(
        "
defaults: { ticket: { type: Alert } }
rules:
  - { id: host, when: { check: ping }, key: 'host/${event.device.name}', then: { open_ticket: {} } }
  - { id: service, unless_open: 'host/${event.device.name}', then: { open_ticket: {} } }
",
        "
tests:
  - name: a service of a host that is down waits for the host
    steps:
      - { event: { source: s, check: ping, fingerprint: p, title: Down, device: { name: srv } }, expect: { open_ticket: true } }
      - { event: { source: s, fingerprint: web, title: Web, device: { name: srv } }, expect: { rule: service, inhibited: true, nothing: true } }
      - { event: { source: s, state: resolved, fingerprint: p }, expect: { resolve_ticket: true } }
      - { after: 1m, expect: { rule: service, open_ticket: { summary: Web } } }
",
    );
    passes(&outcomes);
}

#[test]
fn a_storm_is_told_from_its_first_held_back_alert_to_its_end() {
    let outcomes = tell(
        "
defaults: { ticket: { type: Alert } }
rules:
  - { id: any, limit: { tickets: 1, per: 10m }, then: { open_ticket: {} } }
",
        "
tests:
  - name: one ticket in ten minutes, the rest in its turn
    steps:
      - { event: { source: s, title: one }, expect: { open_ticket: { key: s/one } } }
      - { event: { source: s, title: two }, expect: { limited: true, open_ticket: { key: storm/any } } }
      - { event: { source: s, title: three }, expect: { limited: true, add_note: { key: storm/any, text: { contains: '2 alerts' } } } }
      - { event: { source: s, title: three, state: resolved }, expect: { nothing: true } }
      - { after: 10m, expect: { rule: any, open_ticket: { summary: two } } }
      - { after: 10m, expect: { resolve_ticket: { key: storm/any } } }
",
    );
    passes(&outcomes);
}

#[test]
fn a_ticket_that_nobody_takes_escalates_and_one_that_somebody_works_on_does_not() {
    let outcomes = tell(
        "
defaults: { ticket: { type: Alert } }
rules:
  - id: down
    then: { open_ticket: { priority: High } }
    escalate:
      - { after: 30m, unless: assigned, note: Nobody has taken this yet }
      - { after: 4h, update: { priority: Critical } }
",
        "
tests:
  - name: nobody takes it
    steps:
      - { event: { source: s, title: x }, expect: { open_ticket: { priority: High } } }
      - { after: 30m, expect: { rule: down, add_note: { text: { contains: Nobody } } } }
      - { after: 3h30m, expect: { update_ticket: { priority: Critical } } }
  - name: somebody takes it
    steps:
      - { event: { source: s, title: x }, expect: { open_ticket: true } }
      - { technician: works }
      - { after: 30m, expect: { nothing: true } }
      - { technician: closes }
      - { after: 1d, expect: { nothing: true } }
",
    );
    passes(&outcomes);
}

#[test]
fn a_story_can_have_a_silence() {
    let outcomes = tell(
        "defaults: { ticket: { type: Alert } }\nrules:\n  - { id: all, then: { open_ticket: {} } }\n",
        "
tests:
  - name: nothing during the maintenance, a ticket after it
    steps:
      - { silence: { when: { device.name: srv-01 }, for: 2h, comment: patching, by: Ana } }
      - { event: { source: s, title: x, device: { name: srv-01 } }, expect: { silenced: true, nothing: true } }
      - { event: { source: s, title: y, device: { name: srv-02 } }, expect: { open_ticket: true } }
      - { after: 3h, expect: { open_ticket: { key: s/srv-01/x } } }
",
    );
    passes(&outcomes);
}

#[test]
fn a_payload_comes_with_its_headers() {
    let preset = SourceFile::new(
        "presets/hub.yaml",
        "preset: hub\ntitle: Hub\nevent: { state: '${headers[\"x-event\"]}', title: x, fingerprint: f }\n",
    );
    let (presets, findings) = crate::preset::PresetSet::load(&[preset], None);
    assert!(findings.is_empty(), "{}", findings.render());
    let (rules, findings) = RuleSet::load(
        &[SourceFile::new("rules/r.yaml", "rules:\n  - { id: any, then: { open_ticket: { type: Alert } } }")],
        Settings::default(),
    );
    assert!(!findings.has_errors(), "{}", findings.render());
    let story = "
tests:
  - name: what a header says counts
    steps:
      - { payload: p.json, source: hub, headers: { X-Event: test }, expect: { nothing: true } }
      - { payload: p.json, source: hub, headers: { X-Event: firing }, expect: { open_ticket: true } }
";
    let (file, findings) = StoryFile::load(&SourceFile::new("rules/r_test.yaml", story));
    assert!(findings.is_empty(), "{}", findings.render());
    let preset = presets.get("hub").cloned().unwrap();
    let world = StoryWorld {
        rules: &rules,
        preset: &|_| Some((preset.clone(), crate::event::Severity::Medium)),
        payload: &|_, _| Ok(serde_json::json!({})),
    };
    passes(&file.run(&world));
    let wrong = "tests:\n  - { name: n, steps: [ { event: { source: s, title: t }, headers: { a: b } }, { payload: p.json, source: s, headers: [a] } ] }";
    let text = StoryFile::load(&SourceFile::new("r_test.yaml", wrong)).1.render();
    assert!(text.contains("`headers` are those of a `payload`"), "{text}");
    assert!(text.contains("`headers` are names with a value each"), "{text}");
}

#[test]
fn a_silence_in_a_story_is_checked_where_it_stands() {
    let file = SourceFile::new(
        "r_test.yaml",
        "tests:
  - name: a
    steps:
      - { silence: { for: 1h } }
      - { silence: { when: { devise.name: x }, for: 1h } }
      - { silence: { when: { during: night }, for: 1h } }
      - { silence: { rule: a } }
      - { silence: { rule: a, for: 1h }, technician: works }
",
    );
    let text = StoryFile::load(&file).1.render();
    for (line, expected) in [
        ("r_test.yaml:4", "the silence does not say what it covers"),
        ("r_test.yaml:5", "an event has no field `devise`"),
        ("r_test.yaml:6", "a silence looks at the event alone, not at `during`"),
        ("r_test.yaml:7", "`silence` needs `for`"),
        ("r_test.yaml:8", "a step has one of `event`, `payload`, `technician` and `silence`"),
    ] {
        assert!(text.contains(line) && text.contains(expected), "{text}");
    }
}

#[test]
fn a_parent_is_compared_by_its_case() {
    let outcomes = tell(
        "
defaults: { ticket: { type: Alert } }
rules:
  - { id: host, when: { check: ping }, key: host, then: { open_ticket: {} } }
  - { id: all, group: { by: '${event.device.name}', within: 5m }, then: { open_ticket: { parent: { case: host } } } }
",
        "
tests:
  - name: the ticket of another case, and then that of the group
    steps:
      - { event: { source: s, title: w }, expect: { open_ticket: { parent.case: host } } }
      - { event: { source: s, check: ping, title: h }, expect: { open_ticket: { parent: null } } }
      - { event: { source: s, title: x, device: { name: srv } }, expect: { open_ticket: { parent.case: host, parent.number: 1 } } }
      - { event: { source: s, title: y, device: { name: srv } }, expect: { open_ticket: { parent.case: s/srv/x } } }
",
    );
    passes(&outcomes);
}
