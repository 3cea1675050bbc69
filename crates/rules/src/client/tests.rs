use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    CaseBook, EffectKind, Event, Explain, Findings, Input, RuleSet, Settings, Severity, SourceFile,
    TicketDraft, read_yaml, step,
};

const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);

fn clients() -> Vec<ClientFacts> {
    let client = |id, name: &str, domain: &str, tenant: &str| ClientFacts {
        id,
        name: name.into(),
        domains: vec![domain.into()],
        tenants: vec![tenant.into()],
    };
    vec![
        client(12, "Northwind Dental Ltd", "northwind.example", "6f1c8a52-0000-4000-8000-000000000012"),
        client(13, "Harbour & Sons", "harbour.example", "6f1c8a52-0000-4000-8000-000000000013"),
        client(14, "Acme Ltd", "acme.example", "t-14"),
        client(15, "ACME, Inc.", "acme.example", "t-15"),
        client(16, "acme ltd", "other.example", "t-16"),
        client(17, "Blue Lagoon", "lagoon.example", "t-17"),
    ]
}

fn directory() -> ClientDirectory {
    let map = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<BTreeMap<_, _>>()
    };
    ClientDirectory {
        sources: BTreeMap::from([(
            "ninjaone".into(),
            map(&[("org-7", "Harbour & Sons"), ("Acme Ltd", "15"), ("gone", "Nobody")]),
        )]),
        aliases: map(&[
            ("The Dentist", "12"),
            ("Acme", "14"),
            ("Harbour & Sons", "12"),
            ("org-9", "blue lagoon"),
        ]),
    }
}

fn find(source: &str, vendor_id: Option<&str>, name: Option<&str>, email: Option<&str>) -> ClientMatch {
    directory().find(&clients(), Candidate { source, vendor_id, name, email }, |_| Vec::new())
}

fn by_name(name: &str) -> ClientMatch {
    find("veeam", None, Some(name), None)
}

#[test]
fn the_sources_own_mapping_comes_first() {
    assert_eq!(find("NinjaOne", Some("ORG-7"), Some("Blue Lagoon"), None), ClientMatch::Found(13));
    assert_eq!(
        find("ninjaone", None, Some("Acme Ltd"), None),
        ClientMatch::Found(15),
        "before an exact name"
    );
    assert_eq!(
        find("veeam", Some("org-7"), Some("Blue Lagoon"), None),
        ClientMatch::Found(17),
        "of that source only"
    );
    assert_eq!(
        find("ninjaone", Some("gone"), Some("Blue Lagoon"), None),
        ClientMatch::None,
        "it leads nowhere"
    );
}

#[test]
fn then_the_exact_name_then_the_name_without_case_then_without_the_rest() {
    assert_eq!(by_name("Acme Ltd"), ClientMatch::Found(14), "the others differ in case or form");
    assert_eq!(by_name("Acme ltd "), ClientMatch::Several(vec!["Acme Ltd".into(), "acme ltd".into()]));
    assert_eq!(by_name("NORTHWIND DENTAL LTD"), ClientMatch::Found(12));
    assert_eq!(by_name("Northwind-Dental, Limited."), ClientMatch::Found(12));
    assert_eq!(by_name("bluelagoon"), ClientMatch::Found(17));
}

#[test]
fn an_alias_comes_after_names_and_says_which_of_several_is_meant() {
    assert_eq!(by_name("the dentist"), ClientMatch::Found(12));
    assert_eq!(
        by_name("Harbour & Sons"),
        ClientMatch::Found(13),
        "a client's own name is no alias of another"
    );
    assert_eq!(by_name("Acme"), ClientMatch::Found(14), "three clients fold to it; a person has said which");
    assert_eq!(find("veeam", Some("org-9"), None, None), ClientMatch::Found(17), "an alias may be an id");
}

