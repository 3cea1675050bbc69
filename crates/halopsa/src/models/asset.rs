//! Assets.

use super::{CustomField, record};
use crate::date::DateTime;
use crate::id::{AssetId, AssetTypeId, ClientId, SiteId};

record! {
    /// An asset ("Device").
    Asset is "Device" {
        /// Its id.
        id: AssetId,
        /// Its number or name: what people call it.
        inventory_number: String,
        /// The first key field, as its type defines it.
        key_field: String,
        /// The second key field.
        key_field2: String,
        /// The third key field.
        key_field3: String,
        /// What kind of asset it is.
        assettype_id: AssetTypeId,
        /// The kind's name.
        assettype_name: String,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// The client's site.
        site_id: SiteId,
        /// The site's name.
        site_name: String,
        /// The end user, by name.
        username: String,
        /// The status, as the install numbers it.
        status_id: i64,
        /// True if it is no longer in use.
        inactive: bool,
        /// When its warranty ends.
        warranty_end: DateTime,
        /// The id in Datto RMM.
        datto_id: String,
        /// The id in NinjaOne.
        ninjarmm_id: i64,
        /// The id in ConnectWise Automate.
        automate_id: i64,
        /// A text HaloPSA's own importers match by.
        matching_value: String,
        /// The custom fields.
        customfields: Vec<CustomField>,
    }
}
