//! Rule files: rules, what delays and limits them, effects.

use serde_json::{Map, Value, json};

use super::build::{
    any_of, array, choice, described, duration, flag, map_of, number, one_or_list, reference, section, text,
};
use super::ticket::ticket_fields;
use crate::event::ROOTS;
use crate::rule::{EFFECTS, MEMBERS, UNLESS};

pub(super) fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("rule_file".into(), rule_file());
    all.insert(
        "defaults".into(),
        section(
            "What holds for all rules of this file.",
            [(
                "ticket",
                described(
                    "Fields of the tickets they open, unless a rule says otherwise.",
                    reference("ticket"),
                ),
            )],
            &[],
        ),
    );
    all.insert("rule".into(), rule());
    all.insert("group".into(), group());
    all.insert("missing".into(), missing());
    all.insert("threshold".into(), threshold());
    all.insert("limit".into(), limit());
    all.insert(
        "hold".into(),
        section(
            "Until a time that the event tells; it moves with that.",
            [
                ("until", described("The time: `${event.ticket.fix_by}`.", reference("template"))),
                ("early", duration("So much before it.")),
            ],
            &["until"],
        ),
    );
    all.insert("escalation".into(), escalation());
    all.insert("active".into(), active());
    all.insert(
        "mode".into(),
        section(
            "Live for some, in shadow for the rest.",
            [("live_for", one_or_list("Names of clients.", reference("scalar")))],
            &["live_for"],
        ),
    );
    all.insert("notify".into(), notify());
    all.insert("effects".into(), effects());
    all.insert("update_ticket".into(), update_ticket());
    all.insert("add_note".into(), add_note());
    all.insert("resolve_ticket".into(), resolve_ticket());
    all
}

fn rule_file() -> Value {
    section(
        "A file of rules.",
        [
            ("defaults", described("What holds for all rules of this file.", reference("defaults"))),
            (
                "use",
                map_of(
                    "Modules that templates and scripts of this file may call, by the name to call them by: `{ names: lib/names }`.",
                    json!({ "type": "string" }),
                ),
            ),
            ("rules", array("The rules, in the order they are tried.", reference("rule"))),
        ],
        &[],
    )
}

fn rule() -> Value {
    let id = json!({
        "description": "Names the rule everywhere: small letters, digits and `-`. Each id is used once.",
        "type": ["string", "number"],
        "pattern": "^[a-z0-9]+([a-z0-9-]*[a-z0-9])?$",
    });
    section(
        "When to do what.",
        [
            ("id", id),
            ("description", text("What the rule is for, in a sentence.")),
            ("owner", text("Who looks after it.")),
            ("from", one_or_list("The sources it listens to. Without it, all.", reference("scalar"))),
            ("when", described("Conditions; all must hold. Without it, always.", reference("conditions"))),
            (
                "key",
                described(
                    "What counts as the same problem: repeats of a key go to one ticket. Without it, `${event.source}/${event.fingerprint}`.",
                    reference("template"),
                ),
            ),
            (
                "threshold",
                described(
                    "Act on the count-th firing event of a key within a sliding window.",
                    reference("threshold"),
                ),
            ),
            (
                "hold",
                any_of(
                    "Then wait this long, or until then; what is resolved meanwhile gets no ticket.",
                    vec![reference("duration"), reference("hold")],
                ),
            ),
            (
                "unless_open",
                one_or_list(
                    "Keys of other problems: while one of them is open, this one waits.",
                    reference("template"),
                ),
            ),
            (
                "limit",
                described(
                    "No more tickets of this rule than that; one storm ticket counts the rest.",
                    reference("limit"),
                ),
            ),
            (
                "group",
                described("So many different problems of one thing get one ticket.", reference("group")),
            ),
            (
                "missing",
                described(
                    "Turns the rule round: it acts when no matching event of a key, once seen, came for this long.",
                    reference("missing"),
                ),
            ),
            ("escalate", one_or_list("What happens while the ticket stays open.", reference("escalation"))),
            ("active", described("When the rule is active. Without it, always.", reference("active"))),
            (
                "mode",
                any_of(
                    "`shadow` decides and records, and sends nothing. Without it, `live`.",
                    vec![choice("", ["live", "shadow", "off"]), reference("mode")],
                ),
            ),
            ("continue", flag("Let later rules have the event too. Without it, no.")),
            ("then", one_or_list("What is to happen.", reference("effects"))),
        ],
        &["id", "then"],
    )
}

fn group() -> Value {
    section(
        "So many different problems of one thing get one ticket.",
        [
            ("by", described("What they have in common: `${event.device.name}`.", reference("template"))),
            ("within", duration("How close together they begin.")),
            ("at_least", number("How many, from 2 to 1000. Without it, 2.", 2, Some(1000))),
            (
                "members",
                choice(
                    "Whether the others are child tickets or notes. Without it, `children`.",
                    MEMBERS.iter().map(|(name, _)| *name),
                ),
            ),
            (
                "ticket",
                described("The parent's ticket. Without it, the first of theirs.", reference("ticket")),
            ),
        ],
        &["by", "within"],
    )
}

