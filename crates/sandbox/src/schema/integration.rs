//! Attachments, outbound webhooks and the Azure tenants clients belong to.

use super::Schema;

/// A file on a ticket or action.
pub(crate) static ATTACHMENT: Schema = Schema {
    contract: "Attachment",
    ints: &[
        "id",
        "filesize",
        "type",
        "unique_id",
        "ticket_id",
        "action_id",
        "user_id",
        "agent_id",
        "faultid",
    ],
    numbers: &[],
    texts: &["filename", "note", "desc", "content_type", "data_base64", "third_party_id", "link"],
    flags: &["isimage", "showforusers", "showonchild"],
    dates: &["datecreated", "last_updated"],
    lists: &[],
    computed: &["filesize", "isimage", "datecreated", "last_updated", "link"],
};

/// An outbound webhook.
pub(crate) static WEBHOOK: Schema = Schema {
    contract: "Webhook",
    ints: &[
        "type",
        "authentication_type",
        "method",
        "last_status",
        "payload_type",
        "log_retention_policy_days",
    ],
    numbers: &[],
    texts: &["id", "name", "url", "content_type", "basic_username", "basic_password", "note"],
    flags: &["active", "custom_payload", "disabled"],
    dates: &["lastcreated"],
    lists: &["events", "mappings"],
    computed: &["last_status", "lastcreated"],
};

/// One delivery of a webhook.
pub(crate) static WEBHOOK_EVENT: Schema = Schema {
    contract: "WebhookEvent",
    ints: &["notification_id", "status", "responsestatus", "entity_id"],
    numbers: &["duration"],
    texts: &["id", "webhook_id", "requestheaders", "requestbody", "responseheaders", "responsebody"],
    flags: &["error"],
    dates: &["timestamp"],
    lists: &[],
    computed: &[],
};

/// A connection to Azure.
pub(crate) static AZURE_CONNECTION: Schema = Schema {
    contract: "AzureADConnection",
    ints: &["id", "tenant_type", "type", "top_level"],
    numbers: &[],
    texts: &["guid", "name", "domain", "directoryid", "applicationid", "top_level_name"],
    flags: &["authorized", "halointegratorenabled", "auto_create_mappings"],
    dates: &["halointegrator_lastsync"],
    lists: &["mappings_client", "mappings_site"],
    computed: &["authorized", "mappings_site", "halointegrator_lastsync"],
};

/// Which users of a connection go to which site.
pub(crate) static AZURE_MAPPING: Schema = Schema {
    contract: "AzureADMapping",
    ints: &["id", "connectionid", "siteid", "client_id", "clientid", "roleid", "default_site_id"],
    numbers: &[],
    texts: &["site_name", "client_name", "tenant_id", "tenant_name", "group_name", "description"],
    flags: &["external_users"],
    dates: &[],
    lists: &[],
    computed: &["site_name", "client_name"],
};

/// Which Azure tenant is which client's.
pub(crate) static AZURE_TENANT: Schema = Schema {
    contract: "AreaAzureTenant",
    ints: &["id", "details_id", "client_id", "licence_import_type"],
    numbers: &[],
    texts: &["azure_tenant_id", "azure_tenant_name", "azure_tenant_domain", "client_name", "details_name"],
    flags: &[],
    dates: &[],
    lists: &[],
    computed: &["client_name", "details_name"],
};
