//! From an event to the ticket's fields.

use super::*;
use crate::ticket::Reference;

fn name(text: &str) -> Reference {
    Reference::Name(text.to_owned())
}

#[test]
fn the_smallest_rule_opens_a_ticket_that_says_what_happened() {
    let mut world =
        World::new("  - { id: all-critical, when: { severity: critical }, then: { open_ticket: {} } }");
    let step = world.event(json!({
        "severity": "critical", "title": "Disk C: full", "message": "2 <GB> left",
        "device": {"name": "SRV-01"}, "client": {"id": 7, "name": "Northwind"}, "user": {"email": "a@b.test"}
    }));
    assert_eq!(step.outcome, Outcome::OpenTicket);
    assert_eq!(summary(&step), "Disk C: full");
    let details = &draft(&step).details.as_ref().expect("details").html;
    assert!(details.contains("<tr><td>Message</td><td>2 &lt;GB&gt; left</td></tr>"), "{details}");
    assert!(details.contains("<tr><td>Device</td><td>SRV-01</td></tr>"), "{details}");
    let EffectKind::OpenTicket { origin, .. } = &step.effects[0].kind else { panic!("a ticket") };
    assert_eq!(
        **origin,
        Origin {
            event: "e-1".into(),
            source: "s".into(),
            client_id: Some("7".into()),
            client_name: Some("Northwind".into()),
            user_email: Some("a@b.test".into()),
        }
    );
    let case = world.case("s/f");
    assert_eq!(
        (case.state, case.count, case.tickets),
        (CaseState::Open, 1, 1),
        "the key is source/fingerprint"
    );
    assert_eq!(case.rule, RuleId::new("all-critical"));
    assert_eq!(step.decisions[0].at, "r.yaml:3");
}

#[test]
fn the_effect_wins_over_the_files_defaults_and_these_over_the_configurations() {
    let settings = ticket_defaults("{ type: Task, team: Desk, status: New, custom_fields: { a: 1, b: 1 } }");
    let text = "
defaults: { ticket: { team: Servers, status: Queued, priority: Low, custom_fields: { b: 2, c: 2 } } }
rules:
  - { id: a, then: { open_ticket: { status: Open, custom_fields: { c: 3 } } } }
";
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", text)], settings);
    assert!(findings.is_empty(), "{}", findings.render());
    let mut world = World { rules, ..World::new("  []") };
    let step = world.fires();
    let draft = draft(&step);
    assert_eq!(draft.ticket_type, Some(name("Task")), "the configuration's");
    assert_eq!(draft.team, Some(name("Servers")), "the file's");
    assert_eq!(draft.status, Some(name("Open")), "the effect's");
    assert_eq!(json!(draft.custom_fields), json!({"a": 1, "b": 2, "c": 3}), "maps are joined");
}

#[test]
fn fields_are_templates_and_priority_may_depend_on_the_severity() {
    let mut world = World::new(
        "  - id: a
    key: disk/${event.device.name}
    then:
      open_ticket:
        summary: \"${event.title}\\n on ${event.device.name} (${case.count})\"
        priority: { critical: Critical, high: High, else: Medium }
        category: [Server, '${event.check}']
        client: ${event.payload.org}
        parent: { case: 'host/${event.device.name}' }
        custom_fields: { CFdisk: '${event.payload.free}' }",
    );
    let step = world.event(json!({
        "severity": "high", "check": "Disk", "device": {"name": "SRV"}, "payload": {"org": "42", "free": 1.5}
    }));
    let draft = draft(&step);
    assert_eq!(draft.summary.as_deref(), Some("Disk full on SRV (1)"), "a summary is one line");
    assert_eq!(draft.priority, Some(name("High")));
    assert_eq!(draft.category, ["Server", "Disk"]);
    assert_eq!(draft.client, Some(Reference::Id(42)), "a whole number is an id");
    assert_eq!(json!(draft.parent), json!({"case": "host/SRV"}));
    assert_eq!(json!(draft.custom_fields), json!({"CFdisk": 1.5}), "one expression keeps its type");
    assert_eq!(step.decisions[0].key, Some(Key::new("disk/SRV")));
}

