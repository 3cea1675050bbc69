//! Reports: what HaloPSA did, as far as cases care.

use serde::{Deserialize, Serialize};

use super::Step;
use super::case::{CaseState, Key};
use super::decision::Outcome;
use super::work::Work;
use super::{group, ticket};

/// Something that happened in HaloPSA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// The case's ticket is there.
    TicketOpened {
        /// The case.
        key: Key,
        /// Which of its tickets.
        ticket: u32,
        /// The ticket's id.
        id: i64,
    },
    /// The note that counts repeats is there.
    FoldNoteAdded {
        /// The case.
        key: Key,
        /// Which of its tickets.
        ticket: u32,
        /// The action's id.
        note: i64,
    },
    /// Somebody has worked on the ticket. If we meant to resolve it, it stayed open.
    TicketTouched {
        /// The case.
        key: Key,
        /// Which of its tickets.
        ticket: u32,
    },
    /// The ticket was closed, merged away or deleted in HaloPSA.
    TicketClosed {
        /// The case.
        key: Key,
        /// Which of its tickets.
        ticket: u32,
    },
    /// The ticket will not be there: HaloPSA refused it, or somebody gave it up.
    TicketGivenUp {
        /// The case.
        key: Key,
        /// Which of its tickets.
        ticket: u32,
    },
    /// The ticket that HaloPSA refused is on its way again: somebody has it tried once more.
    TicketRetried {
        /// The case.
        key: Key,
        /// Which of its tickets.
        ticket: u32,
    },
}

impl Report {
    /// The case it is about.
    pub fn key(&self) -> &Key {
        match self {
            Self::TicketOpened { key, .. }
            | Self::FoldNoteAdded { key, .. }
            | Self::TicketTouched { key, .. }
            | Self::TicketClosed { key, .. }
            | Self::TicketGivenUp { key, .. }
            | Self::TicketRetried { key, .. } => key,
        }
    }

    /// Which of the case's tickets it is about, counted from 1.
    pub fn ticket(&self) -> u32 {
        match self {
            Self::TicketOpened { ticket, .. }
            | Self::FoldNoteAdded { ticket, .. }
            | Self::TicketTouched { ticket, .. }
            | Self::TicketClosed { ticket, .. }
            | Self::TicketGivenUp { ticket, .. }
            | Self::TicketRetried { ticket, .. } => *ticket,
        }
    }
}

pub(super) fn decide(mut work: Work<'_>, report: &Report) -> Step {
    let Some(mut case) = work.case(report.key()) else {
        return work.finish(Outcome::Nothing, Some("the case is gone".into()), None);
    };
    if report.ticket() != case.tickets {
        return work.finish(Outcome::Nothing, Some("it has another ticket by now".into()), None);
    }
    let reason = match report {
        Report::TicketOpened { id, .. } => {
            case.ticket.id = Some(*id);
            ticket::after_all(&mut work, &mut case);
            format!("its ticket is {id}")
        }
        Report::FoldNoteAdded { note, .. } => {
            case.ticket.fold_note = Some(*note);
            "its repeats are noted".to_owned()
        }
        Report::TicketTouched { .. } => {
            case.ticket.touched = true;
            let over = case.state == CaseState::Resolved || case.is_watching() && case.ended_at.is_some();
            if over && !case.ticket.closed {
                // It was to be resolved and somebody was faster: the ticket is open, so the case is.
                case.state = CaseState::Open;
                case.ended_at = None;
            }
            "somebody has worked on its ticket".to_owned()
        }
        // What waits has not had its ticket yet: this one is of the time before.
        Report::TicketClosed { .. } | Report::TicketGivenUp { .. } if case.state == CaseState::Waiting => {
            return work.finish(Outcome::Nothing, Some("it is about an earlier ticket".into()), None);
        }
        Report::TicketClosed { .. } => {
            if case.state == CaseState::Open {
                group::closed(&mut work, &mut case);
                ticket::end(&mut work, &mut case);
            }
            case.ticket.closed = true;
            "its ticket was closed in HaloPSA".to_owned()
        }
        Report::TicketGivenUp { .. } => {
            if case.ticket.id.is_some() {
                return work.finish(Outcome::Nothing, Some("its ticket is there".into()), None);
            }
            if case.state == CaseState::Open {
                ticket::end(&mut work, &mut case);
            } else if !case.ticket.given_up {
                case.ticket.was_over = true;
            }
            case.ticket.given_up = true;
            "its ticket was given up".to_owned()
        }
        Report::TicketRetried { .. } => {
            ticket::after_all(&mut work, &mut case);
            "its ticket is on its way again".to_owned()
        }
    };
    work.put(case);
    work.finish(Outcome::Nothing, Some(reason), None)
}
