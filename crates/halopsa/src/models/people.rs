//! End users, agents and teams.

use super::{CustomField, record};
use crate::id::{AgentId, ClientId, SiteId, TeamId, UserId};

record! {
    /// An end user: somebody at a client.
    User is "Users" {
        /// Its id.
        id: UserId,
        /// The full name.
        name: String,
        /// The first name.
        firstname: String,
        /// The last name.
        surname: String,
        /// The site, which decides the client.
        site_id: SiteId,
        /// The site's name.
        site_name: String,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// The e-mail address.
        emailaddress: String,
        /// The telephone number.
        phonenumber: String,
        /// The mobile telephone number.
        mobilenumber: String,
        /// The login name.
        login: String,
        /// True if it is no longer in use.
        inactive: bool,
        /// True for people to be treated with more care.
        isimportantcontact: bool,
        /// The id in Microsoft Entra ID.
        azureoid: String,
        /// A text HaloPSA's own importers match by.
        matching_value: String,
        /// The custom fields.
        customfields: Vec<CustomField>,
    }
}

record! {
    /// An agent ("Uname"): somebody who works on tickets, or the API itself.
    Agent is "Uname" {
        /// Its id.
        id: AgentId,
        /// The full name.
        name: String,
        /// The e-mail address.
        email: String,
        /// The main team, by name.
        team: String,
        /// True if it can't log in any more.
        isdisabled: bool,
        /// True for agents that exist for an API only; tickets can't be assigned to them.
        isapiagent: bool,
        /// True for administrators.
        is_admin: bool,
        /// The roles, separated by commas.
        role_list: String,
        /// The one client it is limited to, if it is.
        one_client: ClientId,
        /// The initials.
        initials: String,
        /// The job title.
        jobtitle: String,
    }
}

record! {
    /// A team ("Section").
    Team is "SectionDetail" {
        /// Its id.
        id: TeamId,
        /// Its name, which tickets refer to.
        name: String,
        /// Its department.
        department_id: i64,
        /// The department's name.
        department_name: String,
        /// True if it is no longer in use.
        inactive: bool,
        /// Its place in the order of teams.
        sequence: i64,
        /// Whether it works on requests.
        forrequests: bool,
        /// Whether it works on opportunities.
        foropps: bool,
        /// Whether it works on projects.
        forprojects: bool,
        /// Its e-mail address.
        emailaddress: String,
    }
}
