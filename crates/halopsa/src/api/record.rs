//! What a kind of record is to the API: its path, its filter, what may be done with it.

use std::fmt::{Debug, Display};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::query::Query;

/// A kind of record that can be listed. Implemented for this crate's models only.
pub trait Record:
    Debug + Clone + Serialize + DeserializeOwned + Send + Sync + Sized + sealed::Sealed + 'static
{
    /// What it is found by.
    type Id: Clone + Debug + Display + Serialize + Send + Sync;
    /// What a list of it can be narrowed by.
    type Filter: Clone + Debug + Default + Into<Query> + Send;

    /// The path of its list, beneath the API's root.
    const PATH: &'static str;
    /// What several are called, for people.
    const PLURAL: &'static str;
    /// The key its rows are under, where HaloPSA wraps them.
    const ROWS: &'static str;
    /// Whether its list comes in pages.
    const PAGED: bool;

    /// Its id, if HaloPSA sent one.
    fn id(&self) -> Option<Self::Id>;
}

/// A kind of record that can be read one by one.
pub trait Single: Record {}

/// A kind of record that can be created and updated.
pub trait Written: Record {
    /// What is sent: the record itself, or a type with the fields that only a write has.
    type Draft: Debug + Clone + Serialize + Send + Sync;
}

/// A kind of record that can be deleted.
pub trait Deleted: Record {}

pub(super) mod sealed {
    pub trait Sealed {}
}
