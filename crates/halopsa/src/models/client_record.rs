//! Clients and their sites.

use super::{AzureTenant, CustomField, record};
use crate::id::{ClientId, SiteId, SlaId, UserId};

record! {
    /// A client ("Area"), called customer in some installs. Not to be confused with [`crate::Client`].
    ClientRecord is "Area" {
        /// Its id.
        id: ClientId,
        /// Its name.
        name: String,
        /// The id of what it is grouped under.
        toplevel_id: i64,
        /// The name of what it is grouped under.
        toplevel_name: String,
        /// True if it is no longer in use.
        inactive: bool,
        /// A short code.
        reference = "ref": String,
        /// Its e-mail domain.
        domain: String,
        /// Its web site.
        website: String,
        /// Notes.
        notes: String,
        /// Its main site.
        main_site_id: SiteId,
        /// The main site's name.
        main_site_name: String,
        /// A text HaloPSA's own importers match by.
        matching_value: String,
        /// Its Azure tenants; lists carry them only on request.
        azure_tenants: Vec<AzureTenant>,
        /// The custom fields.
        customfields: Vec<CustomField>,
        /// The name of the first site; for creating.
        newclient_sitename: String,
    }
}

record! {
    /// A site of a client. Not to be confused with [`crate::Site`].
    SiteRecord is "Site" {
        /// Its id.
        id: SiteId,
        /// Its name.
        name: String,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// Client and site in one name.
        clientsite_name: String,
        /// True if it is no longer in use.
        inactive: bool,
        /// Its SLA.
        sla_id: SlaId,
        /// Its telephone number.
        phonenumber: String,
        /// Its time zone.
        timezone: String,
        /// Its e-mail domain.
        emaildomain: String,
        /// A short code.
        reference = "ref": String,
        /// Notes.
        notes: String,
        /// Its main contact.
        maincontact_id: UserId,
        /// A text HaloPSA's own importers match by.
        matching_value: String,
        /// The custom fields.
        customfields: Vec<CustomField>,
    }
}
