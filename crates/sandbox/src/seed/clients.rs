//! Sixty clients with their sites, domains and Azure tenants; some inactive, some nearly the same as another. More
//! where a test wants a large tenant, with names made of words.

use serde_json::json;

use super::{
    Rng, put,
    words::{CLIENTS, LAST, STREETS, TOWNS, TRADES},
};
use crate::{api::Kind, store::State};

/// The catch-all client and those examples name: always active, always with a main site.
const NAMED: i64 = 6;

pub(super) fn fill(state: &mut State, clients: u32, rng: &mut Rng) {
    let mut site = 0;
    put(
        state,
        Kind::AzureConnection,
        json!({
            "id": 1, "name": "Partner Center", "domain": "msp.example", "directoryid": rng.guid(), "tenant_type": 2,
            "type": 0, "authorized": true, "halointegratorenabled": true,
        }),
    );
    for (id, name) in (1_i64..).zip(names(clients)) {
        let name = name.as_str();
        let main_site = site + 1;
        let domain = domain(name);
        let sites = if id <= NAMED { 1 + (id + 1) % 2 } else { *rng.pick(&[1, 2, 3]) };
        for number in 0..sites {
            site += 1;
            let town = rng.pick(TOWNS);
            put(
                state,
                Kind::Site,
                json!({
                    "id": site, "client_id": id, "name": if number == 0 { "Main" } else { town },
                    "phonenumber": format!("01632 {:06}", rng.below(1_000_000)), "emaildomain": domain,
                    "delivery_address_line1": format!("{} {}", 1 + rng.below(180), rng.pick(STREETS)),
                    "delivery_address_line2": town, "timezone": "GMT Standard Time", "sla_id": -1,
                    "inactive": number > 0 && rng.chance(10), "isstocklocation": false,
                }),
            );
        }
        let inactive = id > NAMED && rng.chance(10) || name == "acme manufacturing";
        put(
            state,
            Kind::Client,
            json!({
                "id": id, "name": name, "toplevel_id": 1, "toplevel_name": "Clients", "inactive": inactive,
                "main_site_id": main_site, "website": format!("https://www.{domain}"), "domain": domain,
                "colour": "#3f6fa8", "is_vip": id > NAMED && rng.chance(5), "notes": "",
                "datecreated": format!("20{:02}-0{}-15T09:00:00.000", 18 + id % 7, 1 + id % 9),
                "alastupdate": "2026-01-05T09:00:00.000", "accountsemailaddress": "",
            }),
        );
        if id > 1 && (id <= NAMED || rng.chance(75)) {
            put(
                state,
                Kind::AzureTenant,
                json!({
                    "id": id, "details_id": 1, "client_id": id, "azure_tenant_id": rng.guid(), "azure_tenant_name": name,
                    "azure_tenant_domain": format!("{}.onmicrosoft.example", domain.split('.').next().unwrap_or_default()),
                    "details_name": "Partner Center",
                }),
            );
            put(
                state,
                Kind::AzureMapping,
                json!({
                    "id": id, "connectionid": 1, "client_id": id, "clientid": id, "siteid": main_site, "tenant_name": name,
                }),
            );
        }
    }
}

/// The names of so many clients: those that examples use, and further ones of which no two are the same.
fn names(clients: u32) -> impl Iterator<Item = String> {
    let (people, trades) = (LAST.len(), TRADES.len());
    let invented = (0..).map(move |number: usize| {
        let name = format!("{} {}", LAST[number % people], TRADES[number / people % trades]);
        match number / (people * trades) {
            0 => name,
            round => format!("{name} {}", round + 1),
        }
    });
    let more = (clients as usize).saturating_sub(CLIENTS.len());
    CLIENTS.iter().map(|name| (*name).to_owned()).chain(invented.take(more))
}

/// A domain that can never exist outside examples.
fn domain(name: &str) -> String {
    let letters: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{}.example", letters.trim_end_matches("limited").trim_end_matches("ltd").trim_end_matches("llp"))
}
