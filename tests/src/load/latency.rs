//! Times of many requests, and what is quoted of them.

use std::fmt;
use std::time::Duration;

/// How long each of many things took.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Those of another as well.
    pub fn append(&mut self, mut other: Self) {
        self.micros.append(&mut other.micros);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.micros.len()
    }

    /// The time that so many of a hundred stay within; nothing if there are none.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        let place = ((sorted.len() as f64 * percent / 100.0).ceil() as usize).saturating_sub(1).min(last);
        Some(Duration::from_micros(u64::from(sorted[place])))
    }
}

/// `p50 1.20 ms, p99 …`.
impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |percent| self.percentile(percent).unwrap_or_default().as_secs_f64() * 1000.0;
        write!(
            f,
            "p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, longest {:.1} ms",
            ms(50.0),
            ms(99.0),
            ms(99.9),
            ms(100.0)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_so_many_stay_within() {
        let mut some = Latencies::default();
        assert_eq!(some.percentile(50.0), None);
        (1..=200).rev().for_each(|ms| some.add(Duration::from_millis(ms)));
        assert_eq!(some.percentile(50.0), Some(Duration::from_millis(100)));
        assert_eq!(some.percentile(99.0), Some(Duration::from_millis(198)));
        assert_eq!(some.percentile(100.0), Some(Duration::from_millis(200)));
    }
}
