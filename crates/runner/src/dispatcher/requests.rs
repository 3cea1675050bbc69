//! The requests of operations on existing tickets, each after its operation was marked as sending.

use std::sync::Arc;

use halopsa::{ActionId, Outcome, TicketId};
use haloward_rules::{Effect, EffectKind, Report};
use serde_json::Value;

use super::delivery::{Delivery, Target};
use super::settled::done;
use super::verdict::{Verdict, Wait};
use super::{Seen, last_by_a_person, look, lookup, priority};
use crate::catalogue::{Catalogue, RecordKind, Unknown, Wanted};
use crate::store::{Operation, OperationState, Sending, Settled};
use crate::trace::shown;
use crate::wire::{self, Endpoint, Rendered};

/// LIMIT: first the client, then what is the client's; the third finds nothing left to ask.
const ROUNDS: usize = 3;

impl Delivery {
    /// A body with all the names that can be found: what the catalogue does not know is looked up, as far as that is
    /// allowed.
    pub(super) async fn complete(
        &self,
        operation: &Operation,
        catalogue: &Arc<Catalogue>,
        render: impl Fn(&Catalogue) -> Rendered,
    ) -> Result<Rendered, halopsa::Error> {
        let mut catalogue = Arc::clone(catalogue);
        let mut rendered = render(&catalogue);
        for round in 0..ROUNDS {
            let missing = rendered.unresolved.iter().map(|missing| missing.field.as_str());
            let fields: Vec<&str> = missing.filter(|_| round == 0).collect();
            // Whose site or asset is meant is known once the client is.
            let client_first = fields.contains(&"client");
            let (now, later): (Vec<Wanted>, Vec<Wanted>) = rendered
                .wanted
                .iter()
                .cloned()
                .partition(|wanted| !client_first || wanted.kind == RecordKind::MailDomain);
            let unknown = Unknown { fields: &fields, wanted: &now };
            match self.catalogue.learn(&catalogue, unknown, priority(operation.severity())).await? {
                Some(newer) => {
                    catalogue = newer;
                    rendered = render(&catalogue);
                }
                None if later.is_empty() => break,
                None => {}
            }
        }
        debug_assert!(rendered.wanted.is_empty(), "every name was asked for: {:?}", rendered.wanted);
        Ok(rendered)
    }

    /// Nobody knows what became of the request just sent: it is looked for at once.
    async fn unknown(&self, operation: &Operation, problem: String) -> Verdict {
        let sent = Operation {
            state: OperationState::Unclear,
            attempts: operation.attempts + 1,
            looks: 0,
            first_sent_at: operation.first_sent_at.or(Some(self.clock.now())),
            problem: Some(problem),
            ..operation.clone()
        };
        Box::pin(self.find(&sent)).await
    }

