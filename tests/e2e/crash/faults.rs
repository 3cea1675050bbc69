//! What goes wrong in HaloPSA meanwhile.

use std::time::Duration;

use halopsa_sandbox::{Fault, FaultKind, Sandbox};

/// The latest a write is carried out after its connection was cut, with a margin.
pub(super) const LATEST: Duration = Duration::from_mins(1);

/// Sees to it that some of the next writes fail, in some way.
pub(super) fn keep_coming(sandbox: &Sandbox, random: &mut fastrand::Rng) {
    while sandbox.faults().waiting().len() < 4 {
        let (path, kind) = match random.u32(0..5) {
            // Tickets alone: a second note that comes later than the last look for it stays.
            0 => ("/api/Tickets", FaultKind::CommitAfterCut { seconds: random.u64(1..30) }),
            1 | 2 => ("/api/Tickets", any(random)),
            _ => ("/api/Actions", any(random)),
        };
        sandbox.faults().inject(Fault::once(kind).on("POST", path).after(random.u32(0..3)));
    }
}

fn any(random: &mut fastrand::Rng) -> FaultKind {
    match random.u32(0..10) {
        0 => FaultKind::ErrorBeforeCommit { status: 500 },
        1 => FaultKind::ErrorAfterCommit { status: 500 },
        2 => FaultKind::CutBeforeCommit,
        3 => FaultKind::CutAfterCommit,
        4 => FaultKind::RateLimited { retry_after: Some(1) },
        5 => FaultKind::HtmlBadGateway { after_commit: random.bool() },
        6 => FaultKind::TruncatedJson,
        7 => FaultKind::CutMidBody,
        8 => FaultKind::ErrorAfterPart { elements: random.usize(0..3), status: 500 },
        _ => FaultKind::TokenRevoked,
    }
}
