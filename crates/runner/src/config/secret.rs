//! Secrets: named by where they are kept, read only when needed, never printed.

use std::fmt;
use std::path::{Path, PathBuf};

use haloward_rules::{Finding, Findings, Node, SourceFile};
use secrecy::SecretString;
use thiserror::Error;

/// Where a secret is kept.
#[derive(Clone)]
pub enum SecretRef {
    /// An environment variable: `env:NAME`.
    Env(String),
    /// A file's first line: `file:PATH`.
    File(PathBuf),
    /// In the configuration itself; `check` warns.
    Literal(SecretString),
}

/// Why a secret could not be read.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The variable is not set, or empty.
    #[error("the environment variable `{0}` is not set")]
    NotSet(String),
    /// The file could not be read.
    #[error("cannot read the secret in `{path}`: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Literal(_) => f.write_str("[secret]"),
        }
    }
}

impl SecretRef {
    /// Decodes a secret; a literal one is a warning.
    pub(super) fn decode(
        file: &SourceFile,
        node: &Node,
        dir: &Path,
        findings: &mut Findings,
    ) -> Option<Self> {
        let Some(text) = super::decode::scalar(node) else {
            findings.push(
                Finding::error("HW080", "a secret must be text")
                    .at(file.place(node.span))
                    .help("write `env:NAME` or `file:PATH`"),
            );
            return None;
        };
        if let Some(name) = text.strip_prefix("env:") {
            return Some(Self::Env(name.trim().to_owned()));
        }
        if let Some(path) = text.strip_prefix("file:") {
            return Some(Self::File(dir.join(path.trim())));
        }
        findings.push(
            Finding::warning("HW081", "a secret stands in the configuration itself")
                .at(file.secret_place(node.span))
                .help(
                    "put it into the environment and write `env:NAME`, or into a file and write `file:PATH`",
                ),
        );
        Some(Self::Literal(SecretString::from(text)))
    }

    /// Reads the secret.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Literal(secret) => Ok(secret.clone()),
            Self::Env(name) => match std::env::var(name) {
                Ok(value) if !value.trim().is_empty() => Ok(SecretString::from(value.trim().to_owned())),
                _ => Err(SecretError::NotSet(name.clone())),
            },
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(SecretString::from(text.lines().next().unwrap_or_default().trim().to_owned())),
                Err(source) => Err(SecretError::File { path: path.clone(), source }),
            },
        }
    }
}
