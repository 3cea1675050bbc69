//! Rule files with mistakes: every finding of a run, at its place, in the words people read.

use super::*;

fn load(files: &[(&str, &str)], settings: Settings) -> (RuleSet, Findings) {
    let files: Vec<SourceFile> = files.iter().map(|(path, text)| SourceFile::new(path, text)).collect();
    RuleSet::load(&files, settings)
}

/// The findings of one file, rendered as `haloward check` shows them.
fn check(text: &str) -> String {
    load(&[("rules/r.yaml", text)], Settings::default()).1.render()
}

#[test]
fn every_mistake_of_a_file_is_shown_at_once() {
    let rendered = check(include_str!("../../tests/findings/broken.yaml"));
    assert_eq!(rendered, include_str!("../../tests/findings/broken.txt"), "\n{rendered}");
}

#[test]
fn an_id_is_used_once_and_the_first_rule_of_it_stays() {
    let typed = "defaults: { ticket: { type: Alert } }\nrules:\n";
    let first = format!("{typed}  - {{ id: disk, then: {{ open_ticket: {{}} }} }}\n");
    let second = format!(
        "{typed}  - {{ id: cpu, then: {{ open_ticket: {{}} }} }}\n  - id: disk\n    then: {{ drop: x }}\n"
    );
    let (rules, findings) = load(&[("rules/b.yaml", &second), ("rules/a.yaml", &first)], Settings::default());
    assert_eq!(
        findings.render(),
        "error[HW018]: the id `disk` is used twice
  ┌─ rules/b.yaml:4:9
4 │   - id: disk
  │         ^^^^ the first one is at rules/a.yaml:3
"
    );
    assert_eq!(rules.rule(&RuleId::new("disk")).map(Rule::at), Some("rules/a.yaml:3"));
}

#[test]
fn rules_are_tried_by_the_path_of_their_file_and_then_by_position() {
    let file = |ids: [&str; 2]| {
        format!(
            "rules:\n  - {{ id: {}, then: {{ drop: x }} }}\n  - {{ id: {}, then: {{ drop: x }} }}\n",
            ids[0], ids[1]
        )
    };
    let (b, a) = (file(["z", "a"]), file(["y", "b"]));
    let (rules, findings) = load(&[("rules/20.yaml", &b), ("rules/10.yaml", &a)], Settings::default());
    assert!(findings.is_empty(), "{}", findings.render());
    let order: Vec<&str> = rules.rules().iter().map(|rule| rule.id().as_str()).collect();
    assert_eq!(order, ["y", "b", "z", "a"]);
}

#[test]
fn a_hold_waits_for_a_time_that_somebody_says() {
    let rule = |hold: &str| check(&format!("rules:\n  - id: a\n    hold: {hold}\n    then: {{ drop: x }}\n"));
    assert_eq!(
        rule("{ until: tomorrow, early: 5m }"),
        "error[HW017]: `until` must be a time, or a template that makes one
  ┌─ rules/r.yaml:3:20
3 │     hold: { until: tomorrow, early: 5m }
  │                    ^^^^^^^^ write `until: \"${event.ticket.fix_by}\"`
"
    );
    assert!(
        rule("{ early: 5m }").starts_with("error[HW011]: `hold` needs `until`"),
        "{}",
        rule("{ early: 5m }")
    );
    assert_eq!(rule("{ until: '${event.ticket.fix_by}' }"), "");
    assert_eq!(rule("{ until: 2026-01-05T09:00:00Z, early: 1h }"), "");
}

#[test]
fn a_kind_of_change_that_there_is_none_of_is_a_mistake() {
    assert_eq!(
        check("rules:\n  - id: a\n    when: { change.kind: creatd }\n    then: { drop: x }\n"),
        "error[HW107]: there is no change.kind `creatd`
  ┌─ rules/r.yaml:3:26
3 │     when: { change.kind: creatd }
  │                          ^^^^^^ did you mean `created`?
"
    );
}

