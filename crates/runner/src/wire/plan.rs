//! The requests an effect leads to, for people to look at before anything is sent.

use haloward_rules::{Effect, EffectKind};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Marker, Rendered, Unresolved, WireSettings, note_body, reopen_body, resolve_body, ticket_body,
    update_body,
};
use crate::catalogue::Catalogue;

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedRequest {
    /// The method.
    pub method: &'static str,
    /// The path on the site.
    pub path: &'static str,
    /// The body as it would go out.
    pub body: Value,
    /// Names that are not in it, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unresolved: Vec<Unresolved>,
}

/// What stands for a channel's address, which is a secret.
const CHANNEL: &str = "(the channel's webhook)";

/// The requests that carry out an effect, in order. What only HaloPSA can know (the ticket's number) is shown as a text
/// that says what will stand there.
pub fn requests_for(
    effect: &Effect,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) -> Vec<PlannedRequest> {
    let own = || Value::from(format!("the ticket of {}", effect.key));
    let ticket = |id: &Option<i64>| id.map_or_else(own, Value::from);
    let rendered = match &effect.kind {
        EffectKind::Notify { channel, text } => {
            let body = json!({ "channel": channel, "text": text });
            return vec![PlannedRequest { method: "POST", path: CHANNEL, body, unresolved: Vec::new() }];
        }
        EffectKind::OpenTicket { draft, origin } => {
            let mut rendered = ticket_body(draft, origin, catalogue, settings);
            settings.marker.put(&mut rendered.body, &Marker::placeholder());
            rendered
        }
        EffectKind::UpdateTicket { id, draft } => update_body(ticket(id), draft, catalogue, settings),
        EffectKind::AddNote { id, note } => note_body(ticket(id), note, catalogue, settings),
        EffectKind::ResolveTicket { id, note, status, .. } => {
            resolve_body(ticket(id), note.as_ref(), status.as_ref(), catalogue, settings)
        }
        EffectKind::ReopenTicket { note } => reopen_body(own(), note, catalogue, settings),
    };
    let Rendered { body, endpoint, unresolved, wanted: _ } = rendered;
    vec![PlannedRequest { method: "POST", path: endpoint.path(), body: json!([body]), unresolved }]
}
