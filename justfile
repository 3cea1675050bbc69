# Lists the recipes.
default:
    @just --list

# Everything that says whether the tree is right, without running tests.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# All tests; the one command.
test:
    bash tests/run

# The main job on the screen: a sandbox HaloPSA, the starter rules, sample alerts.
demo:
    cargo run --release -- demo

# What the engine and the receiver do in a second on one core, and what the built binary does under load: durable accepts,
# decisions, latency to HaloPSA, restarts. Name some of accept, batches, decide, deliver, restart to measure no others.
bench +what="all":
    {{ if what == "all" { "cargo bench -p haloward-rules && cargo bench -p haloward --bench receive" } else { "" } }}
    @just load {{what}}

# An experiment of the load generator (`tests/load`) with the release binary; nothing else should run beside it.
load +what:
    cargo build --release -p haloward -p haloward-tests --bins
    HALOWARD_BIN=target/release/haloward target/release/load {{what}}

# Looks for bytes that break a reader: rule_file, template, preset_file, payload, events, conditions or receive, for so many
# seconds (needs cargo-fuzz and a nightly compiler). Its bounded run is among the ordinary tests.
fuzz target="rule_file" seconds="300":
    mkdir -p fuzz/corpus/{{target}}
    cargo +nightly fuzz run --sanitizer none {{target}} fuzz/corpus/{{target}} fuzz/seeds rules crates/rules/presets examples/payloads -- -dict=fuzz/words.dict -timeout=20 -rss_limit_mb=2048 -max_len=65536 -max_total_time={{seconds}}

# The properties of the engine with so many cases each, others in each run.
properties cases="20000":
    PROPTEST_CASES={{cases}} PROPTEST_RNG_SEED=$(shuf -i 1-999999999 -n 1) cargo test -p haloward-rules --test properties -- deciding rendering

# 100,000 events of 1,000 problems in a minute against a HaloPSA that allows 700 requests in five (or so many seconds:
# `just storm 10`), with a critical one in the midst. Takes until the last request, about a quarter of an hour.
storm window="300":
    @just load storm {{window}}

# 200 events in a second for an hour, or so many minutes: a row of figures for each minute, and nothing may grow.
soak minutes="60":
    @just load soak {{minutes}}

# The crash test at length: killed a thousand times while one write in five fails in some way.
chaos kills="1000" seed="1":
    HALOWARD_KILLS={{kills}} HALOWARD_SEED={{seed}} cargo nextest run -p haloward-tests crash --no-capture

# The model of the dispatch protocol at length: two operations that share requests, any two faults or crashes.
model:
    HALOWARD_MODEL=long cargo nextest run --release -p haloward dispatcher::model --no-capture

# The documentation of all crates; warnings are errors.
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Licences and advisories of the dependencies (needs cargo-deny).
deny:
    cargo deny check

# What CI runs.
ci:
    bash .ci/run
