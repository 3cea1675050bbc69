//! The ids HaloPSA gives its records.
//!
//! Each kind has its own type and none converts into another: a client's id where a site's is due is a
//! mistake HaloPSA answers with the wrong record, not with an error.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::wire::{FromWire, integer};

macro_rules! integer_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromWire for $name {
            fn from_wire(value: &Value) -> Option<Self> {
                integer(value).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                Self::from_wire(&value).ok_or_else(|| de::Error::custom(format!("`{value}` is not an id")))
            }
        }
    )*};
}

integer_ids! {
    /// A ticket ("Faults" in the API's own words). Shown to people as the ticket number.
    TicketId;
    /// An action, numbered from 1 **within its ticket**: it means nothing without the [`TicketId`].
    ActionId;
    /// An attachment.
    AttachmentId;
    /// A client ("Area"), called customer in some installs.
    ClientId;
    /// A site of a client.
    SiteId;
    /// An end user: somebody at a client.
    UserId;
    /// An asset ("Device").
    AssetId;
    /// A kind of asset ("Xtype").
    AssetTypeId;
    /// A ticket type ("RequestType").
    TicketTypeId;
    /// A ticket status ("TStatus").
    StatusId;
    /// A priority ("Policy"), numbered **within its SLA**: it means nothing without the [`SlaId`].
    PriorityId;
    /// A service level agreement.
    SlaId;
    /// A team ("Section").
    TeamId;
    /// An agent ("Uname"): somebody who works on tickets.
    AgentId;
    /// A ticket category.
    CategoryId;
    /// An outcome: what kind of action it is, such as "Internal Note".
    OutcomeId;
    /// A field, built in or custom.
    FieldId;
    /// An item of the catalogue of goods and services.
    ItemId;
    /// A recurring invoice.
    RecurringInvoiceId;
    /// A line of an invoice or recurring invoice.
    InvoiceLineId;
    /// An invoice.
    InvoiceId;
    /// A software licence or subscription.
    LicenceId;
    /// A client's contract.
    ContractId;
    /// The link between a client and an Azure tenant.
    AzureTenantId;
    /// A connection to Microsoft Entra ID (Azure AD).
    AzureConnectionId;
}

/// A webhook's id, which is a UUID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookId(pub String);

impl std::fmt::Display for WebhookId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromWire for WebhookId {
    fn from_wire(value: &Value) -> Option<Self> {
        value.as_str().filter(|id| !id.is_empty()).map(|id| Self(id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_every_form_halopsa_writes_and_goes_out_as_an_integer() {
        for written in ["95", "95.0", "\"95\""] {
            assert_eq!(serde_json::from_str::<SiteId>(written).unwrap(), SiteId(95), "{written}");
        }
        assert_eq!(serde_json::to_string(&SiteId(95)).unwrap(), "95");
        let refused = serde_json::from_str::<SiteId>("\"95a\"").unwrap_err().to_string();
        assert_eq!(refused, "`\"95a\"` is not an id");
    }
}
