//! What HaloPSA did, as far as cases care.

use super::*;

const RULE: &str = "  - { id: a, then: { open_ticket: {} } }";

fn key() -> Key {
    Key::new("s/f")
}

#[test]
fn a_case_knows_its_ticket_and_its_note() {
    let mut world = World::new(RULE);
    world.fires();
    world.report(Report::TicketOpened { key: key(), ticket: 1, id: 500 });
    world.report(Report::FoldNoteAdded { key: key(), ticket: 1, note: 9 });
    let ticket = world.case("s/f").ticket;
    assert_eq!((ticket.id, ticket.fold_note), (Some(500), Some(9)));
}

#[test]
fn a_late_report_about_an_earlier_ticket_is_not_taken_for_this_ones() {
    let mut world = World::new(RULE);
    world.fires();
    world.resolves();
    world.fires();
    let step = world.report(Report::TicketOpened { key: key(), ticket: 1, id: 500 });
    assert_eq!(reason(&step), "it has another ticket by now");
    world.report(Report::FoldNoteAdded { key: key(), ticket: 1, note: 9 });
    let ticket = world.case("s/f").ticket;
    assert_eq!((ticket.id, ticket.fold_note), (None, None));
}

#[test]
fn a_technician_who_closes_the_ticket_closes_the_case() {
    let mut world = World::new(RULE);
    world.fires();
    world.fires();
    world.fires();
    world.report(Report::TicketClosed { key: key(), ticket: 1 });
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
    assert!(world.timers.is_empty(), "nothing is told to a closed ticket");
    assert_eq!(world.resolves().outcome, Outcome::Nothing);
    let step = world.fires();
    assert_eq!((step.outcome, step.effects[0].ticket), (Outcome::OpenTicket, 2));
}

#[test]
fn the_end_of_an_earlier_ticket_does_not_end_what_waits() {
    let mut world = World::new("  - { id: a, hold: 10m, then: { open_ticket: {} } }");
    world.fires();
    world.after("10m");
    world.resolves();
    world.fires();
    world.report(Report::TicketClosed { key: key(), ticket: 1 });
    assert_eq!(world.case("s/f").state, CaseState::Waiting);
    assert_eq!(world.after("10m").len(), 1);
}

#[test]
fn somebody_who_was_faster_keeps_the_ticket_and_the_case_open() {
    let mut world = World::new(RULE);
    world.fires();
    world.resolves();
    world.report(Report::TicketTouched { key: key(), ticket: 1 });
    let case = world.case("s/f");
    assert_eq!((case.state, case.ticket.touched, case.ended_at), (CaseState::Open, true, None));
    assert_eq!(kinds(&world.fires()), [Outcome::AddNote], "the next one is a repeat");
}

#[test]
fn a_closed_ticket_that_somebody_writes_on_is_still_closed() {
    let mut world = World::new(RULE);
    world.fires();
    world.report(Report::TicketClosed { key: key(), ticket: 1 });
    world.report(Report::TicketTouched { key: key(), ticket: 1 });
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
    assert_eq!(world.fires().outcome, Outcome::OpenTicket);
}

#[test]
fn a_report_about_an_unknown_case_is_nothing() {
    let step = World::new(RULE).report(Report::TicketTouched { key: key(), ticket: 1 });
    assert_eq!((step.outcome, reason(&step)), (Outcome::Nothing, "the case is gone"));
}

#[test]
fn the_end_of_an_older_ticket_does_not_end_a_case_that_has_another_one() {
    let mut world = World::new("  - { id: a, then: { open_ticket: { again: new } } }");
    world.fires();
    world.fires();
    for report in [
        Report::TicketTouched { key: key(), ticket: 1 },
        Report::TicketClosed { key: key(), ticket: 1 },
        Report::TicketGivenUp { key: key(), ticket: 1 },
    ] {
        assert_eq!(reason(&world.report(report)), "it has another ticket by now");
    }
    let case = world.case("s/f");
    assert_eq!((case.state, case.ticket.touched), (CaseState::Open, false));
    world.report(Report::TicketClosed { key: key(), ticket: 2 });
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
}

#[test]
fn a_ticket_that_was_given_up_ends_the_case_and_is_tried_anew_an_hour_later() {
    let mut world = World::new(
        "  - { id: a, escalate: { after: 2h, note: x }, then: { open_ticket: { reopen_within: 1d } } }",
    );
    world.fires();
    let step = world.report(Report::TicketGivenUp { key: key(), ticket: 1 });
    assert_eq!(reason(&step), "its ticket was given up");
    assert_eq!(world.case("s/f").state, CaseState::Resolved);
    assert!(world.timers.is_empty(), "{:?}", world.timers);
    world.after("59m");
    let step = world.fires();
    assert_eq!(
        (step.outcome, reason(&step)),
        (Outcome::Counted, "its ticket was given up; another one is tried from 2026-01-05 10:00 UTC on")
    );
    world.after("1m");
    let step = world.fires();
    assert_eq!((step.outcome, step.effects[0].ticket), (Outcome::OpenTicket, 2), "there is none to reopen");
}

