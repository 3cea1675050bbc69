//! Which rules an event passes, and what they change on the way: `continue`, `set`, modes, `active`, states.

use super::*;

const FALL: &str = "\n  - { id: last, key: last, then: { open_ticket: { summary: '${event.title}' } } }";

fn outcomes(step: &Step) -> Vec<(&str, Option<Outcome>)> {
    step.decisions.iter().map(|d| (d.rule.as_str(), d.outcome)).collect()
}

#[test]
fn continue_lets_later_rules_have_the_event_too() {
    let mut world = World::new(&format!(
        "  - {{ id: first, continue: true, then: {{ drop: counted elsewhere }} }}{FALL}"
    ));
    let step = world.fires();
    assert_eq!(outcomes(&step), [("first", Some(Outcome::Dropped)), ("last", Some(Outcome::OpenTicket))]);
    assert_eq!(step.outcome, Outcome::OpenTicket, "the weightiest decision is the outcome");
}

#[test]
fn a_rule_that_only_sets_goes_on_and_later_rules_see_the_change() {
    let mut world = World::new(
        "  - { id: raise, when: { title: { contains: disk } }, then: { set: { severity: critical, vars.team: Servers, check: disk } } }
  - { id: by-check, when: { check: disk, severity: critical }, then: { open_ticket: { team: '${vars.team}' } } }",
    );
    let step = world.fires();
    assert_eq!(step.outcome, Outcome::OpenTicket);
    assert_eq!(json!(draft(&step).team), json!("Servers"));
    let event = step.event.as_ref().expect("an event");
    assert_eq!(event.severity(), Severity::Critical);
    assert_eq!(outcomes(&step)[0], ("raise", Some(Outcome::Nothing)));
}

#[test]
fn what_a_continuing_rule_sets_is_seen_by_later_rules() {
    let mut world = World::new(
        "  - { id: first, continue: true, key: first, then: [{ open_ticket: {} }, { set: { check: disk } }] }
  - { id: by-check, when: { check: disk }, key: second, then: { open_ticket: {} } }",
    );
    assert_eq!(kinds(&world.fires()), [Outcome::OpenTicket, Outcome::OpenTicket]);
}

#[test]
fn a_rule_in_shadow_sends_nothing_and_stops_nobody() {
    let mut world = World::new(&format!(
        "  - {{ id: quiet, mode: shadow, then: [{{ set: {{ title: changed }} }}, {{ open_ticket: {{}} }}] }}{FALL}"
    ));
    let step = world.fires();
    assert_eq!(kinds(&step), [Outcome::OpenTicket]);
    assert_eq!(summary(&step), "Disk full", "what it sets is not seen outside");
    assert_eq!(step.decisions[0].mode, Mode::Shadow);
    assert_eq!(step.decisions[0].outcome, Some(Outcome::OpenTicket));
    let shadow = world.case("shadow/quiet/s/f");
    assert!(shadow.shadow && shadow.state == CaseState::Open, "it keeps its own case");
    let resolved = world.event(json!({"state": "resolved"}));
    assert_eq!(kinds(&resolved), [Outcome::ResolveTicket], "one resolution, the live one");
    assert_eq!(world.case("shadow/quiet/s/f").state, CaseState::Resolved);
}

#[test]
fn the_timer_of_a_case_in_shadow_decides_without_an_outcome() {
    let mut world = World::new("  - { id: quiet, mode: shadow, hold: 5m, then: { open_ticket: {} } }");
    assert_eq!(world.fires().outcome, Outcome::Unmatched);
    let steps = world.after("5m");
    assert_eq!((steps.len(), steps[0].outcome), (1, Outcome::Nothing), "{:?}", steps[0].reason);
    assert_eq!(steps[0].decisions[0].outcome, Some(Outcome::OpenTicket));
    assert!(steps[0].effects.is_empty());
}

#[test]
fn a_rule_in_shadow_that_fails_costs_nobody_a_ticket() {
    let mut world =
        World::new("  - { id: quiet, mode: shadow, key: '${event.nowhere}', then: { open_ticket: {} } }");
    let step = world.fires();
    assert_eq!((step.outcome, step.effects.len()), (Outcome::Unmatched, 0));
    assert_eq!(outcomes(&step), [("quiet", Some(Outcome::Error))]);
}

#[test]
fn a_rule_live_for_some_clients_is_in_shadow_for_the_rest() {
    let mut world = World::new(&format!(
        "  - {{ id: canary, mode: {{ live_for: [northwind] }}, then: {{ open_ticket: {{ summary: canary }} }} }}{FALL}"
    ));
    assert_eq!(summary(&world.event(json!({"client": {"name": "Northwind"}}))), "canary");
    let rest = world.event(json!({"client": {"name": "Contoso"}, "fingerprint": "g"}));
    assert_eq!(summary(&rest), "Disk full");
    assert_eq!(rest.decisions[0].mode, Mode::Shadow);
}

