//! The catalogue as a file: for `check` and `dry-run` without a network, and for a start that asks for nothing.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Catalogue;

/// Why a catalogue file could not be used.
#[derive(Debug, Error)]
pub enum CatalogueFileError {
    /// It could not be read or written.
    #[error("could not use the catalogue file `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds something else.
    #[error("`{path}` is no catalogue file")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        source: serde_json::Error,
    },
}

impl Catalogue {
    /// Reads a catalogue file.
    pub fn load(path: &Path) -> Result<Self, CatalogueFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| CatalogueFileError::Io { path: path.to_owned(), source })?;
        serde_json::from_str(&text)
            .map_err(|source| CatalogueFileError::Format { path: path.to_owned(), source })
    }

    /// Writes a catalogue file. A reader sees the old one or the new one, never half of one.
    pub fn save(&self, path: &Path) -> Result<(), CatalogueFileError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|source| CatalogueFileError::Format { path: path.to_owned(), source })?;
        let new = path.with_extension("new");
        let io = |source| CatalogueFileError::Io { path: path.to_owned(), source };
        std::fs::write(&new, text).map_err(io)?;
        std::fs::rename(&new, path).map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_catalogue_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.json");
        let catalogue = Catalogue { api_agent: Some(4), ..Catalogue::default() };
        catalogue.save(&path).unwrap();
        assert_eq!(Catalogue::load(&path).unwrap(), catalogue);
        std::fs::write(&path, "[").unwrap();
        assert!(
            Catalogue::load(&path).unwrap_err().to_string().ends_with("catalogue.json` is no catalogue file")
        );
    }
}
