//! Ticket types, statuses, service level agreements, teams, agents, outcomes, categories and custom fields.
//! The same for every seed.

use serde_json::{Value, json};

use super::put;
use crate::{api::Kind, store::State};

pub(super) fn fill(state: &mut State) {
    slas(state);
    teams_and_agents(state);
    ticket_types(state);
    statuses(state);
    outcomes(state);
    categories(state);
    built_in_fields(state);
    custom_fields(state);
}

fn guid(kind: u32, id: i64) -> String {
    format!("{kind:08x}-1111-4000-8000-{id:012x}")
}

fn slas(state: &mut State) {
    for (id, name) in [(1, "Standard"), (2, "Premium 24x7")] {
        put(state, Kind::Sla, json!({ "id": id, "guid": guid(1, id), "name": name, "workday_id": id }));
    }
    let mut priority = |slaid: i64, id: i64, name: &str, colour: &str, hours: (f64, f64)| {
        put(
            state,
            Kind::Priority,
            json!({
                "id": guid(2, id), "slaid": slaid, "priorityid": id, "name": name, "colour": colour,
                "responsetime": hours.0, "responseunits": "H", "fixtime": hours.1, "fixunits": "H", "ishidden": false,
            }),
        );
    };
    let named = [("Critical", "#c0392b"), ("High", "#d35400"), ("Medium", "#b7950b"), ("Low", "#2e7d32")];
    let standard = [(1.0, 4.0), (2.0, 8.0), (4.0, 24.0), (8.0, 72.0)];
    let premium = [(0.25, 2.0), (0.5, 4.0), (2.0, 12.0), (4.0, 48.0)];
    for (id, ((name, colour), hours)) in (1..).zip(named.into_iter().zip(standard)) {
        priority(1, id, name, colour, hours);
    }
    for (id, ((name, colour), hours)) in (5..).zip(named.into_iter().zip(premium)) {
        priority(2, id, name, colour, hours);
    }
}

fn teams_and_agents(state: &mut State) {
    let teams = [
        "Service Desk",
        "Second Line",
        "Backup",
        "Security",
        "NOC",
        "Projects",
        "Account Management",
        "Field Engineers",
    ];
    for (id, name) in (1..).zip(teams) {
        put(
            state,
            Kind::Team,
            json!({
                "id": id, "guid": guid(3, id), "name": name, "sequence": id,
                "forrequests": true, "inactive": name == "Field Engineers", "department_id": 1,
                "department_name": "Support",
            }),
        );
    }
    let mut agent = |id: i64, name: &str, team: &str, title: &str, disabled: bool, api: bool| {
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        let email = format!("{}@msp.example", name.to_lowercase().replace(' ', "."));
        put(
            state,
            Kind::Agent,
            json!({
                "id": id, "name": name, "firstname": first, "surname": last, "team": team, "jobtitle": title,
                "email": if id == 1 { String::new() } else { email }, "isdisabled": disabled, "isapiagent": api,
                "is_agent": true, "initials": format!("{}{}", initial(first), initial(last)), "one_client": 0,
            }),
        );
    };
    agent(1, "Unassigned", "", "", false, false);
    agent(2, "Alex Morgan", "Service Desk", "Service desk lead", false, false);
    agent(3, "Rita Solberg", "Service Desk", "Technician", false, false);
    agent(4, "Dev Chandra", "Second Line", "Senior technician", false, false);
    agent(5, "Marta Ilves", "Backup", "Backup engineer", false, false);
    agent(6, "Jonas Pike", "Security", "Security analyst", false, false);
    agent(7, "Keiko Aldous", "NOC", "Network engineer", false, false);
    agent(8, "Tom Barrow", "Projects", "Project engineer", false, false);
    agent(9, "Lucia Ferro", "Account Management", "Account manager", false, false);
    agent(10, "Pat Oldfield", "Service Desk", "Technician (left)", true, false);
    agent(11, "Haloward API", "Service Desk", "Integration", false, true);
}

