//! What is looked up by name one by one: the ticket's site, user and asset. Each belongs to the ticket's client.

use haloward_rules::{Reference, TicketDraft};
use serde_json::{Value, json};

use super::field::Body;
use crate::catalogue::{Catalogue, Lookup, RecordEntry, RecordKind, Wanted};

/// ORDER: after the client, which says whose site, user and asset are meant.
pub(super) fn put(body: &mut Body, draft: &TicketDraft, catalogue: Option<&Catalogue>) {
    let client = body.fields.get("client_id").and_then(Value::as_i64);
    let find = |body: &mut Body, kind, wire: &str, reference: &Option<Reference>| {
        find(body, kind, wire, reference.as_ref()?, client, catalogue)
    };
    if let Some(site) = find(body, RecordKind::Site, "site_id", &draft.site) {
        body.set("site_id", site.id);
    }
    if let Some(user) = find(body, RecordKind::User, "user_id", &draft.user) {
        body.set("user_id", user.id);
        // HaloPSA takes a user only together with the site the user is at.
        if let Some(site) = user.site.filter(|_| draft.site.is_none()) {
            body.set("site_id", site);
        }
    }
    if let Some(asset) = find(body, RecordKind::Asset, "assets", &draft.asset) {
        body.set("assets", json!([{ "id": asset.id }]));
    }
}

fn find(
    body: &mut Body,
    kind: RecordKind,
    wire: &str,
    reference: &Reference,
    client: Option<i64>,
    catalogue: Option<&Catalogue>,
) -> Option<RecordEntry> {
    let name = match reference {
        Reference::Id(id) => return Some(RecordEntry { id: *id, name: String::new(), site: None }),
        Reference::Name(name) => name,
    };
    let wanted = Wanted::new(kind, client, name);
    let noun = kind.noun();
    match catalogue.map_or(Lookup::Unasked, |catalogue| catalogue.records.find(&wanted)) {
        Lookup::Found(entry) => return Some(entry.clone()),
        Lookup::None if client.is_some() => {
            body.miss(noun, name, &format!("the ticket's client has no {noun} of that name"));
        }
        Lookup::None => body.miss(noun, name, &format!("there is no {noun} of that name")),
        Lookup::Several(entries) => {
            let ids: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
            let why = format!("{} {noun}s are called that, with the ids {}", ids.len(), ids.join(", "));
            body.miss(noun, name, &why);
        }
        Lookup::Failed(problem) => body.miss(noun, name, problem),
        Lookup::Unasked => {
            body.unseen(noun, wire, name);
            if kind == RecordKind::Asset {
                body.set(wire, json!([{ "id": name }]));
            }
            body.want(wanted);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Records;
    use crate::wire::{Endpoint, Rendered, Unresolved};

    fn draft() -> TicketDraft {
        let name = |text: &str| Some(Reference::Name(text.into()));
        TicketDraft {
            site: name("Main"),
            user: name("ana@nw.example"),
            asset: name("SRV-01"),
            ..TicketDraft::default()
        }
    }

    fn render(draft: &TicketDraft, records: serde_json::Value) -> Rendered {
        let records: Records = serde_json::from_value(records).unwrap();
        let catalogue = Catalogue { records, ..Catalogue::default() };
        let mut body = Body::default();
        body.set("client_id", 12);
        put(&mut body, draft, Some(&catalogue));
        body.render(Endpoint::Tickets)
    }

    fn answer(kind: &str, name: &str, found: &serde_json::Value) -> serde_json::Value {
        json!([{"kind": kind, "client": 12, "name": name}, {"at": "2026-01-05T09:00:00Z", "found": found}])
    }

    #[test]
    fn names_that_were_looked_up_become_ids_and_a_user_brings_the_site() {
        let user = answer("user", "ana@nw.example", &json!([{"id": 31, "name": "Ana", "site": 19}]));
        let asset = answer("asset", "srv-01", &json!([{"id": 4711, "name": "SRV-01", "site": 18}]));
        let site = answer("site", "main", &json!([{"id": 18, "name": "Main"}]));
        let all = render(&draft(), json!([user.clone(), asset, site]));
        let expected = json!({"client_id": 12, "site_id": 18, "user_id": 31, "assets": [{"id": 4711}]});
        assert_eq!((all.body, all.unresolved, all.wanted), (expected, vec![], vec![]));
        let only_user = TicketDraft { site: None, asset: None, ..draft() };
        assert_eq!(
            render(&only_user, json!([user])).body,
            json!({"client_id": 12, "site_id": 19, "user_id": 31})
        );
    }

    #[test]
    fn names_that_nobody_asked_for_are_wanted_and_shown_as_names() {
        let rendered = render(&draft(), json!([]));
        let body = json!({"client_id": 12, "site_id": "Main", "user_id": "ana@nw.example", "assets": [{"id": "SRV-01"}]});
        assert_eq!(rendered.body, body);
        let kinds: Vec<RecordKind> = rendered.wanted.iter().map(|wanted| wanted.kind).collect();
        assert_eq!(kinds, [RecordKind::Site, RecordKind::User, RecordKind::Asset]);
        assert!(rendered.wanted.iter().all(|wanted| wanted.client == Some(12)));
    }

    #[test]
    fn none_and_several_are_left_out_with_the_reason() {
        let asset =
            answer("asset", "srv-01", &json!([{"id": 1, "name": "SRV-01"}, {"id": 2, "name": "SRV-01"}]));
        let user = json!([{"kind": "user", "client": 12, "name": "ana@nw.example"}, {"at": "2026-01-05T09:00:00Z", "problem": "no right"}]);
        let rendered = render(&draft(), json!([answer("site", "main", &json!([])), user, asset]));
        assert_eq!(rendered.body, json!({"client_id": 12}));
        let said: Vec<String> = rendered.unresolved.iter().map(Unresolved::to_string).collect();
        assert_eq!(
            said,
            [
                "site `Main`: the ticket's client has no site of that name",
                "user `ana@nw.example`: no right",
                "asset `SRV-01`: 2 assets are called that, with the ids 1, 2",
            ]
        );
    }
}
