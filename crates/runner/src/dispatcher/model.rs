//! Every way an operation can go, within small bounds: answers lost before and after HaloPSA committed, commits that
//! come late, tickets that cannot be found at once, refusals, and the process ending anywhere.
//!
//! The decisions are those of `protocol`; durable transitions are those of `store::sqlite::outbox`; what HaloPSA may do
//! is assumed to be anything, short of forgetting what it committed. When nothing more can happen, exactly one ticket
//! must be open, and it must be the one the operation knows. A note is a ticket here: the same protocol with another
//! way to look and another way to mend.

use stateright::{Checker as _, Model, Property};

use super::protocol::{NotFound, may_be_there_twice, not_found};
use crate::store::OperationState as Durable;

/// What the store holds of the operation.
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

/// What the process is doing; gone when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Task {
    /// Marked as sending; the request has not left.
    Marked(Operation),
    /// The request left and its answer is awaited.
    Awaiting(Operation),
    /// What is to be made durable is known; it is not durable yet.
    Concluding(Conclusion),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Conclusion {
    Done { ticket: u8, recheck: bool },
    Unclear { looks: u32 },
    Retry,
    Dead,
    Rechecked { due: Recheck, again: bool },
}

/// A ticket in HaloPSA with the operation's marker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Ticket {
    open: bool,
    /// Lists show it.
    visible: bool,
    /// The tracker has read it.
    tracked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    operation: Operation,
    task: Option<Task>,
    tickets: Vec<Ticket>,
    /// Requests whose answer is lost and that HaloPSA may yet carry out.
    late: u8,
    faults: u8,
    crashes: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Act {
    /// The dispatcher takes the operation up and makes its marking durable.
    Send,
    /// The request leaves.
    Leave,
    /// HaloPSA carries it out and says so.
    Answer,
    /// HaloPSA carries it out and the answer is lost.
    AnswerLost,
    /// The connection is cut; HaloPSA has not carried it out so far.
    Cut,
    /// HaloPSA says no: throttled, or a race for ticket numbers.
    Refuse,
    /// HaloPSA says no for good.
    RefuseForGood,
    /// Somebody has mended what HaloPSA did not like.
    Revive,
    /// HaloPSA carries out a request that was cut.
    CommitLate,
    /// HaloPSA never carries it out.
    Forget,
    /// A ticket comes to be shown in lists.
    Show(u8),
    /// The dispatcher looks for what an unclear write left.
    Look,
    /// What was concluded becomes durable.
    Conclude,
    /// The dispatcher looks for duplicates of a done operation and closes them.
    Recheck,
    /// The same, and the answer to a closing is lost before HaloPSA carried it out.
    RecheckCut,
    /// The tracker reads a ticket.
    Track(u8),
    /// The process is killed and started again.
    Crash,
}

struct Dispatch {
    faults: u8,
    crashes: u8,
}

impl World {
    fn visible(&self) -> impl Iterator<Item = u8> {
        (0..).zip(&self.tickets).filter(|(_, ticket)| ticket.visible).map(|(id, _)| id)
    }

    /// After a look from `operation` as it stood then.
    fn looked(&self, operation: &Operation) -> Option<Conclusion> {
        if let Some(ticket) = self.visible().next() {
            let recheck = may_be_there_twice(operation.state, operation.looks, operation.attempts)
                || self.visible().count() > 1;
            return Some(Conclusion::Done { ticket, recheck });
        }
        match not_found(operation.looks) {
            NotFound::LookAgain { looks } => Some(Conclusion::Unclear { looks }),
            NotFound::SendAgain => None,
        }
    }

    fn mark(&mut self) {
        let before = self.operation.clone();
        self.operation.state = Durable::Sending;
        self.operation.attempts += 1;
        self.operation.looks = 0;
        self.task = Some(Task::Marked(before));
    }

