//! What holds whatever the rules, the events and the bytes are.

mod analysing;
mod deciding;
mod fuzz;
mod hostile;
mod reading;
mod rendering;
mod rules;
mod simulating;
mod world;

use proptest::test_runner::{Config, RngSeed};

/// A bounded run: the whole crate's tests stay within half a minute on two slow cores. The same cases each time, so that
/// a build never fails for what it did not change; `just soak` looks at others, and many more of them.
fn cases(count: u32) -> Config {
    Config {
        cases: count,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_260_105),
        ..Config::default()
    }
}
