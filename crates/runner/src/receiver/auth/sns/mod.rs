//! Messages of AWS SNS: signed with a key that AWS publishes, and subscriptions that want to be confirmed.
//!
//! Nothing is fetched before everything that can be checked without is right, and then from AWS alone.

mod aws;
mod certificate;
mod fetch;

pub(in crate::receiver) use aws::Aws;
#[cfg(test)]
pub(in crate::receiver) use fetch::{Fetch, FetchError, Fetching};

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::Refused;

// LIMIT: AWS gives up after an hour, or after the days of a delivery policy of the customer's own.
const OLDEST: Duration = Duration::from_secs(24 * 3600);
const EARLIEST: Duration = Duration::from_secs(15 * 60);

/// What must never be kept: with these, anybody can end the subscription, or confirm another one.
const SECRETS: [&str; 3] = ["Token", "SubscribeURL", "UnsubscribeURL"];

/// The topics of a source.
#[derive(Debug, Clone)]
pub(in crate::receiver) struct Sns {
    topics: Vec<String>,
}

/// A message as SNS posts it, its parts known to be texts.
struct Message<'a> {
    fields: &'a Map<String, Value>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Notification,
    Subscription,
    Unsubscription,
}

impl Sns {
    pub(super) fn new(topics: &[String]) -> Self {
        Self { topics: topics.to_vec() }
    }

    /// Whether AWS sent this for one of the topics. A subscription is confirmed; what must not be kept is removed.
    pub(super) async fn verify(&self, payload: &mut Value, aws: &Aws, now: Timestamp) -> Result<(), Refused> {
        let message = Message::of(payload)?;
        if !self.topics.iter().any(|topic| topic == message.text("TopicArn")) {
            return Err(Refused::Topic);
        }
        let signature = STANDARD.decode(message.text("Signature")).map_err(|_| Refused::Wrong)?;
        let url = aws_url(message.text("SigningCertURL")).filter(is_certificate).ok_or(Refused::Wrong)?;
        let subscribe = match message.kind {
            Kind::Subscription => Some(message.confirmation()?),
            Kind::Notification | Kind::Unsubscription => None,
        };
        let certificate = aws.certificate(&url, now).await?;
        let hash = message.text("SignatureVersion").try_into()?;
        if !certificate.signed(hash, message.signed().as_bytes(), &signature) {
            return Err(Refused::Wrong);
        }
        message.fresh(now)?;
        if let Some(url) = subscribe {
            aws.confirm(&url).await?;
            tracing::info!(topic = message.text("TopicArn"), "a subscription was confirmed");
        }
        if let Value::Object(map) = payload {
            map.retain(|name, _| !SECRETS.contains(&name.as_str()));
        }
        Ok(())
    }
}

impl<'a> Message<'a> {
    fn of(payload: &'a Value) -> Result<Self, Refused> {
        let fields = payload.as_object().ok_or(Refused::Unsigned)?;
        let kind = match fields.get("Type").and_then(Value::as_str) {
            Some("Notification") => Kind::Notification,
            Some("SubscriptionConfirmation") => Kind::Subscription,
            Some("UnsubscribeConfirmation") => Kind::Unsubscription,
            // A topic that delivers raw messages delivers no signatures.
            _ => return Err(Refused::Unsigned),
        };
        Ok(Self { fields, kind })
    }

    fn text(&self, name: &str) -> &'a str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What AWS signed: names and values, each on a line of its own.
    fn signed(&self) -> String {
        let names: &[&str] = match self.kind {
            Kind::Notification => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            Kind::Subscription | Kind::Unsubscription => {
                &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
            }
        };
        let there = names.iter().filter(|name| self.fields.get(**name).is_some_and(Value::is_string));
        there.flat_map(|name| [*name, "\n", self.text(name), "\n"]).collect()
    }

    /// Where a subscription to its own topic is confirmed.
    fn confirmation(&self) -> Result<Url, Refused> {
        let url = aws_url(self.text("SubscribeURL")).ok_or(Refused::Wrong)?;
        let asked = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
        let confirms = asked("Action").as_deref() == Some("ConfirmSubscription")
            && asked("TopicArn").as_deref() == Some(self.text("TopicArn"))
            && url.path() == "/";
        if confirms { Ok(url) } else { Err(Refused::Wrong) }
    }

    fn fresh(&self, now: Timestamp) -> Result<(), Refused> {
        let sent: Timestamp = self.text("Timestamp").parse().map_err(|_| Refused::Wrong)?;
        let age = now.duration_since(sent);
        let off = Duration::from_secs(age.unsigned_abs().as_secs());
        match age.is_negative() {
            false if off > OLDEST => Err(Refused::Late(off)),
            true if off > EARLIEST => Err(Refused::Early(off)),
            _ => Ok(()),
        }
    }
}

/// An address of SNS itself, and of nobody who only sounds like it.
fn aws_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    (plain && url.domain().is_some_and(is_sns)).then_some(url)
}

/// Whether a name is `sns.REGION.amazonaws.com`, or China's.
fn is_sns(domain: &str) -> bool {
    let rest = domain.strip_suffix(".cn").unwrap_or(domain);
    let region = rest.strip_suffix(".amazonaws.com").and_then(|rest| rest.strip_prefix("sns."));
    region.is_some_and(|region| {
        !region.is_empty()
            && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    })
}

fn is_certificate(url: &Url) -> bool {
    let name =
        url.path().strip_prefix("/SimpleNotificationService-").and_then(|rest| rest.strip_suffix(".pem"));
    url.query().is_none()
        && name.is_some_and(|name| {
            (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

#[cfg(test)]
mod tests;
