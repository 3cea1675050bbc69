//! Every way operations can go, within small bounds: answers lost before and after HaloPSA committed all of a request
//! or a part, commits that come late, tickets that cannot be found at once, refusals, and the process ending anywhere;
//! one operation alone, and two that may share a request; from the outbox, and by the short way.
//!
//! The decisions are those of `protocol`; durable transitions are those of `store::sqlite::outbox`; what HaloPSA may do
//! is assumed to be anything, short of forgetting what it committed. When nothing more can happen, exactly one ticket
//! of each operation must be open, and it must be the one the operation knows. A note is a ticket here: the same
//! protocol with another way to look and another way to mend.

use stateright::{Checker as _, Model, Property};

use super::protocol::{NotFound, may_be_there_twice, may_go_along, not_found};
use crate::store::OperationState as Durable;

/// What the store holds of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Operation {
    state: Durable,
    attempts: u32,
    looks: u32,
    ticket: Option<u8>,
    recheck: Recheck,
}

/// Which look for duplicates is due, if one is.
type Recheck = Option<u8>;

/// Some of the operations.
type Set = Vec<usize>;

/// What the process is doing; gone when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Task {
    /// Marked as sending; the request has not left. The operations are as they were before.
    Marked(Vec<(usize, Operation)>),
    /// The request left and its answer is awaited.
    Awaiting(Vec<(usize, Operation)>),
    /// What is to be made durable is known; it is not durable yet.
    Concluding(Vec<(usize, Conclusion)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Conclusion {
    Done { ticket: u8, recheck: bool },
    Unclear { looks: u32 },
    Retry,
    Dead,
    Rechecked { due: Recheck, again: bool },
}

/// A ticket in HaloPSA with an operation's marker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Ticket {
    of: usize,
    open: bool,
    /// Lists show it.
    visible: bool,
    /// The tracker has read it.
    tracked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    operations: Vec<Operation>,
    task: Option<Task>,
    tickets: Vec<Ticket>,
    /// For each operation, the requests whose answer is lost and that HaloPSA may yet carry out.
    late: Vec<u8>,
    faults: u8,
    crashes: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Act {
    /// The dispatcher takes operations up and makes their marking durable.
    Send(Set),
    /// The request leaves.
    Leave,
    /// HaloPSA carries it out and says so.
    Answer,
    /// HaloPSA carries it out and tells of some of its elements.
    AnswerInPart(Set),
    /// The answer is lost. HaloPSA has carried some elements out; the others it may yet carry out.
    Lost(Set),
    /// HaloPSA refuses several together, after it has carried some of them out.
    RefuseAfter(Set),
    /// HaloPSA says no: throttled, a race for ticket numbers, or elements it could not read.
    Refuse,
    /// HaloPSA says no for good.
    RefuseForGood,
    /// Somebody has mended what HaloPSA did not like.
    Revive(usize),
    /// HaloPSA carries out what it had not when the answer was lost.
    CommitLate(usize),
    /// HaloPSA never carries it out.
    Forget(usize),
    /// A ticket comes to be shown in lists.
    Show(u8),
    /// The dispatcher looks for what unclear writes left, all of them by one list.
    Look,
    /// What was concluded about one operation becomes durable.
    Conclude,
    /// The dispatcher looks for duplicates of a done operation and closes them.
    Recheck(usize),
    /// The same, and the answer to a closing is lost before HaloPSA carried it out.
    RecheckCut(usize),
    /// The tracker reads a ticket.
    Track(u8),
    /// The process is killed and started again.
    Crash,
}

struct Dispatch {
    operations: usize,
    faults: u8,
    crashes: u8,
}

/// Every part of a set, itself and nothing included.
fn parts(set: &[usize]) -> Vec<Set> {
    (0..(1_usize << set.len()))
        .map(|mask| {
            set.iter().enumerate().filter(|(bit, _)| (mask >> bit) & 1 == 1).map(|(_, one)| *one).collect()
        })
        .collect()
}

impl World {
    fn of(&self, operation: usize) -> impl Iterator<Item = (u8, &Ticket)> {
        (0..).zip(&self.tickets).filter(move |(_, ticket)| ticket.of == operation)
    }

    /// After a look for an operation as it stands.
    fn looked(&self, number: usize) -> Conclusion {
        let operation = &self.operations[number];
        let visible: Vec<u8> = self.of(number).filter(|(_, t)| t.visible).map(|(id, _)| id).collect();
        if let Some(ticket) = visible.first() {
            let recheck = may_be_there_twice(operation.looks, operation.attempts) || visible.len() > 1;
            return Conclusion::Done { ticket: *ticket, recheck };
        }
        match not_found(operation.looks) {
            NotFound::LookAgain { looks } => Conclusion::Unclear { looks },
            NotFound::SendAgain => Conclusion::Retry,
        }
    }

    fn mark(&mut self, set: &[usize]) {
        let before = set.iter().map(|number| (*number, self.operations[*number].clone())).collect();
        for number in set {
            let operation = &mut self.operations[*number];
            operation.state = Durable::Sending;
            operation.attempts += 1;
            operation.looks = 0;
        }
        self.task = Some(Task::Marked(before));
    }

    fn committed(&mut self, of: usize) -> u8 {
        self.tickets.push(Ticket { of, open: true, visible: false, tracked: false });
        self.tickets.len() as u8 - 1
    }

    fn conclude(&mut self, conclusions: Vec<(usize, Conclusion)>) {
        self.task = Some(Task::Concluding(conclusions));
    }

    /// Nobody knows what became of these.
    fn unknown(sent: &[(usize, Operation)]) -> Vec<(usize, Conclusion)> {
        sent.iter().map(|(number, _)| (*number, Conclusion::Unclear { looks: 0 })).collect()
    }

    fn answered(&mut self, sent: &[(usize, Operation)], told: &[usize]) {
        let conclude = |(number, before): &(usize, Operation)| {
            let ticket = self.committed(*number);
            let recheck = may_be_there_twice(before.looks, before.attempts);
            let conclusion = if told.contains(number) {
                Conclusion::Done { ticket, recheck }
            } else {
                Conclusion::Unclear { looks: 0 }
            };
            (*number, conclusion)
        };
        let conclusions = sent.iter().map(conclude).collect();
        self.conclude(conclusions);
    }

    fn close_duplicates(&mut self, of: usize) {
        let kept = self.operations[of].ticket;
        for (id, ticket) in (0..).zip(&mut self.tickets).filter(|(_, ticket)| ticket.of == of) {
            ticket.open &= !ticket.visible || Some(id) == kept;
        }
    }

    fn has_visible_duplicate(&self, of: usize) -> bool {
        self.of(of)
            .any(|(id, ticket)| ticket.visible && ticket.open && Some(id) != self.operations[of].ticket)
    }

    fn is_settled(&self) -> bool {
        let done = |operation: &Operation| operation.state == Durable::Done && operation.recheck.is_none();
        self.operations.iter().all(done)
            && self.task.is_none()
            && self.late.iter().all(|late| *late == 0)
            && self.tickets.iter().all(|ticket| ticket.visible && ticket.tracked)
    }

    fn is_right(&self) -> bool {
        (0..).zip(&self.operations).all(|(number, operation)| {
            let open: Vec<u8> = self.of(number).filter(|(_, t)| t.open).map(|(id, _)| id).collect();
            operation.ticket.is_some_and(|ticket| open == [ticket])
        })
    }

    /// What the dispatcher may do next, having nothing in hand.
    fn turns(&self, acts: &mut Vec<Act>) {
        let numbers = || (0..).zip(&self.operations);
        let sendable = |state| matches!(state, Durable::Waiting | Durable::Retry);
        for (number, operation) in numbers() {
            match operation.state {
                state if sendable(state) => acts.push(Act::Send(vec![number])),
                Durable::Dead => acts.push(Act::Revive(number)),
                Durable::Done if operation.recheck.is_some() => {
                    acts.push(Act::Recheck(number));
                    if self.faults > 0 && self.has_visible_duplicate(number) {
                        acts.push(Act::RecheckCut(number));
                    }
                }
                _ => {}
            }
        }
        let along: Set =
            numbers().filter(|(_, o)| may_go_along(o.state, o.attempts)).map(|(number, _)| number).collect();
        if along.len() > 1 {
            acts.push(Act::Send(along));
        }
        if numbers().any(|(_, operation)| operation.state == Durable::Unclear) {
            acts.push(Act::Look);
        }
    }

    /// What may become of a request.
    fn fates(&self, sent: &[(usize, Operation)], acts: &mut Vec<Act>) {
        acts.push(Act::Answer);
        if self.faults == 0 {
            return;
        }
        let all: Set = sent.iter().map(|(number, _)| *number).collect();
        for part in parts(&all) {
            if all.len() > 1 {
                acts.push(Act::RefuseAfter(part.clone()));
                if part != all {
                    acts.push(Act::AnswerInPart(part.clone()));
                }
            }
            acts.push(Act::Lost(part));
        }
        acts.push(Act::Refuse);
        if all.len() == 1 {
            acts.push(Act::RefuseForGood);
        }
    }

    fn durable(&mut self, number: usize, conclusion: Conclusion) {
        let operation = &mut self.operations[number];
        match conclusion {
            Conclusion::Done { ticket, recheck } => {
                operation.state = Durable::Done;
                operation.ticket = Some(ticket);
                operation.recheck = recheck.then_some(0);
            }
            Conclusion::Unclear { looks } => {
                operation.state = Durable::Unclear;
                operation.looks = looks;
            }
            Conclusion::Retry => operation.state = Durable::Retry,
            Conclusion::Dead => operation.state = Durable::Dead,
            // What was asked for meanwhile stays.
            Conclusion::Rechecked { due, again } if operation.recheck == due => {
                operation.recheck = due.filter(|_| again);
            }
            Conclusion::Rechecked { .. } => {}
        }
    }

    fn crash(&mut self) {
        // What had left may yet be carried out, each element for itself.
        if let Some(Task::Awaiting(sent)) = self.task.take() {
            for (number, _) in sent {
                self.late[number] += 1;
            }
        }
        for operation in self.operations.iter_mut().filter(|o| o.state == Durable::Sending) {
            operation.state = Durable::Unclear;
            operation.looks = 0;
        }
    }
}

impl Model for Dispatch {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        let operation =
            Operation { state: Durable::Waiting, attempts: 0, looks: 0, ticket: None, recheck: None };
        let in_the_outbox = World {
            operations: vec![operation; self.operations],
            task: None,
            tickets: Vec::new(),
            late: vec![0; self.operations],
            faults: self.faults,
            crashes: self.crashes,
        };
        // The first took the short way: it is marked from the start.
        let mut handed_over = in_the_outbox.clone();
        handed_over.mark(&[0]);
        vec![in_the_outbox, handed_over]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        match &world.task {
            None => world.turns(acts),
            Some(Task::Marked(_)) => acts.push(Act::Leave),
            Some(Task::Awaiting(sent)) => world.fates(sent, acts),
            Some(Task::Concluding(_)) => acts.push(Act::Conclude),
        }
        for (number, _) in world.late.iter().enumerate().filter(|(_, late)| **late > 0) {
            acts.extend([Act::CommitLate(number), Act::Forget(number)]);
        }
        for (id, ticket) in (0..).zip(&world.tickets) {
            if !ticket.visible {
                acts.push(Act::Show(id));
            } else if !ticket.tracked {
                acts.push(Act::Track(id));
            }
        }
        if world.crashes > 0 {
            acts.push(Act::Crash);
        }
    }

    fn next_state(&self, before: &World, act: Act) -> Option<World> {
        let mut world = before.clone();
        if matches!(
            act,
            Act::AnswerInPart(_)
                | Act::Lost(_)
                | Act::RefuseAfter(_)
                | Act::Refuse
                | Act::RefuseForGood
                | Act::RecheckCut(_)
        ) {
            world.faults -= 1;
        }
        match (act, before.task.clone()) {
            (Act::Send(set), _) => world.mark(&set),
            (Act::Leave, Some(Task::Marked(sent))) => world.task = Some(Task::Awaiting(sent)),
            (Act::Answer, Some(Task::Awaiting(sent))) => {
                let all: Set = sent.iter().map(|(number, _)| *number).collect();
                world.answered(&sent, &all);
            }
            (Act::AnswerInPart(told), Some(Task::Awaiting(sent))) => world.answered(&sent, &told),
            (Act::Lost(done), Some(Task::Awaiting(sent))) => {
                for (number, _) in &sent {
                    if done.contains(number) {
                        world.committed(*number);
                    } else {
                        world.late[*number] += 1;
                    }
                }
                world.conclude(World::unknown(&sent));
            }
            (Act::RefuseAfter(done), Some(Task::Awaiting(sent))) => {
                for number in done {
                    world.committed(number);
                }
                world.conclude(World::unknown(&sent));
            }
            (Act::Refuse, Some(Task::Awaiting(sent))) => {
                world.conclude(sent.iter().map(|(number, _)| (*number, Conclusion::Retry)).collect());
            }
            (Act::RefuseForGood, Some(Task::Awaiting(sent))) => {
                world.conclude(sent.iter().map(|(number, _)| (*number, Conclusion::Dead)).collect());
            }
            (Act::Revive(number), _) => {
                let operation = &mut world.operations[number];
                operation.state = Durable::Retry;
                operation.attempts = operation.attempts.min(2);
            }
            (Act::CommitLate(number), _) => {
                world.late[number] -= 1;
                world.committed(number);
            }
            (Act::Forget(number), _) => world.late[number] -= 1,
            (Act::Show(id), _) => world.tickets[usize::from(id)].visible = true,
            (Act::Look, _) => {
                let unclear = |number: &usize| world.operations[*number].state == Durable::Unclear;
                let all = (0..world.operations.len()).filter(unclear);
                let conclusions = all.map(|number| (number, world.looked(number))).collect();
                world.conclude(conclusions);
            }
            (Act::Conclude, Some(Task::Concluding(mut conclusions))) => {
                let (number, conclusion) = conclusions.remove(0);
                world.durable(number, conclusion);
                world.task =
                    Some(Task::Concluding(conclusions)).filter(|task| *task != Task::Concluding(vec![]));
            }
            (Act::Recheck(number), _) => {
                world.close_duplicates(number);
                let due = world.operations[number].recheck;
                world.conclude(vec![(number, Conclusion::Rechecked { due, again: false })]);
            }
            (Act::RecheckCut(number), _) => {
                let due = world.operations[number].recheck;
                world.conclude(vec![(number, Conclusion::Rechecked { due, again: true })]);
            }
            (Act::Track(id), _) => {
                let ticket = &mut world.tickets[usize::from(id)];
                ticket.tracked = true;
                let operation = &mut world.operations[ticket.of];
                // `Tracker::duplicate`: ours, open, and not the one we know.
                if ticket.open && operation.ticket.is_some_and(|known| known != id) {
                    operation.recheck = Some(operation.recheck.map_or(0, |due| due + 1));
                }
            }
            (Act::Crash, _) => {
                world.crashes -= 1;
                world.crash();
            }
            _ => return None,
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("settled means one open ticket each, the one we know", |_, world: &World| {
                !world.is_settled() || world.is_right()
            }),
            Property::always("what ends is settled", |model: &Self, world: &World| {
                let mut acts = Vec::new();
                model.actions(world, &mut acts);
                !acts.is_empty() || world.is_settled()
            }),
            Property::sometimes("two tickets of one operation come to be there", |_, world: &World| {
                (0..world.operations.len()).any(|number| world.of(number).filter(|(_, t)| t.open).count() > 1)
            }),
            Property::sometimes("and are mended", |_, world: &World| {
                world.is_settled() && world.is_right() && world.tickets.len() > world.operations.len()
            }),
        ]
    }
}

