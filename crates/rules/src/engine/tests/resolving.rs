//! A problem is gone: by its event, after a while, by a rule of its own; and it comes back.

use super::*;

fn resolved(text: &str) -> World {
    World::new(&format!("  - {{ id: a, when: {{ state: firing }}, then: {{ open_ticket: {{ {text} }} }} }}"))
}

fn unless_touched(step: &Step) -> bool {
    matches!(step.effects[0].kind, EffectKind::ResolveTicket { unless_touched: true, .. })
}

#[test]
fn a_resolved_event_need_not_match_and_resolves_the_ticket() {
    let mut world = World::new(
        "  - { id: a, when: { severity: critical }, key: 'k/${event.payload.n}', then: { open_ticket: {} } }",
    );
    world.event(json!({"severity": "critical", "payload": {"n": 1}}));
    world.after("2h");
    let step = world.event(json!({"state": "resolved", "title": "Disk fine"}));
    assert_eq!(step.outcome, Outcome::ResolveTicket);
    assert!(unless_touched(&step), "HaloPSA may know of work that we do not");
    assert_eq!(
        note(&step),
        "<p>Resolved: Disk fine<br />\nSeen 1 times, first 2026-01-05 09:00 UTC, last 2026-01-05 09:00 UTC.</p>\n"
    );
    assert_eq!(step.effects[0].rule, RuleId::new("a"));
    assert_eq!(step.decisions[0].key, Some(Key::new("k/1")));
    assert_eq!(world.case("k/1").state, CaseState::Resolved);
}

#[test]
fn a_resolved_event_that_fed_no_case_does_nothing() {
    let mut world = World::new("  - { id: a, then: { open_ticket: {} } }");
    let step = world.resolves();
    assert_eq!((step.outcome, reason(&step)), (Outcome::Nothing, "no open case is fed by this problem"));
    world.fires();
    assert_eq!(world.event(json!({"state": "resolved", "source": "t"})).outcome, Outcome::Nothing);
    assert_eq!(world.event(json!({"state": "resolved", "fingerprint": "g"})).outcome, Outcome::Nothing);
    world.resolves();
    assert_eq!(world.resolves().outcome, Outcome::Nothing, "it is resolved already");
}

#[test]
fn a_ticket_somebody_has_worked_on_gets_one_note() {
    let mut world = resolved("");
    world.fires();
    world.report(Report::TicketTouched { key: Key::new("s/f"), ticket: 1 });
    let step = world.resolves();
    assert_eq!(kinds(&step), [Outcome::AddNote]);
    assert_eq!(reason(&step), "somebody has worked on the ticket: only a note");
    assert_eq!(world.case("s/f").state, CaseState::Open);
    assert!(world.resolves().effects.is_empty(), "said once");
    world.fires();
    assert_eq!(kinds(&world.resolves()), [Outcome::AddNote], "said again after it fired again");
}

#[test]
fn resolved_may_mean_resolve_note_or_nothing() {
    let mut world = resolved("resolved: { do: resolve, status: Done, note: 'Fine: ${event.title}' }");
    world.fires();
    world.report(Report::TicketTouched { key: Key::new("s/f"), ticket: 1 });
    let step = world.resolves();
    let EffectKind::ResolveTicket { status, unless_touched, .. } = &step.effects[0].kind else { panic!() };
    assert_eq!((json!(status), *unless_touched), (json!("Done"), false));
    assert_eq!(note(&step), "<p>Fine: Disk full</p>\n");

    let mut world = resolved("resolved: note");
    world.fires();
    assert_eq!(kinds(&world.resolves()), [Outcome::AddNote]);
    assert!(world.resolves().effects.is_empty(), "one note for one resolution");

    let mut world = resolved("resolved: nothing");
    world.fires();
    let step = world.resolves();
    assert_eq!((step.outcome, step.effects.len()), (Outcome::Nothing, 0));
    assert_eq!(world.case("s/f").state, CaseState::Open);
}

#[test]
fn a_note_that_fails_keeps_no_ticket_open() {
    let mut world = resolved("resolved: { note: '${event.title + 1 - 1}' }");
    world.fires();
    let step = world.resolves();
    assert_eq!(kinds(&step), [Outcome::ResolveTicket]);
    assert!(reason(&step).starts_with("the rule's note failed: "), "{}", reason(&step));
}

#[test]
fn what_flaps_is_resolved_only_when_it_stays_so() {
    let mut world = resolved("resolved: { after: 10m }");
    world.fires();
    assert_eq!(world.resolves().outcome, Outcome::Waiting);
    world.after("9m");
    world.fires();
    assert!(world.after("1h").is_empty(), "it fired again before it was due");
    world.resolves();
    let steps = world.after("10m");
    assert_eq!(kinds(&steps[0]), [Outcome::ResolveTicket]);
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
}

#[test]
fn a_source_that_repeats_its_resolution_does_not_put_it_off() {
    let mut world = resolved("resolved: { after: 10m }");
    world.fires();
    world.resolves();
    for _ in 0..9 {
        assert!(world.after("1m").is_empty());
        assert_eq!(world.resolves().outcome, Outcome::Nothing);
    }
    assert_eq!(world.after("1m").len(), 1, "due when it first was");
}

