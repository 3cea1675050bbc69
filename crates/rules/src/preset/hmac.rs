//! How a sender signs with a shared secret: which parts, joined how, with what, and where the signature stands.
//! A preset says what its vendor does, a source's `auth` the rest; both are read by the same function.

use std::time::Duration;

use crate::fields::{Fields, list, scalar_text};
use crate::finding::{Finding, Findings, Place};
use crate::yaml::NodeKind;

/// The hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HmacAlgorithm {
    /// SHA-1: old, and as an HMAC not broken; some vendors know nothing else.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HmacAlgorithm {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 4] =
        [("sha1", Self::Sha1), ("sha256", Self::Sha256), ("sha384", Self::Sha384), ("sha512", Self::Sha512)];
}

/// How the signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureEncoding {
    /// Hexadecimal, in any case.
    #[default]
    Hex,
    /// Base64, of either alphabet, padded or not.
    Base64,
}

impl SignatureEncoding {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 2] = [("hex", Self::Hex), ("base64", Self::Base64)];
}

/// How the secret stands for the key's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyEncoding {
    /// Its letters are the key.
    #[default]
    Text,
    /// It is the key in hexadecimal.
    Hex,
    /// It is the key in base64, after `whsec_` where it begins so.
    Base64,
}

impl KeyEncoding {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 3] =
        [("text", Self::Text), ("hex", Self::Hex), ("base64", Self::Base64)];
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimestampFormat {
    /// Seconds since 1970.
    #[default]
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// `2026-01-05T09:00:00Z`.
    Rfc3339,
}

impl TimestampFormat {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 3] =
        [("seconds", Self::Seconds), ("milliseconds", Self::Milliseconds), ("rfc3339", Self::Rfc3339)];
}

/// A part of what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedPart {
    /// What stands between the others.
    Text(String),
    /// The body, byte for byte.
    Body,
    /// The time of sending.
    Timestamp,
    /// The delivery's id.
    Id,
}

/// Where the time of sending stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimestampPlace {
    /// In a header of its own.
    Header(String),
    /// Beside the signature in its header, after this: `t=`.
    Part(String),
}

/// When a delivery was sent, and how old it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTime {
    /// Where it stands.
    pub place: TimestampPlace,
    /// How it is written.
    pub format: TimestampFormat,
    /// How far from now it may be, either way.
    pub tolerance: Duration,
}

/// How a sender signs, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HmacScheme {
    /// The header that holds the signature.
    pub header: String,
    /// The hash.
    pub algorithm: HmacAlgorithm,
    /// How the signature is written.
    pub encoding: SignatureEncoding,
    /// What stands before each signature in the header.
    pub prefix: String,
    /// How the secret stands for the key.
    pub key: KeyEncoding,
    /// What is signed.
    pub signed: Vec<SignedPart>,
    /// The header that holds the delivery's id, where that is signed.
    pub id: Option<String>,
    /// When it was sent, where that is signed.
    pub time: Option<SignedTime>,
}

/// How a sender signs, as far as one file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawHmac {
    header: Option<String>,
    algorithm: Option<HmacAlgorithm>,
    encoding: Option<SignatureEncoding>,
    prefix: Option<String>,
    key: Option<KeyEncoding>,
    signed: Option<Vec<SignedPart>>,
    id: Option<String>,
    place: Option<TimestampPlace>,
    format: Option<TimestampFormat>,
    tolerance: Option<Duration>,
}

// LIMIT: what vendors use. Beyond an hour a time protects against little, and clocks are not off by less than seconds.
const TOLERANCE: Duration = Duration::from_secs(300);
const MOST_TOLERANCE: Duration = Duration::from_secs(24 * 3600);

/// What `signed` may name.
const PARTS: [(&str, SignedPart); 3] =
    [("body", SignedPart::Body), ("timestamp", SignedPart::Timestamp), ("id", SignedPart::Id)];

