//! What a sandbox starts with: where it listens, the one application it knows, that application's rights,
//! and which of HaloPSA's habits are switched on.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde_json::{Map, Value};

use crate::{Clock, auth::AgentRights};

/// The settings of one sandbox.
///
/// `SandboxConfig::default()` is a working HaloPSA on a free loopback port; set only what a test is about:
///
/// ```
/// use halopsa_sandbox::{RateLimit, SandboxConfig};
/// use std::time::Duration;
///
/// let config = SandboxConfig {
///     rate_limit: Some(RateLimit { requests: 300, per: Duration::from_secs(300) }),
///     ..SandboxConfig::default()
/// };
/// assert_eq!(config.client_id, "sandbox-client");
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit that a test switches by its name")]
pub struct SandboxConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The application's client id.
    pub client_id: String,
    /// The application's client secret.
    pub client_secret: String,
    /// The tenant's name, given out by `/api/authinfo`.
    pub tenant: String,
    /// Whether the token endpoint wants `?tenant=` as hosted HaloPSA does; a wrong tenant is refused either way.
    pub tenant_required: bool,
    /// How long a token lives.
    pub token_lifetime: Duration,
    /// The rolling limit over all API requests; `None` switches it off.
    pub rate_limit: Option<RateLimit>,
    /// The scopes granted to the application. A token has those of them it asked for.
    pub scopes: Vec<String>,
    /// Whether the application's agent has been approved; if not, no token is given.
    pub agent_approved: bool,
    /// What the agent the application logs in as may do and see.
    pub agent: AgentRights,
    /// Fields a ticket type demands besides those the seeded types demand, by the type's name.
    pub mandatory: BTreeMap<String, Vec<String>>,
    /// HaloPSA's own ticket rules, applied to each created ticket unless it says `dont_do_rules`.
    pub ticket_rules: Vec<TicketRule>,
    /// Whether creates that overlap fail, as they do while ticket numbers are counted rather than given
    /// by the database.
    pub numbering_race: bool,
    /// Whether a ticket that says `_validate_only` is checked and not written. HaloPSA's description of its API names
    /// the field and says no more; nobody has reported what the real one does, so a client must not rely on either.
    pub validates_only: bool,
    /// Whether deliveries of webhooks are collected, as HaloPSA can since 2.164; the body is an array then.
    pub webhook_batches: Option<WebhookBatches>,
    /// After how many failed deliveries in a row a webhook is switched off; 0 for never.
    pub webhook_failures: u32,
    /// How many clients there are, the catch-all one included; never fewer than the 60 that have names of their own.
    pub clients: u32,
    /// How many assets there are.
    pub assets: u32,
    /// How many closed and open tickets the tenant already has.
    pub past_tickets: u32,
    /// What the invented data grows from; the same seed gives the same data.
    pub seed: u64,
    /// The largest request body taken, in bytes.
    pub max_body_bytes: usize,
    /// The sandbox's time.
    pub clock: Clock,
}

/// How many requests HaloPSA takes in a rolling window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests in the window.
    pub requests: u32,
    /// The window's length.
    pub per: Duration,
}

impl RateLimit {
    /// What a hosted HaloPSA has last been reported to take.
    pub const HOSTED: Self = Self { requests: 700, per: Duration::from_mins(5) };
}

/// One of HaloPSA's own ticket rules: what it overwrites on a new ticket whose summary contains a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TicketRule {
    /// The rule's id, as tickets name it in `matched_rule_id`.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The text the summary must contain, in any case.
    pub summary_contains: String,
    /// The ticket fields it sets.
    pub set: Map<String, Value>,
}

/// How deliveries of a webhook are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookBatches {
    /// Which events share a delivery.
    pub of: BatchOf,
    /// How long the first event waits for others, by the sandbox's clock; HaloPSA's least is a second.
    pub delay: Duration,
    /// The most events in a delivery; 0 for no limit.
    pub limit: usize,
}

/// Which events share a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchOf {
    /// Those of one ticket and one kind, such as two updates of it.
    SameEvent,
    /// Those of one kind, such as every closed ticket.
    SameKind,
    /// Any.
    Any,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            tenant: "sandbox".to_owned(),
            tenant_required: false,
            token_lifetime: Duration::from_hours(1),
            rate_limit: Some(RateLimit::HOSTED),
            scopes: vec!["all".to_owned()],
            agent_approved: true,
            agent: AgentRights::default(),
            mandatory: BTreeMap::new(),
            ticket_rules: Vec::new(),
            numbering_race: false,
            validates_only: true,
            webhook_batches: None,
            webhook_failures: 0,
            clients: 60,
            assets: 200,
            past_tickets: 0,
            seed: 1,
            // LIMIT: the web server under the real one refuses more than 30 MB.
            max_body_bytes: 30_000_000,
            clock: Clock::system(),
        }
    }
}