#[test]
fn a_ticket_without_a_type_is_refused_wherever_the_type_could_come_from() {
    let rule = "rules:\n  - id: a\n    then: { open_ticket: {} }\n";
    assert_eq!(
        check(rule),
        "error[HW051]: the ticket has no type
  ┌─ rules/r.yaml:2:5
2 │   - id: a
  │     ^ add `type:` here, under `defaults.ticket` in this file, or under `ticket_defaults` in the configuration
"
    );
    assert_eq!(check(&format!("defaults: {{ ticket: {{ type: Alert }} }}\n{rule}")), "");
    assert_eq!(check(&rule.replace("{}", "{ type: Alert }")), "");
    let mut settings = Settings::default();
    let file = SourceFile::new("haloward.yaml", "{ type: Alert }");
    settings.ticket_defaults(&file, &read(&file).expect("reads"));
    assert!(load(&[("r.yaml", rule)], settings).1.is_empty());
}

#[test]
fn a_source_nobody_configured_is_a_warning_and_the_rule_runs() {
    let sources = Some(BTreeSet::from(["datto-rmm".to_owned(), "veeam".to_owned()]));
    let settings = Settings { sources, ..Settings::default() };
    let text = "rules:\n  - id: a\n    from: [dato-rmm, veeam]\n    then: { drop: x }\n";
    let (rules, findings) = load(&[("r.yaml", text)], settings);
    assert_eq!(
        findings.render(),
        "warning[HW020]: no source is called `dato-rmm`
  ┌─ r.yaml:3:12
3 │     from: [dato-rmm, veeam]
  │            ^^^^^^^^ did you mean `datto-rmm`?
"
    );
    assert_eq!((findings.has_errors(), rules.rules().len()), (false, 1));
}

