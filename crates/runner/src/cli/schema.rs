//! `haloward schema`: JSON Schemas of the files people write, for editors.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use haloward_rules::schema;
use serde_json::Value;

use super::output::Out;
use super::{End, Ended, Failure};

/// Print the JSON Schema of a kind of file, or write all of them into a folder.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward schema rules > rules.schema.json\n  haloward schema --write schemas\n\nA file says which schema it has in its first line:\n  # yaml-language-server: $schema=../schemas/rules.json"
)]
pub(super) struct Args {
    /// The kind of file.
    #[arg(required_unless_present = "write")]
    kind: Option<Kind>,
    /// Write all schemas into this folder, one file each.
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    write: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Rule files.
    Rules,
    /// The configuration, `haloward.yaml`.
    Config,
    /// Rule tests, `*_test.yaml`.
    Tests,
    /// Presets.
    Preset,
    /// The clients file, `clients.yaml`.
    Clients,
}

impl Kind {
    fn file(self) -> &'static str {
        match self {
            Self::Rules => "rules.json",
            Self::Config => "config.json",
            Self::Tests => "tests.json",
            Self::Preset => "preset.json",
            Self::Clients => "clients.json",
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::Rules => schema::rules(),
            Self::Config => crate::config::schema(),
            Self::Tests => schema::tests(),
            Self::Preset => schema::preset(),
            Self::Clients => crate::config::clients_schema(),
        }
    }
}

pub(super) fn run(args: &Args, out: &mut Out) -> Ended {
    if let Some(dir) = &args.write {
        for path in write(dir)? {
            out.line(&format!("wrote {}", path.display()))?;
        }
    } else if let Some(kind) = args.kind {
        out.line(&format!("{:#}", kind.schema()))?;
    }
    Ok(End::Done)
}

/// Writes all schemas into a folder, which is made if it is not there.
pub(super) fn write(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fail = |path: &Path, error: &std::io::Error| {
        Failure::new(format!("cannot write `{}`: {error}", path.display()))
    };
    std::fs::create_dir_all(dir).map_err(|error| fail(dir, &error))?;
    let mut written = Vec::new();
    for kind in Kind::value_variants() {
        let path = dir.join(kind.file());
        let text = format!("{:#}\n", kind.schema());
        std::fs::write(&path, text).map_err(|error| fail(&path, &error))?;
        written.push(path);
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
