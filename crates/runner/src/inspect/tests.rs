use haloward_rules::{Effect, EffectKind, Key, Note, RuleId, Severity, TicketDraft};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::store::{Operation, OperationKind, OperationState};

fn operation(kind: EffectKind) -> Operation {
    Operation {
        id: "op_0cm3k9v2x8r4t".parse().unwrap(),
        cause: "evt_1/0".into(),
        kind: OperationKind::of(&kind),
        state: OperationState::Dead,
        effect: Effect {
            rule: RuleId::new("r"),
            key: Key::new("k"),
            ticket: 1,
            severity: Severity::High,
            trace: None,
            kind,
        },
        attempts: 1,
        looks: 0,
        due: Timestamp::UNIX_EPOCH,
        created_at: Timestamp::UNIX_EPOCH,
        first_sent_at: None,
        ticket: None,
        action: None,
        problem: None,
        recheck_at: None,
    }
}

fn ticket() -> Operation {
    let draft: TicketDraft = serde_json::from_value(
        json!({ "summary": "Disk full", "priority": "High", "fields": { "status_id": 4711 } }),
    )
    .unwrap();
    operation(EffectKind::OpenTicket { draft: Box::new(draft), origin: Box::default() })
}

fn corrected(operation: &Operation, set: &Value) -> Result<Value, String> {
    let correction: Correction = serde_json::from_value(json!({ "set": set })).unwrap();
    let effect = correct(operation, &correction).map_err(|error| error.to_string())?;
    let effect = serde_json::to_value(effect).unwrap();
    Ok(effect.get("draft").or(effect.get("note")).cloned().unwrap())
}

#[test]
fn a_correction_changes_the_fields_it_names_and_no_other() {
    let set = json!({ "priority": 3, "fields.status_id": null, "fields.impact": 2, "custom_fields.Site code": "N1", "team": "NOC" });
    assert_eq!(
        corrected(&ticket(), &set),
        Ok(json!({
            "summary": "Disk full", "priority": 3, "team": "NOC", "fields": { "impact": 2 },
            "custom_fields": { "Site code": "N1" }
        }))
    );
    let note = operation(EffectKind::AddNote { id: None, note: Note::private("again") });
    assert_eq!(corrected(&note, &json!({ "text": "<p>better</p>" })).unwrap()["text"], "<p>better</p>");
}

#[test]
fn a_correction_that_would_be_lost_is_refused() {
    assert_eq!(
        corrected(&ticket(), &json!({ "pritority": "Low" })),
        Err("a `open_ticket` has no field `pritority`: any other property of HaloPSA's API is set as `fields.pritority`".into())
    );
    let wrong = corrected(&ticket(), &json!({ "tags": 7 })).unwrap_err();
    assert!(wrong.starts_with("it cannot be corrected so: "), "{wrong}");
    let bare =
        operation(EffectKind::ResolveTicket { id: None, note: None, status: None, unless_touched: true });
    assert_eq!(
        corrected(&bare, &json!({ "text": "x" })),
        Err("a `resolve_ticket` without a note has no fields".into())
    );
}

#[test]
fn pages_are_bounded() {
    assert_eq!(page(None), Ok(50));
    assert_eq!(page(Some(500)), Ok(500));
    for wrong in [0, 501] {
        assert_eq!(
            page(Some(wrong)).unwrap_err().to_string(),
            format!("`limit` is {wrong}, and must lie between 1 and 500")
        );
    }
}