    fn committed(&mut self) -> u8 {
        self.tickets.push(Ticket { open: true, visible: false, tracked: false });
        self.tickets.len() as u8 - 1
    }

    /// The answer is lost: it is looked for at once, as in `Delivery::unknown`.
    fn unknown(&mut self, before: &Operation) {
        let sent =
            Operation { state: Durable::Unclear, attempts: before.attempts + 1, looks: 0, ..before.clone() };
        self.task = self.looked(&sent).map(Task::Concluding);
    }

    fn close_duplicates(&mut self) {
        let kept = self.operation.ticket;
        for (id, ticket) in (0..).zip(&mut self.tickets) {
            ticket.open &= !ticket.visible || Some(id) == kept;
        }
    }

    fn has_visible_duplicate(&self) -> bool {
        self.visible().any(|id| Some(id) != self.operation.ticket && self.tickets[usize::from(id)].open)
    }

    fn is_settled(&self) -> bool {
        self.operation.state == Durable::Done
            && self.operation.recheck.is_none()
            && self.task.is_none()
            && self.late == 0
            && self.tickets.iter().all(|ticket| ticket.visible && ticket.tracked)
    }

    fn is_right(&self) -> bool {
        let open: Vec<u8> = (0..).zip(&self.tickets).filter(|(_, t)| t.open).map(|(id, _)| id).collect();
        self.operation.ticket.is_some_and(|ticket| open == [ticket])
    }
}