#[test]
fn the_first_rule_that_matches_decides() {
    let mut world = World::new(
        "  - { id: other, when: { title: other }, then: { open_ticket: { summary: other } } }
  - { id: first, then: { open_ticket: { summary: first } } }
  - { id: second, then: { open_ticket: { summary: second } } }",
    );
    assert_eq!(summary(&world.fires()), "first");
}

#[test]
fn overlong_keys_stay_apart_and_the_same() {
    let mut world = World::new("  - { id: a, key: '${event.payload.k}', then: { open_ticket: {} } }");
    let long = "ö".repeat(500);
    let one = world.event(json!({"payload": {"k": format!("{long}1")}}));
    let two = world.event(json!({"payload": {"k": format!("{long}2")}}));
    let again = world.event(json!({"payload": {"k": format!("{long}1")}}));
    assert_eq!((one.outcome, two.outcome), (Outcome::OpenTicket, Outcome::OpenTicket));
    assert_eq!(again.outcome, Outcome::AddNote, "the same key is the same problem");
    assert!(one.effects[0].key.as_str().len() < 450, "{}", one.effects[0].key);
}

#[test]
fn the_numbers_of_a_keys_tickets_go_on() {
    let mut world = World::new("  - { id: a, then: { open_ticket: {} } }");
    for number in 1..4 {
        assert_eq!(world.fires().effects[0].ticket, number);
        assert_eq!(world.resolves().outcome, Outcome::ResolveTicket);
    }
}

#[test]
fn an_event_that_no_rule_wants_is_unmatched() {
    let mut world = World::new("  - { id: a, when: { title: other }, then: { open_ticket: {} } }");
    let step = world.fires();
    assert_eq!((step.outcome, reason(&step)), (Outcome::Unmatched, "no rule matched"));
    assert!(step.effects.is_empty() && step.cases.is_empty() && step.decisions.is_empty());
}

#[test]
fn a_deciding_script_decides_by_the_names_of_the_effects() {
    let mut world = World::new(
        "  - id: a
    then:
      script: |
        if event.device.name.starts_with(\"LAB-\") { drop(\"lab machine\"); return; }
        open_ticket(#{ summary: `${event.title} on ${event.device.name}`, details: \"<b>\",
                       priority: if event.severity == \"high\" { \"High\" } else { \"Medium\" },
                       again: #{ do: \"note\" } });",
    );
    let dropped = world.event(json!({"device": {"name": "LAB-1"}}));
    assert_eq!((dropped.outcome, reason(&dropped)), (Outcome::Dropped, "lab machine"));
    assert!(dropped.cases.is_empty(), "nothing to remember");
    let opened = world.event(json!({"device": {"name": "SRV"}, "severity": "high"}));
    assert_eq!(summary(&opened), "Disk full on SRV");
    assert_eq!(draft(&opened).priority, Some(name("High")));
    assert_eq!(draft(&opened).details.as_ref().map(|d| d.html.as_str()), Some("<p>&lt;b&gt;</p>\n"));
    let again = world.event(json!({"device": {"name": "SRV"}, "severity": "high"}));
    assert!(note(&again).contains("Fires again (seen 2 times)"), "{}", note(&again));
}

#[test]
fn later_effects_of_a_rule_find_the_ticket_of_its_first() {
    let mut world = World::new(
        "  - id: a
    then:
      - open_ticket: {}
      - add_note: 'Runbook: ${event.payload.runbook}'
      - update_ticket: { ticket: 77, status: Linked }",
    );
    let step = world.event(json!({"payload": {"runbook": "R-1"}}));
    assert_eq!(kinds(&step), [Outcome::OpenTicket, Outcome::AddNote, Outcome::UpdateTicket]);
    assert_eq!(step.outcome, Outcome::OpenTicket, "the weightiest effect is the outcome");
    let EffectKind::UpdateTicket { id, .. } = &step.effects[2].kind else { panic!("an update") };
    assert_eq!(*id, Some(77));
}

#[test]
fn a_note_for_a_case_without_a_ticket_is_nothing() {
    let mut world = World::new("  - { id: a, then: { add_note: hello } }");
    let step = world.fires();
    assert_eq!((step.outcome, reason(&step)), (Outcome::Nothing, "the case has no open ticket"));
}
