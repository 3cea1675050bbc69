//! The lists a ticket's fields are picked from, and the agents.

use super::Schema;

/// A ticket type.
pub(crate) static TICKET_TYPE: Schema = Schema {
    contract: "RequestType",
    ints: &[
        "id",
        "sequence",
        "default_sla",
        "default_priority",
        "group_id",
        "itilrequesttype",
        "default_agent",
        "ticket_count",
        "workflow_id",
        "default_impact",
        "default_sendack",
    ],
    numbers: &[],
    texts: &[
        "guid",
        "name",
        "use",
        "group_name",
        "default_team",
        "default_agent_name",
        "workflow_name",
        "default_summary",
        "default_details",
    ],
    flags: &[
        "cancreate",
        "agentscanselect",
        "allowattachments",
        "enduserscanselect",
        "anonymouscanselect",
        "hasmandatorytechfields",
        "hasmandatoryuserfields",
        "visible",
        "default_showforusers",
    ],
    dates: &[],
    lists: &["fields", "fieldidlist"],
    computed: &["ticket_count", "hasmandatorytechfields", "default_agent_name", "workflow_name"],
};

/// A status.
pub(crate) static STATUS: Schema = Schema {
    contract: "TStatus",
    ints: &["id", "type", "sequence", "ticket_count", "statuschangeto"],
    numbers: &[],
    texts: &["guid", "name", "shortname", "colour", "slaaction"],
    flags: &["showonquickchange"],
    dates: &[],
    lists: &["tickettypes"],
    computed: &["ticket_count"],
};

/// A priority within a service level agreement.
pub(crate) static PRIORITY: Schema = Schema {
    contract: "Policy",
    ints: &["slaid", "priorityid", "workdaysoverride"],
    numbers: &["fixtime", "responsetime"],
    texts: &["id", "name", "fixunits", "responseunits", "colour"],
    flags: &["ishidden", "enterslaexcuse", "setfixtostartdate"],
    dates: &[],
    lists: &[],
    computed: &[],
};

/// A service level agreement.
pub(crate) static SLA: Schema = Schema {
    contract: "SlaHead",
    ints: &["id", "workday_id"],
    numbers: &[],
    texts: &["guid", "name", "workday_name"],
    flags: &["hoursaretechslocaltime", "responsereset", "trackslafixbytime", "trackslaresponsetime"],
    dates: &[],
    lists: &["priorities"],
    computed: &["priorities", "workday_name"],
};

/// A team.
pub(crate) static TEAM: Schema = Schema {
    contract: "SectionDetail",
    ints: &["id", "sequence", "ticket_count", "department_id"],
    numbers: &[],
    texts: &["guid", "name", "department_name"],
    flags: &["forrequests", "foropps", "forprojects", "inactive"],
    dates: &[],
    lists: &["agents"],
    computed: &["ticket_count", "agents", "department_name"],
};

/// An agent.
pub(crate) static AGENT: Schema = Schema {
    contract: "Uname",
    ints: &["id", "one_client", "licence_type", "ticket_count", "linemanager"],
    numbers: &[],
    texts: &["name", "team", "email", "initials", "firstname", "surname", "jobtitle", "colour", "role_list"],
    flags: &["isdisabled", "isapiagent", "is_online", "is_agent"],
    dates: &["lastlogindate"],
    lists: &["teams", "departments", "clients"],
    computed: &["ticket_count", "is_online"],
};

/// A category.
pub(crate) static CATEGORY: Schema = Schema {
    contract: "CategoryDetail",
    ints: &["id", "type_id", "sla_id", "priority_id", "chargerate", "category_group_id"],
    numbers: &[],
    texts: &["guid", "value", "category_name", "note"],
    flags: &["include_note"],
    dates: &[],
    lists: &[],
    computed: &["category_name"],
};

/// An outcome: what kind of action an action is.
pub(crate) static OUTCOME: Schema = Schema {
    contract: "TOutcome",
    ints: &[
        "id",
        "sequence",
        "systemid",
        "respondtype",
        "sendemail",
        "newstatus",
        "chargerate",
        "requesttype",
        "workflow_id",
    ],
    numbers: &["defaultmanhrs"],
    texts: &["guid", "outcome", "buttonname", "labellong", "colour", "default_note", "icon"],
    flags: &["hidden", "hidefromuser", "mustaddnote"],
    dates: &[],
    lists: &["fields"],
    computed: &[],
};

/// A field, among them the custom ones.
pub(crate) static FIELD: Schema = Schema {
    contract: "FieldInfo",
    ints: &[
        "id",
        "type",
        "usage",
        "extratype",
        "characterlimit",
        "inputtype",
        "custom",
        "lookup",
        "tab_id",
        "seq",
    ],
    numbers: &[],
    texts: &["guid", "name", "label", "summary", "hint", "tab_name", "defaultvalue", "regex"],
    flags: &["readonly", "searchable", "mandatory"],
    dates: &[],
    lists: &["values"],
    computed: &[],
};
