//! Changes that do not come through the API: a technician at work, or the seed.

use jiff::Timestamp;

use super::{close_or_reopen, save, touch, view};
use crate::{
    config::SandboxConfig,
    shared::Shared,
    store::{Record, State},
    webhook,
};

/// Changes a ticket as a person at HaloPSA's own screens would; `None` if there is no such ticket.
pub(crate) fn change_from_outside(
    shared: &std::sync::Arc<Shared>,
    id: i64,
    change: impl FnOnce(&mut Record),
) -> Option<()> {
    let now = shared.clock.now();
    let events = shared.change(|state| {
        let before = state.tickets.get(id)?.now.clone();
        let mut ticket = before.clone();
        change(&mut ticket);
        close_or_reopen(&mut ticket, now);
        touch(&mut ticket, now);
        state.tickets.put(id, ticket.clone(), now);
        let view = view::detail(state, shared, &ticket);
        Some(webhook::Event::of_change(Some(&before), &view, None))
    })?;
    for event in events {
        webhook::announce(shared, &event);
    }
    Some(())
}

/// Adds a ticket of the tenant's past.
pub(crate) fn seed_ticket(config: &SandboxConfig, state: &mut State, ticket: Record, at: Timestamp) {
    // INVARIANT: the seed makes only tickets the sandbox accepts (`past_tickets_are_ordinary_tickets`).
    let Ok(mut ticket) = save::begun(config, state, ticket, at) else { return };
    let id = state.tickets.next_number();
    ticket.set("id", id);
    touch(&mut ticket, at);
    state.tickets.put(id, ticket, at);
}
