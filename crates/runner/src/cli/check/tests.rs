//! The pages about codes, held to the check itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use haloward_rules::{Example, Finding, Findings, Page};

use super::check;
use crate::config::Loaded;

/// Codes whose mistake is no example: of a size nobody wants in a page, or a key.
const WITHOUT_EXAMPLE: [&str; 2] = ["HW002", "HW197"];

/// What `haloward check` finds in an installation of these files.
fn findings(files: &[Example]) -> Findings {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("rules")).expect("a folder");
    for file in files {
        let path = dir.path().join(&file.path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, &file.text).expect("writes");
    }
    let config = dir.path().join("haloward.yaml");
    if !config.exists() {
        std::fs::write(&config, "").expect("writes");
    }
    check(&Loaded::load(Some(&config), &[]).expect("loads")).findings
}

fn has(findings: &Findings, code: &str) -> bool {
    findings.iter().any(|finding| finding.code == code)
}

#[test]
fn every_page_shows_what_is_wrong_and_how_it_is_right() {
    let mut problems = Vec::new();
    for page in Page::all() {
        let code = page.code;
        if page.title.is_empty() || page.text.is_empty() {
            problems.push(format!("{code}: the page needs a title (`# …`) and a text"));
        }
        if WITHOUT_EXAMPLE.contains(&code) {
            continue;
        }
        if page.wrong.is_empty() || page.right.is_empty() {
            problems.push(format!("{code}: the page needs examples under `## Wrong` and `## Right`"));
            continue;
        }
        let wrong = findings(&page.wrong);
        if !has(&wrong, code) {
            problems.push(format!("{code}: its wrong example is not found wrong:\n{}", wrong.render()));
        }
        let right = findings(&page.right);
        // Most examples are too small to have tests.
        if right.iter().any(|finding| finding.code != "HW147" || code == "HW147") {
            problems.push(format!("{code}: something is wrong with its right example:\n{}", right.render()));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Whoever adds a code adds `crates/rules/src/finding/codes/CODE.md`: a title, what it means, and an example of files
/// that are wrong and right, each in a fence that names its path in an installation.
#[test]
fn every_code_in_the_sources_has_a_page_and_every_page_a_code() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut used = BTreeSet::new();
    for name in ["rules", "runner"] {
        sources(&crates.join(name).join("src"), &mut |text| {
            // A code in quotes stands where a finding is made.
            let quoted = text.split('"').skip(1);
            used.extend(quoted.filter(|part| is_code(part)).map(str::to_owned));
        });
    }
    let pages: BTreeSet<String> = Page::all().map(|page| page.code.to_owned()).collect();
    let missing: Vec<_> = used.difference(&pages).collect();
    assert!(missing.is_empty(), "write `crates/rules/src/finding/codes/CODE.md` for {missing:?}");
    let unused: Vec<_> = pages.difference(&used).collect();
    assert!(unused.is_empty(), "no finding has these codes any more; remove their pages: {unused:?}");
}

fn is_code(text: &str) -> bool {
    text.len() == 5 && text.starts_with("HW") && text[2..].bytes().all(|b| b.is_ascii_digit())
}

fn sources(dir: &Path, visit: &mut dyn FnMut(&str)) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, visit);
        } else if path.extension().is_some_and(|ext| ext == "rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).expect("a source");
            // Tests within a file come last in it.
            visit(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
        }
    }
}

#[test]
fn the_same_mistake_is_said_once_and_in_the_order_of_reading() {
    let example = |path: &str, text: &str| Example { path: path.into(), text: text.into() };
    let found = findings(&[
        example("rules/b.yaml", "rules:\n  - { id: b, thn: {}, whn: {}, then: { open_ticket: {} } }\n"),
        example("rules/a.yaml", "rules:\n  - { id: a, then: { opn_ticket: {} } }\n"),
        example("haloward.yaml", "serer: {}\n"),
    ]);
    let texts: Vec<&str> = found.iter().map(|f: &Finding| f.message.as_str()).collect();
    assert_eq!(
        texts,
        [
            "unknown field `serer`",
            "unknown effect `opn_ticket`",
            "unknown field `thn`",
            "unknown field `whn`"
        ]
    );
}
