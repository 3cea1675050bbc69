//! Filters for what is sold and billed.

use super::filter::filter;
use crate::id::{AssetId, ClientId, ContractId, SiteId, TicketId};

filter! {
    /// Which items to list.
    ItemFilter of "/Item" {
        /// Items holding this text.
        search: String,
        /// Conditions as JSON.
        advanced_search: String,
        /// Items of this group.
        assetgroup_id: i64,
        /// Only items billed per period.
        recurringonly: bool,
        /// True to have active items.
        includeactive: bool,
        /// True to have inactive items as well.
        includeinactive: bool,
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
    /// Which invoices or recurring invoices to list.
    InvoiceFilter of "/Invoice" {
        /// Invoices holding this text.
        search: String,
        /// Conditions as JSON.
        advanced_search: String,
        /// Invoices of this client.
        client_id: ClientId,
        /// Invoices of this site.
        site_id: SiteId,
        /// Invoices of this contract.
        contract_id: ContractId,
        /// Invoices of this ticket.
        ticket_id: TicketId,
        /// Invoices of this asset.
        asset_id: AssetId,
        /// True to have their lines as well.
        includelines: bool,
        /// Only invoices that are in the accounts.
        postedonly: bool,
        /// Only invoices that are not yet in the accounts.
        notpostedonly: bool,
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
    /// Which software licences to list.
    SoftwareLicenceFilter of "/SoftwareLicence" {
        /// Licences holding this text.
        search: String,
        /// Licences of this client.
        client_id: ClientId,
        /// Licences of this site.
        site_id: SiteId,
        /// Licences of this kind, as HaloPSA numbers them.
        licence_type: i64,
        /// Licences of this Azure tenant.
        tenant_id: String,
        /// True to have those no longer in use as well.
        includeinactive: bool,
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
    /// Which contracts to list.
    ContractFilter of "/ClientContract" {
        /// Contracts holding this text.
        search: String,
        /// Contracts of this client.
        client_id: ClientId,
        /// Contracts of this site.
        site_id: SiteId,
        /// Contracts of this asset.
        device_id: AssetId,
        /// True to have those no longer in use as well.
        includeinactive: bool,
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
