//! Fields an install added itself, and their values.

use serde_json::Value;

use super::record;
use crate::id::FieldId;

record! {
    /// The value of a custom field on a record.
    ///
    /// Written with `id` or `name`, and `value`. HaloPSA can't filter lists by custom fields.
    CustomField is "CustomField" {
        /// The field.
        id: FieldId,
        /// The field's name, which starts with `CF`.
        name: String,
        /// What people see as the field's name.
        label: String,
        /// The value: a text, a number, a truth value, or the rows of a table.
        value: Value,
        /// The value as people see it.
        display: String,
        /// What kind of value it takes.
        kind = "type": i64,
    }
}

impl CustomField {
    /// A value for the field of this name.
    pub fn named(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new().name(name).value(value)
    }
}

record! {
    /// One of the values a field offers ("Lookup").
    Choice is "Lookup" {
        /// Its number: what records carry.
        id: i64,
        /// What people see.
        name: String,
    }
}

record! {
    /// A field, built in or custom ("FieldInfo").
    Field is "FieldInfo" {
        /// Its id.
        id: FieldId,
        /// Its name, which starts with `CF` for custom fields.
        name: String,
        /// What people see as its name.
        label: String,
        /// The list its values come from.
        lookup: i64,
        /// What kind of value it takes.
        kind = "type": i64,
        /// How it is entered.
        inputtype: i64,
        /// Which kinds of record have it.
        usage: i64,
        /// 1 for custom fields.
        custom: i64,
        /// Whether it must be filled in.
        mandatory: bool,
        /// Whether it can only be read.
        readonly: bool,
        /// The longest text it takes, in characters.
        characterlimit: i64,
        /// The values it offers; only where they are asked for (`includevalues`).
        values: Vec<Choice>,
    }
}
