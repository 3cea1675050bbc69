//! Moments by HaloPSA's clock. It stamps tickets with its own, and a look for what changed since a moment goes by that:
//! started by a clock of ours that is minutes ahead, it would start too late and miss what it looks for.

use halopsa::{Client, Error};
use jiff::{SignedDuration, Timestamp};

/// What time it is by HaloPSA's clock, or by ours where that is earlier: a look that starts there misses nothing, and at
/// worst sees twice.
pub(crate) async fn now_there(client: &Client, now: Timestamp) -> Result<Timestamp, Error> {
    if client.halo_now().is_none() {
        client.authenticate().await?;
    }
    Ok(client.halo_now().map_or(now, |there| Timestamp::from(there).min(now)))
}

/// A moment of ours as HaloPSA's clock showed it, for a look that starts there: never later than by our own clock.
///
/// HaloPSA's clock is known from its answers; if it has not answered yet, the token that the look needs anyway is fetched
/// first.
pub(crate) async fn by_halo(client: &Client, moment: Timestamp) -> Result<Timestamp, Error> {
    if client.halo_now().is_none() {
        client.authenticate().await?;
    }
    let Some(there) = client.halo_now() else { return Ok(moment) };
    let ahead = Timestamp::from(there).duration_since(Timestamp::now());
    Ok(moment.checked_add(ahead.min(SignedDuration::ZERO)).unwrap_or(Timestamp::MIN))
}
