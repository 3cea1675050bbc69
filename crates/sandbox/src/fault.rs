//! What can be made to go wrong, for which requests and how often.
//!
//! A fault is taken by the first requests that fit it, in the order they arrive, so a test knows which
//! request it hits. Delays and lag add to what else happens; of the others one request takes one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One fault: what happens, to which requests, how many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The HTTP method it applies to, in any case; `None` is every method.
    #[serde(default)]
    pub method: Option<String>,
    /// The path it applies to with everything beneath, such as `/api/Tickets`, in any case; `None` is every path
    /// of HaloPSA's (never the sandbox's own).
    #[serde(default)]
    pub path: Option<String>,
    /// How many fitting requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests it hits; `None` is all until it is cleared.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What happens.
    pub fault: FaultKind,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn once() -> Option<u32> {
    Some(1)
}

/// What happens to a request that takes a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// The request is handled only after a delay.
    Latency {
        /// The delay, in milliseconds of the sandbox's clock.
        ms: u64,
    },
    /// An error answer; nothing is written.
    ErrorBeforeCommit {
        /// The HTTP status, 400 to 599.
        status: u16,
    },
    /// The request is carried out, then answered with an error.
    ErrorAfterCommit {
        /// The HTTP status, 400 to 599.
        status: u16,
    },
    /// Of the elements of a POST only the first few are carried out, then the request is answered with an error.
    ErrorAfterPart {
        /// How many elements are carried out.
        elements: usize,
        /// The HTTP status, 400 to 599.
        status: u16,
    },
    /// The connection ends without an answer; nothing is written.
    CutBeforeCommit,
    /// The request is carried out, then the connection ends without an answer.
    CutAfterCommit,
    /// The connection ends without an answer, and the request is carried out some time later.
    CommitAfterCut {
        /// How much later, in seconds of the sandbox's clock.
        seconds: u64,
    },
    /// Creating tickets takes a while, and of those that overlap one gets its number, the others a database error.
    OverlappingCreates {
        /// How long a create takes, in milliseconds of the sandbox's clock.
        ms: u64,
    },
    /// Lists and searches of tickets do not show what was written in the last while; reading one by id does.
    Lag {
        /// How far behind they are, in seconds.
        seconds: u64,
    },
    /// The rate limit's answer, whatever the window says.
    RateLimited {
        /// Seconds for a `Retry-After` header, which HaloPSA itself has not been seen to send.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// A gateway's HTML page with status 502.
    HtmlBadGateway {
        /// Whether the request was carried out behind the gateway.
        #[serde(default)]
        after_commit: bool,
    },
    /// A complete answer whose JSON stops in the middle.
    TruncatedJson,
    /// An answer that ends, with its connection, half-way through its body.
    CutMidBody,
    /// The body arrives in pieces.
    SlowBody {
        /// How long the whole body takes, in milliseconds of the sandbox's clock.
        ms: u64,
    },
    /// The token the request brings is revoked before it is looked at.
    TokenRevoked,
}

impl FaultKind {
    /// The name it has in the control API and the request list.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::ErrorBeforeCommit { .. } => "error_before_commit",
            Self::ErrorAfterCommit { .. } => "error_after_commit",
            Self::ErrorAfterPart { .. } => "error_after_part",
            Self::CutBeforeCommit => "cut_before_commit",
            Self::CutAfterCommit => "cut_after_commit",
            Self::CommitAfterCut { .. } => "commit_after_cut",
            Self::OverlappingCreates { .. } => "overlapping_creates",
            Self::Lag { .. } => "lag",
            Self::RateLimited { .. } => "rate_limited",
            Self::HtmlBadGateway { .. } => "html_bad_gateway",
            Self::TruncatedJson => "truncated_json",
            Self::CutMidBody => "cut_mid_body",
            Self::SlowBody { .. } => "slow_body",
            Self::TokenRevoked => "token_revoked",
        }
    }

    fn adds_to_others(&self) -> bool {
        matches!(self, Self::Latency { .. } | Self::Lag { .. } | Self::OverlappingCreates { .. })
    }
}

impl Fault {
    /// A fault for the next request to any of HaloPSA's paths.
    pub fn once(fault: FaultKind) -> Self {
        Self { method: None, path: None, skip: 0, times: Some(1), fault }
    }

