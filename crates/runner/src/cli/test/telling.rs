//! The stories, shared among the machine's cores.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use haloward_rules::{StoryFile, StoryOutcome, StoryWorld};
use serde_json::Value;

use crate::config::Loaded;
use crate::receiver::body::{self, Content};

// LIMIT: a sample payload of the receiver's largest body, and some room.
const MAX_PAYLOAD: u64 = 33 * 1024 * 1024;

/// Tells every story that is wanted; the order of the results is that of the files.
pub(super) fn tell(loaded: &Loaded, files: &[StoryFile], wanted: &dyn Fn(&str) -> bool) -> Vec<StoryOutcome> {
    let world = StoryWorld {
        rules: &loaded.rules,
        preset: &|source| loaded.preset_of(source),
        payload: &|test, path| payload(Path::new(test), path),
    };
    let stories: Vec<(&StoryFile, usize)> = files
        .iter()
        .flat_map(|file| {
            file.names().enumerate().filter(|(_, name)| wanted(name)).map(move |(n, _)| (file, n))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(stories.len().max(1));
    let mut told: Vec<(usize, StoryOutcome)> = std::thread::scope(|scope| {
        let worker = || {
            let mut mine = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some((file, story)) = stories.get(number) else { return mine };
                mine.extend(file.run_one(*story, &world).map(|outcome| (number, outcome)));
            }
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        // A worker that panicked is a bug of ours; it must not look like a passed test.
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    told.sort_by_key(|(number, _)| *number);
    told.into_iter().map(|(_, outcome)| outcome).collect()
}

/// A payload at a path relative to the test file's folder.
pub(in crate::cli) fn payload(test: &Path, path: &str) -> Result<Value, String> {
    let full = test.parent().unwrap_or(Path::new("")).join(path);
    let error = |why: String| format!("cannot read the payload `{}`: {why}", full.display());
    let size = std::fs::metadata(&full).map_err(|e| error(e.to_string()))?.len();
    if size > MAX_PAYLOAD {
        return Err(error(format!("it has {size} bytes")));
    }
    let bytes = std::fs::read(&full).map_err(|e| error(e.to_string()))?;
    match body::understand("", &bytes) {
        Ok(Content::Payload(payload)) => Ok(payload.into_value()),
        Ok(Content::Broken { why, .. }) => Err(error(why)),
        Err(problem) => Err(error(problem.detail().to_owned())),
    }
}