#[test]
fn a_rule_that_is_off_is_not_there() {
    let mut world = World::new("  - { id: a, mode: off, then: { open_ticket: {} } }");
    assert_eq!(world.fires().outcome, Outcome::Unmatched);
}

#[test]
fn a_rule_acts_only_while_it_is_active() {
    let file = SourceFile::new(
        "c.yaml",
        "office: { timezone: Europe/London, weekly: { mon-fri: \"09:00-17:00\" } }",
    );
    let mut findings = Findings::default();
    let calendars = crate::calendar::Calendar::decode_all(
        &file,
        &crate::yaml::read(&file).expect("reads"),
        &mut findings,
    );
    for (active, acts) in [
        ("{ from: 2026-01-05, until: 2026-01-06 }", true),
        ("{ from: 2026-01-05T09:00:01Z }", false),
        ("{ until: 2026-01-05T09:00:00Z }", false),
        ("{ during: office }", true),
        ("{ outside: office }", false),
    ] {
        let mut settings = Settings::default();
        settings.calendars = calendars.clone().into();
        let rule = format!("  - {{ id: a, active: {active}, then: {{ open_ticket: {{}} }} }}");
        let step = World::with(&rule, settings).fires();
        assert_eq!(step.outcome == Outcome::OpenTicket, acts, "{active}");
    }
}

#[test]
fn acknowledged_update_and_test_open_nothing_unless_a_rule_names_the_state() {
    let mut world = World::new(
        "  - { id: tests, when: { state: test }, then: { open_ticket: { summary: a test } } }
  - { id: all, then: { open_ticket: {} } }",
    );
    for state in ["acknowledged", "update"] {
        let step = world.event(json!({"state": state}));
        assert_eq!(step.outcome, Outcome::Nothing, "{state}");
        assert!(reason(&step).contains(state), "{}", reason(&step));
    }
    let step = world.event(json!({"state": "test"}));
    assert_eq!((step.outcome, summary(&step)), (Outcome::OpenTicket, "a test"));
    assert_eq!(world.case("s/f").count, 1, "it counts like any other");
}

#[test]
fn a_state_that_a_rule_does_not_want_is_not_a_state_it_names() {
    let mut world = World::new(
        "  - { id: a, when: { state: { not: test } }, then: { open_ticket: {} } }
  - { id: b, when: { none: [{ state: acknowledged }] }, then: { open_ticket: {} } }",
    );
    for state in ["resolved", "update", "test", "acknowledged"] {
        let step = world.event(json!({"state": state}));
        assert_eq!((step.outcome, step.effects.len()), (Outcome::Nothing, 0), "{state}");
    }
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
}

#[test]
fn a_source_that_a_rule_does_not_listen_to_passes_it_by() {
    let mut world = World::new(&format!(
        "  - {{ id: a, from: [Other, third], then: {{ open_ticket: {{ summary: a }} }} }}{FALL}"
    ));
    assert_eq!(summary(&world.fires()), "Disk full");
    assert_eq!(summary(&world.event(json!({"source": "OTHER"}))), "a");
}

#[test]
fn everything_is_explained_only_where_asked_for() {
    let rules = load(
        "  - { id: a, when: { severity: low, check: { contains: disk } }, then: { open_ticket: {} } }
  - { id: b, mode: off, then: { open_ticket: {} } }
  - { id: c, from: other, then: { open_ticket: {} } }",
        Settings::default(),
    );
    let event =
        Event::from_json(json!({"source": "s", "check": "Disk"}), Severity::Medium).expect("an event");
    let now = START.parse().expect("a time");
    let cases = CaseBook::default();
    let explained = step(&rules, &cases, &Input::Event(event.clone()), Explain::Everything, now);
    let texts: Vec<String> = explained
        .decisions
        .iter()
        .map(|d| {
            let failed = d.conditions.iter().find(|c| !c.held);
            let why = failed.map(|c| format!("{} {}, was {}", c.path, c.expected, c.actual));
            format!("{}: {}", d.rule, why.or_else(|| d.reason.clone()).unwrap_or_default())
        })
        .collect();
    assert_eq!(
        texts,
        ["a: severity is low, was \"medium\"", "b: the rule is off", "c: it listens to other, not to s"]
    );
    let brief = step(&rules, &cases, &Input::Event(event), Explain::Matches, now);
    assert!(brief.decisions.is_empty());
}

#[test]
fn a_trace_shows_the_case_as_the_rule_saw_it() {
    let mut world =
        World::new("  - { id: a, when: { case: { count: { at_most: 1 } } }, then: { open_ticket: {} } }");
    let step = world.fires();
    let trace = &step.decisions[0].conditions[0];
    assert_eq!((trace.path.as_str(), &trace.actual, trace.held), ("case.count", &json!(1), true));
}
