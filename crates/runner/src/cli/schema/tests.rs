//! The schemas take what the decoders take: every file of the repository, and the right examples of the pages about
//! findings; and they refuse what an editor should underline.

use std::path::{Path, PathBuf};

use haloward_rules::{Page, SourceFile, read_yaml};
use jsonschema::Validator;
use serde_json::Value;

use super::Kind;

struct Schemas {
    rules: Validator,
    config: Validator,
    tests: Validator,
    preset: Validator,
    clients: Validator,
}

impl Schemas {
    fn new() -> Self {
        let compile = |kind: Kind| jsonschema::draft7::new(&kind.schema()).expect("a schema");
        Self {
            rules: compile(Kind::Rules),
            config: compile(Kind::Config),
            tests: compile(Kind::Tests),
            preset: compile(Kind::Preset),
            clients: compile(Kind::Clients),
        }
    }

    /// The schema of a file at a path of an installation; `None` for files that have none.
    fn of(&self, path: &str) -> Option<&Validator> {
        let path = Path::new(path);
        let stem = path.file_stem()?.to_str()?;
        let folder =
            path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
        if path.extension().is_none_or(|ext| ext != "yaml") || folder == "tables" {
            None
        } else if stem == "clients" {
            Some(&self.clients)
        } else if stem.ends_with("_test") {
            Some(&self.tests)
        } else if folder == "presets" {
            Some(&self.preset)
        } else if stem == "haloward" {
            Some(&self.config)
        } else {
            Some(&self.rules)
        }
    }

    /// What the schema of a file has against its text.
    fn problems(&self, path: &str, text: &str) -> Vec<String> {
        let Some(schema) = self.of(path) else { return Vec::new() };
        let node = read_yaml(&SourceFile::new(path, text)).expect("YAML");
        let value: Value = node.to_value();
        schema
            .iter_errors(&value)
            .map(|error| format!("{path}: {}: {error}", error.instance_path()))
            .collect()
    }
}

fn yaml_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            yaml_files(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "yaml") {
            out.push(path);
        }
    }
}

#[test]
fn every_file_of_the_repository_is_as_its_schema_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for dir in ["rules", "examples", "crates/rules/presets", "crates/runner/init", "tests/rules"] {
        yaml_files(&root.join(dir), &mut files);
    }
    assert!(files.len() > 40, "the files were not found");
    let schemas = Schemas::new();
    let problems: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).expect("a file");
            schemas.problems(&path.to_string_lossy().replace('\\', "/"), &text)
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn right_examples_fit_their_schema_and_typing_mistakes_do_not() {
    let schemas = Schemas::new();
    let mut problems = Vec::new();
    for page in Page::all() {
        for file in &page.right {
            problems.extend(
                schemas.problems(&file.path, &file.text).into_iter().map(|p| format!("{}: {p}", page.code)),
            );
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for code in ["HW010", "HW011", "HW012", "HW013", "HW014", "HW015", "HW016", "HW061", "HW072", "HW103"] {
        let page = Page::of(code).expect("a page");
        let found = page.wrong.iter().any(|file| !schemas.problems(&file.path, &file.text).is_empty());
        assert!(found, "the schema takes the wrong example of {code}");
    }
}

#[test]
fn the_configuration_of_the_documentation_fits_its_schema() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operation.md"))
        .expect("the page");
    let examples: Vec<&str> =
        text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let schemas = Schemas::new();
    for start in ["halo:", "sources:"] {
        let of_its_kind: Vec<&&str> = examples.iter().filter(|example| example.starts_with(start)).collect();
        assert!(!of_its_kind.is_empty(), "the page shows `{start}`");
        for example in of_its_kind {
            assert_eq!(schemas.problems("haloward.yaml", example), [""; 0], "{example}");
        }
    }
    let clients = examples.iter().find(|example| example.starts_with("# clients.yaml")).expect("an example");
    assert_eq!(schemas.problems("clients.yaml", clients), [""; 0]);
    assert!(!schemas.problems("clients.yaml", "alias: { ND: Northwind Dental }").is_empty());
}
