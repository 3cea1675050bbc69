//! The token for the API and its commands: the configured one, or one that is made at the first start and kept beside
//! the store, where only the service's own user reads it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::config::{Config, SecretError};

/// LIMIT: 256 bits; nobody types it.
const BYTES: usize = 32;

/// The token that opens the API.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The configured one cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The kept one cannot be read or made.
    #[error("cannot read or write the token in `{path}`: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is none yet.
    #[error("there is no token in `{path}`", path = path.display())]
    None {
        /// Where it would be.
        path: PathBuf,
    },
    /// The system gave no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

impl Token {
    /// The token of a configuration. The service makes one where there is none.
    pub fn find_or_make(config: &Config) -> Result<Self, TokenError> {
        match Self::find(config) {
            Err(TokenError::None { path }) => Self::make(&path),
            found => found,
        }
    }

    /// The token of a configuration: the commands never make one.
    pub fn find(config: &Config) -> Result<Self, TokenError> {
        if let Some(secret) = &config.token {
            return Ok(Self(secret.read()?));
        }
        let path = path(&config.store);
        match std::fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => Ok(Self(SecretString::from(text.trim().to_owned()))),
            Ok(_) => Err(TokenError::None { path }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(TokenError::None { path }),
            Err(source) => Err(TokenError::File { path, source }),
        }
    }

    fn make(path: &Path) -> Result<Self, TokenError> {
        Ok(Self(write_new(path)?))
    }

    /// A token that is given, such as in an environment variable.
    pub fn given(text: &str) -> Self {
        Self(SecretString::from(text.trim().to_owned()))
    }

    /// Whether somebody brought it: compared in the same time whatever differs.
    pub fn opens(&self, brought: &str) -> bool {
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        digest(brought).ct_eq(&digest(self.0.expose_secret())).into()
    }

    /// What a request carries in `Authorization`.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0.expose_secret())
    }
}

/// Makes a secret that nobody can guess, and keeps it in a file that its owner alone reads.
pub(crate) fn write_new(path: &Path) -> Result<SecretString, TokenError> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| TokenError::Random(error.to_string()))?;
    let text = hex::encode(bytes);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let write = || {
        let mut file = options.open(path)?;
        writeln!(file, "{text}")?;
        file.sync_all()
    };
    write().map_err(|source| TokenError::File { path: path.to_owned(), source })?;
    Ok(SecretString::from(text))
}

/// Where the token is kept: `haloward.db` has `haloward.token` beside it.
pub fn path(store: &Path) -> PathBuf {
    store.with_extension("token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::defaults(folder.path().to_owned());
        assert_eq!(
            Token::find(&config).unwrap_err().to_string(),
            format!("there is no token in `{}`", folder.path().join("haloward.token").display())
        );
        let made = Token::find_or_make(&config).unwrap();
        let text = std::fs::read_to_string(folder.path().join("haloward.token")).unwrap();
        assert_eq!(text.trim().len(), 64);
        assert!(made.opens(text.trim()) && !made.opens("") && !made.opens(&text[..63]));
        assert!(Token::find_or_make(&config).unwrap().opens(text.trim()), "the second start finds it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join("haloward.token")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(!format!("{made:?}").contains(text.trim()), "it cannot be printed by accident");
    }
}
