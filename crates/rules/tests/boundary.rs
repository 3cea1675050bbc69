//! What must not be under this crate: runtimes, HTTP and databases belong to the runner.

use std::collections::BTreeSet;

const FORBIDDEN: [&str; 14] = [
    "tokio",
    "reqwest",
    "axum",
    "hyper",
    "futures",
    "async-std",
    "rusqlite",
    "libsqlite3-sys",
    "sqlx",
    "postgres",
    "tokio-postgres",
    "rand",
    "halopsa",
    "haloward",
];

#[test]
#[expect(
    clippy::disallowed_types,
    reason = "asks cargo what stands under the crate; the crate itself starts nothing"
)]
fn nothing_under_the_engine_waits_talks_or_stores() {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = std::process::Command::new(cargo)
        .args(["tree", "--package", "haloward-rules", "--edges", "normal", "--prefix", "none", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("text");
    let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains("rhai"), "the tree is there: {tree}");
    let found: Vec<&str> = FORBIDDEN.into_iter().filter(|name| crates.contains(name)).collect();
    assert!(found.is_empty(), "{found:?} under haloward-rules");
}
