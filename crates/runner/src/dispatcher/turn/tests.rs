use std::time::Duration;

use haloward_rules::{Effect, EffectKind, Key, Note, RuleId};

use super::*;
use crate::clock::later;
use crate::store::OperationId;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn operation(number: i64, severity: Severity) -> Operation {
    Operation {
        id: OperationId::from_number(number),
        cause: String::new(),
        kind: OperationKind::OpenTicket,
        state: OperationState::Waiting,
        effect: Effect {
            rule: RuleId::new("r"),
            key: Key::new("k"),
            ticket: 1,
            severity,
            trace: None,
            kind: EffectKind::AddNote { id: None, note: Note::private("") },
        },
        attempts: 0,
        looks: 0,
        due: NOW,
        created_at: NOW,
        first_sent_at: None,
        ticket: None,
        action: None,
        problem: None,
        recheck_at: None,
    }
}

fn low(number: i64) -> Operation {
    operation(number, Severity::Low)
}

fn critical(number: i64) -> Operation {
    operation(number, Severity::Critical)
}

fn note(number: i64) -> Operation {
    Operation { kind: OperationKind::AddNote, ..low(number) }
}

/// A budget with room, or without.
fn budget(room: bool) -> BudgetReport {
    let limit = halopsa::Budget { requests: if room { 100 } else { 1 }, ..halopsa::Budget::default() };
    let site = halopsa::Site::parse("acme.halopsa.com").unwrap();
    let client = halopsa::Client::builder(site, halopsa::Credentials::new("id", "secret")).budget(limit);
    let client = if room { client } else { client.already_used(1) };
    client.build().unwrap().budget()
}

fn limits(batch: usize) -> Limits {
    Limits { batch, may_create: true, gather_until: None, budget: budget(true) }
}

fn gathering(batch: usize) -> Limits {
    Limits { gather_until: Some(later(NOW, Duration::from_millis(500))), ..limits(batch) }
}

fn ready(ready: Vec<Operation>) -> Candidates {
    Candidates { ready, ..Candidates::default() }
}

/// Which operations go, and how.
fn said(turn: Turn) -> String {
    let numbers = |all: &[Operation]| -> Vec<i64> { all.iter().map(|one| one.id.number()).collect() };
    match turn {
        Turn::Deliver(operation) => format!("deliver {}", operation.id.number()),
        Turn::Create(all) => format!("create {:?}", numbers(&all)),
        Turn::Find(all) => format!("find {:?}", numbers(&all)),
        Turn::Recheck(all) => format!("recheck {:?}", numbers(&all)),
        Turn::NoRoom => "no room".to_owned(),
        Turn::Wait(until) => format!("wait {}", until.is_some()),
    }
}

#[test]
fn after_a_quiet_time_the_first_goes_at_once_with_what_is_there() {
    assert_eq!(said(next(ready(vec![low(1)]), &limits(10), NOW)), "create [1]");
    assert_eq!(said(next(ready(vec![low(1), low(2), low(3)]), &limits(2), NOW)), "create [1, 2]");
    assert_eq!(said(next(ready(vec![low(1), low(2)]), &limits(1), NOW)), "create [1]");
    assert_eq!(said(next(ready(vec![]), &limits(10), NOW)), "wait false");
}

#[test]
fn after_another_request_they_wait_for_each_other_until_there_are_enough_or_it_is_time() {
    assert_eq!(said(next(ready(vec![low(1)]), &gathering(2), NOW)), "wait true");
    assert_eq!(said(next(ready(vec![low(1), low(2)]), &gathering(2), NOW)), "create [1, 2]");
    let late = later(NOW, Duration::from_millis(500));
    assert_eq!(said(next(ready(vec![low(1)]), &gathering(2), late)), "create [1]");
    assert_eq!(said(next(ready(vec![low(1), note(2)]), &gathering(2), NOW)), "deliver 2");
}

#[test]
fn what_is_urgent_never_waits_for_others_nor_takes_the_slow_along() {
    let queue = vec![critical(9), low(1), low(2)];
    assert_eq!(said(next(ready(queue.clone()), &gathering(10), NOW)), "create [9]");
    let mut full = gathering(10);
    full.budget = budget(false);
    assert_eq!(said(next(ready(queue), &full, NOW)), "create [9]", "its reserve is for it");
    full.gather_until = None;
    assert_eq!(said(next(ready(vec![low(1)]), &full, NOW)), "no room");
    let both = vec![critical(8), critical(9), low(1)];
    assert_eq!(said(next(ready(both), &limits(10), NOW)), "create [8, 9]");
}

#[test]
fn what_was_sent_before_goes_alone() {
    let retried = Operation { state: OperationState::Retry, attempts: 1, ..low(1) };
    assert_eq!(said(next(ready(vec![retried.clone(), low(2)]), &limits(10), NOW)), "create [1]");
    assert_eq!(
        said(next(ready(vec![retried.clone()]), &gathering(10), NOW)),
        "create [1]",
        "for whom would it wait"
    );
    assert_eq!(said(next(ready(vec![low(0), retried, low(2)]), &limits(10), NOW)), "create [0, 2]");
}

#[test]
fn all_that_are_unclear_are_looked_for_together_even_while_others_are_created() {
    let unclear = |number| Operation { state: OperationState::Unclear, attempts: 1, ..low(number) };
    let candidates = Candidates {
        ready: vec![low(0), unclear(1)],
        unclear: vec![unclear(5), unclear(1)],
        rechecks: vec![],
    };
    let busy = Limits { may_create: false, ..limits(10) };
    assert_eq!(said(next(candidates, &busy, NOW)), "find [1, 5]");
    assert_eq!(said(next(ready(vec![low(0)]), &busy, NOW)), "wait false");
}

#[test]
fn duplicates_are_looked_for_when_nothing_else_is_to_be_done() {
    let rechecks = || vec![low(1), note(2), low(3)];
    let candidates = |ready| Candidates { ready, unclear: vec![], rechecks: rechecks() };
    assert_eq!(said(next(candidates(vec![]), &limits(1), NOW)), "recheck [1, 3]");
    assert_eq!(said(next(candidates(vec![low(4)]), &limits(1), NOW)), "create [4]");
    let notes = Candidates { ready: vec![], unclear: vec![], rechecks: vec![note(2), low(1)] };
    assert_eq!(said(next(notes, &limits(1), NOW)), "recheck [2]");
}
