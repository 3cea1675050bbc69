use super::*;
use crate::{RuleSet, Settings, SourceFile, read_yaml};

fn used(rules: &str) -> Vec<String> {
    let mut settings = Settings::default();
    let parse = |path: &str, text: &str| {
        let file = SourceFile::new(path, text);
        let node = read_yaml(&file).expect("reads");
        (file, node)
    };
    let (file, node) =
        parse("haloward.yaml", "type: Alert\npriority: { critical: P1, else: P3 }\nteam: Desk\n");
    settings.ticket_defaults(&file, &node);
    let (file, node) = parse("clients.yaml", "Northwind: { sla: Gold }\n");
    settings.client_defaults(&file, &node);
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", rules)], settings);
    assert_eq!(findings.render(), "");
    let given = |given: &Given| match given {
        Given::Unsaid => "?".to_owned(),
        Given::Computed => "${}".to_owned(),
        Given::Literal(name) => name.to_string(),
    };
    let shown = rules.names().iter().map(|name| {
        let at = format!("{}:{}:{}", name.at.file, name.at.span.line, name.at.span.column);
        let within = match name.kind {
            NameKind::Priority => {
                format!(" of {}/{}", given(&name.within.ticket_type), given(&name.within.sla))
            }
            _ => String::new(),
        };
        let inherited = if name.inherited { " (inherited)" } else { "" };
        format!("{at} {:?} {}{within}{inherited}", name.kind, name.name)
    });
    shown.collect()
}

const DEFAULTS: [&str; 6] = [
    "haloward.yaml:2:23 Priority P1 of Alert/?",
    "haloward.yaml:2:33 Priority P3 of Alert/?",
    "haloward.yaml:1:7 Type Alert",
    "haloward.yaml:3:7 Team Desk",
    "clients.yaml:1:19 Sla Gold",
    "clients.yaml:1:1 OwnClient Northwind",
];

fn in_rules(rules: &str) -> Vec<String> {
    used(rules).into_iter().filter(|name| name.starts_with("r.yaml")).collect()
}

#[test]
fn the_configurations_and_the_clients_files_names_are_among_them() {
    let all = used("rules: []\n");
    for name in DEFAULTS {
        assert!(all.contains(&name.to_owned()), "{name} is not in {all:#?}");
    }
    for priority in ["P1", "P3"] {
        let inherited = format!("clients.yaml:1:1 Priority {priority} of Alert/Gold (inherited)");
        assert!(all.contains(&inherited), "{inherited} is not in {all:#?}");
    }
}

#[test]
fn every_field_that_holds_names_is_read() {
    let rules = "rules:
  - id: a
    then:
      open_ticket:
        status: New
        impact: Wide
        urgency: 2
        agent: Ana
        client: Northwind
        site: Main
        user: ana@nw.example
        asset: SRV-01
        category: [Hardware, Disk]
        custom_fields: { device: x }
        team: ${event.team}
        resolved: { status: Done, note: { text: over, outcome: Fixed } }
      add_note: { text: x, outcome: Email }
      resolve_ticket: { status: Closed, note: x }
    escalate: { after: 1h, update: { team: Second Line }, note: { text: x, outcome: Escalated } }
";
    assert_eq!(
        in_rules(rules),
        [
            "r.yaml:5:17 Status New",
            "r.yaml:6:17 Impact Wide",
            "r.yaml:7:18 Urgency 2",
            "r.yaml:8:16 Agent Ana",
            "r.yaml:9:17 Client Northwind",
            "r.yaml:10:15 Site Main",
            "r.yaml:11:15 User ana@nw.example",
            "r.yaml:12:16 Asset SRV-01",
            "r.yaml:13:20 Category(1) Hardware",
            "r.yaml:13:30 Category(2) Disk",
            "r.yaml:14:26 CustomField device",
            "r.yaml:16:29 Status Done",
            "r.yaml:16:64 Outcome Fixed",
            "r.yaml:17:37 Outcome Email",
            "r.yaml:18:33 Status Closed",
            "r.yaml:19:44 Team Second Line",
            "r.yaml:19:85 Outcome Escalated",
        ]
    );
}

#[test]
fn names_that_tickets_are_compared_with_are_read_too() {
    let rules = "rules:
  - id: a
    when:
      ticket.status: [New, With User]
      ticket.type: { not: Task, contains: x }
      any: [{ change.team.to: Network }, { change.fields: team }]
      ticket.agent: Ana
    then: { update_ticket: { team: Desk } }
";
    let expected = [
        "r.yaml:4:23 Status New",
        "r.yaml:4:28 Status With User",
        "r.yaml:5:27 Type Task",
        "r.yaml:6:31 Team Network",
        "r.yaml:8:36 Team Desk",
    ];
    assert_eq!(in_rules(rules), expected);
}

#[test]
fn a_priority_knows_the_type_and_the_sla_that_its_ticket_will_have() {
    let rule = |defaults: &str, fields: &str| {
        in_rules(&format!(
            "defaults: {{ ticket: {{ {defaults} }} }}\nrules: [{{ id: a, then: {{ open_ticket: {{ {fields} }} }} }}]\n"
        ))
    };
    let priorities = |names: Vec<String>| -> Vec<String> {
        names
            .into_iter()
            .filter_map(|name| name.split_once(" Priority ").map(|(_, p)| p.to_owned()))
            .collect()
    };
    assert_eq!(priorities(rule("", "priority: High")), ["High of Alert/?"]);
    assert_eq!(priorities(rule("", "priority: High, type: Task, sla: Gold")), ["High of Task/Gold"]);
    assert_eq!(priorities(rule("type: Task", "priority: '${event.p}'")), [""; 0]);
    assert_eq!(priorities(rule("priority: High", "summary: x")), ["High of Alert/?"]);
    assert_eq!(
        priorities(rule("priority: High", "type: Task")),
        ["High of Alert/?", "High of Task/? (inherited)"]
    );
    let of_task = ["P1 of Task/? (inherited)", "P3 of Task/? (inherited)"];
    assert_eq!(priorities(rule("type: Task", "summary: x")), of_task);
    assert_eq!(
        priorities(rule("", "type: '${event.t}'")),
        ["P1 of ${}/? (inherited)", "P3 of ${}/? (inherited)"]
    );
    assert_eq!(
        priorities(rule("", "sla: 3, priority: { high: A, else: B }")),
        ["A of Alert/3", "B of Alert/3"]
    );
}
