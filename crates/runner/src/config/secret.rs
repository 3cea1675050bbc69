//! Secrets: named by where they are kept, read only when needed, never printed.

use std::fmt;
use std::path::{Path, PathBuf};

use haloward_rules::{Finding, Findings, Node, NodeKind, SourceFile};
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
    /// The file's first line is empty.
    #[error("the first line of `{path}` holds no secret", path = .0.display())]
    Empty(PathBuf),
    /// It does not stand for a key as its source says.
    #[error("the secret of the source `{name}` is no key in {encoding}")]
    Key {
        /// The source.
        name: String,
        /// What it should be.
        encoding: &'static str,
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

// LIMIT: one that comes and one that goes, and room for a sender who is late; each costs time with every delivery.
const MOST_AT_ONCE: usize = 4;

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
        if text.trim().is_empty() {
            findings.push(
                Finding::error("HW080", "a secret must not be empty")
                    .at(file.place(node.span))
                    .help("write `env:NAME` or `file:PATH`"),
            );
            return None;
        }
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

    /// Decodes a secret or a list of them: each is taken, so that senders can be given a new one in their own time.
    pub(super) fn decode_all(
        file: &SourceFile,
        node: &Node,
        dir: &Path,
        findings: &mut Findings,
    ) -> Option<Vec<Self>> {
        let NodeKind::List(items) = &node.kind else {
            return Self::decode(file, node, dir, findings).map(|secret| vec![secret]);
        };
        if items.is_empty() || items.len() > MOST_AT_ONCE {
            findings.push(
                Finding::error("HW080", format!("a list of secrets holds 1 to {MOST_AT_ONCE} of them"))
                    .at(file.place(node.span))
                    .help("write `[env:NEW, env:OLD]` while senders change over"),
            );
            return None;
        }
        items.iter().map(|item| Self::decode(file, item, dir, findings)).collect()
    }

    /// The file that holds it, where one does.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Env(_) | Self::Literal(_) => None,
        }
    }

    /// Reads the secret, which is never empty.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Literal(secret) => Ok(secret.clone()),
            Self::Env(name) => match std::env::var(name) {
                Ok(value) if !value.trim().is_empty() => Ok(SecretString::from(value.trim().to_owned())),
                _ => Err(SecretError::NotSet(name.clone())),
            },
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => match text.lines().next().map(str::trim) {
                    Some(secret) if !secret.is_empty() => Ok(SecretString::from(secret.to_owned())),
                    _ => Err(SecretError::Empty(path.clone())),
                },
                Err(source) => Err(SecretError::File { path: path.clone(), source }),
            },
        }
    }
}