impl RawHmac {
    /// Takes what a file says about it out of its fields.
    pub fn take(fields: &mut Fields<'_>, findings: &mut Findings) -> Self {
        let mut raw = Self {
            header: fields.text("header", findings),
            algorithm: fields.choice("algorithm", &HmacAlgorithm::ALL, findings),
            encoding: fields.choice("encoding", &SignatureEncoding::ALL, findings),
            prefix: fields.text("prefix", findings),
            key: fields.choice("key", &KeyEncoding::ALL, findings),
            id: fields.text("id", findings),
            ..Self::default()
        };
        let file = fields.file();
        if let Some(node) = fields.take("signed") {
            match scalar_text(node).map(|text| signed(&text)) {
                Some(Ok(parts)) => raw.signed = Some(parts),
                Some(Err(why)) => findings.push(wrong(why).at(file.place(node.span))),
                None => findings.push(wrong("`signed` must be text".into()).at(file.place(node.span))),
            }
        }
        let Some(node) = fields.take("timestamp") else { return raw };
        if !matches!(node.kind, NodeKind::Map(_)) {
            raw.place = fields.text("timestamp", findings).map(TimestampPlace::Header);
            return raw;
        }
        let Some(mut time) = Fields::of(file, node, "`timestamp`", findings) else { return raw };
        let header = time.text("header", findings).map(TimestampPlace::Header);
        let part = time.text("part", findings).map(TimestampPlace::Part);
        if header.is_some() && part.is_some() {
            let why =
                "the time stands in a `header` of its own or in a `part` of the signature's, not in both";
            findings.push(wrong(why.into()).at(file.place(node.span)));
        }
        raw.place = header.or(part);
        raw.format = time.choice("format", &TimestampFormat::ALL, findings);
        raw.tolerance = time.duration("tolerance", findings);
        time.finish(findings);
        if raw.tolerance.is_some_and(|tolerance| tolerance.is_zero() || tolerance > MOST_TOLERANCE) {
            let why = "the `tolerance` of a signature's time must be more than nothing and at most `1d`";
            findings.push(wrong(why.into()).at(file.place(node.span)));
        }
        raw
    }

    /// The header that holds the signature, where that is said.
    pub fn header(&self) -> Option<&str> {
        self.header.as_deref()
    }

