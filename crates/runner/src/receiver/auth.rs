//! Checking who sends. Comparisons take the same time whatever differs.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::{Auth, SecretError};

/// A source's way to prove who it is, its secret read.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Open,
    UrlToken(SecretString),
    Header { name: String, value: SecretString },
    Hmac { header: String, secret: SecretString, prefix: String },
}

impl Check {
    pub(super) fn new(auth: &Auth) -> Result<Self, SecretError> {
        Ok(match auth {
            Auth::None => Self::Open,
            Auth::UrlToken(secret) => Self::UrlToken(secret.read()?),
            Auth::Bearer(secret) => {
                let value = format!("Bearer {}", secret.read()?.expose_secret());
                Self::Header { name: "authorization".into(), value: value.into() }
            }
            Auth::Basic { user, password } => {
                let pair = format!("{user}:{}", password.read()?.expose_secret());
                Self::Header {
                    name: "authorization".into(),
                    value: format!("Basic {}", STANDARD.encode(pair)).into(),
                }
            }
            Auth::Header { name, value } => Self::Header { name: name.to_lowercase(), value: value.read()? },
            Auth::Hmac { header, secret, prefix } => {
                Self::Hmac { header: header.to_lowercase(), secret: secret.read()?, prefix: prefix.clone() }
            }
        })
    }

    /// Whether the request may go on before its body is read; HMAC can only be checked with it.
    pub(super) fn before_body(&self, headers: &HeaderMap, token: Option<&str>) -> bool {
        match self {
            Self::Open => true,
            Self::UrlToken(secret) => token.is_some_and(|token| same(token.as_bytes(), secret)),
            Self::Header { name, value } => {
                headers.get(name).is_some_and(|sent| same(sent.as_bytes(), value))
            }
            Self::Hmac { header, .. } => headers.contains_key(header),
        }
    }

    /// Whether the body is signed as it should be.
    pub(super) fn with_body(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let Self::Hmac { header, secret, prefix } = self else { return true };
        let Some(sent) = headers.get(header).and_then(|v| v.to_str().ok()) else { return false };
        let Some(sent) = sent.trim().strip_prefix(prefix.as_str()) else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
            return false;
        };
        mac.update(body);
        let expected = hex::encode(mac.finalize().into_bytes());
        expected.as_bytes().ct_eq(sent.to_ascii_lowercase().as_bytes()).into()
    }

    /// The headers that carry the secret and must go no further.
    pub(super) fn secret_header(&self) -> Option<&str> {
        match self {
            Self::Header { name, .. } => Some(name),
            Self::Hmac { header, .. } => Some(header),
            Self::Open | Self::UrlToken(_) => None,
        }
    }
}

/// Equality that tells nothing by its time, not even the secret's length.
fn same(sent: &[u8], secret: &SecretString) -> bool {
    Sha256::digest(sent).ct_eq(&Sha256::digest(secret.expose_secret().as_bytes())).into()
}
