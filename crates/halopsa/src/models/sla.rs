//! Service level agreements and the priorities that belong to them.

use super::record;
use crate::id::{PriorityId, SlaId};

record! {
    /// A service level agreement.
    Sla is "SlaHead" {
        /// Its id.
        id: SlaId,
        /// Its name.
        name: String,
        /// The working hours it counts.
        workday_id: i64,
        /// The working hours' name.
        workday_name: String,
        /// Its priorities; lists carry them only on request.
        priorities: Vec<TicketPriority>,
    }
}

record! {
    /// A priority ("Policy") of one SLA. Not to be confused with [`crate::Priority`].
    TicketPriority is "Policy" {
        /// The record's own id, a UUID. Tickets refer to `priorityid`.
        id: String,
        /// The number tickets refer to; it means nothing without the SLA.
        priorityid: PriorityId,
        /// The SLA it belongs to.
        slaid: SlaId,
        /// Its name.
        name: String,
        /// The time to the first response, in `responseunits`.
        responsetime: f64,
        /// The unit of `responsetime`: M for minutes, H for hours, D for days.
        responseunits: String,
        /// The time to the solution, in `fixunits`.
        fixtime: f64,
        /// The unit of `fixtime`: M for minutes, H for hours, D for days.
        fixunits: String,
        /// True if it isn't offered.
        ishidden: bool,
        /// Its colour, as `#rrggbb`.
        colour: String,
    }
}
