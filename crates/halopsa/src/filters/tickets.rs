//! Filters for tickets, their actions and attachments.

use super::filter::filter;
use crate::date::DateTime;
use crate::id::{
    ActionId, AgentId, AssetId, ClientId, ContractId, SiteId, StatusId, TicketId, TicketTypeId, UserId,
};

filter! {
    /// Which tickets to list.
    ///
    /// ```
    /// use halopsa::filters::TicketFilter;
    /// use halopsa::ClientId;
    ///
    /// let filter = TicketFilter::new().client_id(ClientId(12)).open_only(true).search_summary("disk");
    /// ```
    TicketFilter of "/Tickets" {
        /// Tickets holding this text. Some fields are left out; see `search_summary` and its like.
        search: String,
        /// Tickets with this text in the summary.
        search_summary: String,
        /// Tickets with this text in the description.
        search_details: String,
        /// Tickets with this text in the supplier's reference.
        search_supplier_reference: String,
        /// Conditions as JSON, such as `[{"filter_name":"summary","filter_type":2,"filter_value":"Disk full"}]`.
        advanced_search: String,
        /// True to search in the notes of actions as well, with `search`.
        searchactions: bool,
        /// Tickets of this client.
        client_id: ClientId,
        /// Tickets of this site.
        site_id: SiteId,
        /// Tickets of this end user.
        user_id: UserId,
        /// Tickets of this agent.
        agent_id: AgentId,
        /// Tickets about this asset.
        asset_id: AssetId,
        /// Tickets of this contract.
        contract_id: ContractId,
        /// Tickets of this type.
        requesttype_id: TicketTypeId,
        /// Tickets in this status.
        status_id: StatusId,
        /// The children of this ticket.
        parent_id: TicketId,
        /// These tickets, their numbers separated by commas.
        ticketids: String,
        /// Only open tickets.
        open_only: bool,
        /// Only closed tickets.
        closed_only: bool,
        /// Only deleted tickets, which can be recovered.
        deleted: bool,
        /// Tickets changed at or after this moment.
        changed_since = "lastupdatefromdate": DateTime,
        /// Tickets changed at or before this moment.
        changed_until = "lastupdatetodate": DateTime,
        /// Which date `startdate` and `enddate` are about, such as `dateoccured` or `datecleared`.
        datesearch: String,
        /// From this moment on; only together with `datesearch`.
        startdate: DateTime,
        /// Until this moment; only together with `datesearch`.
        enddate: DateTime,
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
    /// Which actions to list. Without a ticket HaloPSA lists those of all tickets.
    ActionFilter of "/Actions" {
        /// Actions of this ticket.
        ticket_id: TicketId,
        /// Only this many.
        count: i64,
        /// True to leave out what HaloPSA did by itself.
        excludesys: bool,
        /// True to leave out what the end user can't see.
        excludeprivate: bool,
        /// Only actions of agents.
        agentonly: bool,
        /// Only what was said to and by the end user.
        conversationonly: bool,
        /// True to have the notes as HTML as well.
        includehtmlnote: bool,
        /// True to have the attachments as well.
        includeattachments: bool,
        /// Which date `startdate` and `enddate` are about.
        datesearch: String,
        /// From this moment on; only together with `datesearch`.
        startdate: DateTime,
        /// Until this moment; only together with `datesearch`.
        enddate: DateTime,
    }
}

filter! {
    /// Which attachments to list: name a ticket.
    AttachmentFilter of "/Attachment" {
        /// Attachments of this ticket.
        ticket_id: TicketId,
        /// Attachments of this action of the ticket.
        action_id: ActionId,
        /// The kind of record, as HaloPSA numbers them, for attachments of others than tickets.
        kind = "type": i64,
        /// The record's id, together with `kind`.
        unique_id: i64,
    }
}
