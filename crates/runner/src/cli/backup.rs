//! `haloward backup`: a consistent copy of the store, also while the service runs.

use std::path::PathBuf;

use serde_json::json;

use super::output::Out;
use super::{End, Ended, Failure, Global};
use crate::store::Archive;

/// Copy the store, also while the service runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  haloward backup /backup/haloward-$(date +%F).db\n\n\
    To restore: stop the service, put the copy in the place of the store, remove the files beside it that end in\n\
    -wal and -shm, start the service. What waited for HaloPSA then is looked for there before it is sent again.")]
pub(super) struct Args {
    /// Where the copy goes; the file must not exist.
    file: PathBuf,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load(&[])?;
    let fail = |error: crate::store::StoreError| match error.hint() {
        Some(hint) => Failure::help(error.to_string(), hint),
        None => Failure::new(error.to_string()),
    };
    let target = &args.file;
    if target.exists() {
        return Err(Failure::help(
            format!("`{}` is already there", target.display()),
            "name a file that does not exist: a backup never replaces another",
        ));
    }
    // A copy that was cut short must not look like a whole one.
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // What is left of an earlier attempt, if anything.
    let _ = std::fs::remove_file(&partial);
    let copied = Archive::open(&loaded.config.store).and_then(|archive| archive.copy_to(&partial));
    if let Err(error) = copied {
        let _ = std::fs::remove_file(&partial);
        return Err(fail(error));
    }
    std::fs::rename(&partial, target).map_err(|error| {
        Failure::new(format!("cannot rename the copy to `{}`: {error}", target.display()))
    })?;
    let bytes = std::fs::metadata(target).map(|meta| meta.len()).unwrap_or_default();
    if out.is_json() {
        out.json(&json!({ "file": target, "bytes": bytes }))?;
    } else {
        out.line(&format!("copied to {} ({bytes} bytes)", target.display()))?;
    }
    Ok(End::Done)
}