#[test]
fn a_case_of_several_problems_is_resolved_when_all_of_them_are() {
    let mut world = World::new("  - { id: a, key: 'host/${event.device.name}', then: { open_ticket: {} } }");
    let device = json!({"name": "SRV"});
    for fingerprint in ["a", "b"] {
        world.event(json!({"fingerprint": fingerprint, "device": device}));
    }
    let step = world.event(json!({"state": "resolved", "fingerprint": "a"}));
    assert_eq!((step.outcome, reason(&step)), (Outcome::Nothing, "1 of 2 problems of this case still fire"));
    world.event(json!({"fingerprint": "a", "device": device}));
    world.event(json!({"state": "resolved", "fingerprint": "b"}));
    assert_eq!(world.case("host/SRV").state, CaseState::Open, "the first fires again");
    assert_eq!(world.event(json!({"state": "resolved", "fingerprint": "a"})).outcome, Outcome::ResolveTicket);
}

#[test]
fn one_problem_may_feed_several_cases() {
    let mut world = World::new(
        "  - { id: a, continue: true, key: a, then: { open_ticket: {} } }
  - { id: b, key: b, then: { open_ticket: { resolved: note } } }",
    );
    world.fires();
    let step = world.resolves();
    assert_eq!(kinds(&step), [Outcome::ResolveTicket, Outcome::AddNote]);
    assert_eq!(step.outcome, Outcome::ResolveTicket);
}

#[test]
fn a_case_that_begins_again_forgets_what_fed_it_before() {
    let mut world = World::new("  - { id: a, key: k, then: { open_ticket: {} } }");
    world.event(json!({"fingerprint": "old"}));
    world.event(json!({"state": "resolved", "fingerprint": "old"}));
    world.event(json!({"fingerprint": "new"}));
    let step = world.event(json!({"state": "resolved", "fingerprint": "old"}));
    assert_eq!(reason(&step), "no open case is fed by this problem");
}

#[test]
fn a_rule_that_names_the_resolved_state_handles_it_itself() {
    let mut world = World::new(
        "  - { id: fine, when: { state: resolved }, then: { resolve_ticket: { note: 'By rule', status: 9 } } }
  - { id: a, then: { open_ticket: {} } }",
    );
    world.fires();
    let step = world.resolves();
    let EffectKind::ResolveTicket { status, unless_touched, .. } = &step.effects[0].kind else { panic!() };
    assert_eq!((json!(status), *unless_touched), (json!(9), false));
    assert_eq!(step.effects[0].rule, RuleId::new("fine"));
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
}

#[test]
fn a_resolved_event_that_a_rule_found_nothing_to_do_for_still_resolves() {
    let mut world = World::new(
        "  - { id: fine, when: { state: resolved }, key: elsewhere, then: { add_note: fine } }
  - { id: a, then: { open_ticket: {} } }",
    );
    world.fires();
    assert_eq!(kinds(&world.resolves()), [Outcome::ResolveTicket]);
}

#[test]
fn a_rule_for_firing_and_resolved_does_not_take_the_end_for_a_repeat() {
    let mut world =
        World::new("  - { id: a, when: { state: [firing, resolved] }, then: { open_ticket: {} } }");
    assert_eq!(world.resolves().outcome, Outcome::Nothing, "the end of something that was never seen");
    world.fires();
    assert_eq!(kinds(&world.resolves()), [Outcome::ResolveTicket]);
}

#[test]
fn a_ticket_closed_a_short_while_ago_is_opened_again() {
    let mut world = resolved("reopen_within: 1h");
    world.fires();
    world.report(Report::TicketOpened { key: Key::new("s/f"), ticket: 1, id: 500 });
    world.resolves();
    world.after("1h");
    let step = world.fires();
    assert_eq!((step.outcome, step.effects[0].ticket), (Outcome::ReopenTicket, 1));
    assert_eq!(note(&step), "<p>Disk full fires again 1h after it was resolved.</p>\n");
    let case = world.case("s/f");
    assert_eq!((case.state, case.tickets, case.ticket.id), (CaseState::Open, 1, Some(500)));
    world.resolves();
    world.after("1h1s");
    let step = world.fires();
    assert_eq!((step.outcome, step.effects[0].ticket), (Outcome::OpenTicket, 2), "too long ago");
}

#[test]
fn only_the_end_of_a_ticket_counts_for_opening_it_again() {
    let mut world = World::new("  - { id: a, hold: 5m, then: { open_ticket: { reopen_within: 1h } } }");
    world.fires();
    world.after("5m");
    world.resolves();
    world.after("3h");
    world.fires();
    world.resolves();
    world.fires();
    let steps = world.after("5m");
    assert_eq!(steps[0].outcome, Outcome::OpenTicket, "what ended while waiting had no ticket");
}

#[test]
fn a_script_that_asks_for_a_lifecycle_gets_it_also_after_reopening() {
    let mut world = World::new(
        "  - id: a
    then:
      script: 'open_ticket(#{ resolved: \"note\", reopen_within: \"1h\" })'",
    );
    world.fires();
    assert_eq!(kinds(&world.resolves()), [Outcome::AddNote]);
    world.report(Report::TicketClosed { key: Key::new("s/f"), ticket: 1 });
    assert_eq!(world.fires().outcome, Outcome::ReopenTicket);
    assert_eq!(kinds(&world.resolves()), [Outcome::AddNote]);
}

#[test]
fn an_event_in_another_state_that_a_rule_counts_stops_the_resolution_as_a_firing_one_does() {
    let mut world = World::new(
        "
  - { id: a, when: { check: x }, then: { open_ticket: { resolved: { do: resolve, after: 10m } } } }
  - { id: b, when: { state: acknowledged }, then: { open_ticket: {} } }",
    );
    world.event(json!({"check": "x"}));
    world.resolves();
    world.event(json!({"state": "acknowledged"}));
    assert!(world.timers.keys().all(|(_, kind)| *kind != TimerKind::Resolve), "{:?}", world.timers);
}
