//! The effects of a rule, in order, whether its map or its script asks for them.

use serde_json::{Map, Value};

use super::case::Case;
use super::decision::{EffectKind, Outcome};
use super::event::Applied;
use super::ticket::{self, Opening, Wanted};
use super::work::Work;
use super::{limit, standing};
use crate::event::{Event, State};
use crate::path::Path;
use crate::rule::{EffectTemplate, Lifecycle, Part, Rule, Target, scripted_notice};
use crate::script::{ScriptEffect, ScriptError};
use crate::ticket::{Note, Reference, TicketDraft, draft_from_script};

/// Runs all effects of `rule`. `case` is the case with this event counted; it is kept if an effect makes it worth
/// keeping.
pub(super) fn run(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &mut Event,
    case: Option<Case>,
) -> Result<Applied, ScriptError> {
    // What a limit stops half-way is done as a whole when its turn comes.
    let braked = rule.limit.or(work.rules.brake()).is_some();
    let untouched = braked.then(|| (work.mark(), event.clone(), case.clone()));
    let mut runner = Runner { work, rule, case, done: Vec::new(), limited: None };
    let opens = rule.effects.iter().any(|effect| matches!(effect, EffectTemplate::OpenTicket { .. }));
    let mut notices = Vec::new();
    for (effect, number) in rule.effects.iter().zip(0..) {
        if runner.limited.is_some() {
            break;
        }
        let waits = opens && matches!(effect, EffectTemplate::Notify(_));
        if !waits {
            runner.work.reached(rule.id(), Part::Effect(number));
        }
        match effect {
            EffectTemplate::Set(sets) => {
                for (path, tree) in sets {
                    let value = runner.env(event, |env| tree.value(env))?;
                    event.set(path, value).map_err(failed)?;
                }
            }
            EffectTemplate::Drop(reason) => {
                let reason = runner.env(event, |env| reason.text(env))?;
                runner.done.push((Outcome::Dropped, Some(reason)));
            }
            EffectTemplate::OpenTicket { ticket, lifecycle } => {
                runner.open(event, &Wanted::Template(ticket), lifecycle, None)?;
            }
            EffectTemplate::UpdateTicket { target, ticket } => {
                let id = runner.target(event, target)?;
                let draft = runner.env(event, |env| ticket.draft(env, event.severity()))?;
                runner.on_ticket(event, id, EffectKind::UpdateTicket { id, draft: Box::new(draft) });
            }
            EffectTemplate::AddNote { target, note } => {
                let id = runner.target(event, target)?;
                let note = runner.env(event, |env| note.note(env))?;
                runner.on_ticket(event, id, EffectKind::AddNote { id, note });
            }
            EffectTemplate::ResolveTicket { note, status } => {
                let note = match note {
                    Some(note) => Some(runner.env(event, |env| note.note(env))?),
                    None => None,
                };
                runner.resolve(event, note, status.clone());
            }
            // One message for each ticket, not for each of its repeats.
            EffectTemplate::Notify(notice) if opens => notices.push((number, notice)),
            EffectTemplate::Notify(notice) => {
                let kind = runner.env(event, |env| notice.notice(env, event))?;
                runner.notify(event, kind);
            }
            EffectTemplate::Script(script) => {
                for effect in runner.env(event, |env| script.decide(env))? {
                    if runner.limited.is_none() {
                        runner.scripted(event, effect)?;
                    }
                }
            }
        }
    }
    if let Some((draft, brake)) = runner.limited.take()
        && let Some((mark, before, Some(case))) = untouched
    {
        work.back_to(mark);
        *event = before;
        return Ok(limit::hold_back(work, rule, brake, event, case, *draft));
    }
    if runner.done.iter().any(|(done, _)| matches!(done, Outcome::OpenTicket | Outcome::ReopenTicket)) {
        for (number, notice) in notices {
            runner.work.reached(rule.id(), Part::Effect(number));
            let kind = runner.env(event, |env| notice.notice(env, event))?;
            runner.notify(event, kind);
        }
    }
    Ok(runner.finish())
}

