//! What has to be asked of AWS: certificates, which are kept, and the confirmation of subscriptions.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use url::Url;

use super::super::Refused;
use super::certificate::Certificate;
use super::fetch::{Fetch, Https};
use crate::receiver::limit::{Limit, Rate};

// LIMIT: AWS has one certificate for each region and changes it every year.
const MOST_KEPT: usize = 32;

// LIMIT: whoever knows a topic's name could make us ask AWS for certificates that are not there.
const QUESTIONS: Rate = Rate { requests: 30, per: Duration::from_secs(60) };

/// AWS as far as it has to be asked. One for all sources.
#[derive(Debug)]
pub(in crate::receiver) struct Aws {
    fetch: Box<dyn Fetch>,
    certificates: Mutex<BTreeMap<String, Certificate>>,
    questions: Limit,
}

impl Default for Aws {
    fn default() -> Self {
        Self::through(Box::new(Https::default()))
    }
}

impl Aws {
    pub(in crate::receiver) fn through(fetch: Box<dyn Fetch>) -> Self {
        Self { fetch, certificates: Mutex::default(), questions: Limit::new(QUESTIONS) }
    }

    /// The certificate at an address that was found to be one of SNS.
    pub(super) async fn certificate(&self, url: &Url, now: Timestamp) -> Result<Certificate, Refused> {
        // Held while AWS is asked: who comes meanwhile wants the same certificate.
        let mut known = self.certificates.lock().await;
        if let Some(certificate) = known.get(url.as_str()).filter(|certificate| certificate.holds(now)) {
            return Ok(certificate.clone());
        }
        self.questions
            .pass(now)
            .map_err(|_| Refused::Unclear("AWS was asked for too many certificates".into()))?;
        let pem = self.fetch.get(url).await;
        let pem =
            pem.map_err(|error| Refused::Unclear(format!("the certificate cannot be fetched: {error}")))?;
        let certificate = Certificate::read(&pem).map_err(|why| {
            tracing::warn!(%url, why, "what AWS was said to sign with is refused");
            Refused::Wrong
        })?;
        if !certificate.holds(now) {
            tracing::warn!(%url, "the certificate that AWS was said to sign with does not hold now");
            return Err(Refused::Wrong);
        }
        known.retain(|_, kept| kept.holds(now));
        if known.len() >= MOST_KEPT {
            known.pop_first();
        }
        known.insert(url.to_string(), certificate.clone());
        Ok(certificate)
    }

    /// Confirms a subscription whose message AWS has signed.
    pub(super) async fn confirm(&self, url: &Url) -> Result<(), Refused> {
        let answer = self.fetch.get(url).await;
        answer
            .map(drop)
            .map_err(|error| Refused::Unclear(format!("the subscription cannot be confirmed: {error}")))
    }
}
