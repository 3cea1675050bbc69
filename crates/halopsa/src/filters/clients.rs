//! Filters for clients and what belongs to them.

use super::filter::filter;
use crate::date::DateTime;
use crate::id::{AssetId, AssetTypeId, AzureConnectionId, ClientId, ContractId, SiteId, TicketId, UserId};

filter! {
    /// Which clients to list. Inactive ones are left out unless they are asked for.
    ClientFilter of "/Client" {
        /// Clients holding this text.
        search: String,
        /// Clients with this text in the name.
        search_name_only: String,
        /// Clients with this mail domain. Rows of the list do not show it: read the client to be sure.
        domain: String,
        /// Conditions as JSON, such as `[{"filter_name":"name","filter_type":2,"filter_value":"Acme"}]`.
        advanced_search: String,
        /// Clients grouped under this.
        toplevel_id: i64,
        /// True to have active clients.
        includeactive: bool,
        /// True to have inactive clients as well.
        includeinactive: bool,
        /// True to have their Azure tenants as well.
        includeazuretenants: bool,
        /// Clients changed at or after this moment.
        changed_since = "lastupdatefromdate": DateTime,
        /// The field to sort by.
        order: String,
        /// True to sort the largest first.
        orderdesc: bool,
        /// How many rows in a page: at most 100.
        page_size: i64,
        /// Which page, from 1.
        page_no: i64,
    }
}

filter! {
    /// Which sites to list. Inactive ones are left out unless they are asked for.
    SiteFilter of "/Site" {
        /// Sites holding this text.
        search: String,
        /// Sites of this client.
        client_id: ClientId,
        /// Conditions as JSON.
        advanced_search: String,
        /// True to have active sites.
        includeactive: bool,
        /// True to have inactive sites as well.
        includeinactive: bool,
        /// True to have their addresses as well.
        includeaddress: bool,
        /// Sites changed at or after this moment.
        changed_since = "lastupdatefromdate": DateTime,
        /// The field to sort by.
        order: String,
        /// True to sort the largest first.
        orderdesc: bool,
        /// How many rows in a page: at most 100.
        page_size: i64,
        /// Which page, from 1.
        page_no: i64,
    }
}

filter! {
    /// Which end users to list. Inactive ones are left out unless they are asked for.
    UserFilter of "/Users" {
        /// End users holding this text, such as an e-mail address.
        search: String,
        /// True to search in telephone numbers as well.
        search_phonenumbers: bool,
        /// Conditions as JSON, such as `[{"filter_name":"azureoid","filter_type":2,"filter_value":"..."}]`.
        advanced_search: String,
        /// End users of this client.
        client_id: ClientId,
        /// End users of this site.
        site_id: SiteId,
        /// End users of this asset.
        asset_id: AssetId,
        /// True to have active end users.
        includeactive: bool,
        /// True to have inactive end users as well.
        includeinactive: bool,
        /// True to leave out each site's general user.
        exclude_generaluser: bool,
        /// Only those who may approve.
        approvers_only: bool,
        /// End users changed at or after this moment.
        changed_since = "lastupdatefromdate": DateTime,
        /// The field to sort by.
        order: String,
        /// True to sort the largest first.
        orderdesc: bool,
        /// How many rows in a page: at most 100.
        page_size: i64,
        /// Which page, from 1.
        page_no: i64,
    }
}

filter! {
    /// Which assets to list. Inactive ones are left out unless they are asked for.
    AssetFilter of "/Asset" {
        /// Assets holding this text. Known to miss names that end in digits: see `inventory_number`.
        search: String,
        /// The asset of this number or name.
        inventory_number: String,
        /// True to search in the number only.
        search_inventory_number_only: bool,
        /// Conditions as JSON.
        advanced_search: String,
        /// Assets of this client.
        client_id: ClientId,
        /// Assets of this site.
        site_id: SiteId,
        /// Assets of this end user.
        user_id: UserId,
        /// Assets of this kind.
        assettype_id: AssetTypeId,
        /// Assets of this contract.
        contract_id: ContractId,
        /// Assets of this ticket.
        ticket_id: TicketId,
        /// True to have active assets.
        includeactive: bool,
        /// True to have inactive assets as well.
        includeinactive: bool,
        /// Assets changed at or after this moment.
        changed_since = "lastupdatefromdate": DateTime,
        /// The field to sort by.
        order: String,
        /// True to sort the largest first.
        orderdesc: bool,
        /// How many rows in a page: at most 100.
        page_size: i64,
        /// Which page, from 1.
        page_no: i64,
    }
}

filter! {
    /// Which links between clients and Azure tenants to list.
    AzureTenantFilter of "/AreaAzureTenant" {
        /// Those of this client.
        client_id: ClientId,
        /// The one of this tenant.
        azure_tenant_id: String,
        /// Those found by this connection.
        details_id: AzureConnectionId,
    }
}
