#![no_main]

#[path = "../../crates/rules/tests/properties/fuzz/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::conditions(bytes));
