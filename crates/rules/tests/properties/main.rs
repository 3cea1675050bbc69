//! What holds whatever the rules, the events and the bytes are.

mod deciding;
mod fuzz;
mod hostile;
mod reading;
mod rendering;
mod rules;
mod world;

use proptest::test_runner::Config;

/// A bounded run: the whole crate's tests stay within half a minute on two slow cores.
fn cases(count: u32) -> Config {
    Config { cases: count, failure_persistence: None, ..Config::default() }
}
