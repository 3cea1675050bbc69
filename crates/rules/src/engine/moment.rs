//! Times of the engine: moved, and as people read them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::duration::format_duration;

/// A time as technicians read it in a note.
pub(super) fn shown(time: Timestamp) -> String {
    jiff::fmt::strtime::format("%Y-%m-%d %H:%M UTC", time).unwrap_or_else(|_| crate::time::to_text(time))
}

/// How long it is from one time to another.
pub(super) fn elapsed(from: Timestamp, to: Timestamp) -> String {
    format_duration(Duration::from_secs(to.as_second().abs_diff(from.as_second())))
}

/// That much later; what no calendar holds is the last moment there is.
pub(super) fn after(time: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration).ok().and_then(|d| time.checked_add(d).ok()).unwrap_or(Timestamp::MAX)
}

/// That much earlier.
pub(super) fn before(time: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration).ok().and_then(|d| time.checked_sub(d).ok()).unwrap_or(Timestamp::MIN)
}
