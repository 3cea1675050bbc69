//! Filters for what tickets and actions choose from. These lists come whole, not in pages.

use super::filter::filter;
use crate::id::{ClientId, OutcomeId, SlaId, TeamId, TicketId, TicketTypeId, WebhookId};

filter! {
    /// For lists that offer no filter worth a name.
    NoFilter of "" {}
}

filter! {
    /// Which ticket types to list.
    TicketTypeFilter of "/TicketType" {
        /// True to have those the agent can't choose as well.
        showall: bool,
        /// True to have those no longer in use as well.
        showinactive: bool,
        /// Only those the agent may create tickets of.
        can_create_only: bool,
        /// Only those the agent may edit tickets of.
        can_edit_only: bool,
        /// Those open to this client.
        client_id: ClientId,
    }
}

filter! {
    /// Which statuses to list.
    StatusFilter of "/Status" {
        /// True to have all of them.
        showall: bool,
        /// Those that tickets of this type can have.
        tickettype_id: TicketTypeId,
        /// Those that this ticket can have.
        ticket_id: TicketId,
        /// Those that this outcome can set.
        outcome_id: OutcomeId,
        /// True to leave out those that close.
        excludeclosed: bool,
    }
}

filter! {
    /// Which priorities to list.
    PriorityFilter of "/Priority" {
        /// Those of this SLA.
        slaid: SlaId,
        /// True for one of each name only.
        includedistinct: bool,
    }
}

filter! {
    /// Which SLAs to list.
    SlaFilter of "/SLA" {
        /// True to have their priorities as well.
        showpriorities: bool,
        /// True to have their working hours as well.
        showworkdays: bool,
    }
}

filter! {
    /// Which teams to list.
    TeamFilter of "/Team" {
        /// True to have all of them.
        showall: bool,
        /// Only those the agent is a member of.
        memberonly: bool,
        /// Those of this department.
        department_id: i64,
    }
}

filter! {
    /// Which agents to list.
    AgentFilter of "/Agent" {
        /// Agents holding this text.
        search: String,
        /// True to have all of them.
        showall: bool,
        /// Agents of this team.
        team_id: TeamId,
        /// True to have agents that exist for an API only as well.
        includeapiagents: bool,
        /// True to have the roles as well.
        includeroles: bool,
    }
}

filter! {
    /// Which categories to list.
    CategoryFilter of "/Category" {
        /// Which of the four categories, from 1.
        type_id: i64,
        /// Those that tickets of this type can have.
        tickettype_id: TicketTypeId,
        /// Those of this client.
        client_id: ClientId,
        /// Those of this team.
        team_id: TeamId,
    }
}

filter! {
    /// Which outcomes to list.
    OutcomeFilter of "/Outcome" {
        /// Those of tickets of this type.
        tickettype_id: TicketTypeId,
        /// Those of this workflow.
        workflow_id: i64,
        /// Those of this step of the workflow.
        workflow_step: i64,
        /// True to have those that aren't offered as well.
        showhidden: bool,
        /// True to leave out HaloPSA's own.
        excludesystemactions: bool,
    }
}

filter! {
    /// Which fields to list.
    FieldFilter of "/FieldInfo" {
        /// Which kinds of record they are on, as HaloPSA numbers them.
        typeid: i64,
        /// What kind of value they take, as HaloPSA numbers it.
        inputtype: i64,
        /// True to have the values they offer as well.
        includevalues: bool,
        /// True for the custom fields as their configuration page lists them.
        iscustomfieldsetup: bool,
        /// True to leave out fields that are tables.
        excludetables: bool,
    }
}

filter! {
    /// Which calls of webhooks to list.
    WebhookEventFilter of "/WebhookEvent" {
        /// Those of this webhook.
        webhook_id: WebhookId,
        /// Only this many.
        count: i64,
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
