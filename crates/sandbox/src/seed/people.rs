//! End users: a general user at every site, who stands for "someone there", and a few people at each.

use serde_json::json;

use super::{
    Rng, put,
    words::{FIRST, LAST},
};
use crate::{
    api::Kind,
    store::{Record, State},
};

pub(super) fn fill(state: &mut State, rng: &mut Rng) {
    let sites: Vec<Record> = state.table(Kind::Site).rows().to_vec();
    let mut id = 0;
    for site in &sites {
        id += 1;
        put(
            state,
            Kind::User,
            json!({
                "id": id, "name": "General User", "site_id": site.int("site_id").or(site.int("id")),
                "client_id": site.int("client_id"), "inactive": false, "emailaddress": "", "is_general": true,
            }),
        );
        if site.int("client_id") == Some(1) {
            continue;
        }
        for _ in 0..2 + rng.below(3) {
            id += 1;
            let (first, last) = (rng.pick(FIRST), rng.pick(LAST));
            let login = format!("{}.{}", first.to_lowercase(), last.to_lowercase());
            put(
                state,
                Kind::User,
                json!({
                    "id": id, "name": format!("{first} {last}"), "firstname": first, "surname": last,
                    "site_id": site.int("id"), "client_id": site.int("client_id"),
                    "emailaddress": format!("{login}@{}", site.text("emaildomain")), "login": login,
                    "phonenumber": format!("01632 {:06}", rng.below(1_000_000)), "inactive": rng.chance(8),
                    "isimportantcontact": rng.chance(5), "isserviceaccount": false, "azureoid": rng.guid(),
                    "ischangeapprover": id % 10 == 0,
                }),
            );
        }
    }
}