#[test]
fn then_the_mail_domain_then_the_azure_tenant() {
    let email = Some("x@Harbour.example");
    assert_eq!(find("m365", Some("T-17"), Some("unknown"), email), ClientMatch::Found(13));
    assert_eq!(find("m365", Some("T-17"), Some("unknown"), Some("x@gmail.com")), ClientMatch::Found(17));
    assert_eq!(find("m365", Some(" t-15 "), None, None), ClientMatch::Found(15));
    let both = ClientMatch::Several(vec!["Acme Ltd".into(), "ACME, Inc.".into()]);
    assert_eq!(find("m365", None, None, Some("eve@acme.example")), both);
    let known_elsewhere = Candidate { email: Some("x@new.example"), ..Candidate::default() };
    let owners = |domain: &str| if domain == "new.example" { vec![17] } else { Vec::new() };
    assert_eq!(directory().find(&clients(), known_elsewhere, owners), ClientMatch::Found(17));
}

#[test]
fn nothing_is_guessed() {
    assert_eq!(by_name("Northwind"), ClientMatch::None, "half a name");
    assert_eq!(
        find("veeam", Some("12"), None, None),
        ClientMatch::None,
        "a vendor's number is not HaloPSA's"
    );
    assert_eq!(find("veeam", None, Some("--"), None), ClientMatch::None);
    assert_eq!(find("veeam", None, None, Some("x@gmail.com")), ClientMatch::Unnamed);
    assert_eq!(find("veeam", Some(" "), Some(""), None), ClientMatch::Unnamed);
}

const CLIENTS_FILE: &str = "
Northwind Dental Ltd: { type: Managed, team: Dental, sla: Gold, priority: { critical: P1, else: P3 }, custom_fields: { contract: A, by: client } }
13: { type: '${lookup(\"types\", event.client.name) ?? \"Plain\"}', fields: { sendack: true } }
";

/// The ticket that a rule opens for an event of the client.
fn ticket(rules: &str, known: Vec<ClientFacts>, client: &Value) -> TicketDraft {
    let mut settings = Settings::default();
    (settings.clients, settings.known_clients) = (directory(), known);
    let parse = |path: &str, text: &str| {
        let file = SourceFile::new(path, text);
        let node = read_yaml(&file).expect("reads");
        (file, node)
    };
    let (file, node) = parse(
        "haloward.yaml",
        "{ type: Alert, team: Desk, status: New, priority: Low, custom_fields: { by: config, a: 1 } }",
    );
    settings.ticket_defaults(&file, &node);
    let (file, node) = parse("clients.yaml", CLIENTS_FILE);
    settings.client_defaults(&file, &node);
    let files = [
        SourceFile::new("rules/r.yaml", rules),
        SourceFile::new("rules/tables/types.csv", "client,type\nHARBOUR & SONS,Break-fix\n"),
    ];
    let (rules, findings) = RuleSet::load(&files, settings);
    assert_eq!(findings.render(), "");
    let event = json!({ "source": "ninjaone", "fingerprint": "f", "title": "t", "severity": "critical", "client": client });
    let event = Event::from_json(event, Severity::Medium).expect("an event").received("e1", NOW);
    let step = step(&rules, &CaseBook::default(), &Input::Event(event), Explain::Matches, NOW);
    match step.effects.into_iter().next().map(|effect| effect.kind) {
        Some(EffectKind::OpenTicket { draft, .. }) => *draft,
        other => panic!("{other:?}, since {:?}", step.reason),
    }
}

fn said(reference: Option<&crate::Reference>) -> String {
    reference.map(ToString::to_string).unwrap_or_default()
}

const PLAIN: &str = "rules: [{ id: a, then: { open_ticket: {} } }]\n";

