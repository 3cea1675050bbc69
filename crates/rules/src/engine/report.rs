//! Reports: what HaloPSA did, as far as cases care.

use serde::{Deserialize, Serialize};

use super::Step;
use super::case::{CaseState, Key};
use super::decision::Outcome;
use super::ticket;
use super::work::Work;

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
    },
    /// The ticket was closed, merged away or deleted in HaloPSA.
    TicketClosed {
        /// The case.
        key: Key,
    },
}

impl Report {
    /// The case it is about.
    pub fn key(&self) -> &Key {
        match self {
            Self::TicketOpened { key, .. }
            | Self::FoldNoteAdded { key, .. }
            | Self::TicketTouched { key }
            | Self::TicketClosed { key } => key,
        }
    }
}

pub(super) fn decide(mut work: Work<'_>, report: &Report) -> Step {
    let Some(mut case) = work.case(report.key()) else {
        return work.finish(Outcome::Nothing, Some("the case is gone".into()), None);
    };
    let reason = match report {
        Report::TicketOpened { ticket, id, .. } if *ticket == case.tickets => {
            case.ticket.id = Some(*id);
            format!("its ticket is {id}")
        }
        Report::FoldNoteAdded { ticket, note, .. } if *ticket == case.tickets => {
            case.ticket.fold_note = Some(*note);
            "its repeats are noted".to_owned()
        }
        Report::TicketOpened { .. } | Report::FoldNoteAdded { .. } => {
            "it has another ticket by now".to_owned()
        }
        Report::TicketTouched { .. } => {
            case.ticket.touched = true;
            if case.state == CaseState::Resolved && !case.ticket.closed {
                // It was to be resolved and somebody was faster: the ticket is open, so the case is.
                case.state = CaseState::Open;
                case.ended_at = None;
            }
            "somebody has worked on its ticket".to_owned()
        }
        Report::TicketClosed { .. } => {
            if case.state == CaseState::Waiting {
                return work.finish(Outcome::Nothing, Some("it is about an earlier ticket".into()), None);
            }
            if case.state == CaseState::Open {
                ticket::end(&mut work, &mut case);
            }
            case.ticket.closed = true;
            "its ticket was closed in HaloPSA".to_owned()
        }
    };
    work.put(case);
    work.finish(Outcome::Nothing, Some(reason), None)
}
