//! When an operation is written again, with which others, and when it is looked at once more. Pure, so that `model`
//! can try every order of answers, crashes and late commits against the very functions that decide live.

use crate::store::OperationState;

/// What follows when a write whose outcome is not known left nothing to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotFound {
    /// It may not be visible yet: it is looked for again after HaloPSA had time to show it.
    LookAgain {
        /// How often it was looked for by then.
        looks: u32,
    },
    /// It is written again.
    SendAgain,
}

/// Decides after a look that found nothing; `looks` were made before it since the request last went out.
pub(super) fn not_found(looks: u32) -> NotFound {
    if looks == 0 { NotFound::LookAgain { looks: 1 } } else { NotFound::SendAgain }
}

/// Whether a creation may share its request with others. What was sent before goes alone: so one element that HaloPSA
/// does not take is found by its own answer and costs the others one more request, not their tickets.
pub(super) fn may_go_along(state: OperationState, attempts: u32) -> bool {
    state == OperationState::Waiting && attempts == 0
}

/// Whether a done operation may come to be there more than once, when HaloPSA commits late: it is looked at once more.
/// `looks` and `attempts` are those of before it was found or answered; looks are forgotten when a request goes out.
pub(super) fn may_be_there_twice(looks: u32, attempts: u32) -> bool {
    looks > 0 || attempts > 1
}