    pub(super) async fn change(
        &self,
        operation: &Operation,
        effect: &Effect,
        target: Target,
        catalogue: &Arc<Catalogue>,
        sending: Sending,
    ) -> Verdict {
        let ticket = target.ticket;
        let settings = self.wire();
        let settings = &*settings;
        let mut reports = Vec::new();
        let rendered = match &effect.kind {
            EffectKind::OpenTicket { .. } => unreachable!("a new ticket has no target"),
            EffectKind::Notify { .. } => unreachable!("messages are the notifier's"),
            EffectKind::UpdateTicket { draft, .. } => {
                let mut draft = draft.clone();
                match self.find_parent(&mut draft).await {
                    Ok(true) if draft.is_empty() => {
                        return Verdict::Pointless {
                            why: "the ticket it was to belong to was never opened".into(),
                        };
                    }
                    Ok(true) => {}
                    Ok(false) => return Verdict::before_parent(),
                    Err(error) => return Verdict::Store(error),
                }
                let render = |c: &Catalogue| wire::update_body(ticket, &draft, Some(c), settings);
                self.complete(operation, catalogue, render).await
            }
            EffectKind::AddNote { note, .. } => {
                let render = |c: &Catalogue| wire::note_body(ticket, note, Some(c), settings);
                let rendered = self.complete(operation, catalogue, render).await;
                match (rendered, target.fold_note.filter(|_| note.fold)) {
                    (Ok(rendered), Some(id)) => {
                        return self.rewrite(operation, effect, ticket, id, rendered, sending).await;
                    }
                    (rendered, _) => rendered,
                }
            }
            EffectKind::ReopenTicket { note } => {
                self.complete(operation, catalogue, |c| wire::reopen_body(ticket, note, Some(c), settings))
                    .await
            }
            EffectKind::ResolveTicket { note, status, unless_touched, .. } => {
                let seen = if *unless_touched {
                    self.seen(operation, &target, Some(catalogue)).await
                } else {
                    Ok(Seen::AsWeLeftIt)
                };
                match seen {
                    Err(error) => return Verdict::of_read(&error),
                    Ok(Seen::Over) => {
                        let key = operation.key().clone();
                        return done(
                            Settled { ticket, ..Settled::default() },
                            vec![Report::TicketClosed { key, ticket: operation.number() }],
                        );
                    }
                    Ok(Seen::Touched | Seen::ChangedSince) => {
                        let key = operation.key().clone();
                        reports.push(Report::TicketTouched { key, ticket: operation.number() });
                        match note {
                            Some(note) => {
                                let render = |c: &Catalogue| wire::note_body(ticket, note, Some(c), settings);
                                self.complete(operation, catalogue, render).await
                            }
                            None => return done(Settled { ticket, ..Settled::default() }, reports),
                        }
                    }
                    Ok(Seen::AsWeLeftIt) => {
                        let (note, status) = (note.as_ref(), status.as_ref());
                        let render =
                            |c: &Catalogue| wire::resolve_body(ticket, note, status, Some(c), settings);
                        self.complete(operation, catalogue, render).await
                    }
                }
            }
        };
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(error) => return Verdict::of_read(&error),
        };
        for missing in &rendered.unresolved {
            let trace = shown(operation.trace());
            tracing::warn!(operation = %operation.id, trace, ticket, %missing, "left out of a change");
        }
        if let Err(error) = self.mark(&[operation], vec![sending]).await {
            return Verdict::Store(error);
        }
        match rendered.endpoint {
            Endpoint::Tickets => self.update(operation, ticket, &rendered, reports).await,
            Endpoint::Actions => self.act(operation, effect, ticket, rendered, reports).await,
        }
    }

    /// Changes fields of a ticket. Nothing has to be looked for: doing it twice is doing it once.
    async fn update(
        &self,
        operation: &Operation,
        ticket: i64,
        rendered: &Rendered,
        reports: Vec<Report>,
    ) -> Verdict {
        let client = self.client_for(operation);
        let answer = client.tickets().update_raw(TicketId(ticket), &rendered.body).await;
        self.told(operation, rendered.endpoint, &rendered.body, &answer);
        match answer {
            Ok(Outcome::Done(row)) => {
                let settled = Settled { recheck_at: None, ..self.settled(operation, &row, ticket) };
                done(settled, reports)
            }
            Ok(Outcome::Unknown(unknown)) => {
                Verdict::Later { problem: unknown.to_string(), wait: Wait::Passing }
            }
            Err(error) => Verdict::of_error(&error, rendered.endpoint.path(), &rendered.body),
        }
    }

    async fn act(
        &self,
        operation: &Operation,
        effect: &Effect,
        ticket: i64,
        mut rendered: Rendered,
        reports: Vec<Report>,
    ) -> Verdict {
        rendered.body["note_html"] = self.marked(operation, &rendered);
        let answer = self.client_for(operation).actions().create_raw(&rendered.body).await;
        self.told(operation, rendered.endpoint, &rendered.body, &answer);
        match answer {
            Ok(Outcome::Done(action)) => {
                let mut verdict = self.acted(operation, effect, ticket, &action, false);
                if let Verdict::Done { reports: all, settled, .. } = &mut verdict {
                    for report in reports {
                        if !all.contains(&report) {
                            all.push(report);
                        }
                    }
                    // The answer to an action does not always repeat the status it set.
                    settled.status = settled.status.or(rendered.body["new_status"].as_i64());
                }
                verdict
            }
            Ok(Outcome::Unknown(unknown)) => self.unknown(operation, unknown.to_string()).await,
            Err(error) => Verdict::of_error(&error, rendered.endpoint.path(), &rendered.body),
        }
    }

    fn marked(&self, operation: &Operation, rendered: &Rendered) -> Value {
        let html = rendered.body["note_html"].as_str().unwrap_or_default();
        Value::from(self.marker(operation).in_html(html))
    }

    /// Rewrites the note that counts repeats; if that is gone, a new one takes its place.
    async fn rewrite(
        &self,
        operation: &Operation,
        effect: &Effect,
        ticket: i64,
        id: i64,
        rendered: Rendered,
        sending: Sending,
    ) -> Verdict {
        if let Err(error) = self.mark(&[operation], vec![sending]).await {
            return Verdict::Store(error);
        }
        let mut body = rendered.body.clone();
        body["note_html"] = self.marked(operation, &rendered);
        let answer = self.client_for(operation).actions().update_raw(ActionId(id), &body).await;
        self.told(operation, rendered.endpoint, &body, &answer);
        match answer {
            Ok(Outcome::Done(action)) => {
                let changed_at = action.last_updated.or(action.datetime).map(Into::into);
                done(Settled { ticket, action: Some(id), changed_at, ..Settled::default() }, Vec::new())
            }
            // The same text again is the same note.
            Ok(Outcome::Unknown(unknown)) => {
                Verdict::Later { problem: unknown.to_string(), wait: Wait::Passing }
            }
            Err(error) if error.is_permanent() => {
                self.act(operation, effect, ticket, rendered, Vec::new()).await
            }
            Err(error) => Verdict::of_error(&error, rendered.endpoint.path(), &rendered.body),
        }
    }

    /// How the ticket stands: one request, and a second where something was done after us.
    async fn seen(
        &self,
        operation: &Operation,
        target: &Target,
        catalogue: Option<&Catalogue>,
    ) -> Result<Seen, halopsa::Error> {
        let client = self.client_for(operation);
        let row = match client.tickets().get(TicketId(target.ticket)).await {
            Ok(row) => row,
            Err(error) if error.status() == Some(404) => return Ok(Seen::Over),
            Err(error) => return Err(error),
        };
        let seen = look(&row, target.known.as_ref(), catalogue);
        if seen != Seen::ChangedSince {
            return Ok(seen);
        }
        let actions = lookup::all_actions(&client, target.ticket).await?;
        let by_a_person = last_by_a_person(&actions, catalogue.and_then(|catalogue| catalogue.api_agent));
        Ok(if by_a_person { Seen::Touched } else { Seen::AsWeLeftIt })
    }
}
