//! `--validate`: what would keep tickets from being as the rules want them, found out by reading alone.
//!
//! HaloPSA's `_validate_only` is not used: nobody has seen what it does, and if it did nothing, a dry run would open
//! tickets (`docs/decisions`).

use std::collections::{BTreeMap, BTreeSet};

use halopsa::{Client, Query};
use haloward_rules::{EffectKind, Step};
use serde_json::Value;

use super::super::output::{Out, Tone, clean};
use super::super::{End, Ended, Failure, runtime};
use super::Planner;
use crate::catalogue::Catalogue;
use crate::config::Loaded;
use crate::wire;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Validation {
    requests: u64,
    /// Each problem with how many requests have it.
    problems: BTreeMap<String, u64>,
    /// The types of the tickets that would be opened.
    types: BTreeSet<i64>,
}

impl Validation {
    pub(super) fn step(&mut self, step: &Step, planner: &Planner<'_>) {
        for effect in &step.effects {
            for request in wire::requests_for(effect, planner.catalogue, &planner.wire) {
                self.requests += 1;
                for left in &request.unresolved {
                    *self.problems.entry(left.to_string()).or_default() += 1;
                }
                if matches!(effect.kind, EffectKind::OpenTicket { .. }) {
                    match request.body[0]["tickettype_id"].as_i64() {
                        Some(id) => _ = self.types.insert(id),
                        None => *self.problems.entry("the ticket has no type".to_owned()).or_default() += 1,
                    }
                }
            }
        }
    }

    pub(super) fn finish(self, loaded: &Loaded, catalogue: Option<&Catalogue>, out: &mut Out) -> Ended {
        let strict = strict_types(loaded, &self.types)?;
        let mut lines: Vec<String> = Vec::new();
        for (problem, count) in &self.problems {
            let requests = if *count == 1 { "1 request".to_owned() } else { format!("{count} requests") };
            lines.push(format!("{} {} ({requests})", out.tone(Tone::Bad, "✗"), clean(problem)));
        }
        for id in strict {
            let known = catalogue.and_then(|c| c.ticket_types.iter().find(|kind| kind.id == id));
            let name = known.map_or_else(|| id.to_string(), |kind| kind.name.clone());
            lines.push(format!(
                "! type `{}` has fields that agents must fill in: HaloPSA refuses a ticket without them",
                clean(&name)
            ));
        }
        if self.problems.is_empty() {
            let mark = out.tone(Tone::Good, "✓");
            lines.push(format!("{mark} every name in {} requests is known to HaloPSA", self.requests));
        }
        // Beside JSON this is for whoever watches; the requests in it say the same as `unresolved`.
        for line in lines {
            if out.is_json() { eprintln!("{line}") } else { out.line(&line)? }
        }
        Ok(if self.problems.is_empty() { End::Done } else { End::No })
    }
}

/// Those of the types that have fields agents must fill in.
fn strict_types(loaded: &Loaded, types: &BTreeSet<i64>) -> Result<Vec<i64>, Failure> {
    let Some(halo) = loaded.config.halo.as_ref().filter(|_| !types.is_empty()) else { return Ok(Vec::new()) };
    let client = halo.client().map_err(|error| Failure::new(error.to_string()))?;
    runtime()?.block_on(async {
        let mut strict = Vec::new();
        for id in types {
            if is_strict(&client, *id).await? {
                strict.push(*id);
            }
        }
        Ok(strict)
    })
}

async fn is_strict(client: &Client, id: i64) -> Result<bool, Failure> {
    let answer = client.get(&format!("/TicketType/{id}"), &Query::new()).await.map_err(|error| {
        let message = format!("cannot read ticket type {id}: {error}");
        match error.hint() {
            Some(hint) => Failure::help(message, hint),
            None => Failure::new(message),
        }
    })?;
    Ok(answer.get("hasmandatorytechfields").and_then(Value::as_bool).unwrap_or(false))
}
