//! Which requests go first when the budget is short.

/// How much a request matters compared with the client's others.
///
/// A waiting request is overtaken by every more urgent one, and only [`Urgent`](Self::Urgent) requests may use
/// the budget's reserve. See [`crate::Client::with_priority`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Can wait: refreshing look-ups, reconciling.
    Background,
    /// Somebody will notice if it waits.
    #[default]
    Normal,
    /// Somebody is waiting now: the ticket of a critical alert. May use the reserve.
    Urgent,
}

impl Priority {
    /// Every class, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Normal, Self::Background];
}
