//! What HaloPSA's answers mean: to the operation, to the ticket as we know it, and to the case.

use halopsa::TicketId;
use halopsa::models::{Action, Ticket};
use haloward_rules::{Effect, EffectKind, Note, Report};

use super::delivery::Delivery;
use super::protocol::may_be_there_twice;
use super::verdict::Verdict;
use crate::clock::later;
use crate::store::{Operation, Settled};

impl Delivery {
    pub(super) fn opened(&self, operation: &Operation, ticket: &Ticket, adopted: bool) -> Verdict {
        let Some(TicketId(id)) = ticket.id else {
            unreachable!("a ticket without an id is no answer to `halopsa`")
        };
        let report = Report::TicketOpened { key: operation.key().clone(), ticket: operation.number(), id };
        let settled = self.settled(operation, ticket, id);
        Verdict::Done { settled, reports: vec![report], summary: ticket.summary.clone(), adopted }
    }

    pub(super) fn settled(&self, operation: &Operation, ticket: &Ticket, id: i64) -> Settled {
        Settled {
            ticket: id,
            action: None,
            status: ticket.status_id.map(|id| id.0),
            agent: ticket.agent_id.map(|id| id.0),
            changed_at: ticket.lastactiondate.or(ticket.last_update).or(ticket.datecreated).map(Into::into),
            recheck_at: self.recheck_at(operation),
            exchanges: Vec::new(),
        }
    }

    pub(super) fn acted(
        &self,
        operation: &Operation,
        effect: &Effect,
        ticket: i64,
        action: &Action,
        adopted: bool,
    ) -> Verdict {
        let mut reports = Vec::new();
        let key = operation.key().clone();
        let id = action.id.map(|id| id.0);
        match &effect.kind {
            EffectKind::AddNote { note: Note { fold: true, .. }, .. } => {
                reports.extend(id.map(|note| Report::FoldNoteAdded {
                    key,
                    ticket: operation.number(),
                    note,
                }));
            }
            // Found again, it tells by itself whether it resolved or only said so.
            EffectKind::ResolveTicket { id: None, .. }
                if adopted && action.new_status.is_none_or(|status| status.0 <= 0) =>
            {
                reports.push(Report::TicketTouched { key, ticket: operation.number() });
            }
            _ => {}
        }
        let settled = Settled {
            ticket,
            action: id,
            status: action.new_status.map(|status| status.0).filter(|status| *status > 0),
            agent: None,
            changed_at: action.last_updated.or(action.datetime).map(Into::into),
            recheck_at: self.recheck_at(operation),
            exchanges: Vec::new(),
        };
        Verdict::Done { settled, reports, summary: None, adopted }
    }

    /// What was sent more than once may come to be there more than once, when HaloPSA commits late.
    fn recheck_at(&self, operation: &Operation) -> Option<jiff::Timestamp> {
        let twice = may_be_there_twice(operation.looks, operation.attempts);
        twice.then(|| later(self.clock.now(), self.pace.settle))
    }
}

/// An operation that is done and has nothing more to tell.
pub(super) fn done(settled: Settled, reports: Vec<Report>) -> Verdict {
    Verdict::Done { settled, reports, summary: None, adopted: false }
}