    /// Whether a time is signed once somebody tells the sender in which header to say it.
    pub fn may_sign_a_time(&self) -> bool {
        let signed = self.signed.as_ref().is_some_and(|parts| parts.contains(&SignedPart::Timestamp));
        signed && self.place.is_none()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Puts what a source says (`self`) and what its preset says together. `place` is where the source says it.
    pub fn complete(self, vendor: &Self, place: &Place, findings: &mut Findings) -> Option<HmacScheme> {
        let before = findings.errors();
        let header = self.header.or_else(|| vendor.header.clone());
        if header.is_none() {
            findings.push(Finding::error("HW011", "`hmac` needs `header`").at(place.clone()).help(
                "name the header that holds the signature; presets of vendors that sign name it themselves",
            ));
        }
        let placed = self.place.is_some();
        let time = self.place.or_else(|| vendor.place.clone()).map(|at| SignedTime {
            place: at,
            format: self.format.or(vendor.format).unwrap_or_default(),
            tolerance: self.tolerance.or(vendor.tolerance).unwrap_or(TOLERANCE),
        });
        let id = self.id.or_else(|| vendor.id.clone());
        let own = self.signed.is_some();
        let mut signed = match self.signed.or_else(|| vendor.signed.clone()) {
            Some(signed) => signed,
            None if time.is_some() => {
                vec![SignedPart::Timestamp, SignedPart::Text(".".into()), SignedPart::Body]
            }
            None => vec![SignedPart::Body],
        };
        let timed = |signed: &[SignedPart]| signed.contains(&SignedPart::Timestamp);
        if timed(&signed) && time.is_none() && !own {
            // The vendor signs a time only if it is told to: without one, it signs the body.
            signed = vec![SignedPart::Body];
            findings.push(untimed(place));
        }
        if own && !timed(&signed) && (vendor.place.is_some() || vendor.signed.as_deref().is_some_and(timed)) {
            findings.push(untimed(place));
        }
        for (missing, why) in [
            (
                timed(&signed) && time.is_none(),
                "`signed` names `{timestamp}`, and no `timestamp` says where it is",
            ),
            (
                !timed(&signed) && placed,
                "the `timestamp` is not part of what is `signed`: whoever repeats the delivery can change it",
            ),
            (
                signed.contains(&SignedPart::Id) && id.is_none(),
                "`signed` names `{id}`, and no `id` names its header",
            ),
        ] {
            if missing {
                findings.push(wrong(why.into()).at(place.clone()));
            }
        }
        let time = time.filter(|_| timed(&signed));
        (findings.errors() == before).then_some(())?;
        Some(HmacScheme {
            header: header?.to_lowercase(),
            algorithm: self.algorithm.or(vendor.algorithm).unwrap_or_default(),
            encoding: self.encoding.or(vendor.encoding).unwrap_or_default(),
            prefix: self.prefix.or_else(|| vendor.prefix.clone()).unwrap_or_default(),
            key: self.key.or(vendor.key).unwrap_or_default(),
            signed,
            id: id.map(|id| id.to_lowercase()),
            time: time.map(|time| SignedTime {
                place: match time.place {
                    TimestampPlace::Header(name) => TimestampPlace::Header(name.to_lowercase()),
                    part @ TimestampPlace::Part(_) => part,
                },
                ..time
            }),
        })
    }
}

fn wrong(why: String) -> Finding {
    Finding::error("HW195", why)
        .help("write what is signed as `{timestamp}.{body}` or `{id}.{timestamp}.{body}`")
}

fn untimed(place: &Place) -> Finding {
    Finding::warning("HW194", "deliveries could be repeated: the signature holds no time")
        .at(place.clone())
        .help("this vendor can sign the time too: switch it on there, and name its header under `timestamp`")
}

/// The parts of a template such as `{id}.{timestamp}.{body}`.
fn signed(text: &str) -> Result<Vec<SignedPart>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').ok_or_else(|| "`signed` has a `{` without `}`".to_owned())? + open;
        if open > 0 {
            parts.push(SignedPart::Text(rest[..open].to_owned()));
        }
        let name = rest[open + 1..close].trim();
        let Some((_, part)) = PARTS.iter().find(|(known, _)| *known == name) else {
            let known = PARTS.map(|(known, _)| known);
            return Err(format!("`signed` cannot name `{{{name}}}`, only {}", list(&known)));
        };
        parts.push(part.clone());
        rest = &rest[close + 1..];
    }
    if !rest.is_empty() {
        parts.push(SignedPart::Text(rest.to_owned()));
    }
    match parts.iter().filter(|part| **part == SignedPart::Body).count() {
        1 => Ok(parts),
        0 => Err("`signed` does not name `{body}`: anybody could send another one".to_owned()),
        _ => Err("`signed` names `{body}` more than once".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::SourceFile;
    use crate::yaml::read;

    fn raw(text: &str) -> (RawHmac, Findings) {
        let file = SourceFile::new("haloward.yaml", text);
        let node = read(&file).expect("reads");
        let mut findings = Findings::default();
        let mut fields = Fields::of(&file, &node, "`hmac`", &mut findings).expect("a map");
        let raw = RawHmac::take(&mut fields, &mut findings);
        fields.finish(&mut findings);
        (raw, findings)
    }

    fn complete(own: &str, vendor: &str) -> (Option<HmacScheme>, String) {
        let (own, mut findings) = raw(own);
        let (vendor, found) = raw(vendor);
        assert!(found.is_empty(), "{}", found.render());
        let place = Finding::start_of(&SourceFile::new("haloward.yaml", "x"));
        let scheme = own.complete(&vendor, &place, &mut findings);
        let texts: Vec<String> = findings.iter().map(|f| format!("{}: {}", f.code, f.message)).collect();
        (scheme, texts.join("\n"))
    }

    #[test]
    fn what_a_source_does_not_say_its_preset_says() {
        let svix = "header: svix-signature\nprefix: 'v1,'\nencoding: base64\nkey: base64\nid: svix-id\ntimestamp: svix-timestamp\nsigned: '{id}.{timestamp}.{body}'\n";
        let (scheme, findings) = complete("header: Webhook-Signature\n", svix);
        assert_eq!(findings, "");
        let scheme = scheme.expect("a scheme");
        assert_eq!((scheme.header.as_str(), scheme.prefix.as_str()), ("webhook-signature", "v1,"));
        assert_eq!(scheme.signed.len(), 5);
        assert_eq!(scheme.time.expect("a time").tolerance, Duration::from_secs(300));
        let (scheme, _) = complete("header: X-Sig\n", "");
        assert_eq!(scheme.expect("a scheme").signed, [SignedPart::Body]);
        let (scheme, _) =
            complete("header: X-Sig\ntimestamp: { header: X-Time, format: rfc3339, tolerance: 1m }\n", "");
        let scheme = scheme.expect("a scheme");
        assert_eq!(scheme.signed[0], SignedPart::Timestamp);
        assert_eq!(
            scheme.time.map(|t| (t.format, t.tolerance)),
            Some((TimestampFormat::Rfc3339, Duration::from_secs(60)))
        );
    }

    #[test]
    fn a_vendor_that_could_sign_the_time_and_does_not_is_a_hint() {
        let grafana = "header: X-Grafana-Alerting-Signature\nsigned: '{timestamp}:{body}'\n";
        let (scheme, findings) = complete("", grafana);
        assert_eq!(findings, "HW194: deliveries could be repeated: the signature holds no time");
        assert_eq!(scheme.expect("a scheme").signed, [SignedPart::Body]);
        let (scheme, findings) = complete("timestamp: X-Time\n", grafana);
        assert_eq!(findings, "");
        assert_eq!(scheme.expect("a scheme").signed[1], SignedPart::Text(":".into()));
        let stripe = "header: S\nprefix: v1=\ntimestamp: { part: t= }\n";
        let (scheme, findings) = complete("signed: '{body}'\n", stripe);
        assert_eq!(findings, "HW194: deliveries could be repeated: the signature holds no time");
        assert_eq!(scheme.expect("a scheme").time, None);
    }

    #[test]
    fn what_would_protect_nothing_is_refused() {
        for (own, why) in [
            ("prefix: x\n", "HW011: `hmac` needs `header`"),
            (
                "header: S\nsigned: '{timestamp}'\n",
                "HW195: `signed` does not name `{body}`: anybody could send another one",
            ),
            ("header: S\nsigned: '{body}{body}'\n", "HW195: `signed` names `{body}` more than once"),
            ("header: S\nsigned: '{body'\n", "HW195: `signed` has a `{` without `}`"),
            (
                "header: S\nsigned: '{boddy}'\n",
                "HW195: `signed` cannot name `{boddy}`, only `body`, `timestamp`, `id`",
            ),
            (
                "header: S\nsigned: '{timestamp}.{body}'\n",
                "HW195: `signed` names `{timestamp}`, and no `timestamp` says where it is",
            ),
            (
                "header: S\nsigned: '{id}.{body}'\n",
                "HW195: `signed` names `{id}`, and no `id` names its header",
            ),
            (
                "header: S\nsigned: '{body}'\ntimestamp: T\n",
                "HW195: the `timestamp` is not part of what is `signed`: whoever repeats the delivery can change it",
            ),
            (
                "header: S\ntimestamp: { part: t=, header: T }\n",
                "HW195: the time stands in a `header` of its own or in a `part` of the signature's, not in both",
            ),
            (
                "header: S\ntimestamp: { part: t=, tolerance: 2d }\n",
                "HW195: the `tolerance` of a signature's time must be more than nothing and at most `1d`",
            ),
        ] {
            let (_, findings) = complete(own, "");
            assert_eq!(findings, why, "{own}");
        }
    }
}
