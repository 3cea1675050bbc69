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
