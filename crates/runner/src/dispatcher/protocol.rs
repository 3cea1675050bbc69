//! When an operation is written again, and when it is looked at once more. Pure, so that `model` can try every order
//! of answers, crashes and late commits against the very functions that decide live.

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

/// Whether a done operation may come to be there more than once, when HaloPSA commits late: it is looked at once more.
pub(super) fn may_be_there_twice(state: OperationState, looks: u32, attempts: u32) -> bool {
    state == OperationState::Unclear && looks > 0 || attempts > 1
}
