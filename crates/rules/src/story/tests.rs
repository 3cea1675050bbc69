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
    assert_eq!(outcomes[0].failure, None, "{}", outcomes[0].failure.as_deref().unwrap_or_default());
    assert!(outcomes[0].fired.contains(&crate::RuleId::new("backup-failed")));
}

#[test]
fn a_failure_shows_expected_beside_actual_and_the_trace() {
    let outcomes = tell(
        RULES,
        "
tests:
  - name: wrong
    steps:
      - { event: { source: veeam, title: Backup failed }, expect: { open_ticket: { priority: Low } } }
  - name: also wrong
    steps:
      - { event: { source: veeam, title: Disk full }, expect: { rule: backup-failed } }
",
    );
    let first = outcomes[0].failure.as_deref().expect("fails");
    assert!(first.starts_with("step 1 at rules/r_test.yaml:5: expected open_ticket, got waiting"), "{first}");
    let second = outcomes[1].failure.as_deref().expect("fails");
    assert!(second.contains("expected rule `backup-failed`, got none"), "{second}");
    assert!(second.contains("✗ backup-failed title contains backup (was Disk full)"), "{second}");
}

#[test]
fn effects_that_nothing_expected_fail_the_test() {
    let rules = "defaults: { ticket: { type: Alert } }\nrules:\n  - { id: all, then: { open_ticket: {} } }\n";
    let outcomes = tell(
        rules,
        "tests:\n  - { name: quiet, steps: [{ event: { source: s, title: x }, expect: { rule: all } }] }\n",
    );
    assert!(
        outcomes[0].failure.as_deref().is_some_and(|f| f.contains("unexpected open_ticket (s/x)")),
        "{:?}",
        outcomes[0].failure
    );
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
    assert_eq!(outcomes[0].failure, None, "{}", outcomes[0].failure.as_deref().unwrap_or_default());
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
    assert_eq!(outcomes[0].failure, None, "{}", outcomes[0].failure.as_deref().unwrap_or_default());
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
    for outcome in outcomes {
        assert_eq!(outcome.failure, None, "{}", outcome.failure.as_deref().unwrap_or_default());
    }
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
    assert_eq!(outcomes[0].failure, None, "{}", outcomes[0].failure.as_deref().unwrap_or_default());
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
    assert_eq!(outcomes[0].failure, None, "{}", outcomes[0].failure.as_deref().unwrap_or_default());
}
