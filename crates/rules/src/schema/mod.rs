//! JSON Schemas of the files people write, for editors: they complete fields, operators and effects, and show what each
//! is for. The decoders stay the judges; a test asks each of them which fields it knows and compares.
//!
//! Draft 7, which all YAML language servers read.

mod build;
mod conditions;
mod poll;
mod preset;
mod rules;
mod story;
mod ticket;

pub use build::{
    any_of, array, choice, described, duration, flag, map_of, number, one_or_list, reference, section, text,
};

pub use poll::poll;
pub use preset::hmac_fields;

use serde_json::{Map, Value, json};

/// The schema of rule files.
pub fn rules() -> Value {
    document("Haloward rules", "Rules are tried in order; the first that matches decides.", "rule_file")
}

/// The schema of rule tests.
pub fn tests() -> Value {
    document("Haloward rule tests", "Stories that `haloward test` tells on a virtual clock.", "test_file")
}

/// The schema of presets.
pub fn preset() -> Value {
    document("Haloward preset", "How one vendor's payload becomes events.", "preset")
}

fn document(title: &str, description: &str, root: &str) -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "description": description,
        "allOf": [reference(root)],
        "definitions": definitions(),
    })
}

/// The definitions that all schemas share: a configuration has ticket fields and maps of payloads too.
pub fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    for part in [
        rules::definitions(),
        conditions::definitions(),
        ticket::definitions(),
        preset::definitions(),
        poll::definitions(),
        story::definitions(),
    ] {
        all.extend(part);
    }
    all
}

#[cfg(test)]
mod tests;
