//! Two hundred assets: servers, workstations, firewalls and printers; some retired, some listed twice. Further ones,
//! where a test wants a large tenant, have tags of their own.

use serde_json::json;

use super::{Rng, put};
use crate::{
    api::Kind,
    store::{Record, State},
};

/// The assets that share tags with others, as after years of imports; those after them do not.
const SHARED: u64 = 200;
/// Every so many assets one is listed a second time, as after a re-import.
const TWICE_EVERY: u64 = 25;

pub(super) fn fill(state: &mut State, assets: u32, rng: &mut Rng) {
    let kinds = [
        (1, "Server", "SRV"),
        (2, "Workstation", "PC"),
        (3, "Laptop", "LT"),
        (4, "Firewall", "FW"),
        (5, "Printer", "PRN"),
    ];
    let sites: Vec<Record> = state
        .table(Kind::Site)
        .rows()
        .iter()
        .filter(|site| site.int("client_id") != Some(1))
        .cloned()
        .collect();
    let mut last_name = String::new();
    for id in 1..=u64::from(assets) {
        let (kind, kind_name, prefix) = *rng.pick(&kinds);
        // The named clients come first and are met often: half of everything is theirs.
        let site =
            if rng.chance(50) { &sites[rng.below(8) as usize % sites.len()] } else { rng.pick(&sites) };
        let fresh = format!("{prefix}-{:02}", 1 + rng.below(60));
        let name = match id {
            SHARED.. if id > SHARED => format!("{prefix}-{id:05}"),
            _ if id % TWICE_EVERY == 0 => last_name.clone(),
            _ => fresh,
        };
        let inactive = rng.chance(9);
        put(
            state,
            Kind::Asset,
            json!({
                "id": id, "inventory_number": name, "assettype_id": kind, "assettype_name": kind_name,
                "client_id": site.int("client_id"), "site_id": site.int("id"), "inactive": inactive,
                "status_id": if inactive { 2 } else { 1 }, "status_name": if inactive { "Retired" } else { "In Use" },
                "key_field": format!("{:012X}", rng.next() & 0xffff_ffff_ffff), "key_field2": rng.guid(),
                "third_party_id_string": format!("rmm-{:06}", rng.below(1_000_000)), "colour": "#3f6fa8",
                "warranty_end": format!("20{}-06-30T00:00:00.000", 25 + rng.below(4)),
                "last_update": "2026-01-05T09:00:00.000",
            }),
        );
        last_name = name;
    }
}