impl Model for Dispatch {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        let operation =
            Operation { state: Durable::Waiting, attempts: 0, looks: 0, ticket: None, recheck: None };
        let (faults, crashes) = (self.faults, self.crashes);
        vec![World { operation, task: None, tickets: Vec::new(), late: 0, faults, crashes }]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        match &world.task {
            None => match world.operation.state {
                Durable::Waiting | Durable::Retry => acts.push(Act::Send),
                Durable::Dead => acts.push(Act::Revive),
                Durable::Unclear => acts.push(Act::Look),
                Durable::Done if world.operation.recheck.is_some() => {
                    acts.push(Act::Recheck);
                    if world.faults > 0 && world.has_visible_duplicate() {
                        acts.push(Act::RecheckCut);
                    }
                }
                _ => {}
            },
            Some(Task::Marked(_)) => acts.push(Act::Leave),
            Some(Task::Awaiting(_)) => {
                acts.push(Act::Answer);
                if world.faults > 0 {
                    acts.extend([Act::AnswerLost, Act::Cut, Act::Refuse, Act::RefuseForGood]);
                }
            }
            Some(Task::Concluding(_)) => acts.push(Act::Conclude),
        }
        if world.late > 0 {
            acts.extend([Act::CommitLate, Act::Forget]);
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
        match (act, before.task.clone()) {
            (Act::Send, _) => world.mark(),
            (Act::Leave, Some(Task::Marked(operation))) => world.task = Some(Task::Awaiting(operation)),
            (Act::Answer, Some(Task::Awaiting(operation))) => {
                let ticket = world.committed();
                let recheck = may_be_there_twice(operation.state, operation.looks, operation.attempts);
                world.task = Some(Task::Concluding(Conclusion::Done { ticket, recheck }));
            }
            (Act::AnswerLost, Some(Task::Awaiting(operation))) => {
                world.faults -= 1;
                world.committed();
                world.unknown(&operation);
            }
            (Act::Cut, Some(Task::Awaiting(operation))) => {
                world.faults -= 1;
                world.late += 1;
                world.unknown(&operation);
            }
            (Act::Refuse, Some(Task::Awaiting(_))) => {
                world.faults -= 1;
                world.task = Some(Task::Concluding(Conclusion::Retry));
            }
            (Act::RefuseForGood, Some(Task::Awaiting(_))) => {
                world.faults -= 1;
                world.task = Some(Task::Concluding(Conclusion::Dead));
            }
            (Act::Revive, _) => {
                world.operation.state = Durable::Retry;
                world.operation.attempts = world.operation.attempts.min(2);
            }
            (Act::CommitLate, _) => {
                world.late -= 1;
                world.committed();
            }
            (Act::Forget, _) => world.late -= 1,
            (Act::Show(id), _) => world.tickets[usize::from(id)].visible = true,
            (Act::Look, _) => match world.looked(&world.operation.clone()) {
                Some(conclusion) => world.task = Some(Task::Concluding(conclusion)),
                None => world.mark(),
            },
            (Act::Conclude, Some(Task::Concluding(conclusion))) => {
                world.task = None;
                match conclusion {
                    Conclusion::Done { ticket, recheck } => {
                        world.operation.state = Durable::Done;
                        world.operation.ticket = Some(ticket);
                        world.operation.recheck = recheck.then_some(0);
                    }
                    Conclusion::Unclear { looks } => {
                        world.operation.state = Durable::Unclear;
                        world.operation.looks = looks;
                    }
                    Conclusion::Retry => world.operation.state = Durable::Retry,
                    Conclusion::Dead => world.operation.state = Durable::Dead,
                    // What was asked for meanwhile stays.
                    Conclusion::Rechecked { due, again } if world.operation.recheck == due => {
                        world.operation.recheck = due.filter(|_| again);
                    }
                    Conclusion::Rechecked { .. } => {}
                }
            }
            (Act::Recheck, _) => {
                world.close_duplicates();
                world.task = Some(Task::Concluding(Conclusion::Rechecked {
                    due: world.operation.recheck,
                    again: false,
                }));
            }
            (Act::RecheckCut, _) => {
                world.faults -= 1;
                world.task = Some(Task::Concluding(Conclusion::Rechecked {
                    due: world.operation.recheck,
                    again: true,
                }));
            }
            (Act::Track(id), _) => {
                let ticket = &mut world.tickets[usize::from(id)];
                ticket.tracked = true;
                // `Tracker::duplicate`: ours, open, and not the one we know.
                if ticket.open && world.operation.ticket.is_some_and(|known| known != id) {
                    world.operation.recheck = Some(world.operation.recheck.map_or(0, |due| due + 1));
                }
            }
            (Act::Crash, _) => {
                world.crashes -= 1;
                // A request that had left may yet be carried out.
                if let Some(Task::Awaiting(_)) = world.task.take() {
                    world.late += 1;
                }
                if world.operation.state == Durable::Sending {
                    world.operation.state = Durable::Unclear;
                    world.operation.looks = 0;
                }
            }
            _ => return None,
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("settled means one open ticket, the one we know", |_, world: &World| {
                !world.is_settled() || world.is_right()
            }),
            Property::always("what ends is settled", |model: &Self, world: &World| {
                let mut acts = Vec::new();
                model.actions(world, &mut acts);
                !acts.is_empty() || world.is_settled()
            }),
            Property::sometimes("two tickets come to be there", |_, world: &World| {
                world.tickets.iter().filter(|ticket| ticket.open).count() > 1
            }),
            Property::sometimes("and are mended", |_, world: &World| {
                world.is_settled() && world.is_right() && world.tickets.len() > 1
            }),
        ]
    }
}

#[test]
fn no_order_of_faults_and_crashes_leaves_two_tickets_or_none() {
    for (faults, crashes) in [(0, 0), (3, 0), (0, 3), (2, 2)] {
        let checker = Dispatch { faults, crashes }.checker().threads(2).spawn_bfs().join();
        println!("{faults} faults, {crashes} crashes: {} states", checker.unique_state_count());
        for property in ["settled means one open ticket, the one we know", "what ends is settled"] {
            checker.assert_no_discovery(property);
        }
        if faults + crashes > 1 {
            checker.assert_any_discovery("two tickets come to be there");
            checker.assert_any_discovery("and are mended");
        }
    }
}
