//! Tickets, as HaloPSA shows them.

use super::{CustomField, record};
use crate::date::DateTime;
use crate::id::{AgentId, ClientId, PriorityId, SiteId, SlaId, StatusId, TicketId, TicketTypeId, UserId};

record! {
    /// A ticket ("Faults"). Written as a [`TicketDraft`](super::TicketDraft).
    ///
    /// A row of a list has fewer fields than a single ticket: no `details_html` and no `client_reference`, for instance.
    Ticket is "Faults" {
        /// The ticket number.
        id: TicketId,
        /// One line saying what it is about.
        summary: String,
        /// The description, as plain text.
        details: String,
        /// The description, as HTML.
        details_html: String,
        /// The ticket type.
        tickettype_id: TicketTypeId,
        /// The ticket type's name.
        tickettype_name: String,
        /// The status.
        status_id: StatusId,
        /// The status's name.
        status_name: String,
        /// The SLA, which the priority belongs to.
        sla_id: SlaId,
        /// The SLA's name.
        sla_name: String,
        /// The priority, numbered within its SLA.
        priority_id: PriorityId,
        /// The priority's name.
        priority_name: String,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// The client's site.
        site_id: SiteId,
        /// The site's name.
        site_name: String,
        /// The end user.
        user_id: UserId,
        /// The end user's name.
        user_name: String,
        /// The team's name; HaloPSA keeps teams by name here.
        team: String,
        /// The agent it is assigned to; 1 is "Unassigned".
        agent_id: AgentId,
        /// The agent's name.
        agent_name: String,
        /// The first category, its levels separated by `>`.
        category_1: String,
        /// The second category.
        category_2: String,
        /// The third category.
        category_3: String,
        /// The fourth category.
        category_4: String,
        /// The impact, as the install numbers it.
        impact: i64,
        /// The urgency, as the install numbers it.
        urgency: i64,
        /// Where it came from, as the install numbers it; tickets made by API are "Manual" unless it is given.
        source: i64,
        /// When the problem occurred.
        dateoccurred: DateTime,
        /// When it was created.
        datecreated: DateTime,
        /// When it was closed.
        dateclosed: DateTime,
        /// When anything about it last changed.
        last_update: DateTime,
        /// When the last action was added.
        lastactiondate: DateTime,
        /// When the SLA wants the first response by.
        respondbydate: DateTime,
        /// When the SLA wants the solution by.
        fixbydate: DateTime,
        /// True once it has been closed.
        hasbeenclosed: bool,
        /// True if it has been deleted.
        deleted: bool,
        /// True while its SLA clock stands still.
        onhold: bool,
        /// The ticket it was merged into.
        merged_into_id: TicketId,
        /// The ticket it is a child of.
        parent_id: TicketId,
        /// The numbers of its children.
        child_ticket_ids: Vec<TicketId>,
        /// A number for other systems to find it by.
        third_party_id: i64,
        /// A text for other systems to find it by.
        third_party_id_string: String,
        /// The supplier's reference; searchable in lists.
        supplier_reference: String,
        /// The client's reference.
        client_reference: String,
        /// A text HaloPSA's own importers match by.
        matching_value: String,
        /// The custom fields.
        customfields: Vec<CustomField>,
        /// HaloPSA's ticket rules that changed it.
        matched_rules: Vec<RuleMatch>,
        /// HaloPSA's ticket rule that changed it.
        matched_rule_id: i64,
    }
}

record! {
    /// One of HaloPSA's own ticket rules, and that it changed a ticket.
    RuleMatch is "FaultRuleMatch" {
        /// The rule.
        rule_id: i64,
        /// Its place in the order of rules.
        rule_sequence: i64,
    }
}
