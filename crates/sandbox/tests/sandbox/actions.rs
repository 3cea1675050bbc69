//! Notes on tickets, what they change, and attachments.

use halopsa_sandbox::AgentAction;
use serde_json::json;

use crate::halo::Halo;

#[tokio::test]
async fn an_action_needs_an_outcome() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    let refused = halo.post("/api/Actions", json!([{ "ticket_id": id, "note": "x" }])).await;
    assert_eq!((refused.status, refused.json()), (400, json!("An Outcome must be entered for this Action")));
    let refused =
        halo.post("/api/Actions", json!([{ "ticket_id": id, "note": "x", "outcome_id": 20 }])).await;
    assert_eq!(refused.json(), json!("You do not have access to this Action at the moment"));
    for outcome in [json!({ "outcome_id": 7 }), json!({ "outcome": "Internal Note" })] {
        let mut action = json!({ "ticket_id": id, "note": "seen" });
        action.as_object_mut().unwrap().extend(outcome.as_object().unwrap().clone());
        let answer = halo.post("/api/Actions", json!([action])).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.json()["outcome_id"], 7);
    }
    let actions = halo.sandbox.actions(id);
    assert_eq!(actions.iter().map(|action| action.id).collect::<Vec<_>>(), [1, 2]);
    assert!(actions.iter().all(|action| action.hidden_from_user));
}

#[tokio::test]
async fn an_action_changes_its_ticket() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    let action = json!([{
        "ticket_id": id, "outcome_id": 7, "note": "done", "new_status": 8, "new_priority": 1, "new_team": "NOC",
        "new_agent": 7, "timetaken": 0.5,
    }]);
    assert_eq!(halo.post("/api/Actions", action).await.status, 201);
    let ticket = halo.sandbox.ticket(id).unwrap();
    assert_eq!(
        (ticket.status.as_str(), ticket.priority.as_str(), ticket.team.as_str(), ticket.agent.as_str()),
        ("Resolved", "Critical", "NOC", "Keiko Aldous")
    );
    assert_eq!(ticket.field("timetaken"), 0.5);
    assert_eq!(ticket.actions[0].fields["old_status"], 1);
    let bad = halo
        .post("/api/Actions", json!([{ "ticket_id": id, "outcome_id": 7, "note": "x", "new_priority": 5 }]));
    assert_eq!(bad.await.status, 400);
    assert_eq!(halo.sandbox.actions(id).len(), 1);
    halo.post("/api/Actions", json!([{ "ticket_id": id, "outcome": "Close" }])).await;
    assert!(halo.sandbox.ticket(id).unwrap().closed, "the outcome's own status");
}

#[tokio::test]
async fn an_existing_action_is_edited_in_place() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    halo.post("/api/Actions", json!([{ "ticket_id": id, "outcome_id": 7, "note": "seen once" }])).await;
    let edit = json!([{ "ticket_id": id, "id": 1, "note_html": "<p>seen <b>twice</b></p>" }]);
    assert_eq!(halo.post("/api/Actions", edit).await.status, 200);
    let actions = halo.sandbox.actions(id);
    assert_eq!((actions.len(), actions[0].note.as_str()), (1, "seen twice"));
    let missing = json!([{ "ticket_id": id, "id": 9, "note": "x" }]);
    assert_eq!(halo.post("/api/Actions", missing).await.status, 400);
}

#[tokio::test]
async fn actions_are_listed_newest_first_and_read_with_their_ticket() {
    let halo = Halo::start().await;
    let (one, two) =
        (halo.ticket(json!({ "summary": "1" })).await, halo.ticket(json!({ "summary": "2" })).await);
    for (id, note) in [(one, "a"), (one, "b"), (two, "c")] {
        halo.post("/api/Actions", json!([{ "ticket_id": id, "outcome": "Public Note", "note": note }])).await;
    }
    let list = halo.get(&format!("/api/Actions?ticket_id={one}")).await;
    assert_eq!(list.ids("actions"), [2, 1]);
    assert!(list.json()["actions"][0].get("note_html").is_none());
    let html = halo.get(&format!("/api/Actions?ticket_id={one}&includehtmlnote=true&count=1")).await;
    assert_eq!(html.json()["actions"][0]["note_html"], "b");
    assert_eq!(halo.get("/api/Actions/1").await.status, 400);
    assert_eq!(halo.get(&format!("/api/Actions/1?ticket_id={two}")).await.json()["note"], "c");
    assert_eq!(halo.delete(&format!("/api/Actions/1?ticket_id={one}")).await.status, 200);
    assert_eq!(halo.sandbox.actions(one).len(), 1);
}

#[tokio::test]
async fn mail_to_the_customer_is_counted_and_technicians_act_through_the_library() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    let mail = json!([{ "ticket_id": id, "outcome": "Email User", "note": "hello", "sendemail": true }]);
    halo.post("/api/Actions", mail).await;
    assert_eq!(halo.sandbox.ticket(id).unwrap().emails, 1);
    let act = AgentAction {
        note: "on it".to_owned(),
        new_status: Some("In Progress".to_owned()),
        ..AgentAction::default()
    };
    assert_eq!(halo.sandbox.add_agent_action(id, &act), Ok(2));
    let ticket = halo.sandbox.ticket(id).unwrap();
    assert_eq!((ticket.status.as_str(), ticket.actions[1].agent_id), ("In Progress", Some(2)));
    assert_eq!(ticket.actions[0].agent_id, halo.sandbox.id_of("Agent", "Haloward API"));
}

#[tokio::test]
async fn attachments_are_counted_and_read_one_at_a_time() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    let file = json!([{ "ticket_id": id, "filename": "log.txt", "data_base64": "aGVsbG8=" }]);
    let saved = halo.post("/api/Attachment", file).await;
    assert_eq!((saved.status, saved.json()["filesize"].as_i64()), (201, Some(5)));
    let list = halo.get(&format!("/api/Attachment?ticket_id={id}")).await;
    assert!(list.json()["attachments"][0].get("data_base64").is_none());
    let one = list.ids("attachments")[0];
    assert_eq!(halo.get(&format!("/api/Attachment/{one}")).await.json()["data_base64"], "aGVsbG8=");
    assert_eq!(halo.sandbox.ticket(id).unwrap().field("attachment_count"), 1);
    let broken = json!([{ "ticket_id": id, "filename": "x", "data_base64": "?" }]);
    assert_eq!(halo.post("/api/Attachment", broken).await.status, 400);
    assert_eq!(halo.delete(&format!("/api/Attachment/{one}")).await.status, 200);
    assert_eq!(halo.sandbox.ticket(id).unwrap().field("attachment_count"), 0);
}
