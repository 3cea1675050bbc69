//! The catalogue of goods and services.

use super::{CustomField, record};
use crate::id::ItemId;

record! {
    /// An item of the catalogue.
    Item is "Item" {
        /// Its id.
        id: ItemId,
        /// Its name.
        name: String,
        /// What it is, for the customer.
        description: String,
        /// The group it is in.
        assetgroup_id: i64,
        /// The group's name.
        assetgroup_name: String,
        /// The price, in the install's currency.
        baseprice: f64,
        /// What it costs, in the install's currency.
        costprice: f64,
        /// The price per period, for recurring items.
        recurringprice: f64,
        /// True if it is billed per period.
        isrecurringitem: bool,
        /// The supplier's number for it.
        supplier_part_code: String,
        /// The account it is booked on.
        nominalcode: String,
        /// How many are in stock.
        quantity_in_stock: f64,
        /// The id in another system.
        third_party_id: String,
        /// The custom fields.
        customfields: Vec<CustomField>,
    }
}
