//! Tables and modules as rules use them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    CaseBook, EffectKind, Event, Explain, Findings, Input, RuleSet, Settings, Severity, SourceFile, Step,
    TicketDraft, read_yaml, step,
};

const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);

const TEAMS: (&str, &str) = ("rules/tables/teams.csv", "site,team\nLeeds,North\nYork,\n");
const CONTRACTS: (&str, &str) = (
    "rules/tables/contracts.yaml",
    "Northwind Dental: { type: Managed, hours: 24, sites: [Leeds, York] }\nHarbour: { type: Break-fix }\n7: seven\n",
);
const NAMES: (&str, &str) = (
    "rules/lib/names.rhai",
    "import \"text\" as text;\nconst MARK = \"~\";\n\nfn short(name) { text::first(name) + global::MARK }\nfn team(site) { lookup(\"teams\", site) ?? \"Service Desk\" }\nfn ask(name) { open_ticket(#{ summary: short(name), type: \"Alert\" }); }\nprivate fn hidden() { 1 }\n",
);
const TEXT: (&str, &str) = ("rules/lib/text.rhai", "fn first(name) { split(name, \".\")[0] ?? \"\" }\n");

fn load(files: &[(&str, &str)]) -> (RuleSet, Findings) {
    let files: Vec<SourceFile> = files.iter().map(|(path, text)| SourceFile::new(path, text)).collect();
    RuleSet::load(&files, Settings::default())
}

fn check(files: &[(&str, &str)]) -> String {
    load(files).1.render()
}

fn decide(rules: &RuleSet, event: Value) -> Step {
    let event = Event::from_json(event, Severity::Medium).expect("an event").received("e1", NOW);
    step(rules, &CaseBook::default(), &Input::Event(event), Explain::Matches, NOW)
}

/// The ticket that the rule gives with these files beside it.
fn ticket(rule: &str, beside: &[(&str, &str)], event: Value) -> TicketDraft {
    let text = format!("{rule}\n");
    let files: Vec<_> = [("rules/r.yaml", text.as_str())].into_iter().chain(beside.iter().copied()).collect();
    let (rules, findings) = load(&files);
    assert_eq!(findings.render(), "");
    let step = decide(&rules, event);
    match step.effects.into_iter().next().map(|effect| effect.kind) {
        Some(EffectKind::OpenTicket { draft, .. }) => *draft,
        other => panic!("{other:?}, since {:?}", step.reason),
    }
}

fn event(site: &str) -> Value {
    json!({
        "source": "veeam", "fingerprint": "f", "title": "srv-01.leeds.example is down",
        "site": { "name": site }, "client": { "id": 7, "name": "northwind dental" },
    })
}

