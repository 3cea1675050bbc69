//! `haloward test`: failures, coverage, minimums and JUnit as people and CI see them.

use haloward_tests::run;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn failures_and_coverage_are_shown_with_their_places() {
    let ended = run(&["test", "tests/stories", "--coverage"], &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= 100), "{}", ended.stdout);
    insta::assert_snapshot!("test_failures", ended.stdout);

    let ended = run(&["test", "tests/stories", "--format", "json"], &[]).await;
    let told = json(&ended.stdout);
    assert_eq!((&told["passed"], &told["failed"]), (&1.into(), &2.into()));
    assert_eq!(told["tests"][1]["failure"]["problems"][0]["fields"][0]["expected"], "Critical", "{told}");
    assert_eq!(told["coverage"]["rules"]["percent"], 50, "{told}");
    assert_eq!(told["coverage"]["gaps"][0]["missing"], "rule", "{told}");
}

#[tokio::test]
async fn a_filter_and_a_test_file_tell_fewer_tests() {
    let ended = run(&["test", "tests/stories", "--filter", "FULL disk"], &[]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "1 passed, 0 failed\n"), "{}", ended.stderr);
    let ended = run(&["test", "tests/stories", "--filter", "tape"], &[]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("no test has `tape` in its name"), "{}", ended.stderr);
    let ended = run(&["test", "tests/rules", "tests/stories/disk_test.yaml", "--format", "json"], &[]).await;
    assert_eq!(json(&ended.stdout)["tests"].as_array().map(Vec::len), Some(3), "{}", ended.stderr);
}

#[tokio::test]
async fn too_little_coverage_is_a_no() {
    let filtered = ["test", "rules", "--fail-under", "rules=100,conditions=1,effects=1"];
    let ended = run(&filtered, &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let ended = run(&["test", "tests/stories", "--fail-under", "effects=75"], &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("of the effects are reached, less than 75%"), "{}", ended.stdout);
    let ended = run(&["test", "--fail-under", "lines=75"], &[]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
}

#[tokio::test]
async fn junit_is_written_whatever_the_results() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("tests.xml");
    let ended = run(&["test", "tests/stories", "--junit", path.to_str().expect("a path")], &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let xml = std::fs::read_to_string(&path).expect("the file");
    assert!(xml.contains(r#"<testsuite name="tests/stories/disk_test.yaml" tests="3""#), "{xml}");
    assert_eq!(xml.matches("<failure ").count(), 2, "{xml}");
}
