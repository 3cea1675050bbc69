//! The operators of `when`: what a value must be.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use serde_json::Value;

use crate::duration::format_duration;
use crate::value::{compare, equal, is_empty, to_number, to_text};

/// One compiled operator with what it compares with.
#[derive(Debug, Clone)]
pub(crate) enum Operator {
    Is(Value),
    Not(Value),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Exactly(Vec<Value>),
    Contains(Vec<String>),
    NotContains(Vec<String>),
    StartsWith(Vec<String>),
    EndsWith(Vec<String>),
    Like(Vec<(String, Regex)>),
    Matches(Vec<Regex>),
    NotMatches(Vec<Regex>),
    Above(f64),
    Below(f64),
    AtLeast(f64),
    AtMost(f64),
    Between(f64, f64),
    OlderThan(Duration),
    NewerThan(Duration),
    Before(Timestamp),
    After(Timestamp),
    Cidr(Vec<Network>),
    Exists(bool),
    Empty(bool),
}

/// An IP network such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => {
                (address.trim().parse::<IpAddr>().ok()?, Some(bits.trim().parse::<u8>().ok()?))
            }
            None => (text.trim().parse::<IpAddr>().ok()?, None),
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self.address, canonical(address)) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(net) & mask == u32::from(ip) & mask
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                u128::from(net) & mask == u128::from(ip) & mask
            }
            _ => false,
        }
    }
}

fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

impl Operator {
    /// Whether the value is what the operator wants. One that cannot apply to the value does not hold.
    pub(crate) fn holds(&self, value: &Value, now: Timestamp) -> bool {
        match self {
            Self::Is(want) => equal(value, want),
            Self::Not(want) => !equal(value, want),
            Self::In(wants) => wants.iter().any(|want| equal(value, want)),
            Self::NotIn(wants) => !wants.iter().any(|want| equal(value, want)),
            Self::Exactly(wants) => wants.contains(value),
            Self::Contains(wants) => contains_any(value, wants),
            Self::NotContains(wants) => !contains_any(value, wants),
            Self::StartsWith(wants) => {
                text(value).is_some_and(|t| wants.iter().any(|w| t.starts_with(w.as_str())))
            }
            Self::EndsWith(wants) => {
                text(value).is_some_and(|t| wants.iter().any(|w| t.ends_with(w.as_str())))
            }
            Self::Like(patterns) => {
                scalar(value).is_some_and(|t| patterns.iter().any(|(_, p)| p.is_match(&t)))
            }
            Self::Matches(patterns) => scalar(value).is_some_and(|t| patterns.iter().any(|p| p.is_match(&t))),
            Self::NotMatches(patterns) => {
                !scalar(value).is_some_and(|t| patterns.iter().any(|p| p.is_match(&t)))
            }
            Self::Above(n) => compare(value, *n).is_some_and(std::cmp::Ordering::is_gt),
            Self::Below(n) => compare(value, *n).is_some_and(std::cmp::Ordering::is_lt),
            Self::AtLeast(n) => compare(value, *n).is_some_and(std::cmp::Ordering::is_ge),
            Self::AtMost(n) => compare(value, *n).is_some_and(std::cmp::Ordering::is_le),
            Self::Between(low, high) => to_number(value).is_some_and(|n| (*low..=*high).contains(&n)),
            Self::OlderThan(age) => {
                crate::time::to_time(value).is_some_and(|t| now.duration_since(t) > signed(*age))
            }
            Self::NewerThan(age) => {
                crate::time::to_time(value).is_some_and(|t| now.duration_since(t) < signed(*age))
            }
            Self::Before(time) => crate::time::to_time(value).is_some_and(|t| t < *time),
            Self::After(time) => crate::time::to_time(value).is_some_and(|t| t > *time),
            Self::Cidr(networks) => value
                .as_str()
                .and_then(|t| t.trim().parse::<IpAddr>().ok())
                .is_some_and(|ip| networks.iter().any(|n| n.contains(ip))),
            Self::Exists(want) => value.is_null() != *want,
            Self::Empty(want) => is_empty(value) == *want,
        }
    }

