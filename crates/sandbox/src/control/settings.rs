//! `/sandbox/settings`: what the sandbox runs with, for tests that only start the program.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::{Answered, parsed};
use crate::{
    AgentRights, BatchOf, RateLimit, SandboxConfig, TicketRule, WebhookBatches, auth::Scopes, shared::Shared,
};

/// What a request changes; what it does not name stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    scopes: Option<Vec<String>>,
    tenant_required: Option<bool>,
    agent_approved: Option<bool>,
    token_lifetime_seconds: Option<u64>,
    #[serde(default, deserialize_with = "named")]
    rate_limit: Named<Limit>,
    agent: Option<AgentRights>,
    mandatory: Option<BTreeMap<String, Vec<String>>>,
    ticket_rules: Option<Vec<Rule>>,
    numbering_race: Option<bool>,
    validates_only: Option<bool>,
    #[serde(default, deserialize_with = "named")]
    webhook_batches: Named<Batches>,
    webhook_failures: Option<u32>,
    clients: Option<u32>,
    assets: Option<u32>,
    past_tickets: Option<u32>,
    seed: Option<u64>,
}

/// A setting that can be switched off with `null`, which is not the same as leaving it out.
#[derive(Debug, Default)]
enum Named<T> {
    #[default]
    LeftOut,
    Off,
    On(T),
}

fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Named<T>, D::Error> {
    Option::deserialize(value).map(|value| value.map_or(Named::Off, Named::On))
}

impl<T> Named<T> {
    fn set<U>(self, setting: &mut Option<U>, on: impl FnOnce(T) -> U) {
        match self {
            Self::LeftOut => {}
            Self::Off => *setting = None,
            Self::On(value) => *setting = Some(on(value)),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    requests: u32,
    #[serde(default = "five_minutes")]
    per_seconds: u64,
}

fn five_minutes() -> u64 {
    300
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: i64,
    #[serde(default)]
    name: String,
    summary_contains: String,
    set: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batches {
    of: Of,
    delay_ms: u64,
    #[serde(default)]
    limit: usize,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Of {
    SameEvent,
    SameKind,
    Any,
}

pub(super) fn change(shared: &Shared, body: &[u8]) -> Answered {
    let settings: Settings = parsed(body)?;
    if let Some(unknown) = settings.scopes.iter().flatten().find(|scope| !Scopes::is_known(scope)) {
        return Err((400, format!("`{unknown}` is no scope of HaloPSA's")));
    }
    shared.configure(|config| settings.apply(config));
    Ok(shown(&shared.config()))
}

impl Settings {
    fn apply(self, config: &mut SandboxConfig) {
        put(&mut config.scopes, self.scopes);
        put(&mut config.tenant_required, self.tenant_required);
        put(&mut config.agent_approved, self.agent_approved);
        put(&mut config.token_lifetime, self.token_lifetime_seconds.map(Duration::from_secs));
        put(&mut config.agent, self.agent);
        put(&mut config.mandatory, self.mandatory);
        put(&mut config.numbering_race, self.numbering_race);
        put(&mut config.validates_only, self.validates_only);
        put(&mut config.webhook_failures, self.webhook_failures);
        put(&mut config.clients, self.clients);
        put(&mut config.assets, self.assets);
        put(&mut config.past_tickets, self.past_tickets);
        put(&mut config.seed, self.seed);
        let rule = |Rule { id, name, summary_contains, set }| TicketRule { id, name, summary_contains, set };
        put(&mut config.ticket_rules, self.ticket_rules.map(|rules| rules.into_iter().map(rule).collect()));
        self.rate_limit.set(&mut config.rate_limit, |limit| RateLimit {
            requests: limit.requests,
            per: Duration::from_secs(limit.per_seconds),
        });
        self.webhook_batches.set(&mut config.webhook_batches, |batches| WebhookBatches {
            of: match batches.of {
                Of::SameEvent => BatchOf::SameEvent,
                Of::SameKind => BatchOf::SameKind,
                Of::Any => BatchOf::Any,
            },
            delay: Duration::from_millis(batches.delay_ms),
            limit: batches.limit,
        });
    }
}

fn put<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

/// The settings as a request would write them. The client secret is not among them.
pub(super) fn shown(config: &SandboxConfig) -> Value {
    let limit = config.rate_limit;
    let batches = config.webhook_batches.map(|batches| {
        let of = match batches.of {
            BatchOf::SameEvent => "same_event",
            BatchOf::SameKind => "same_kind",
            BatchOf::Any => "any",
        };
        json!({ "of": of, "delay_ms": u64::try_from(batches.delay.as_millis()).ok(), "limit": batches.limit })
    });
    let rules: Vec<Value> = config
        .ticket_rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id, "name": rule.name, "summary_contains": rule.summary_contains, "set": rule.set,
            })
        })
        .collect();
    json!({
        "scopes": config.scopes,
        "tenant_required": config.tenant_required,
        "agent_approved": config.agent_approved,
        "token_lifetime_seconds": config.token_lifetime.as_secs(),
        "rate_limit": limit.map(|l| json!({ "requests": l.requests, "per_seconds": l.per.as_secs() })),
        "agent": config.agent,
        "mandatory": config.mandatory,
        "ticket_rules": rules,
        "numbering_race": config.numbering_race,
        "validates_only": config.validates_only,
        "webhook_batches": batches,
        "webhook_failures": config.webhook_failures,
        "clients": config.clients,
        "assets": config.assets,
        "past_tickets": config.past_tickets,
        "seed": config.seed,
    })
}
