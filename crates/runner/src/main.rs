//! The `haloward` command.

fn main() -> std::process::ExitCode {
    haloward::cli::main()
}
