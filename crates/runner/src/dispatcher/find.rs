//! Looking for what writes left whose outcome is not known. Creations are looked for together: one list of what
//! changed settles all that wait.

use futures::future::join_all;
use haloward_rules::EffectKind;

use super::connection::Reach;
use super::delivery::Delivery;
use super::lookup;
use super::protocol::{NotFound, not_found};
use super::verdict::{Verdict, Wait};
use crate::store::{Operation, StoreError};

impl Delivery {
    /// Looks for creations by one list and makes durable what was found. Says what that tells about
    /// the connection.
    pub(super) async fn find_all(&self, operations: Vec<Operation>) -> Result<Reach, StoreError> {
        let concluded = match self.list_for(&operations).await {
            Ok(listed) => operations
                .iter()
                .map(|operation| (operation, self.in_list(operation, &listed)))
                .collect::<Vec<_>>(),
            Err(error) => operations
                .iter()
                .map(|operation| (operation, Verdict::not_looked_for(&error, operation.looks)))
                .collect(),
        };
        let mut reach = Reach::default();
        let concluded = concluded.into_iter().map(|(operation, verdict)| self.conclude(operation, verdict));
        for result in join_all(concluded).await {
            reach = reach.max(result?);
        }
        Ok(reach)
    }

    /// The tickets that carry the marker of any of these creations.
    pub(super) async fn list_for(&self, operations: &[Operation]) -> Result<lookup::Listed, halopsa::Error> {
        let since = operations.iter().map(|one| one.first_sent_at.unwrap_or(one.created_at)).min();
        let most_urgent = operations.iter().max_by_key(|operation| operation.severity());
        let (Some(since), Some(most_urgent)) = (since, most_urgent) else {
            return Ok(lookup::Listed::default());
        };
        let markers = operations.iter().map(|operation| self.marker(operation));
        lookup::tickets(&self.client_for(most_urgent), &self.wire().marker, markers, since).await
    }

    /// What a list says about one creation.
    fn in_list(&self, operation: &Operation, listed: &lookup::Listed) -> Verdict {
        let tickets = listed.of(&self.marker(operation));
        self.looked_for(operation, tickets.iter().filter_map(|ticket| ticket.id).map(|id| id.0));
        let Some(first) = tickets.first() else {
            let problem = operation.problem.clone();
            let problem = problem.unwrap_or_else(|| "its outcome is not known".to_owned());
            return match not_found(operation.looks) {
                NotFound::LookAgain { looks } => Verdict::Unclear { problem, looks, wait: Wait::Settle },
                NotFound::SendAgain => Verdict::Later { problem, wait: Wait::Turn },
            };
        };
        let mut verdict = self.opened(operation, first, true);
        if let Verdict::Done { settled, .. } = &mut verdict
            && tickets.len() > 1
        {
            settled.recheck_at = Some(self.clock.now());
        }
        verdict
    }

    /// Looks for what an unclear write on a ticket left. Found, it is adopted; not found twice, it is written again.
    pub(super) async fn find(&self, operation: &Operation) -> Verdict {
        let found = match &operation.effect.kind {
            // Setting the same fields to the same values again changes nothing.
            EffectKind::UpdateTicket { .. } | EffectKind::ResolveTicket { note: None, .. } => {
                return self.send(operation).await;
            }
            _ => self.find_action(operation).await,
        };
        match found {
            Ok(Some(verdict)) => verdict,
            Ok(None) => match not_found(operation.looks) {
                NotFound::SendAgain => self.send(operation).await,
                NotFound::LookAgain { looks } => {
                    let problem =
                        operation.problem.clone().unwrap_or_else(|| "its outcome is not known".to_owned());
                    Verdict::Unclear { problem, looks, wait: Wait::Settle }
                }
            },
            Err(Trouble::Halo(error)) => Verdict::not_looked_for(&error, operation.looks),
            Err(Trouble::Store(error)) => Verdict::Store(error),
        }
    }

    async fn find_action(&self, operation: &Operation) -> Result<Option<Verdict>, Trouble> {
        let Some(target) = self.target(operation, &operation.effect).await? else { return Ok(None) };
        let client = self.client_for(operation);
        let actions = lookup::actions(&client, target.ticket, &self.marker(operation)).await?;
        self.looked_for(operation, actions.iter().filter_map(|action| action.id).map(|id| id.0));
        let Some(first) = actions.first() else { return Ok(None) };
        Ok(Some(self.acted(operation, &operation.effect, target.ticket, first, true)))
    }
}

/// What can go wrong while looking.
enum Trouble {
    Halo(halopsa::Error),
    Store(StoreError),
}

impl From<halopsa::Error> for Trouble {
    fn from(error: halopsa::Error) -> Self {
        Self::Halo(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
