//! Signatures with a shared secret: what was signed is put together as the scheme says, and compared with each
//! signature that was sent.

use std::time::Duration;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use haloward_rules::{
    HmacAlgorithm, HmacScheme, KeyEncoding, SignatureEncoding, SignedPart, TimestampFormat, TimestampPlace,
};
use jiff::Timestamp;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::Refused;
use crate::config::{SecretError, SecretRef};

/// How a source signs, its keys read.
#[derive(Debug, Clone)]
pub(in crate::receiver) struct Signature {
    scheme: HmacScheme,
    keys: Vec<hmac::Key>,
    /// How signatures stand beside each other in the header.
    lists: Lists,
}

/// What parts the signatures of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lists {
    /// Commas and spaces: `v1=…,v1=…`, `t=…,v1=…`.
    Commas,
    /// Spaces alone, for a comma belongs to the prefix: `v1,… v1,…`.
    Spaces,
}

// LIMIT: two keys at once, and a version or two, make four; each costs a comparison.
const MOST_SIGNATURES: usize = 16;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

impl Signature {
    /// `name` is the source's, for whoever has to mend its secret.
    pub(super) fn new(name: &str, scheme: &HmacScheme, secrets: &[SecretRef]) -> Result<Self, SecretError> {
        let algorithm = match scheme.algorithm {
            HmacAlgorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            HmacAlgorithm::Sha256 => hmac::HMAC_SHA256,
            HmacAlgorithm::Sha384 => hmac::HMAC_SHA384,
            HmacAlgorithm::Sha512 => hmac::HMAC_SHA512,
        };
        let read = |secret: &SecretRef| {
            let bytes = key(scheme.key, &secret.read()?).ok_or_else(|| SecretError::Key {
                name: name.to_owned(),
                encoding: if scheme.key == KeyEncoding::Hex { "hex" } else { "base64" },
            })?;
            Ok(hmac::Key::new(algorithm, &bytes))
        };
        let keys = secrets.iter().map(read).collect::<Result<_, SecretError>>()?;
        let lists = if scheme.prefix.contains(',') { Lists::Spaces } else { Lists::Commas };
        Ok(Self { scheme: scheme.clone(), keys, lists })
    }

    /// The header that holds the signature.
    pub(super) fn header(&self) -> &str {
        &self.scheme.header
    }

    /// Which key signed the body, and not too long ago.
    pub(super) fn which(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<usize, Refused> {
        let time = self.time(headers);
        let signed = self.signed(headers, body, time).ok_or(Refused::Wrong)?;
        let sent: Vec<Vec<u8>> = self.sent(headers).collect();
        let mut found = None;
        for (number, key) in self.keys.iter().enumerate() {
            let mut context = hmac::Context::with_key(key);
            for part in &signed {
                context.update(part);
            }
            let expected = context.sign();
            // All are compared, whichever is right.
            for sent in &sent {
                if bool::from(expected.as_ref().ct_eq(sent)) {
                    found = found.or(Some(number));
                }
            }
        }
        let number = found.ok_or(Refused::Wrong)?;
        // ORDER: who cannot sign is told nothing about times.
        self.fresh(time, now).map(|()| number)
    }

    /// The signatures that were sent, as bytes; what is none is left out.
    fn sent<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = Vec<u8>> + 'a {
        let items = self.items(headers).filter_map(|item| item.strip_prefix(self.scheme.prefix.as_str()));
        items.take(MOST_SIGNATURES).filter_map(|text| match self.scheme.encoding {
            SignatureEncoding::Hex => hex::decode(text).ok(),
            SignatureEncoding::Base64 => BASE64.decode(text).or_else(|_| BASE64_URL.decode(text)).ok(),
        })
    }

    /// The parts of the signature's header.
    fn items<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        let lists = self.lists;
        let values = headers.get_all(self.scheme.header.as_str()).iter().filter_map(|v| v.to_str().ok());
        values
            .flat_map(move |value| {
                value.split(move |c: char| c.is_ascii_whitespace() || lists == Lists::Commas && c == ',')
            })
            .filter(|item| !item.is_empty())
            .take(4 * MOST_SIGNATURES)
    }

    /// The time of sending as it was sent, where it is part of what is signed.
    fn time<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        match &self.scheme.time.as_ref()?.place {
            TimestampPlace::Header(name) => one(headers, name),
            TimestampPlace::Part(prefix) => {
                self.items(headers).find_map(|item| item.strip_prefix(prefix.as_str()))
            }
        }
    }

    /// What was signed, in its order; nothing where a part of it was not sent.
    fn signed<'a>(
        &'a self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        time: Option<&'a str>,
    ) -> Option<Vec<&'a [u8]>> {
        let part = |part: &'a SignedPart| {
            Some(match part {
                SignedPart::Text(text) => text.as_bytes(),
                SignedPart::Body => body,
                SignedPart::Timestamp => time?.as_bytes(),
                SignedPart::Id => one(headers, self.scheme.id.as_ref()?)?.as_bytes(),
            })
        };
        self.scheme.signed.iter().map(part).collect()
    }

    /// Whether it was sent just now; true where no time is signed.
    fn fresh(&self, sent: Option<&str>, now: Timestamp) -> Result<(), Refused> {
        let Some(time) = &self.scheme.time else { return Ok(()) };
        let sent = sent.and_then(|text| moment(text, time.format)).ok_or(Refused::Wrong)?;
        let age = now.duration_since(sent);
        if age.unsigned_abs() <= time.tolerance {
            return Ok(());
        }
        let off = Duration::from_secs(age.unsigned_abs().as_secs());
        Err(if age.is_negative() { Refused::Early(off) } else { Refused::Late(off) })
    }
}

/// A header that is there once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    // Of two, nobody knows which was signed.
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

fn moment(text: &str, format: TimestampFormat) -> Option<Timestamp> {
    match format {
        TimestampFormat::Seconds => Timestamp::from_second(text.parse().ok()?).ok(),
        TimestampFormat::Milliseconds => Timestamp::from_millisecond(text.parse().ok()?).ok(),
        TimestampFormat::Rfc3339 => text.parse().ok(),
    }
}

/// The bytes that a secret stands for.
fn key(encoding: KeyEncoding, secret: &SecretString) -> Option<Vec<u8>> {
    let text = secret.expose_secret();
    match encoding {
        KeyEncoding::Text => Some(text.as_bytes().to_vec()),
        KeyEncoding::Hex => hex::decode(text).ok(),
        KeyEncoding::Base64 => {
            let text = text.strip_prefix("whsec_").unwrap_or(text);
            BASE64.decode(text).or_else(|_| BASE64_URL.decode(text)).ok()
        }
    }
    .filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests;