#[test]
fn a_ticket_that_was_given_up_and_is_there_after_all_is_the_cases_own() {
    let mut world = World::new(RULE);
    world.fires();
    world.report(Report::TicketGivenUp { key: key(), ticket: 1 });
    world.report(Report::TicketOpened { key: key(), ticket: 1, id: 500 });
    let case = world.case("s/f");
    assert_eq!((case.state, case.ticket.id, case.ticket.given_up), (CaseState::Open, Some(500), false));
    assert_eq!(kinds(&world.resolves()), [Outcome::ResolveTicket]);
    let step = world.report(Report::TicketGivenUp { key: key(), ticket: 1 });
    assert_eq!(reason(&step), "its ticket is there");
}

#[test]
fn a_ticket_that_is_tried_again_is_the_cases_own_before_it_is_there() {
    let mut world = World::new(
        "  - { id: a, escalate: { after: 2h, note: x }, then: { open_ticket: { again: count } } }",
    );
    world.fires();
    world.report(Report::TicketGivenUp { key: key(), ticket: 1 });
    world.after("1h");
    let step = world.report(Report::TicketRetried { key: key(), ticket: 1 });
    assert_eq!(reason(&step), "its ticket is on its way again");
    let case = world.case("s/f");
    assert_eq!((case.state, case.ticket.given_up, case.ended_at), (CaseState::Open, false, None));
    assert_eq!(world.fires().outcome, Outcome::Counted, "a repeat, and no second ticket");
    assert_eq!(kinds(&world.after("2h")[0]), [Outcome::AddNote], "it escalates like any other");
    world.report(Report::TicketGivenUp { key: key(), ticket: 1 });
    assert_eq!(world.case("s/f").state, CaseState::Resolved, "refused once more");
    world.after("59m");
    assert_eq!(world.fires().outcome, Outcome::Counted, "the hour begins anew");
}

#[test]
fn what_waits_since_a_ticket_was_given_up_comes_to_it_when_it_is_tried_again() {
    let mut world = World::new(
        "  - { id: a, threshold: { count: 2, within: 3h }, hold: 10m, then: { open_ticket: {} } }",
    );
    world.fires();
    world.fires();
    world.after("10m");
    world.report(Report::TicketGivenUp { key: key(), ticket: 1 });
    world.after("1h");
    world.fires();
    world.fires();
    assert_eq!(world.case("s/f").state, CaseState::Waiting);
    world.report(Report::TicketRetried { key: key(), ticket: 1 });
    assert_eq!(world.case("s/f").state, CaseState::Open);
    assert!(world.timers.is_empty() && world.after("3h").is_empty(), "{:?}", world.timers);
    assert_eq!(kinds(&world.fires()), [Outcome::AddNote]);
}

#[test]
fn a_problem_that_was_over_before_its_ticket_was_refused_stays_over_when_that_is_tried_again() {
    let mut world = World::new(RULE);
    world.fires();
    assert_eq!(kinds(&world.resolves()), [Outcome::ResolveTicket], "which waits behind the ticket");
    for _ in 0..2 {
        world.report(Report::TicketGivenUp { key: key(), ticket: 1 });
        world.report(Report::TicketRetried { key: key(), ticket: 1 });
        assert_eq!(world.case("s/f").state, CaseState::Resolved);
    }
    world.report(Report::TicketOpened { key: key(), ticket: 1, id: 500 });
    let case = world.case("s/f");
    assert_eq!((case.state, case.ticket.id), (CaseState::Resolved, Some(500)));
    assert_eq!(world.fires().outcome, Outcome::OpenTicket, "no repeat of a ticket that is resolved");
}

#[test]
fn a_storms_ticket_that_is_tried_again_is_resolved_once_nothing_waits() {
    let mut world = World::new("  - { id: a, limit: { tickets: 1, per: 10m }, then: { open_ticket: {} } }");
    for fingerprint in ["f", "g"] {
        world.event(json!({ "fingerprint": fingerprint }));
    }
    let storm = Key::new("storm/a");
    world.report(Report::TicketGivenUp { key: storm.clone(), ticket: 1 });
    world.report(Report::TicketRetried { key: storm, ticket: 1 });
    let steps = world.after("1h");
    assert!(steps.iter().any(|step| kinds(step) == [Outcome::ResolveTicket]), "{steps:?}");
    let storm = world.case("storm/a");
    assert_eq!((storm.state, storm.tickets), (CaseState::Resolved, 1));
}

#[test]
fn what_a_given_up_ticket_held_back_is_let_go() {
    let mut world = World::new(
        "
  - { id: host, when: { check: ping }, key: host, then: { open_ticket: {} } }
  - { id: a, unless_open: host, then: { open_ticket: {} } }",
    );
    world.event(json!({"check": "ping", "fingerprint": "h"}));
    assert_eq!(world.fires().outcome, Outcome::Inhibited);
    world.report(Report::TicketGivenUp { key: Key::new("host"), ticket: 1 });
    assert_eq!(world.after("1m")[0].outcome, Outcome::OpenTicket);
}
