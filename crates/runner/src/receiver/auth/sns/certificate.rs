//! A certificate that SNS signs with.
//!
//! Who vouches for it is the connection it was fetched over: AWS publishes the certificate alone, without those that
//! would lead to an authority. What it says of itself is checked nonetheless: whose it is, since when and until when.

use jiff::Timestamp;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::super::Refused;
use super::is_sns;

/// How a message is hashed before it is signed: `SignatureVersion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

impl TryFrom<&str> for Hash {
    type Error = Refused;

    fn try_from(version: &str) -> Result<Self, Refused> {
        match version {
            "1" => Ok(Self::Sha1),
            "2" => Ok(Self::Sha256),
            _ => Err(Refused::Wrong),
        }
    }
}

/// What is needed of a certificate to check signatures.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    key: Vec<u8>,
    from: i64,
    until: i64,
}

impl Certificate {
    /// Reads a certificate in PEM, if it is one of SNS.
    pub(super) fn read(pem: &[u8]) -> Result<Self, &'static str> {
        let der = CertificateDer::from_pem_slice(pem).map_err(|_| "it holds no certificate")?;
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| "it is no certificate")?;
        if !names(&certificate).any(|name| name == "sns.amazonaws.com" || is_sns(name)) {
            return Err("the certificate is not one of SNS");
        }
        let validity = certificate.validity();
        Ok(Self {
            key: certificate.public_key().subject_public_key.data.to_vec(),
            from: validity.not_before.timestamp(),
            until: validity.not_after.timestamp(),
        })
    }

    /// Whether it holds at a time.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        (self.from..=self.until).contains(&now.as_second())
    }

    /// Whether its key signed the text.
    pub(super) fn signed(&self, hash: Hash, text: &[u8], signature: &[u8]) -> bool {
        let algorithm = match hash {
            Hash::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(algorithm, &self.key).verify(text, signature).is_ok()
    }
}

/// The names that a certificate is for.
fn names<'a>(certificate: &'a X509Certificate<'_>) -> impl Iterator<Item = &'a str> {
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    let others = certificate.subject_alternative_name().ok().flatten();
    let others = others.into_iter().flat_map(|names| &names.value.general_names);
    common.chain(others.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    }))
}
