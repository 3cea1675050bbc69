//! The `haloward` command.

// Every event is parsed, mapped and decided as a tree of small values: with the system's allocator three tenths of the
// service's processor time under load went into it (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    haloward::cli::main()
}