#[test]
fn a_rule_with_a_mistake_is_left_out_and_the_others_are_there() {
    let text = "rules:\n  - { id: a, then: { drop: x }, whn: {} }\n  - { id: b, then: { drop: x } }\n";
    let (rules, findings) = load(&[("r.yaml", text), ("broken.yaml", "rules: [")], Settings::default());
    assert_eq!(findings.errors(), 2);
    assert_eq!(rules.rules().iter().map(|r| r.id().as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_mistake_in_a_block_of_text_is_shown_on_its_own_line() {
    let text = r"rules:
  - id: a
    then:
      script: |
        let name = event.device.name;
        open_ticket(#{ summary: nme });
  - id: b
    then:
      open_ticket:
        type: Alert
        details: |-
          Disk is full.

          On ${evnt.device.name}
        summary: >
          folded ${
          text
";
    assert_eq!(
        check(text),
        "error[HW042]: the script is not valid: undefined variable: nme
  ┌─ rules/r.yaml:6:33
6 │         open_ticket(#{ summary: nme });
  │                                 ^

error[HW040]: undefined variable: evnt
   ┌─ rules/r.yaml:14:16
14 │           On ${evnt.device.name}
   │                ^

error[HW040]: `${` has no closing `}`
   ┌─ rules/r.yaml:16:18
16 │           folded ${
   │                  ^^
"
    );
}

#[test]
fn a_file_with_a_mistake_in_every_node_is_still_read_in_time() {
    let many = format!("rules: [{}]\n", "{ x: 1 }, ".repeat(20_000));
    let (_, findings) = load(&[("r.yaml", &many)], Settings::default());
    assert!(findings.errors() >= 60_000, "all are counted");
    assert_eq!(findings.len(), 10_000, "those that a person could read are kept");
}

#[test]
fn mistakes_in_what_holds_a_rule_back_are_shown_at_their_place() {
    let text = "rules:
  - id: a
    unless_open: [host/x, { host: x }, \"${evnt.device.name}\"]
    unles_open: x
    then: { drop: x }
";
    assert_eq!(
        check(text),
        "error[HW014]: `unless_open` must be text or a list of texts, not a map
  ┌─ rules/r.yaml:3:27
3 │     unless_open: [host/x, { host: x }, \"${evnt.device.name}\"]
  │                           ^

error[HW040]: undefined variable: evnt
  ┌─ rules/r.yaml:3:43
3 │     unless_open: [host/x, { host: x }, \"${evnt.device.name}\"]
  │                                           ^

error[HW012]: unknown field `unles_open`
  ┌─ rules/r.yaml:4:5
4 │     unles_open: x
  │     ^^^^^^^^^^ did you mean `unless_open`?
"
    );
}

#[test]
fn mistakes_in_a_limit_are_shown_at_their_place() {
    let text = "rules:
  - { id: a, limit: { tickets: 0, per: 1h }, then: { drop: x } }
  - { id: b, limit: { tickets: 5, within: 1h }, then: { drop: x } }
  - { id: c, limit: 5, then: { drop: x } }
  - { id: d, limt: { tickets: 5, per: 1h }, then: { drop: x } }
";
    assert_eq!(
        check(text),
        "error[HW016]: `tickets` must be from 1 to 1000
  ┌─ rules/r.yaml:2:21
2 │   - { id: a, limit: { tickets: 0, per: 1h }, then: { drop: x } }
  │                     ^

error[HW011]: `limit` needs `per`
  ┌─ rules/r.yaml:3:21
3 │   - { id: b, limit: { tickets: 5, within: 1h }, then: { drop: x } }
  │                     ^

error[HW012]: unknown field `within`
  ┌─ rules/r.yaml:3:35
3 │   - { id: b, limit: { tickets: 5, within: 1h }, then: { drop: x } }
  │                                   ^^^^^^ `limit` knows `tickets`, `per`

error[HW010]: `limit` must be a map, not a number
  ┌─ rules/r.yaml:4:21
4 │   - { id: c, limit: 5, then: { drop: x } }
  │                     ^

error[HW012]: unknown field `limt`
  ┌─ rules/r.yaml:5:14
5 │   - { id: d, limt: { tickets: 5, per: 1h }, then: { drop: x } }
  │              ^^^^ did you mean `limit`?
"
    );
}

#[test]
fn mistakes_in_an_escalation_are_shown_at_their_place() {
    let text = "rules:
  - { id: a, then: { drop: x }, escalate: { after: 1h, note: x } }
  - id: b
    then: { open_ticket: { type: 1 } }
    escalate:
      - { after: 1h }
      - { unless: asigned, note: x }
      - { after: 1h, update: { priorty: High }, notify: ops }
";
    assert_eq!(
        check(text),
        "error[HW064]: the rule opens no ticket that could escalate
  ┌─ rules/r.yaml:2:43
2 │   - { id: a, then: { drop: x }, escalate: { after: 1h, note: x } }
  │                                           ^ `escalate` belongs to the rule whose `then` opens the ticket

error[HW063]: an escalation asks for nothing
  ┌─ rules/r.yaml:6:9
6 │       - { after: 1h }
  │         ^ give it `update`, with ticket fields, `note` or `notify`

error[HW011]: an escalation needs `after`
  ┌─ rules/r.yaml:7:9
7 │       - { unless: asigned, note: x }
  │         ^

error[HW013]: `unless` cannot be `asigned`
  ┌─ rules/r.yaml:7:19
7 │       - { unless: asigned, note: x }
  │                   ^^^^^^^ did you mean `assigned`?

error[HW012]: unknown field `priorty`
  ┌─ rules/r.yaml:8:32
8 │       - { after: 1h, update: { priorty: High }, notify: ops }
  │                                ^^^^^^^ did you mean `priority`?

error[HW010]: `notify` must be a map, not text
  ┌─ rules/r.yaml:8:57
8 │       - { after: 1h, update: { priorty: High }, notify: ops }
  │                                                         ^^^
"
    );
}

#[test]
fn a_channel_that_nobody_configured_is_a_mistake_with_a_suggestion() {
    let text = "rules:\n  - { id: a, escalate: { after: 1h, notify: { channel: nobody } }, then: { open_ticket: { type: Alert }, notify: { channel: opps, text: x } } }\n";
    let settings = |channels: Option<&[&str]>| Settings {
        channels: channels.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        ..Settings::default()
    };
    let load = |channels| RuleSet::load(&[SourceFile::new("rules/r.yaml", text)], settings(channels)).1;
    let rendered = load(Some(&["ops", "boss"])).render();
    assert!(
        rendered.contains("no channel is called `opps`") && rendered.contains("did you mean `ops`?"),
        "{rendered}"
    );
    assert!(rendered.contains("one of `boss`, `ops`"), "{rendered}");
    assert!(load(Some(&[])).render().contains("add it under `channels` in the configuration"));
    assert!(load(None).is_empty(), "nobody says which there are");
}