fn initial(name: &str) -> String {
    name.chars().take(1).collect()
}

fn ticket_types(state: &mut State) {
    let mut ticket_type = |id: i64,
                           name: &str,
                           itil: i64,
                           sla: i64,
                           priority: i64,
                           team: &str,
                           more: Value| {
        let mut row = json!({
            "id": id, "guid": guid(4, id), "name": name, "use": "ticket", "sequence": id, "itilrequesttype": itil,
            "default_sla": sla, "default_priority": priority, "default_team": team, "default_agent": 1,
            "group_id": 1, "group_name": "Tickets", "cancreate": true, "agentscanselect": true, "visible": true,
            "allowattachments": true, "default_sendack": 1, "hasmandatorytechfields": false, "workflow_id": 0,
        });
        if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
            row.extend(more);
        }
        put(state, Kind::TicketType, row);
    };
    ticket_type(1, "Incident", 1, 1, 3, "Service Desk", json!({ "enduserscanselect": true }));
    ticket_type(2, "Service Request", 3, 1, 4, "Service Desk", json!({ "enduserscanselect": true }));
    ticket_type(
        3,
        "Change Request",
        2,
        1,
        4,
        "Projects",
        json!({
            "hasmandatorytechfields": true, "mandatory": "details category_1 impact urgency",
        }),
    );
    ticket_type(4, "Problem", 4, 1, 3, "Second Line", json!({}));
    ticket_type(5, "Project Task", 3, 1, 4, "Projects", json!({}));
    ticket_type(21, "Alert", 1, 1, 3, "NOC", json!({ "allowattachments": true }));
    ticket_type(22, "Security Alert", 1, 2, 6, "Security", json!({}));
    ticket_type(23, "Backup Alert", 1, 1, 3, "Backup", json!({}));
    ticket_type(
        24,
        "Onboarding",
        3,
        1,
        4,
        "Service Desk",
        json!({
            "template": { "category_1": "Users>Starter", "impact": 3 },
        }),
    );
    ticket_type(30, "Fax Request", 3, 1, 4, "Service Desk", json!({ "visible": false }));
}

fn statuses(state: &mut State) {
    let all = [
        (1, "New", "#2471a3"),
        (2, "In Progress", "#7d3c98"),
        (3, "Action Required", "#c0392b"),
        (4, "With User", "#b9770e"),
        (5, "With Supplier", "#717d7e"),
        (6, "On Hold", "#616a6b"),
        (7, "Scheduled", "#148f77"),
        (8, "Resolved", "#1e8449"),
        (9, "Closed", "#424949"),
        (21, "Updated", "#2e86c1"),
        (23, "Awaiting Approval", "#a04000"),
    ];
    for (sequence, (id, name, colour)) in all.into_iter().enumerate() {
        put(
            state,
            Kind::Status,
            json!({
                "id": id, "guid": guid(5, id), "name": name, "shortname": name, "type": 0, "sequence": sequence + 1,
                "colour": colour, "slaaction": if matches!(id, 4..=6) { "H" } else { "N" }, "showonquickchange": true,
                "is_closed": id == 9,
            }),
        );
    }
}

fn outcomes(state: &mut State) {
    let mut outcome = |id: i64, name: &str, more: Value| {
        let mut row = json!({
            "id": id, "guid": guid(6, id), "outcome": name, "buttonname": name, "labellong": name, "sequence": id,
            "hidden": false, "systemid": 0, "newstatus": 0, "hidefromuser": false, "requesttype": 0,
        });
        if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
            row.extend(more);
        }
        put(state, Kind::Outcome, row);
    };
    outcome(1, "Email User", json!({ "sendemail": 1, "newstatus": 4 }));
    outcome(2, "Assign", json!({ "hidefromuser": true }));
    outcome(3, "Start Work", json!({ "newstatus": 2 }));
    outcome(4, "Resolve", json!({ "newstatus": 8, "mustaddnote": true }));
    outcome(5, "Close", json!({ "newstatus": 9 }));
    outcome(6, "Re-Open", json!({ "newstatus": 2 }));
    outcome(7, "Internal Note", json!({ "hidefromuser": true, "mustaddnote": true }));
    outcome(8, "Public Note", json!({ "mustaddnote": true }));
    outcome(9, "Change Status", json!({ "hidefromuser": true }));
    outcome(10, "Change Priority", json!({ "hidefromuser": true }));
    outcome(20, "Submit for Approval", json!({ "requesttype": 3, "newstatus": 23 }));
    outcome(30, "Fax Sent", json!({ "hidden": true }));
}

