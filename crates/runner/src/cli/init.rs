//! `haloward init`: a folder to start from.

use std::path::{Path, PathBuf};

use super::output::Out;
use super::{End, Ended, Failure};

/// Write a configuration, a first rule with its test and a sample payload into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  haloward init my-haloward && cd my-haloward && haloward test")]
pub(super) struct Args {
    /// The folder; made if it is not there.
    dir: PathBuf,
}

const FILES: [(&str, &str); 4] = [
    ("haloward.yaml", include_str!("../../init/haloward.yaml")),
    ("rules/first.yaml", include_str!("../../init/rules/first.yaml")),
    ("rules/first_test.yaml", include_str!("../../init/rules/first_test.yaml")),
    ("payloads/disk.json", include_str!("../../init/payloads/disk.json")),
];

pub(super) fn run(args: &Args, out: &mut Out) -> Ended {
    if let Some((name, _)) = FILES.iter().find(|(name, _)| args.dir.join(name).exists()) {
        let there = args.dir.join(name);
        return Err(Failure::help(
            format!("`{}` is already there", there.display()),
            "name another folder; nothing was written",
        ));
    }
    for (name, text) in FILES {
        write(&args.dir.join(name), text)?;
        out.line(&format!("wrote {}", args.dir.join(name).display()))?;
    }
    // Editors with a YAML language server complete fields from these; the files above name them.
    for path in super::schema::write(&args.dir.join("schemas"))? {
        out.line(&format!("wrote {}", path.display()))?;
    }
    let dir = args.dir.display();
    out.line(&format!(
        "\nNext:\n  cd {dir}\n  haloward test                                       the rule's test\n  \
         haloward dry-run --source my-tool payloads/disk.json     what it would do\n  \
         haloward run                                        once HALO_CLIENT_ID, HALO_CLIENT_SECRET and MY_TOOL_TOKEN are set"
    ))?;
    Ok(End::Done)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let fail = |error: std::io::Error| Failure::new(format!("cannot write `{}`: {error}", path.display()));
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(fail)?;
    }
    std::fs::write(path, text).map_err(fail)
}