/// The fields of a script's `open_ticket` that are no ticket fields.
const LIFECYCLE: [&str; 3] = ["again", "resolved", "reopen_within"];

struct Runner<'w, 'a> {
    work: &'w mut Work<'a>,
    rule: &'w Rule,
    case: Option<Case>,
    done: Vec<(Outcome, Option<String>)>,
    /// The ticket that had no room, and under which brake.
    limited: Option<(Box<TicketDraft>, limit::Brake)>,
}

fn failed(message: String) -> ScriptError {
    ScriptError { message, at: None }
}

impl Runner<'_, '_> {
    fn env<T>(
        &self,
        event: &Event,
        body: impl FnOnce(&crate::script::Env<'_>) -> Result<T, ScriptError>,
    ) -> Result<T, ScriptError> {
        self.work.with_env(Some(self.rule), event, self.case.as_ref(), body)
    }

    fn open(
        &mut self,
        event: &Event,
        wanted: &Wanted<'_>,
        lifecycle: &Lifecycle,
        scripted: Option<Map<String, Value>>,
    ) -> Result<(), ScriptError> {
        let Some(case) = &mut self.case else { return Ok(()) };
        if event.state() == State::Resolved
            && (self.rule.wants_opening || self.work.case(&case.key).is_some_and(|c| c.is_alive()))
        {
            // The end of a problem is no repeat of it; what it means for the ticket its lifecycle says.
            self.done.push((Outcome::Nothing, Some("a resolved event opens no ticket".into())));
            return Ok(());
        }
        if !event.state().opens() {
            self.work.seen(case, event);
        }
        let done = match ticket::open(self.work, self.rule, event, case, wanted, lifecycle)? {
            Opening::Done(done) => done,
            Opening::Limited(draft, brake) => {
                self.limited = Some((draft, brake));
                return Ok(());
            }
        };
        if matches!(done.0, Outcome::OpenTicket | Outcome::ReopenTicket) {
            case.lifecycle = scripted;
        }
        self.done.push(done);
        Ok(())
    }

    /// The ticket an effect names; where it names none, the one that the event tells of.
    fn target(&self, event: &Event, target: &Target) -> Result<Option<i64>, ScriptError> {
        let Target::Ticket(tree) = target else { return Ok(event.ticket_id()) };
        let value = self.env(event, |env| tree.value(env))?;
        ticket_id(&value).map(Some)
    }

    /// The same for an effect that a script asks for.
    fn scripted_target(event: &Event, map: &Map<String, Value>) -> Result<Option<i64>, ScriptError> {
        map.get("ticket").map_or_else(|| Ok(event.ticket_id()), |value| ticket_id(value).map(Some))
    }

    /// An effect on the case's ticket, or on the one of this number.
    fn on_ticket(&mut self, event: &Event, id: Option<i64>, kind: EffectKind) {
        let Some(case) = &mut self.case else { return };
        if id.is_none() && case.state != super::CaseState::Open {
            self.done.push((Outcome::Nothing, Some("the case has no open ticket".into())));
            return;
        }
        if id.is_some() && id == event.ticket_id() {
            if let EffectKind::UpdateTicket { draft, .. } = &kind
                && standing::is_so(event, draft)
            {
                self.done.push((Outcome::Nothing, Some("the ticket is so already".into())));
                return;
            }
            standing::note(case, self.work.now);
        }
        let outcome = kind.outcome();
        self.work.effect(case, self.rule.id(), event.severity(), kind);
        self.done.push((outcome, None));
    }

    fn notify(&mut self, event: &Event, kind: EffectKind) {
        let Some(case) = &self.case else { return };
        self.work.effect(case, self.rule.id(), event.severity(), kind);
        self.done.push((Outcome::Notify, None));
    }

    fn resolve(&mut self, event: &Event, note: Option<Note>, status: Option<Reference>) {
        let id = event.ticket_id();
        let kind = EffectKind::ResolveTicket { id, note, status, unless_touched: false };
        if id.is_some() {
            return self.on_ticket(event, id, kind);
        }
        let Some(case) = &mut self.case else { return };
        if case.state != super::CaseState::Open {
            self.done.push((Outcome::Nothing, Some("the case has no open ticket".into())));
            return;
        }
        self.work.effect(case, self.rule.id(), event.severity(), kind);
        ticket::end(self.work, case);
        self.done.push((Outcome::ResolveTicket, None));
    }

    fn scripted(&mut self, event: &mut Event, effect: ScriptEffect) -> Result<(), ScriptError> {
        let map = match effect.arg {
            Value::Object(map) => map,
            other => {
                // `drop` alone takes a text.
                self.done.push((Outcome::Dropped, Some(crate::value::to_text(&other).into_owned())));
                return Ok(());
            }
        };
        match effect.name {
            "open_ticket" => {
                let draft = draft_from_script(&map, event.severity(), &LIFECYCLE)?;
                let lifecycle = Lifecycle::from_script(&map).map_err(failed)?;
                let kept: Map<String, Value> =
                    map.into_iter().filter(|(k, _)| LIFECYCLE.contains(&k.as_str())).collect();
                self.open(
                    event,
                    &Wanted::Draft(Box::new(draft)),
                    &lifecycle,
                    Some(kept).filter(|m| !m.is_empty()),
                )
            }
            "update_ticket" => {
                let id = Self::scripted_target(event, &map)?;
                let draft = draft_from_script(&map, event.severity(), &["ticket"])?;
                self.on_ticket(event, id, EffectKind::UpdateTicket { id, draft: Box::new(draft) });
                Ok(())
            }
            "add_note" => {
                let id = Self::scripted_target(event, &map)?;
                let mut note = Note::private(&crate::value::to_text(map.get("text").unwrap_or(&Value::Null)));
                note.private = map.get("private").and_then(Value::as_bool).unwrap_or(true);
                note.outcome = map.get("outcome").and_then(Reference::from_value);
                self.on_ticket(event, id, EffectKind::AddNote { id, note });
                Ok(())
            }
            "resolve_ticket" => {
                let note = map.get("note").map(|text| Note::private(&crate::value::to_text(text)));
                self.resolve(event, note, map.get("status").and_then(Reference::from_value));
                Ok(())
            }
            "notify" => {
                let text = |key: &str| map.get(key).map(crate::value::to_text);
                let channels = self.work.rules.library().channels.as_ref();
                let (channel, said) = (text("channel"), text("text"));
                let kind = scripted_notice(channel.as_deref(), said.as_deref(), event, channels)?;
                self.notify(event, kind);
                Ok(())
            }
            "set" => {
                for (path, value) in map {
                    let path = Path::parse(&path).map_err(|error| failed(error.to_string()))?;
                    event.set(&path, value).map_err(failed)?;
                }
                Ok(())
            }
            other => Err(failed(format!("`{other}` is not available in scripts"))),
        }
    }

    /// The rule's outcome is its weightiest effect's.
    fn finish(self) -> Applied {
        if let Some(mut case) = self.case {
            let waits = case.state == super::CaseState::Waiting && case.held_by.is_none();
            let known = self.work.case(&case.key).is_some_and(|c| c.is_alive());
            if waits && standing::waits_on(self.rule, &mut case, self.work.now) {
                self.work.cancel_timers(&case);
                case.held_since = None;
                self.work.put(case);
            } else if !waits || known || standing::remembers(&case) {
                // A waiting case whose rule decided without a ticket has had its say.
                if waits {
                    ticket::end(self.work, &mut case);
                }
                self.work.put(case);
            }
        }
        match self.done.into_iter().min_by_key(|(outcome, _)| *outcome) {
            Some((outcome, reason)) => Applied::new(outcome, reason),
            None => Applied::new(Outcome::Nothing, Some("the rule asked for nothing".into())),
        }
    }
}

fn ticket_id(value: &Value) -> Result<i64, ScriptError> {
    match Reference::from_value(value) {
        Some(Reference::Id(id)) => Ok(id),
        _ => Err(failed(format!("`{}` is no ticket id", crate::value::to_text(value)))),
    }
}
