#![no_main]

#[path = "../../crates/runner/tests/receiving/target.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::receive(bytes));
