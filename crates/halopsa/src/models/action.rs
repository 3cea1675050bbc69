//! Actions: everything that happens on a ticket, notes above all.

use super::{Attachment, CustomField, record};
use crate::date::DateTime;
use crate::id::{ActionId, AgentId, OutcomeId, PriorityId, StatusId, TicketId};

record! {
    /// An action on a ticket, as HaloPSA shows it. Written as an [`ActionDraft`].
    Action is "Actions" {
        /// Its number within the ticket.
        id: ActionId,
        /// The ticket.
        ticket_id: TicketId,
        /// What kind of action it is, by name.
        outcome: String,
        /// What kind of action it is.
        outcome_id: OutcomeId,
        /// The agent who did it.
        who_agentid: AgentId,
        /// When it was done.
        datetime: DateTime,
        /// When it was last changed.
        last_updated: DateTime,
        /// The note, as plain text.
        note: String,
        /// The note, as HTML; lists carry it only on request.
        note_html: String,
        /// True if the end user can't see it.
        hiddenfromuser: bool,
        /// Time spent, in hours.
        timetaken: f64,
        /// The status before.
        old_status: StatusId,
        /// The status it set.
        new_status: StatusId,
        /// The custom fields.
        customfields: Vec<CustomField>,
    }
}

record! {
    /// What an action should be: a note on a ticket, and perhaps a change of the ticket.
    ///
    /// HaloPSA insists on an outcome: give `outcome_id`, or `outcome` by name.
    ActionDraft is "Actions" {
        /// The ticket.
        ticket_id: TicketId,
        /// What kind of action it is, by name, such as `Internal Note`.
        outcome: String,
        /// What kind of action it is; 7 is "Internal Note" on a stock install.
        outcome_id: OutcomeId,
        /// The note, as plain text.
        note: String,
        /// The note, as HTML.
        note_html: String,
        /// When it was done; now if not given.
        datetime: DateTime,
        /// True if the end user must not see it.
        hiddenfromuser: bool,
        /// True to mark it as important.
        important: bool,
        /// Whether it goes to the end user by e-mail.
        sendemail: bool,
        /// Whether it goes to the end user by SMS.
        sendsms: bool,
        /// Whether the end user is asked how satisfied he is.
        send_survey: bool,
        /// Time spent, in hours.
        timetaken: f64,
        /// The charge rate; 0 charges nothing.
        chargerate: i64,
        /// Whether it counts as the SLA's first response.
        action_isresponse: bool,
        /// Whether HaloPSA checks that claim.
        validate_response: bool,
        /// Whether it has been reviewed for billing.
        actreviewed: bool,
        /// The status to set; a closing one closes the ticket.
        new_status: StatusId,
        /// The priority to set.
        new_priority: PriorityId,
        /// The impact to set.
        new_impact: i64,
        /// The urgency to set.
        new_urgency: i64,
        /// The source to set.
        new_source: i64,
        /// The agent to assign the ticket to.
        new_agent: AgentId,
        /// The team to assign the ticket to, by name.
        new_team: String,
        /// Files to add.
        attachments: Vec<Attachment>,
        /// The custom fields to set.
        customfields: Vec<CustomField>,
        /// True to skip HaloPSA's own ticket rules.
        dont_do_rules: bool,
        /// The client's offset from UTC, in hours.
        utcoffset: f64,
    }
}