fn missing() -> Value {
    section(
        "It acts when no matching event of a key, once seen, came for this long.",
        [("for", duration("How long."))],
        &["for"],
    )
}

fn threshold() -> Value {
    section(
        "Act on the count-th firing event of a key within a sliding window.",
        [
            ("count", number("How many, from 1 to 1000.", 1, Some(1000))),
            ("within", duration("The length of the window.")),
        ],
        &["count", "within"],
    )
}

fn limit() -> Value {
    section(
        "No more tickets than that within a sliding window.",
        [
            ("tickets", number("How many, from 1 to 1000.", 1, Some(1000))),
            ("per", duration("The length of the window.")),
        ],
        &["tickets", "per"],
    )
}

fn escalation() -> Value {
    section(
        "A step while the ticket stays open.",
        [
            ("after", duration("How long after the ticket was opened.")),
            ("unless", choice("Not if somebody has taken the ticket.", UNLESS.iter().map(|(name, _)| *name))),
            ("update", described("Ticket fields to change.", reference("ticket"))),
            ("note", described("A note to add.", reference("note_or_text"))),
            ("notify", described("A message to a channel.", reference("notify"))),
        ],
        &["after"],
    )
}

fn active() -> Value {
    let time = |description: &str| json!({ "description": description, "type": "string" });
    section(
        "When the rule is active.",
        [
            ("from", time("A date or time: `2026-01-05`, `2026-01-05T09:00:00Z`.")),
            ("until", time("A date or time.")),
            ("during", text("The name of a calendar: only within it.")),
            ("outside", text("The name of a calendar: only outside of it.")),
        ],
        &[],
    )
}

fn notify() -> Value {
    section(
        "Sends a message to a channel of the configuration.",
        [
            ("channel", text("The channel's name.")),
            ("text", described("The message. Without it, the event's title.", reference("template"))),
        ],
        &["channel"],
    )
}

fn effects() -> Value {
    let effects = EFFECTS.into_iter().map(|name| (name, effect(name)));
    let mut section = section("What is to happen.", effects, &[]);
    section["minProperties"] = json!(1);
    section
}

fn effect(name: &str) -> Value {
    match name {
        "open_ticket" => described(
            "Opens the case's ticket; if it has an open one, the event is a repeat.",
            reference("open_ticket"),
        ),
        "update_ticket" => {
            described("Changes the case's ticket, or another one.", reference("update_ticket"))
        }
        "add_note" => any_of(
            "Adds a note to the case's ticket.",
            vec![json!({ "type": "string" }), reference("add_note")],
        ),
        "resolve_ticket" => any_of(
            "Resolves the case's ticket and ends the case.",
            vec![json!({ "const": true }), reference("resolve_ticket")],
        ),
        "set" => set(),
        "notify" => described("Sends a message to a channel of the configuration.", reference("notify")),
        "drop" => described("No ticket, and why.", reference("template")),
        "script" => {
            json!({ "description": "A Rhai script that decides: its functions are the effects' names.", "type": "string" })
        }
        // An effect that is new in the language is completed before it is described.
        _ => json!({}),
    }
}

fn set() -> Value {
    let properties: Map<String, Value> = ROOTS
        .into_iter()
        .filter(|root| {
            !matches!(*root, "source" | "id" | "received_at" | "trace" | "unmapped" | "ticket" | "change")
        })
        .map(|root| (root.to_owned(), json!({ "description": super::conditions::about(root) })))
        .collect();
    json!({
        "description": "Changes the event for what follows: `severity`, `client.name`, `vars.x` …",
        "type": "object",
        "properties": properties,
        "additionalProperties": true,
    })
}

fn update_ticket() -> Value {
    let mut fields = ticket_fields();
    fields.push((
        "ticket",
        json!({ "description": "The id of another ticket than the case's.", "type": ["string", "number"] }),
    ));
    section("Changes a ticket.", fields, &[])
}

fn add_note() -> Value {
    section(
        "Adds a note to a ticket.",
        [
            ("text", described("Markdown; values are shown as text.", reference("template"))),
            ("private", flag("Hidden from the end user. Without it, yes.")),
            (
                "outcome",
                json!({ "description": "The action's outcome: its name or numeric id.", "type": ["string", "number"] }),
            ),
            (
                "ticket",
                json!({ "description": "The id of another ticket than the case's.", "type": ["string", "number"] }),
            ),
        ],
        &["text"],
    )
}

fn resolve_ticket() -> Value {
    let mut section = section(
        "Resolves the ticket.",
        [
            ("note", described("The note that says so.", reference("note_or_text"))),
            (
                "status",
                json!({ "description": "The status: its name or numeric id.", "type": ["string", "number"] }),
            ),
        ],
        &[],
    );
    section["type"] = json!(["object", "null"]);
    section
}
