//! Whether the files that decide have changed since they were last read.
//!
//! By looking at their times and sizes every few seconds: that works on every file system, also shared ones and bind
//! mounts whose changes nobody tells of, and needs no library for each system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::config::Loaded;

/// How often it is looked.
pub const EVERY: Duration = Duration::from_secs(2);

/// LIMIT: more files than any installation has; a wrong `rules:` must not walk a whole disk.
const MOST: usize = 20_000;
const DEEPEST: usize = 12;

/// Which files there are and how each looks from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    files: BTreeMap<PathBuf, (Option<SystemTime>, u64)>,
}

/// Where the files are that decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    files: Vec<PathBuf>,
    rules: PathBuf,
}

impl Places {
    /// The configuration, the files it names (clients, certificate, secrets of sources), and the rules' folder.
    pub fn of(loaded: &Loaded) -> Self {
        let config = &loaded.config;
        let certificate = config.tls.iter().flat_map(|tls| [&tls.cert, &tls.key]);
        let webhooks = config.sources.values().filter_map(|source| source.webhook());
        let secrets = webhooks.flat_map(|webhook| webhook.auth.secrets()).filter_map(|secret| secret.file());
        let named = loaded.path.iter().chain(&config.clients_file).chain(certificate);
        let files = named.map(PathBuf::as_path).chain(secrets).map(Path::to_owned).collect();
        Self { files, rules: loaded.config.rules.clone() }
    }

    /// Looks at all of them but tests.
    pub fn look(&self) -> Look {
        let mut look = Look::default();
        for path in &self.files {
            look.file(path);
        }
        look.folder(&self.rules, 0);
        look
    }
}

impl Look {
    fn folder(&mut self, folder: &Path, depth: usize) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let is_test = name.ends_with("_test.yaml") || name.ends_with("_test.yml");
            // Editors write hidden files and copies of their own.
            if name.starts_with('.') || name.ends_with('~') || is_test || self.files.len() >= MOST {
                continue;
            }
            if !path.is_dir() {
                self.file(&path);
            } else if depth < DEEPEST {
                self.folder(&path, depth + 1);
            }
        }
    }

    fn file(&mut self, path: &Path) {
        if let Ok(meta) = std::fs::metadata(path) {
            self.files.insert(path.to_owned(), (meta.modified().ok(), meta.len()));
        }
    }
}

/// Says when a change is over: files are written one after the other, and one after the other they change.
#[derive(Debug)]
pub struct Watch {
    read: Look,
    last: Look,
}

impl Watch {
    /// Nothing has changed since this look.
    pub fn since(read: Look) -> Self {
        Self { last: read.clone(), read }
    }

    /// Takes the next look: says whether something changed since the files were read and nothing since the last look.
    pub fn next(&mut self, look: Look) -> bool {
        let quiet = look == self.last;
        let changed = look != self.read;
        self.last = look;
        if changed && quiet {
            self.read = self.last.clone();
        }
        changed && quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(files: &[(&str, u64)]) -> Look {
        let files = files.iter().map(|(path, size)| (PathBuf::from(path), (None, *size))).collect();
        Look { files }
    }

    #[test]
    fn a_change_is_told_once_and_when_it_is_over() {
        let mut watch = Watch::since(look(&[("a", 1)]));
        assert!(!watch.next(look(&[("a", 1)])));
        assert!(!watch.next(look(&[("a", 2)])), "it may be half written");
        assert!(!watch.next(look(&[("a", 2), ("b", 1)])), "another file follows");
        assert!(watch.next(look(&[("a", 2), ("b", 1)])));
        assert!(!watch.next(look(&[("a", 2), ("b", 1)])), "it was told");
        assert!(!watch.next(look(&[("b", 1)])));
        assert!(!watch.next(look(&[("a", 2), ("b", 1)])), "what is as it was read needs no reading");
        assert!(!watch.next(look(&[("a", 2), ("b", 1)])));
    }

    #[test]
    fn everything_that_decides_is_looked_at_and_tests_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir_all(folder.path().join("rules/tables")).unwrap();
        write("haloward.yaml", "clients: clients.yaml\n");
        write("clients.yaml", "aliases: {}\n");
        write("rules/a.yaml", "rules: []\n");
        let loaded = Loaded::load(Some(&folder.path().join("haloward.yaml")), &[]).unwrap();
        let places = Places::of(&loaded);
        let before = places.look();
        for (name, counts) in [
            ("rules/a_test.yaml", false),
            ("rules/.a.yaml.swp", false),
            ("rules/a.yaml~", false),
            ("rules/tables/sites.csv", true),
            ("rules/own.rhai", true),
            ("clients.yaml", true),
            ("haloward.yaml", true),
        ] {
            let before = places.look();
            write(name, "# something else altogether\n");
            assert_eq!(places.look() != before, counts, "{name}");
        }
        assert_ne!(places.look(), before);
    }
}
