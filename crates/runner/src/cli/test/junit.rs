//! Results as JUnit XML, which every CI shows.

use std::path::Path;

use haloward_rules::StoryOutcome;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::super::Failure;

/// Writes the results; a suite for each test file.
pub(super) fn write(path: &Path, outcomes: &[StoryOutcome]) -> Result<(), Failure> {
    let failed = |error: String| Failure::new(format!("cannot write `{}`: {error}", path.display()));
    let xml = report(outcomes).to_string().map_err(|error| failed(error.to_string()))?;
    std::fs::write(path, xml).map_err(|error| failed(error.to_string()))
}

fn report(outcomes: &[StoryOutcome]) -> Report {
    let mut report = Report::new("haloward");
    for of_file in outcomes.chunk_by(|a, b| a.file == b.file) {
        let mut suite = TestSuite::new(of_file[0].file.as_str());
        suite.add_test_cases(of_file.iter().map(case));
        report.add_test_suite(suite);
    }
    report
}

fn case(outcome: &StoryOutcome) -> TestCase {
    let mut status = TestCaseStatus::success();
    if let Some(failure) = &outcome.failure {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("failure").set_message(format!("step {} at {}", failure.step, failure.at));
        status.set_description(failure.to_string());
    }
    let mut case = TestCase::new(outcome.name.as_str(), status);
    case.set_classname(outcome.file.as_str());
    case.extra.insert("file".into(), outcome.at.as_str().into());
    case
}

#[cfg(test)]
mod tests {
    use haloward_rules::{Coverage, Problem, StoryFailure};

    use super::*;

    #[test]
    fn a_file_is_a_suite_and_a_failure_has_its_text() {
        let outcome = |file: &str, name: &str, failure: Option<StoryFailure>| StoryOutcome {
            name: name.to_owned(),
            file: file.to_owned(),
            at: format!("{file}:3"),
            failure,
            coverage: Coverage::default(),
        };
        let problem = Problem::Other { expected: "nothing".into(), actual: "open_ticket (a&b)".into() };
        let failure =
            StoryFailure { step: 2, at: "a_test.yaml:7".into(), problems: vec![problem], trace: Vec::new() };
        let outcomes = [
            outcome("a_test.yaml", "one <1>", None),
            outcome("a_test.yaml", "two", Some(failure)),
            outcome("b_test.yaml", "three", None),
        ];
        let xml = report(&outcomes).to_string().expect("XML");
        assert_eq!(
            xml,
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="haloward" tests="3" skipped="0" failures="1" errors="0">
    <testsuite name="a_test.yaml" tests="2" skipped="0" errors="0" failures="1">
        <testcase name="one &lt;1&gt;" classname="a_test.yaml" file="a_test.yaml:3"/>
        <testcase name="two" classname="a_test.yaml" file="a_test.yaml:3">
            <failure message="step 2 at a_test.yaml:7" type="failure">step 2 at a_test.yaml:7
  expected  nothing
  actual    open_ticket (a&amp;b)
</failure>
        </testcase>
    </testsuite>
    <testsuite name="b_test.yaml" tests="1" skipped="0" errors="0" failures="0">
        <testcase name="three" classname="b_test.yaml" file="b_test.yaml:3"/>
    </testsuite>
</testsuites>
"#
        );
    }
}
