//! The story of an operation: every request that went out for it and what HaloPSA answered, for whoever has to find
//! out why a ticket is as it is. Credentials are no part of it: they are neither in paths nor in bodies.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use halopsa::models::{Action, Ticket};
use halopsa::{Error, Outcome};
use serde_json::{Value, json};

use super::delivery::Delivery;
use crate::store::{Exchange, Operation, OperationId};
use crate::trace::shown;
use crate::wire::Endpoint;

/// LIMIT: a longer body (a picture in its details) is not worth keeping twice.
const BODY_BYTES: usize = 64 << 10;

/// What was said so far about the operations in flight; kept with what their attempt comes to.
#[derive(Debug, Default)]
pub(super) struct Stories(Mutex<HashMap<OperationId, Vec<Exchange>>>);

impl Stories {
    fn add(&self, operation: OperationId, exchange: Exchange) {
        let mut stories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stories.entry(operation).or_default().push(exchange);
    }

    pub(super) fn take(&self, operation: OperationId) -> Vec<Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&operation).unwrap_or_default()
    }
}

/// What an answer left in HaloPSA.
pub(super) trait Left {
    fn left(&self) -> Value;
}

impl Left for Ticket {
    fn left(&self) -> Value {
        json!({ "ticket": self.id.map(|id| id.0) })
    }
}

impl Left for Action {
    fn left(&self) -> Value {
        json!({ "ticket": self.ticket_id.map(|id| id.0), "action": self.id.map(|id| id.0) })
    }
}

impl Delivery {
    /// Keeps a request for several operations as far as it was about one, and what was said about that.
    pub(super) fn told_of(
        &self,
        operation: &Operation,
        endpoint: Endpoint,
        body: &Value,
        together: usize,
        said_of_it: Value,
    ) {
        answered(operation, endpoint, &said_of_it);
        let mut said = json!({
            "method": "POST", "path": endpoint.path(), "body": kept(body), "together": together,
        });
        if let (Some(said), Value::Object(more)) = (said.as_object_mut(), said_of_it) {
            said.extend(more);
        }
        self.stories.add(operation.id, Exchange { at: self.clock.now(), said });
    }

    /// Keeps a request and its answer.
    pub(super) fn told<T: Left>(
        &self,
        operation: &Operation,
        endpoint: Endpoint,
        body: &Value,
        answer: &Result<Outcome<T>, Error>,
    ) {
        let (name, told) = match answer {
            Ok(Outcome::Done(left)) => ("done", left.left()),
            Ok(Outcome::Unknown(unknown)) => ("unknown", unknown.to_string().into()),
            Err(error) => {
                let text = error.reply().map_or_else(|| error.to_string(), ToString::to_string);
                ("refused", json!({ "status": error.status(), "answer": text }))
            }
        };
        answered(operation, endpoint, &json!({ name: told }));
        let mut said = json!({ "method": "POST", "path": endpoint.path(), "body": kept(body) });
        said[name] = told;
        self.stories.add(operation.id, Exchange { at: self.clock.now(), said });
    }

    /// Keeps that an operation was looked for by its marker.
    pub(super) fn looked_for(&self, operation: &Operation, found: impl Iterator<Item = i64>) {
        let (marker, found, trace) =
            (self.marker(operation), found.collect::<Vec<_>>(), shown(operation.trace()));
        tracing::debug!(operation = %operation.id, trace, %marker, ?found, "looked for in HaloPSA");
        let said = json!({ "looked_for": marker.to_string(), "found": found });
        self.stories.add(operation.id, Exchange { at: self.clock.now(), said });
    }
}

fn answered(operation: &Operation, endpoint: Endpoint, answer: &Value) {
    let (trace, path) = (shown(operation.trace()), endpoint.path());
    tracing::debug!(operation = %operation.id, trace, path, %answer, "HaloPSA answered");
}

fn kept(body: &Value) -> Value {
    if body.to_string().len() > BODY_BYTES { json!("too long to keep") } else { json!([body]) }
}
