//! A bounded run of what `fuzz/` does at length: seeds from the repository, changed in many small ways, the same ones
//! in each run.

mod targets;

pub(crate) use targets::{payload, rule_file};

use std::path::{Path, PathBuf};

/// Xorshift: the same sequence everywhere, for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

/// The words of the languages at hand, as libFuzzer's dictionaries have them: `\\`, `\"` and `\x0A` alone are escapes.
fn dictionary() -> Vec<String> {
    let text = include_str!("../../../../../fuzz/words.dict");
    let words = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let json = line.replace("\\x", "\\u00");
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{line} is no word: {error}"))
    });
    words.collect()
}

/// Runs `target` with each seed as it is, and `runs` times with one that was changed in up to six places.
fn run(seeds: &[Vec<u8>], runs: usize, target: fn(&[u8])) {
    assert!(!seeds.is_empty(), "there is nothing to start from");
    for seed in seeds {
        target(seed);
    }
    let words = dictionary();
    assert!(words.len() > 50, "the dictionary is read");
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for _ in 0..runs {
        let mut bytes = seeds[dice.roll(seeds.len())].clone();
        for _ in 0..=dice.roll(6) {
            change(&mut bytes, seeds, &words, &mut dice);
        }
        target(&bytes);
    }
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[String], dice: &mut Dice) {
    let at = dice.roll(bytes.len() + 1);
    let end = (at + dice.roll(12)).min(bytes.len());
    match dice.roll(6) {
        0 => drop(bytes.drain(at..end)),
        1 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        2 if at < bytes.len() => bytes[at] = dice.roll(256) as u8,
        3 => {
            let other = &seeds[dice.roll(seeds.len())];
            let from = dice.roll(other.len() + 1);
            let to = (from + dice.roll(60)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        4 => bytes.truncate(at),
        _ => {
            let word = &words[dice.roll(words.len())];
            bytes.splice(at..end, word.bytes());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "reads seeds from files; the crate itself reads none")]
fn files(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the seeds are there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a seed")).collect()
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn any_bytes_are_rules_or_findings() {
    let seeds: Vec<Vec<u8>> = files("fuzz/seeds/rules", "yaml");
    run(&seeds, 400, rule_file);
}

#[test]
fn a_rule_file_of_the_starter_packs_may_be_broken_anywhere() {
    run(&files("rules", "yaml"), 60, rule_file);
}

#[test]
fn any_bytes_are_a_template_or_findings() {
    run(&files("fuzz/seeds/templates", "txt"), 500, targets::template);
}

#[test]
fn any_bytes_are_a_preset_or_findings() {
    run(&files("crates/rules/presets", "yaml"), 300, targets::preset_file);
}

#[test]
fn any_bytes_are_a_payload_or_none() {
    run(&files("examples/payloads", "json"), 10, payload);
}

#[test]
fn any_lines_are_events_or_none() {
    run(&files("fuzz/seeds/events", "jsonl"), 500, targets::events);
}

#[test]
fn any_bytes_are_conditions_or_findings() {
    let mut seeds = files("fuzz/seeds/conditions", "yaml");
    seeds.extend(texts(&["payload.n: 7\0{\"n\":7}", "any: [{check: disk}]\0[1,[2]]"]));
    run(&seeds, 500, targets::conditions);
}
