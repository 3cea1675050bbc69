//! What the API needs to know about a kind of record to serve it.

use super::{Kind, filter::Filter};
use crate::{auth::Area, schema::Schema};

/// A kind of record as the API serves it.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) kind: Kind,
    /// The path after `/api/`, in lower case.
    pub(crate) path: &'static str,
    /// The key lists are wrapped under; without one they are bare arrays of everything.
    pub(crate) envelope: Option<&'static str>,
    pub(crate) area: Area,
    pub(crate) schema: &'static Schema,
    pub(crate) filters: &'static [Filter],
    /// The fields the general search looks at.
    pub(crate) searched: &'static [&'static str],
    /// Fields only a single record carries.
    pub(crate) detail_only: &'static [&'static str],
    /// Which rows a list leaves out unless asked for them.
    pub(crate) hides: Hides,
    /// Fields a new record must have, and what is said without them; in this order, one at a time.
    pub(crate) required: &'static [(&'static str, &'static str)],
    /// Fields that name a record of another kind.
    pub(crate) parents: &'static [(&'static str, Kind)],
    /// The field that says which client a record belongs to.
    pub(crate) client: Option<&'static str>,
    /// What can be done besides listing.
    pub(crate) allows: Allows,
}

/// What the API does with a kind of record besides listing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Allows {
    /// Nothing.
    Listing,
    /// Reading one by one, and writing.
    Writing,
    /// Reading, writing and deleting.
    Deleting,
}

/// Rows a list leaves out unless a flag asks for them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hides {
    Nothing,
    /// Rows whose flag is set, unless the parameter asks for them.
    Set {
        flag: &'static str,
        unless: &'static str,
    },
    /// Rows whose flag is not set, unless the parameter asks for them.
    Unset {
        flag: &'static str,
        unless: &'static str,
    },
}
