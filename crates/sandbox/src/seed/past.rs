//! Tickets from before the sandbox started, if the settings ask for some.

use std::time::Duration;

use serde_json::json;

use super::{Rng, words::SUMMARIES};
use crate::{
    api::{self, Kind},
    config::SandboxConfig,
    store::{Record, State},
};

pub(super) fn fill(state: &mut State, config: &SandboxConfig, rng: &mut Rng) {
    let clients: Vec<i64> = state
        .table(Kind::Client)
        .rows()
        .iter()
        .filter(|client| !client.flag("inactive"))
        .filter_map(|client| client.int("id"))
        .collect();
    for left in (1..=u64::from(config.past_tickets)).rev() {
        let ago = Duration::from_secs(left * 3600 + rng.below(3000));
        let at = config.clock.now().checked_sub(ago).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let ticket = json!({
            "summary": rng.pick(SUMMARIES),
            "client_id": rng.pick(&clients),
            "tickettype_id": rng.pick(&[1, 1, 2, 21, 23]),
            "status_id": if left > 20 { 9 } else { *rng.pick(&[1, 2, 4, 9]) },
            "agent_id": 2 + rng.below(6),
            "sendack": false,
            "source": 1,
        });
        api::seed_ticket(config, state, Record::of(ticket), at);
    }
}
