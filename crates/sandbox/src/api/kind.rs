//! The kinds of record the sandbox keeps in tables.

/// A kind of record besides tickets and their actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Client,
    Site,
    User,
    Asset,
    TicketType,
    Status,
    Priority,
    Sla,
    Team,
    Agent,
    Category,
    Outcome,
    Field,
    Item,
    Invoice,
    RecurringInvoice,
    Licence,
    Contract,
    Webhook,
    WebhookEvent,
    AzureConnection,
    AzureMapping,
    AzureTenant,
    Attachment,
}

impl Kind {
    /// The field that names a record of this kind.
    pub(crate) fn name_field(self) -> &'static str {
        match self {
            Self::Asset => "inventory_number",
            Self::Category => "category_name",
            Self::Outcome => "outcome",
            Self::Contract => "ref",
            Self::AzureTenant => "azure_tenant_name",
            Self::Attachment => "filename",
            _ => "name",
        }
    }
}
