//! `--export`: the journal's events as JSON lines, for a replay elsewhere.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::super::output::Out;
use super::super::{End, Ended, Failure};
use super::recording::Recording;

pub(super) fn write(path: &Path, recording: &mut Recording, out: &mut Out) -> Ended {
    if path == Path::new("-") {
        lines(recording, &mut BufWriter::new(std::io::stdout().lock()))?;
        return Ok(End::Done);
    }
    let failed = |error: std::io::Error| Failure::new(format!("cannot write `{}`: {error}", path.display()));
    let file = private(path).map_err(failed)?;
    let count = lines(recording, &mut BufWriter::new(file)).map_err(|failure| match failure {
        Failure::Output(error) => failed(error),
        other => other,
    })?;
    if !out.is_json() {
        out.line(&format!("wrote {count} events to {}", path.display()))?;
    }
    Ok(End::Done)
}

fn lines(recording: &mut Recording, to: &mut impl Write) -> Result<u64, Failure> {
    let mut count = 0;
    while let Some((event, _)) = recording.next_event()? {
        serde_json::to_writer(&mut *to, &event).map_err(|error| Failure::Output(error.into()))?;
        to.write_all(b"\n")?;
        count += 1;
    }
    to.flush()?;
    Ok(count)
}

/// Events hold customers' data: nobody but the file's owner reads it.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}
