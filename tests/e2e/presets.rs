//! The presets as staff meet them: where to click, and what to paste.

use haloward_tests::{Install, run};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn what_every_preset_proposes_passes_the_check() {
    let ended = run(&["presets", "--format", "json"], &[]).await;
    let all: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let presets = all["presets"].as_array().expect("a list");
    assert!(presets.len() > 40, "{}", presets.len());
    let blocks = presets.iter().filter_map(|preset| preset["yaml"].as_str()?.strip_prefix("sources:\n"));
    let install = Install::new("http://127.0.0.1:1");
    let config = std::fs::read_to_string(install.config()).expect("reads");
    install.write("haloward.yaml", &format!("{config}{}\n", blocks.collect::<Vec<_>>().join("\n")));
    let path = install.config();
    let ended = run(&["check", "--config", path.to_str().expect("a path")], &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains(&format!("{} sources", presets.len() + 2)), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preset_says_where_to_click_and_what_to_paste() {
    let install = Install::new("http://127.0.0.1:1");
    let path = install.config();
    let path = path.to_str().expect("a path");
    let ended = run(&["presets", "show", "grafana", "--config", path], &[]).await;
    insta::assert_snapshot!("presets_show", ended.stdout);
    let ended = run(&["presets", "show", "alertmanager", "--config", path], &[]).await;
    assert!(
        ended.stdout.contains("The URL of your source `prom`: http://127.0.0.1:0/hooks/prom/TOKEN"),
        "{}",
        ended.stdout
    );
    let ended = run(&["presets", "show", "prtg", "--format", "json"], &[]).await;
    let shown: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(shown["urls"], json!(["http://127.0.0.1:8080/hooks/prtg/TOKEN"]));
    assert_eq!(shown["ways"][1]["auth"], "{ query: env:PRTG_TOKEN }");
}
