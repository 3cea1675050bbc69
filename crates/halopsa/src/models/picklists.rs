//! What tickets and actions choose from. The ids differ from install to install: find them by name.

use super::record;
use crate::id::{AgentId, CategoryId, OutcomeId, PriorityId, SlaId, StatusId, TicketTypeId};

record! {
    /// A ticket type ("RequestType").
    TicketType is "RequestType" {
        /// Its id.
        id: TicketTypeId,
        /// Its name.
        name: String,
        /// What it is used for.
        usage = "use": String,
        /// Its place in the order of types.
        sequence: i64,
        /// The group of types it is in.
        group_id: i64,
        /// The group's name.
        group_name: String,
        /// Which ITIL process it follows.
        itilrequesttype: i64,
        /// Whether the asking agent may create tickets of it.
        cancreate: bool,
        /// Whether agents may choose it.
        agentscanselect: bool,
        /// Whether it has fields that agents must fill in.
        hasmandatorytechfields: bool,
        /// Whether it is in use.
        visible: bool,
        /// The workflow its tickets follow.
        workflow_id: i64,
        /// The status new tickets get.
        initial_status: StatusId,
        /// The SLA new tickets get.
        default_sla: SlaId,
        /// The priority new tickets get.
        default_priority: PriorityId,
        /// The agent new tickets get.
        default_agent: AgentId,
        /// The team new tickets get, by name.
        default_team: String,
        /// The first category new tickets get.
        default_category_1: String,
        /// Whether new tickets are acknowledged to the end user.
        default_sendack: i64,
    }
}

record! {
    /// A status tickets can be in ("TStatus").
    TicketStatus is "TStatus" {
        /// Its id.
        id: StatusId,
        /// Its name.
        name: String,
        /// Its short name.
        shortname: String,
        /// What it means to HaloPSA.
        kind = "type": i64,
        /// Its place in the order of statuses.
        sequence: i64,
        /// Its colour, as `#rrggbb`.
        colour: String,
        /// What it does to the SLA clock.
        slaaction: String,
    }
}

record! {
    /// A category tickets can have.
    Category is "CategoryDetail" {
        /// Its id.
        id: CategoryId,
        /// Its full name, levels separated by `>`: what tickets carry.
        value: String,
        /// Its name on its own level.
        category_name: String,
        /// Which of the four categories it is for, from 1.
        type_id: i64,
        /// The SLA it brings.
        sla_id: SlaId,
        /// The priority it brings.
        priority_id: PriorityId,
        /// The group it is in.
        category_group_id: i64,
    }
}

record! {
    /// A kind of action ("Outcome").
    ActionOutcome is "TOutcome" {
        /// Its id.
        id: OutcomeId,
        /// Its name, which actions may give instead of the id.
        outcome: String,
        /// What its button says.
        buttonname: String,
        /// A longer name.
        labellong: String,
        /// True if it isn't offered.
        hidden: bool,
        /// Which of HaloPSA's built-in kinds it is.
        systemid: i64,
        /// The status it sets.
        newstatus: StatusId,
        /// Whether it hides its action from the end user.
        hidefromuser: bool,
        /// Whether a note must be given.
        mustaddnote: bool,
        /// The workflow it belongs to.
        workflow_id: i64,
        /// Its place in the order of outcomes.
        sequence: i64,
    }
}