    /// Why the operator can never hold for a value of this kind, if so.
    pub(crate) fn cannot_apply(&self, value: &Value) -> Option<&'static str> {
        match self {
            Self::Above(_) | Self::Below(_) | Self::AtLeast(_) | Self::AtMost(_) | Self::Between(..)
                if to_number(value).is_none() =>
            {
                Some("the value is no number")
            }
            Self::OlderThan(_) | Self::NewerThan(_) | Self::Before(_) | Self::After(_)
                if crate::time::to_time(value).is_none() =>
            {
                Some("the value is no time")
            }
            Self::Cidr(_) if value.as_str().is_none_or(|t| t.trim().parse::<IpAddr>().is_err()) => {
                Some("the value is no ip address")
            }
            Self::StartsWith(_) | Self::EndsWith(_) if text(value).is_none() => Some("the value is no text"),
            _ => None,
        }
    }

    /// Whether the operator asks for certain values, rather than excluding some or asking for any at all.
    pub(crate) fn demands(&self) -> bool {
        !matches!(
            self,
            Self::Not(_)
                | Self::NotIn(_)
                | Self::NotContains(_)
                | Self::NotMatches(_)
                | Self::Exists(_)
                | Self::Empty(_)
        )
    }

    /// The operator as a sentence fragment: `contains disk`.
    pub(crate) fn describe(&self) -> String {
        let values =
            |values: &[Value]| values.iter().map(|v| to_text(v).into_owned()).collect::<Vec<_>>().join(", ");
        let regexes = |patterns: &[Regex]| patterns.iter().map(Regex::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Self::Is(v) => format!("is {}", to_text(v)),
            Self::Not(v) => format!("not {}", to_text(v)),
            Self::In(v) => format!("one of {}", values(v)),
            Self::NotIn(v) => format!("none of {}", values(v)),
            Self::Exactly(v) => format!("exactly {}", values(v)),
            Self::Contains(v) => format!("contains {}", v.join(", ")),
            Self::NotContains(v) => format!("does not contain {}", v.join(", ")),
            Self::StartsWith(v) => format!("starts with {}", v.join(", ")),
            Self::EndsWith(v) => format!("ends with {}", v.join(", ")),
            Self::Like(v) => {
                format!("like {}", v.iter().map(|(t, _)| t.as_str()).collect::<Vec<_>>().join(", "))
            }
            Self::Matches(v) => format!("matches {}", regexes(v)),
            Self::NotMatches(v) => format!("does not match {}", regexes(v)),
            Self::Above(n) => format!("above {n}"),
            Self::Below(n) => format!("below {n}"),
            Self::AtLeast(n) => format!("at least {n}"),
            Self::AtMost(n) => format!("at most {n}"),
            Self::Between(a, b) => format!("between {a} and {b}"),
            Self::OlderThan(d) => format!("older than {}", format_duration(*d)),
            Self::NewerThan(d) => format!("newer than {}", format_duration(*d)),
            Self::Before(t) => format!("before {t}"),
            Self::After(t) => format!("after {t}"),
            Self::Cidr(n) => {
                format!(
                    "in {}",
                    n.iter().map(|n| format!("{}/{}", n.address, n.bits)).collect::<Vec<_>>().join(", ")
                )
            }
            Self::Exists(true) => "exists".into(),
            Self::Exists(false) => "does not exist".into(),
            Self::Empty(true) => "empty".into(),
            Self::Empty(false) => "not empty".into(),
        }
    }

    /// The texts the value must equal (in lower case), where the operator is an equality with texts only.
    pub(crate) fn required_texts(&self) -> Option<Vec<String>> {
        let plain = |value: &Value| match value {
            // Text that is plainly a number or boolean also equals such values, which no text index finds.
            Value::String(text)
                if crate::value::plain_number(text).is_none()
                    && !text.eq_ignore_ascii_case("true")
                    && !text.eq_ignore_ascii_case("false") =>
            {
                Some(text.to_lowercase())
            }
            _ => None,
        };
        match self {
            Self::Is(value) => Some(vec![plain(value)?]),
            Self::In(values) | Self::Exactly(values) => values.iter().map(plain).collect(),
            _ => None,
        }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Text in lower case, as the operators' own texts are.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    value.as_str().map(lower)
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.to_lowercase())
}

/// Whether `text` contains `want`, which is in lower case, without regard to case.
fn contains(text: &str, want: &str) -> bool {
    let (Some(first), true) = (want.bytes().next(), text.is_ascii()) else {
        return lower(text).contains(want);
    };
    let (text, upper) = (text.as_bytes(), first.to_ascii_uppercase());
    let starts = text.len().checked_sub(want.len()).map_or(0, |last| last + 1);
    (0..starts).any(|at| {
        (text[at] == first || text[at] == upper)
            && text[at..at + want.len()].eq_ignore_ascii_case(want.as_bytes())
    })
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        other => Some(to_text(other)),
    }
}

/// Text contains text; a list contains an element.
fn contains_any(value: &Value, wants: &[String]) -> bool {
    match value {
        Value::Array(items) => {
            items.iter().any(|item| wants.iter().any(|w| equal(item, &Value::String(w.clone()))))
        }
        other => scalar(other).is_some_and(|t| wants.iter().any(|w| contains(&t, w))),
    }
}
