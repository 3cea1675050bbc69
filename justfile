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

# The engine's benchmarks: events per second, release build, one core.
bench:
    cargo bench -p haloward-rules

# The documentation of all crates; warnings are errors.
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Licences and advisories of the dependencies (needs cargo-deny).
deny:
    cargo deny check

# What CI runs.
ci:
    bash .ci/run
