//! Secrets that are sent as they are, compared in a time that tells nothing.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::{SecretError, SecretRef};

/// The secrets of a source, each of which is taken. Only their hashes are kept.
#[derive(Debug, Clone)]
pub(in crate::receiver) struct Credentials(Vec<[u8; 32]>);

impl Credentials {
    pub(super) fn read(secrets: &[SecretRef]) -> Result<Self, SecretError> {
        Self::made(secrets, |secret| secret.to_owned())
    }

    /// The user's passwords, as basic authentication joins them.
    pub(super) fn of_user(user: &str, passwords: &[SecretRef]) -> Result<Self, SecretError> {
        Self::made(passwords, |password| format!("{user}:{password}"))
    }

    fn made(secrets: &[SecretRef], as_sent: impl Fn(&str) -> String) -> Result<Self, SecretError> {
        let hash = |secret: &SecretRef| {
            let sent = SecretString::from(as_sent(secret.read()?.expose_secret()));
            Ok(Sha256::digest(sent.expose_secret().as_bytes()).into())
        };
        secrets.iter().map(hash).collect::<Result<_, _>>().map(Self)
    }

    /// Which of them was sent. Takes the same time whatever differs and whichever it is, and tells not even a secret's
    /// length: hashes are compared, all of them.
    pub(super) fn which(&self, sent: &[u8]) -> Option<usize> {
        let sent = Sha256::digest(sent);
        let mut found = None;
        for (number, known) in self.0.iter().enumerate() {
            if bool::from(sent.ct_eq(known)) {
                found = found.or(Some(number));
            }
        }
        found
    }
}
