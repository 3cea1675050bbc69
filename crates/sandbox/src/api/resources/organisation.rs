//! Clients, sites, users and assets.

use crate::{
    api::{
        Kind,
        filter::Test,
        resource::{Hides, Resource},
    },
    auth::Area,
    schema,
};

const INACTIVE: Hides = Hides::Set { flag: "inactive", unless: "includeinactive" };

pub(super) static ALL: &[Resource] = &[
    Resource {
        kind: Kind::Client,
        path: "client",
        envelope: Some("clients"),
        area: Area::Customers,
        schema: &schema::CLIENT,
        filters: &[
            ("toplevel_id", Test::Is("toplevel_id")),
            ("domain", Test::Named("domain")),
            ("search_name_only", Test::Holds("name")),
            ("lastupdatefromdate", Test::Since("alastupdate")),
            ("lastupdatetodate", Test::Until("alastupdate")),
        ],
        searched: &["name", "id", "website", "domain", "ref"],
        detail_only: &["notes", "website", "alastupdate", "domain"],
        hides: INACTIVE,
        required: &[("name", "A Client Name must be entered")],
        parents: &[],
        client: Some("id"),
    },
    Resource {
        kind: Kind::Site,
        path: "site",
        envelope: Some("sites"),
        area: Area::Customers,
        schema: &schema::SITE,
        filters: &[("client_id", Test::Is("client_id")), ("site_id", Test::Is("id"))],
        searched: &["name", "id", "client_name", "clientsite_name"],
        detail_only: &["emaildomain", "maincontact_name", "external_links"],
        hides: INACTIVE,
        required: &[("name", "A Site Name must be entered"), ("client_id", "A Client must be selected")],
        parents: &[("client_id", Kind::Client)],
        client: Some("client_id"),
    },
    Resource {
        kind: Kind::User,
        path: "users",
        envelope: Some("users"),
        area: Area::Users,
        schema: &schema::USER,
        filters: &[
            ("client_id", Test::Is("client_id")),
            ("site_id", Test::Is("site_id")),
            ("exclude_generaluser", Test::Without("is_general")),
        ],
        searched: &["name", "id", "emailaddress", "phonenumber", "login"],
        detail_only: &[
            "lastlogindate",
            "azureoid",
            "azure_tenant_id",
            "samaccountname",
            "email2",
            "dontackemails",
        ],
        hides: INACTIVE,
        required: &[("name", "Username must be entered"), ("site_id", "A Site must be selected")],
        parents: &[("site_id", Kind::Site)],
        client: Some("client_id"),
    },
    Resource {
        kind: Kind::Asset,
        path: "asset",
        envelope: Some("assets"),
        area: Area::Assets,
        schema: &schema::ASSET,
        filters: &[
            ("client_id", Test::Is("client_id")),
            ("site_id", Test::Is("site_id")),
            ("assettype_id", Test::Is("assettype_id")),
            ("inventory_number", Test::Named("inventory_number")),
            ("username", Test::Named("username")),
            ("lastupdatefromdate", Test::Since("last_update")),
        ],
        searched: &["inventory_number", "id", "key_field", "key_field2", "username"],
        detail_only: &["notes", "users", "third_party_id_string"],
        hides: INACTIVE,
        required: &[
            ("inventory_number", "An Asset Tag must be entered"),
            ("site_id", "A Site must be selected"),
        ],
        parents: &[("site_id", Kind::Site)],
        client: Some("client_id"),
    },
];