/// Tries everything within the bounds; answers with how much that was.
fn check(operations: usize, (faults, crashes): (u8, u8)) -> String {
    let checker = Dispatch { operations, faults, crashes }.checker().threads(2).spawn_bfs().join();
    let states = checker.unique_state_count();
    for property in ["settled means one open ticket each, the one we know", "what ends is settled"] {
        checker.assert_no_discovery(property);
    }
    if faults + crashes > 1 {
        checker.assert_any_discovery("two tickets of one operation come to be there");
        checker.assert_any_discovery("and are mended");
    }
    format!("{operations} operations, {faults} faults, {crashes} crashes: {states} states")
}

#[test]
fn no_order_of_faults_and_crashes_leaves_two_tickets_or_none() {
    for bounds in [(0, 0), (3, 0), (0, 3), (2, 2)] {
        println!("{}", check(1, bounds));
    }
}

/// `HALOWARD_MODEL=long` tries every pair of faults and crashes, millions of states.
#[test]
fn nor_where_two_share_a_request() {
    for bounds in [(0, 0), (1, 0), (0, 1)] {
        println!("{}", check(2, bounds));
    }
    if std::env::var_os("HALOWARD_MODEL").is_some_and(|how| how == "long") {
        for bounds in [(2, 0), (1, 1), (0, 2)] {
            println!("{}", check(2, bounds));
        }
    }
}
