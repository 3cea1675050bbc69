//! How a record is declared: its fields once, and from them reading, writing and building.

/// Declares a record: its fields, how they are read and written, and a setter for each.
///
/// `name = "wire"` gives the name HaloPSA uses where it can't be ours. Not serde's derive with `flatten`, because one
/// field of an unusual kind must not make a whole page of records unreadable: it is left in `extra` instead.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident is $schema:literal {
            $( $(#[$field_doc:meta])* $field:ident $(= $wire:literal)? : $kind:ty, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: Option<$kind>, )*
            /// Every field without a name here, as HaloPSA sent it or as it is to be sent.
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// A record without any field.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                #[doc = concat!("Sets `", crate::models::record::wire_name!($field $(= $wire)?), "`.")]
                #[must_use]
                pub fn $field(mut self, value: impl Into<$kind>) -> Self {
                    self.$field = Some(value.into());
                    self
                }
            )*

            /// Sets a field that has no name here.
            #[must_use]
            pub fn with(mut self, field: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                self.extra.insert(field.into(), value.into());
                self
            }

            /// Takes the fields out of a JSON object; what doesn't fit stays in `extra`.
            pub(crate) fn from_object(mut extra: serde_json::Map<String, serde_json::Value>) -> Self {
                $( let $field = crate::wire::take(&mut extra, crate::models::record::wire_name!($field $(= $wire)?)); )*
                Self { $($field,)* extra }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $(
                    let name = crate::models::record::wire_name!($field $(= $wire)?);
                    if let Some(value) = &self.$field {
                        map.serialize_entry(name, value)?;
                    } else if let Some(value) = self.extra.get(name) {
                        map.serialize_entry(name, value)?;
                    }
                )*
                for (name, value) in &self.extra {
                    let written_above = [$(crate::models::record::wire_name!($field $(= $wire)?)),*].contains(&name.as_str());
                    if !written_above {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde_json::Map::deserialize(deserializer).map(Self::from_object)
            }
        }

        impl crate::wire::FromWire for $name {
            fn from_wire(value: &serde_json::Value) -> Option<Self> {
                value.as_object().cloned().map(Self::from_object)
            }
        }

        #[cfg(test)]
        impl crate::models::contract_tests::Described for $name {
            const SCHEMA: &'static str = $schema;
            const FIELDS: &'static [&'static str] = &[$(crate::models::record::wire_name!($field $(= $wire)?)),*];

            fn unread(&self) -> Vec<&'static str> {
                let mut unread = Vec::new();
                $(
                    if self.$field.is_none() {
                        unread.push(crate::models::record::wire_name!($field $(= $wire)?));
                    }
                )*
                unread
            }
        }
    };
}

/// The name HaloPSA uses for a field.
macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident = $wire:literal) => {
        $wire
    };
}

pub(crate) use {record, wire_name};
