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

const FILES: [(&str, &str); 6] = [
    ("haloward.yaml", include_str!("../../init/haloward.yaml")),
    ("clients.yaml", include_str!("../../init/clients.yaml")),
    (".gitignore", include_str!("../../init/gitignore")),
    ("rules/first.yaml", include_str!("../../init/rules/first.yaml")),
    ("rules/first_test.yaml", include_str!("../../init/rules/first_test.yaml")),
    ("payloads/disk.json", include_str!("../../init/payloads/disk.json")),
];

/// Left alone where it is there: the folder may be a repository.
const GITIGNORE: &str = ".gitignore";

/// The token of the first source.
const TOKEN: &str = "secrets/my-tool";

pub(super) fn run(args: &Args, out: &mut Out) -> Ended {
    let files = FILES.iter().map(|(name, _)| *name).chain([TOKEN]);
    if let Some(name) = files.filter(|name| *name != GITIGNORE).find(|name| args.dir.join(name).exists()) {
        let there = args.dir.join(name);
        return Err(Failure::help(
            format!("`{}` is already there", there.display()),
            "name another folder; nothing was written",
        ));
    }
    for (name, text) in FILES {
        // A repository that is there already has its own idea of what belongs into it.
        if name == GITIGNORE && args.dir.join(name).exists() {
            out.line(&format!(
                "left  {} as it is: it should name `secrets/`",
                args.dir.join(name).display()
            ))?;
            continue;
        }
        write(&args.dir.join(name), text)?;
        out.line(&format!("wrote {}", args.dir.join(name).display()))?;
    }
    // Nobody has to think of a secret, and none stands in an example that everybody has.
    let token = args.dir.join(TOKEN);
    if let Some(folder) = token.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", folder.display())))?;
    }
    crate::token::write_new(&token).map_err(|error| Failure::new(error.to_string()))?;
    out.line(&format!("wrote {}", token.display()))?;
    // Editors with a YAML language server complete fields from these; the files above name them.
    for path in super::schema::write(&args.dir.join("schemas"))? {
        out.line(&format!("wrote {}", path.display()))?;
    }
    let dir = args.dir.display();
    out.line(&format!(
        "\nNext:\n  cd {dir}\n  haloward test                                         the rule's test\n  \
         haloward dry-run --source my-tool payloads/disk.json  what it would do\n  \
         haloward connect                                      once HALO_CLIENT_ID and HALO_CLIENT_SECRET are set\n  \
         haloward run                                          the service\n  \
         haloward source url my-tool                           what to paste into the tool"
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
