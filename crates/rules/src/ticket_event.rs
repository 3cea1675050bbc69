//! What events about HaloPSA's own tickets say: how a ticket stands (`ticket`), and what changed about it (`change`).
//!
//! Whoever reads tickets fills these fields; rules, `check`, the schemas and the documentation know them from here.

/// The fields of `ticket`, each with what it is.
pub const TICKET: [(&str, &str); 39] = [
    ("id", "its number"),
    ("summary", "its summary"),
    ("details", "its text, without markup; at most 4,000 characters of it"),
    ("url", "where it is seen in HaloPSA"),
    ("type", "its type"),
    ("type_id", "the type's id"),
    ("status", "its status"),
    ("status_id", "the status's id"),
    ("priority", "its priority"),
    ("priority_id", "the priority's id within its SLA"),
    ("sla", "its SLA"),
    ("sla_id", "the SLA's id"),
    ("team", "its team"),
    ("agent", "the agent who has it; nothing while nobody does"),
    ("agent_id", "the agent's id"),
    ("assigned", "whether an agent has it"),
    ("client", "its client"),
    ("client_id", "the client's id"),
    ("site", "its site"),
    ("site_id", "the site's id"),
    ("user", "the end user"),
    ("user_id", "the end user's id"),
    ("category", "its first category, levels separated by `>`"),
    ("category_2", "its second category"),
    ("category_3", "its third category"),
    ("category_4", "its fourth category"),
    ("impact", "its impact"),
    ("urgency", "its urgency"),
    ("source", "where it came from, as the install numbers it"),
    ("parent", "the number of the ticket it is a child of"),
    ("on_hold", "whether its SLA clock stands still"),
    ("closed", "whether it is closed, merged into another or deleted"),
    ("created_at", "when it was created"),
    ("updated_at", "when anything about it last changed"),
    ("last_action_at", "when the last action was added"),
    ("closed_at", "when it was closed"),
    ("respond_by", "when its SLA wants the first response by"),
    ("fix_by", "when its SLA wants the solution by"),
    ("custom_fields", "its custom fields by name"),
];

/// The fields of `change` besides those of the ticket that changed (`change.status.from`, `change.status.to`).
pub const CHANGE: [(&str, &str); 3] = [
    (
        "kind",
        "`created`, `changed`, `closed`, `reopened`, `merged`, `deleted`, or `seen`: it was there before the source",
    ),
    ("fields", "the names of the fields that changed"),
    ("ours", "true where all that changed was done by rules"),
];

/// The fields of a ticket whose changes are told.
pub const FOLLOWED: [&str; 20] = [
    "summary",
    "type",
    "status",
    "priority",
    "sla",
    "team",
    "agent",
    "client",
    "site",
    "user",
    "category",
    "category_2",
    "category_3",
    "category_4",
    "impact",
    "urgency",
    "parent",
    "on_hold",
    "respond_by",
    "fix_by",
];

/// What can happen to a ticket as a whole.
pub const KINDS: [&str; 7] = ["created", "changed", "closed", "reopened", "merged", "deleted", "seen"];

/// The kinds of changes after which a ticket is over.
pub const OVER: [&str; 3] = ["closed", "merged", "deleted"];
