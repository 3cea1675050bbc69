//! Which client belongs to which Azure tenant.

use super::record;
use crate::id::{AzureConnectionId, AzureTenantId, ClientId};

record! {
    /// The link between a client and an Azure tenant ("AreaAzureTenant").
    AzureTenant is "AreaAzureTenant" {
        /// Its id.
        id: AzureTenantId,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// The tenant's id, a UUID.
        azure_tenant_id: String,
        /// The tenant's name.
        azure_tenant_name: String,
        /// The tenant's domain.
        azure_tenant_domain: String,
        /// The connection it was found by.
        details_id: AzureConnectionId,
        /// The connection's name.
        details_name: String,
    }
}

record! {
    /// A connection to Microsoft Entra ID (Azure AD), which holds the mappings of its tenants to clients.
    AzureConnection is "AzureADConnection" {
        /// Its id.
        id: AzureConnectionId,
        /// Its name.
        name: String,
        /// Its domain.
        domain: String,
        /// The directory's id, a UUID.
        directoryid: String,
        /// The mappings of tenants to clients; only on single connections.
        mappings_client: Vec<AzureTenant>,
    }
}