fn categories(state: &mut State) {
    let all = [
        "Hardware>Server",
        "Hardware>Workstation",
        "Hardware>Printer",
        "Network>Connectivity",
        "Network>Firewall",
        "Server>Disk",
        "Server>Performance",
        "Server>Service",
        "Backup>Failed",
        "Backup>Warning",
        "Security>Malware",
        "Security>Sign-in",
        "Software>Microsoft 365",
        "Software>Line of business",
        "Users>Starter",
        "Users>Leaver",
    ];
    for (id, name) in (101..).zip(all) {
        put(
            state,
            Kind::Category,
            json!({
                "id": id, "guid": guid(7, id), "value": name, "category_name": name, "type_id": 1,
            }),
        );
    }
    let closing = ["Fixed remotely", "Fixed on site", "No fault found", "Resolved by itself"];
    for (id, name) in (201..).zip(closing) {
        put(
            state,
            Kind::Category,
            json!({
                "id": id, "guid": guid(7, id), "value": name, "category_name": name, "type_id": 2,
            }),
        );
    }
}

/// The types of custom fields: text, single choice, date.
const TEXT: i64 = 0;
const CHOICE: i64 = 2;
const DATE: i64 = 4;

/// The fields of tickets whose values are a list of the tenant's own.
fn built_in_fields(state: &mut State) {
    let mut field = |id: i64, name: &str, values: [&str; 3]| {
        let values: Value = (1..).zip(values).map(|(id, name)| json!({ "id": id, "name": name })).collect();
        put(
            state,
            Kind::Field,
            json!({
                "id": id, "guid": guid(8, id), "name": name, "label": name, "usage": 1, "type": CHOICE, "custom": 0,
                "inputtype": 0, "searchable": true, "values": values,
            }),
        );
    };
    field(11, "impact", ["Company Wide", "Multiple Users Affected", "Single User Affected"]);
    field(12, "urgency", ["High", "Medium", "Low"]);
}

fn custom_fields(state: &mut State) {
    let mut field = |id: i64, name: &str, label: &str, usage: i64, kind: i64, values: Value| {
        put(
            state,
            Kind::Field,
            json!({
                "id": id, "guid": guid(8, id), "name": name, "label": label, "labellong": label, "usage": usage,
                "type": kind, "custom": 1, "inputtype": 0, "searchable": true, "values": values,
            }),
        );
    };
    field(101, "CFAlertKey", "Alert key", 1, TEXT, json!([]));
    field(102, "CFAlertSource", "Alert source", 1, TEXT, json!([]));
    field(
        103,
        "CFMonitoringTool",
        "Monitoring tool",
        1,
        CHOICE,
        json!([
            { "id": 1, "name": "RMM" }, { "id": 2, "name": "Backup" }, { "id": 3, "name": "Security" },
        ]),
    );
    field(104, "CFFirstSeen", "First seen", 1, DATE, json!([]));
    field(105, "CFOccurrences", "Occurrences", 1, TEXT, json!([]));
    field(
        201,
        "CFSupportLevel",
        "Support level",
        2,
        CHOICE,
        json!([
            { "id": 1, "name": "Gold" }, { "id": 2, "name": "Silver" },
        ]),
    );
    field(301, "CFPatchWindow", "Patch window", 3, TEXT, json!([]));
}