    /// The same fault only for this method and path, such as `POST` and `/api/Tickets`.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// The same fault for so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same fault until it is cleared.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// The same fault after so many fitting requests have passed unharmed.
    #[must_use]
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let method_fits = self.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method));
        method_fits && self.path.as_deref().is_none_or(|p| lies_under(path, p))
    }
}

fn lies_under(path: &str, parent: &str) -> bool {
    let (path, parent) = (path.to_ascii_lowercase(), parent.trim_end_matches('/').to_ascii_lowercase());
    path.strip_prefix(&parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The faults that are waiting for their requests.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue {
    waiting: Vec<Fault>,
}

/// What one request has to go through.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    pub(crate) delay: Duration,
    pub(crate) lag: Duration,
    pub(crate) create_takes: Option<Duration>,
    pub(crate) main: Option<Fault>,
    pub(crate) names: Vec<&'static str>,
}

impl FaultQueue {
    pub(crate) fn inject(&mut self, fault: Fault) {
        if fault.times != Some(0) {
            self.waiting.push(fault);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.waiting
    }

    /// Takes what this request has to go through; each fault taken is used up by one.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> FaultPlan {
        let mut plan = FaultPlan::default();
        for fault in &mut self.waiting {
            if !fault.fits(method, path) || (plan.main.is_some() && !fault.fault.adds_to_others()) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times = fault.times.map(|left| left - 1);
            plan.names.push(fault.fault.name());
            match &fault.fault {
                FaultKind::Latency { ms } => {
                    plan.delay = plan.delay.saturating_add(Duration::from_millis(*ms));
                }
                FaultKind::Lag { seconds } => plan.lag = plan.lag.max(Duration::from_secs(*seconds)),
                FaultKind::OverlappingCreates { ms } => {
                    plan.create_takes = Some(Duration::from_millis(*ms));
                }
                _ => plan.main = Some(Fault { times: Some(1), ..fault.clone() }),
            }
        }
        self.waiting.retain(|fault| fault.times != Some(0));
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_so_many_fitting_requests_and_no_others() {
        let mut queue = FaultQueue::default();
        queue.inject(Fault::once(FaultKind::CutAfterCommit).on("post", "/api/tickets").times(2).after(1));
        assert!(queue.take("GET", "/api/Tickets").main.is_none());
        assert!(queue.take("POST", "/api/TicketType").main.is_none());
        assert!(queue.take("POST", "/api/Tickets").main.is_none(), "the first passes");
        assert!(queue.take("POST", "/api/Tickets/Object").main.is_some());
        assert!(queue.take("POST", "/api/Tickets").main.is_some());
        assert!(queue.take("POST", "/api/Tickets").main.is_none(), "used up");
        assert!(queue.waiting().is_empty());
    }

    #[test]
    fn delays_add_to_other_faults_and_those_wait_for_each_other() {
        let mut queue = FaultQueue::default();
        queue.inject(Fault::once(FaultKind::Latency { ms: 20 }));
        queue.inject(Fault::once(FaultKind::CutBeforeCommit));
        queue.inject(Fault::once(FaultKind::Latency { ms: 30 }));
        queue.inject(Fault::once(FaultKind::TruncatedJson));
        let first = queue.take("GET", "/api/Client");
        assert_eq!(first.delay, Duration::from_millis(50));
        assert_eq!(first.main.unwrap().fault, FaultKind::CutBeforeCommit);
        assert_eq!(queue.take("GET", "/api/Client").main.unwrap().fault, FaultKind::TruncatedJson);
    }

    #[test]
    fn a_fault_reads_from_json_and_names_what_it_does_not_know() {
        let fault: Fault =
            serde_json::from_str(r#"{"path":"/api/Tickets","fault":{"error_after_commit":{"status":500}}}"#)
                .unwrap();
        assert_eq!(fault.times, Some(1));
        assert_eq!(fault.fault.name(), "error_after_commit");
        let error = serde_json::from_str::<Fault>(r#"{"fault":"explode"}"#).unwrap_err().to_string();
        assert!(error.starts_with("unknown variant `explode`"), "{error}");
    }
}