#[test]
fn a_clients_defaults_stand_between_those_of_the_configuration_and_of_the_file() {
    let northwind = json!({ "name": "Northwind Dental" });
    let draft = ticket(PLAIN, Vec::new(), &northwind);
    let fields = [&draft.ticket_type, &draft.team, &draft.sla, &draft.priority, &draft.status]
        .map(|r| said(r.as_ref()));
    assert_eq!(fields, ["Managed", "Dental", "Gold", "P1", "New"]);
    assert_eq!(json!(draft.custom_fields), json!({ "contract": "A", "by": "client", "a": 1 }));
    let rules = "defaults: { ticket: { team: File, sla: File } }
rules: [{ id: a, then: { open_ticket: { sla: Effect, custom_fields: { by: effect } } } }]\n";
    let draft = ticket(rules, Vec::new(), &northwind);
    let fields = [&draft.ticket_type, &draft.team, &draft.sla, &draft.priority].map(|r| said(r.as_ref()));
    assert_eq!(fields, ["Managed", "File", "Effect", "P1"]);
    assert_eq!(json!(draft.custom_fields), json!({ "contract": "A", "by": "effect", "a": 1 }));
    let scripted = "rules: [{ id: a, then: { script: 'open_ticket(#{ team: \"Script\" });' } }]\n";
    let draft = ticket(scripted, Vec::new(), &northwind);
    assert_eq!(
        (said(draft.ticket_type.as_ref()), said(draft.team.as_ref())),
        ("Managed".into(), "Script".into())
    );
}

#[test]
fn the_client_is_the_tickets_and_else_the_events() {
    let other = "rules: [{ id: a, then: { open_ticket: { client: NORTHWIND DENTAL } } }]\n";
    assert_eq!(
        said(ticket(other, Vec::new(), &json!({ "name": "Harbour & Sons" })).ticket_type.as_ref()),
        "Managed"
    );
    let by_id = "rules: [{ id: a, then: { open_ticket: { client: 12 } } }]\n";
    assert_eq!(said(ticket(by_id, clients(), &json!({})).ticket_type.as_ref()), "Managed", "12 is Northwind");
    for client in [json!({ "name": "Somebody" }), json!({}), json!({ "id": 12 })] {
        assert_eq!(said(ticket(PLAIN, clients(), &client).ticket_type.as_ref()), "Alert", "{client}");
    }
}

#[test]
fn who_the_client_is_follows_the_clients_file_with_and_without_knowing_the_tenant() {
    for known in [Vec::new(), clients()] {
        let mapped = ticket(PLAIN, known.clone(), &json!({ "id": "org-7" }));
        let plain = if known.is_empty() { "Alert" } else { "Plain" };
        assert_eq!(
            said(mapped.ticket_type.as_ref()),
            plain,
            "`org-7` is a name, which only the tenant has an id for"
        );
        let aliased = ticket(PLAIN, known, &json!({ "name": "The Dentist" }));
        let managed = if plain == "Plain" { "Managed" } else { "Alert" };
        assert_eq!(said(aliased.ticket_type.as_ref()), managed);
    }
    let harbour = ticket(PLAIN, clients(), &json!({ "name": "harbour and sons" }));
    assert_eq!(said(harbour.ticket_type.as_ref()), "Plain", "the table knows it by another name");
    assert_eq!(harbour.fields["sendack"], true);
    let tenant = json!({ "id": "6F1C8A52-0000-4000-8000-000000000012" });
    assert_eq!(said(ticket(PLAIN, clients(), &tenant).ticket_type.as_ref()), "Managed");
}

#[test]
fn mistakes_in_a_clients_defaults_are_shown_at_their_place() {
    let mut settings = Settings::default();
    let file = SourceFile::new(
        "clients.yaml",
        "northwind: { tem: A }\nNorthwind: { team: '${evnt.x}' }\nharbour: { client: Other }\n",
    );
    settings.client_defaults(&file, &read_yaml(&file).expect("reads"));
    let (_, findings): (_, Findings) = RuleSet::load(&[], settings);
    let said: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "unknown field `tem`",
            "undefined variable: evnt",
            "`Northwind` has ticket defaults twice",
            "a client's own ticket defaults cannot name a client"
        ]
    );
}
