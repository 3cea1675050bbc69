//! The invented tenant: a managed service provider with its clients, people, machines and picklists.
//!
//! The same seed gives the same data in every version of every platform; picklists and the first clients do not
//! depend on the seed at all, so that examples can name them.

mod assets;
mod billing;
mod clients;
mod past;
mod people;
mod picklists;
mod rng;
mod words;

pub(crate) use rng::Rng;

use serde_json::Value;

use crate::{
    api::Kind,
    config::SandboxConfig,
    store::{Record, State},
};

/// Fills an empty memory.
pub(crate) fn fill(state: &mut State, config: &SandboxConfig) {
    let rng = Rng::new(config.seed);
    picklists::fill(state);
    clients::fill(state, config.clients, &mut rng.fork("clients"));
    people::fill(state, &mut rng.fork("people"));
    assets::fill(state, config.assets, &mut rng.fork("assets"));
    billing::fill(state, &mut rng.fork("billing"));
    past::fill(state, config, &mut rng.fork("past"));
}

/// Adds a record written as JSON.
fn put(state: &mut State, kind: Kind, record: Value) {
    state.table_mut(kind).put(Record::of(record));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(seed: u64, past_tickets: u32) -> State {
        State::new(&SandboxConfig { past_tickets, seed, ..SandboxConfig::default() })
    }

    fn rows(state: &State, kind: Kind) -> Vec<Value> {
        state.table(kind).rows().iter().map(Record::value).collect()
    }

    #[test]
    fn the_tenant_is_as_large_as_promised() {
        let state = filled(1, 0);
        assert_eq!(state.table(Kind::Client).rows().len(), 60);
        assert_eq!(state.table(Kind::Asset).rows().len(), 200);
        for name in [
            "Unmatched Alerts",
            "Northwind Dental",
            "Harbour Legal LLP",
            "Bluebird Logistics Ltd",
            "Acme Manufacturing",
            "Contoso Ltd",
        ] {
            assert!(state.table(Kind::Client).named("name", name).is_some(), "{name}");
        }
        assert!(state.table(Kind::Client).rows().iter().any(|row| row.flag("inactive")));
        assert!(state.table(Kind::Asset).rows().iter().any(|row| row.flag("inactive")));
    }

    #[test]
    fn a_large_tenant_has_as_many_clients_and_assets_as_asked_for_and_the_named_ones_as_ever() {
        let state = State::new(&SandboxConfig { clients: 300, assets: 2_500, ..SandboxConfig::default() });
        assert_eq!(state.table(Kind::Client).rows().len(), 300);
        assert_eq!(state.table(Kind::Asset).rows().len(), 2_500);
        assert_eq!(rows(&state, Kind::Client)[..60], rows(&filled(1, 0), Kind::Client));
        let names: std::collections::BTreeSet<String> =
            rows(&state, Kind::Client).iter().map(|row| row["name"].to_string()).collect();
        assert_eq!(names.len(), 300, "invented names are each one client's");
        let tags: std::collections::BTreeSet<String> =
            rows(&state, Kind::Asset)[200..].iter().map(|row| row["inventory_number"].to_string()).collect();
        assert_eq!(tags.len(), 2_300, "and so are the tags of further assets");
    }

    #[test]
    fn the_same_seed_gives_the_same_data_and_another_other_data() {
        for kind in [Kind::Client, Kind::User, Kind::Asset, Kind::AzureTenant, Kind::RecurringInvoice] {
            assert_eq!(rows(&filled(7, 0), kind), rows(&filled(7, 0), kind));
        }
        assert_ne!(rows(&filled(7, 0), Kind::Asset), rows(&filled(8, 0), Kind::Asset));
        assert_eq!(rows(&filled(7, 0), Kind::Status), rows(&filled(8, 0), Kind::Status));
    }

    #[test]
    fn some_names_occur_twice() {
        let state = filled(1, 0);
        for (kind, field) in [(Kind::Client, "name"), (Kind::Asset, "inventory_number")] {
            let mut names: Vec<String> = rows(&state, kind)
                .iter()
                .map(|row| row[field].as_str().unwrap_or_default().trim().to_lowercase())
                .collect();
            let before = names.len();
            names.sort();
            names.dedup();
            assert!(names.len() < before, "{kind:?}");
        }
    }

    #[test]
    fn every_site_is_a_clients_and_every_user_and_asset_a_sites() {
        let state = filled(3, 0);
        for (kind, field, parent) in [
            (Kind::Site, "client_id", Kind::Client),
            (Kind::Client, "main_site_id", Kind::Site),
            (Kind::User, "site_id", Kind::Site),
            (Kind::Asset, "site_id", Kind::Site),
            (Kind::AzureTenant, "client_id", Kind::Client),
        ] {
            for row in state.table(kind).rows() {
                let id = row.int(field).unwrap_or_default();
                assert!(state.table(parent).by_id(id).is_some(), "{kind:?} {}: {field} {id}", row.id());
            }
        }
    }

    #[test]
    fn past_tickets_are_ordinary_tickets() {
        assert_eq!(filled(1, 250).tickets.all().count(), 250);
    }
}
