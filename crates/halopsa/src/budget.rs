//! The request budget: how many requests HaloPSA takes, how many are left, who goes first.
//!
//! [`window`] holds the arithmetic and knows no clock, [`limiter`] lets tasks wait for it, [`notice`] reads what
//! HaloPSA says when the limit was reached all the same. Which request is how urgent is the caller's decision.

pub(crate) mod limiter;
pub(crate) mod notice;
mod window;

use std::time::Duration;

/// How many requests may be sent in a rolling window.
///
/// HaloPSA's limit belongs to the tenant, not to the application: leave room for its other integrations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The most requests in any window; at least 1.
    pub requests: u32,
    /// The length of the window.
    pub per: Duration,
    /// The share of `requests` that only [`Priority::Urgent`](crate::Priority::Urgent) may use: from 0 to 0.9.
    pub reserve: f64,
}

impl Budget {
    /// So many requests in a rolling window of 5 minutes, a tenth of them for urgent ones.
    pub fn per_five_minutes(requests: u32) -> Self {
        Self { requests, ..Self::default() }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        if self.requests == 0 || self.per.is_zero() {
            return Err("the budget allows no requests".to_owned());
        }
        if !(0.0..=0.9).contains(&self.reserve) {
            return Err(format!("the budget's reserve is {}, not between 0 and 0.9", self.reserve));
        }
        Ok(())
    }
}

impl Default for Budget {
    /// 300 requests in 5 minutes, the least that was ever seen on hosted installs; a tenth in reserve.
    fn default() -> Self {
        Self { requests: 300, per: Duration::from_mins(5), reserve: 0.1 }
    }
}

/// The budget at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetReport {
    /// The most requests in any window, as configured or as HaloPSA corrected it.
    pub limit: u32,
    /// The length of the window.
    pub window: Duration,
    /// Requests of the last window, those in flight included.
    pub used: u32,
    /// Requests a normal one may still send at once.
    pub available: u32,
    /// Requests an urgent one may still send at once: `available` and the reserve.
    pub available_urgent: u32,
    /// Requests waiting for their turn.
    pub waiting: u32,
    /// How long nothing is sent because HaloPSA reported its limit as reached.
    pub paused_for: Option<Duration>,
}