#[test]
fn templates_look_up_tables() {
    let rule = "rules:
  - id: a
    then:
      open_ticket:
        type: ${lookup(\"contracts\", event.client.name).type}
        team: ${lookup(\"Teams\", event.site.name) ?? \"Service Desk\"}
        category: ${lookup(\"contracts\", event.client.name).sites}
        tags: ['${lookup(\"contracts\", event.client.id)}', '${lookup(\"contracts\", event.nothing).type ?? \"none\"}']
        summary: Covered ${lookup(\"contracts\", event.client.name).hours + 1} hours";
    let draft = ticket(rule, &[TEAMS, CONTRACTS], event("LEEDS"));
    assert_eq!(draft.ticket_type.unwrap().to_string(), "Managed");
    assert_eq!(draft.team.unwrap().to_string(), "North");
    assert_eq!(draft.category, ["Leeds", "York"]);
    assert_eq!(draft.tags, ["seven", "none"]);
    assert_eq!(draft.summary.as_deref(), Some("Covered 25 hours"), "YAML keeps numbers as numbers");
    for site in ["York", "Paris", ""] {
        let draft = ticket(rule, &[TEAMS, CONTRACTS], event(site));
        assert_eq!(draft.team.unwrap().to_string(), "Service Desk", "`{site}` has no team");
    }
}

#[test]
fn conditions_and_ticket_defaults_look_up_tables() {
    let rule = "rules:
  - id: a
    when: { script: 'lookup(\"teams\", event.site.name) == \"North\"' }
    then: { open_ticket: {} }";
    let mut settings = Settings::default();
    let config = SourceFile::new("haloward.yaml", "type: '${lookup(\"contracts\", event.client.name).type}'");
    settings.ticket_defaults(&config, &read_yaml(&config).unwrap());
    let files = [("rules/r.yaml", rule), TEAMS, CONTRACTS].map(|(path, text)| SourceFile::new(path, text));
    let (rules, findings) = RuleSet::load(&files, settings.clone());
    assert_eq!(findings.render(), "");
    assert_eq!(decide(&rules, event("York")).outcome.as_str(), "unmatched");
    let opened = decide(&rules, event("leeds")).effects.remove(0).kind;
    let EffectKind::OpenTicket { draft, .. } = opened else { panic!("{opened:?}") };
    assert_eq!(draft.ticket_type.unwrap().to_string(), "Managed");
    let (_, findings) = RuleSet::load(&files[..2], settings);
    let said = "there is no table `contracts`";
    assert_eq!(findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>(), [said]);
}

#[test]
fn a_table_whose_name_is_made_by_the_rule_and_is_not_there_fails_the_rule_alone() {
    let rule = "rules:\n  - { id: a, then: { open_ticket: { type: '${lookup(event.source, \"x\")}' } } }\n";
    let (rules, findings) = load(&[("rules/r.yaml", rule), TEAMS]);
    assert_eq!(findings.render(), "");
    let step = decide(&rules, event("Leeds"));
    assert_eq!(step.reason.as_deref(), Some("rule `a` failed: there is no table `veeam`"));
    assert_eq!(step.outcome.as_str(), "open_ticket", "from the defaults");
}

#[test]
fn modules_are_imported_by_scripts_and_used_by_templates() {
    let used = "use: { names: lib/names, text: ./lib/../lib/text.rhai }
rules:
  - id: a
    key: ${names::short(event.title)}
    when: { script: 'text::first(event.title) == \"srv-01\"' }
    then:
      open_ticket: { type: A, summary: '${names::short(event.title)} of ${text::first(\"x.y\")}', team: '${names::team(event.site.name)}' }";
    let draft = ticket(used, &[NAMES, TEXT, TEAMS], event("Leeds"));
    assert_eq!(draft.summary.as_deref(), Some("srv-01~ of x"));
    assert_eq!(draft.team.unwrap().to_string(), "North");
    let scripted = "rules:
  - id: a
    then:
      script: |
        import \"lib/names\" as n;
        fn twice(name) { import \"lib/text\" as t; t::first(name) + t::first(name) }
        if twice(event.title) == \"srv-01srv-01\" { n::ask(event.title); }";
    let draft = ticket(scripted, &[NAMES, TEXT, TEAMS], event("Leeds"));
    assert_eq!(draft.summary.as_deref(), Some("srv-01~"));
}

#[test]
fn a_module_is_held_to_the_limits_of_scripts() {
    let endless = ("rules/endless.rhai", "fn forever() { loop { } }\nfn deep(n) { deep(n + 1) }\n");
    for (call, said) in [
        ("endless::forever()", "the script ran for more than 500000 operations"),
        ("endless::deep(1)", "the script calls itself too deeply"),
    ] {
        let rule = format!(
            "use: {{ endless: endless }}\nrules: [{{ id: a, key: '${{{call}}}', then: {{ drop: x }} }}]\n"
        );
        let (rules, findings) = load(&[("rules/r.yaml", &rule), endless]);
        assert_eq!(findings.render(), "");
        assert_eq!(decide(&rules, event("x")).reason.unwrap(), format!("rule `a` failed: {said}"));
    }
}

#[test]
fn mistakes_around_modules_are_shown_at_their_place() {
    let rules = "use: { names: lib/name, 2x: lib/names, text: ../secrets, t: lib/text }
rules:
  - id: a
    then:
      script: |
        import \"lib/nams\" as n;
        n::short(event.title);
  - id: b
    then:
      script: |
        let path = \"lib/names\";
        import path as n;
  - id: c
    then: { open_ticket: { type: A, summary: 'a ${t::frist(event.title)}' } }
  - id: d
    then: { open_ticket: { type: A, summary: '${t::first()}', team: '${x::first(1)}' } }
";
    let said = check(&[("rules/r.yaml", rules), NAMES, TEXT, TEAMS]);
    assert_eq!(said, include_str!("../../tests/findings/imports.txt"), "\n{said}");
}

#[test]
fn mistakes_in_modules_are_shown_once_at_their_place() {
    let said = check(&[
        (
            "rules/r.yaml",
            "use: { a: a, none: none }\nrules: [{ id: r, then: { drop: '${a::f()} ${none::x()}' } }]\n",
        ),
        ("rules/a.rhai", "import \"b\" as b;\nfn f() { b::f() }\n"),
        ("rules/b.rhai", "fn f() { g(}\n"),
        ("rules/c.rhai", "fn f() { event.title }\n"),
        ("rules/d.rhai", "import \"e\" as e;\n"),
        ("rules/e.rhai", "import \"f\" as f;\n"),
        ("rules/f.rhai", "import \"d\" as d;\n"),
        ("rules/g.rhai", "let open = is_open(\"x\");\n"),
        ("rules/h.rhai", "loop { }\n"),
        ("rules/i.rhai", "fn f(x) { trucate(x, 3) }\n"),
        ("rules/none.rhai", "fn x() { lookup(\"tems\", 1) }\n"),
        TEAMS,
    ]);
    assert_eq!(said, include_str!("../../tests/findings/modules.txt"), "\n{said}");
}

#[test]
fn calls_that_cannot_work_are_found_without_running() {
    let rules = "rules:
  - id: a
    when: { script: event.title.start_with(\"x\") }
    then:
      open_ticket:
        type: A
        summary: \"${trucate(event.title, 3)} ${truncate(event.title)}\"
        details: |
          Open since ${ago(event.started_at)},
          team ${lookup(\"tems\", event.site.name)} ${in_calendar(\"business-hours\")}
  - id: b
    then:
      script: |
        fn twice(x) { x + x }
        let f = |x| x + 1;
        let list = [1, 2].map(|v| v * 2).filter(|v| v > 2);
        twice(2); f.call(1); list.len(); print(type_of(list)); event.title.to_upper(); (1).max(2);
        drop(); drop(\"x\"); open_ticket(); add_note(\"x\"); \"x\".truncate(1);
        twice(1, 2);
";
    let said = check(&[("rules/r.yaml", rules), TEAMS]);
    assert_eq!(said, include_str!("../../tests/findings/calls.txt"), "\n{said}");
}
