//! Tickets, as they are written.

use super::{Asset, CustomField, record};
use crate::date::DateTime;
use crate::id::{AgentId, ClientId, PriorityId, SiteId, SlaId, StatusId, TicketId, TicketTypeId, UserId};

record! {
    /// What a ticket should be: for creating one, or for changing the fields that are set.
    ///
    /// A new ticket needs a ticket type, and whatever that type makes mandatory. HaloPSA names one missing field at a
    /// time, and ignores unknown or read-only fields without a word.
    ///
    /// ```
    /// use halopsa::models::TicketDraft;
    /// use halopsa::{ClientId, TicketTypeId};
    ///
    /// let draft = TicketDraft::new()
    ///     .summary("srv-01: disk C: is 95 % full")
    ///     .tickettype_id(TicketTypeId(21))
    ///     .client_id(ClientId(12))
    ///     .sendack(false)
    ///     .with("donotapplytemplateintheapi", true);
    /// assert_eq!(serde_json::to_value(&draft)?["tickettype_id"], 21);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    TicketDraft is "Faults" {
        /// One line saying what it is about.
        summary: String,
        /// The description, as plain text.
        details: String,
        /// The description, as HTML. LIMIT: very long HTML makes HaloPSA time out, leaving the outcome unknown.
        details_html: String,
        /// The ticket type.
        tickettype_id: TicketTypeId,
        /// The status.
        status_id: StatusId,
        /// The SLA.
        sla_id: SlaId,
        /// The priority, which must belong to the SLA.
        priority_id: PriorityId,
        /// The client.
        client_id: ClientId,
        /// The client's site.
        site_id: SiteId,
        /// The end user; name the site with it.
        user_id: UserId,
        /// The end user's name as text, where no user record fits.
        reportedby: String,
        /// The team, by name.
        team: String,
        /// The agent to assign it to.
        agent_id: AgentId,
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
        /// Where it comes from, as the install numbers it.
        source: i64,
        /// When the problem occurred.
        dateoccurred: DateTime,
        /// The ticket it should be a child of.
        parent_id: TicketId,
        /// The assets it is about.
        assets: Vec<Asset>,
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
        /// A link to the record it stands for in another system.
        new_external_link: ExternalLink,
        /// The custom fields to set. Table fields: send every row, or the others are removed.
        customfields: Vec<CustomField>,
        /// Whether the end user gets an acknowledgement by e-mail. Say `false` for alerts: it is 3 a.m. somewhere.
        sendack: bool,
        /// True to skip HaloPSA's own ticket rules.
        dont_do_rules: bool,
        /// True to keep the ticket type's template from overwriting fields.
        donotapplytemplateintheapi: bool,
        /// The client's offset from UTC, in hours.
        utcoffset: f64,
    }
}

record! {
    /// A link between a record and its counterpart in another system.
    ExternalLink is "ExternalLink_List" {
        /// The other system's id.
        third_party_id: String,
        /// What the other system calls it.
        third_party_desc: String,
        /// What kind of record it is there.
        third_party_type: String,
        /// Where it can be seen.
        third_party_url: String,
        /// Which of HaloPSA's integrations it belongs to.
        module_id: i64,
    }
}
