//! What expressions can look up besides the event: calendars, tables and modules; and, while a file is compiled, which
//! of them there are. Whoever loads brings the files' text; nothing is read here.

mod csv;
mod table;

pub(crate) use table::Tables;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use crate::calendar::Calendars;
use crate::names::Names;
use crate::script::{Modules, Use};

/// Everything that can be looked up. Immutable once the rules are loaded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Library {
    pub(crate) calendars: Arc<Calendars>,
    pub(crate) tables: Tables,
    pub(crate) modules: Modules,
    /// The names of the channels; `None` where nobody says which there are.
    pub(crate) channels: Option<BTreeSet<String>>,
}

static NOTHING: LazyLock<Arc<Library>> = LazyLock::new(Arc::default);

impl Library {
    /// The library of expressions that have none: those of presets.
    pub(crate) fn empty() -> &'static Arc<Self> {
        &NOTHING
    }
}

/// What the expressions of a file may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The variables there are.
    pub(crate) vars: &'a [&'a str],
    /// What can be looked up.
    pub(crate) library: &'a Library,
    /// The modules that the file names under `use`.
    pub(crate) uses: &'a [Use],
    /// The file's path: imports are relative to it.
    pub(crate) file: &'a str,
    /// Where the tenant's names that are met are told, if anybody wants to know.
    pub(crate) names: Option<&'a Names>,
}

impl<'a> Known<'a> {
    /// Expressions that see these variables and can look up nothing.
    pub(crate) fn vars(vars: &'a [&'a str]) -> Self {
        Self { vars, library: Library::empty(), uses: &[], file: "", names: None }
    }
}

#[cfg(test)]
mod tests;
