//! The files of rules, tests, presets, tables and modules: found below a folder, and read within limits.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use haloward_rules::SourceFile;

use super::load::LoadError;

// LIMIT: more files than any installation has; a wrong `rules:` must not walk a whole disk.
const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 12;
// LIMIT: what no reader of ours takes need not be read at all.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The files of an installation, by what they are.
#[derive(Default)]
pub(super) struct Files {
    pub(super) rules: Vec<SourceFile>,
    pub(super) presets: Vec<SourceFile>,
    pub(super) tests: Vec<SourceFile>,
    /// Tables and modules by path.
    pub(super) data: BTreeMap<Arc<str>, SourceFile>,
    /// The folders that were walked, as they are really called: a link that leads back is not followed for ever.
    walked: BTreeSet<PathBuf>,
}

impl Files {
    /// Takes all files below a folder. A folder that is reached twice, by a link, is read once.
    pub(super) fn walk(&mut self, dir: &Path) -> Result<(), LoadError> {
        self.walk_within(dir, 0)
    }

    fn walk_within(&mut self, dir: &Path, depth: usize) -> Result<(), LoadError> {
        let error = |source| LoadError::Read { path: dir.to_owned(), source };
        if depth > MAX_DEPTH {
            return Err(error(io::Error::other(format!(
                "folders stand deeper than {MAX_DEPTH} in one another; `rules` names the folder of your rule files"
            ))));
        }
        if !self.walked.insert(dir.canonicalize().map_err(error)?) {
            return Ok(());
        }
        let mut entries: Vec<PathBuf> = std::fs::read_dir(dir)
            .map_err(error)?
            .map(|e| e.map(|e| e.path()))
            .collect::<Result<_, _>>()
            .map_err(error)?;
        entries.sort();
        for path in entries {
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                continue;
            }
            if path.is_dir() {
                self.walk_within(&path, depth + 1)?;
            } else if path.extension().is_some_and(|ext| {
                ext == "yaml" || ext == "yml" || ext == "rhai" || (ext == "csv" && dir.ends_with("tables"))
            }) {
                if self.len() >= MAX_FILES {
                    return Err(error(io::Error::other(format!(
                        "it holds more than {MAX_FILES} files; `rules` names the folder of your rule files"
                    ))));
                }
                self.take(&path)?;
            }
        }
        Ok(())
    }

    /// Takes one file, whatever it is.
    pub(super) fn take(&mut self, path: &Path) -> Result<(), LoadError> {
        let file = read(path)?;
        let path = Path::new(&*file.path);
        let stands_in = |folder| path.parent().is_some_and(|parent| parent.ends_with(folder));
        let in_presets = stands_in("presets");
        if stands_in("tables") || path.extension().is_some_and(|ext| ext == "rhai") {
            self.data.insert(file.path.clone(), file);
        } else if path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("_test")) {
            self.tests.push(file);
        } else if in_presets {
            self.presets.push(file);
        } else {
            self.rules.push(file);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.rules.len() + self.presets.len() + self.tests.len() + self.data.len()
    }

    /// The tables and modules that a file named alone may use: those of the rules folder it stands in, or else those
    /// beside it.
    pub(super) fn beside(&mut self, file: &Path, rules: &Path) -> Result<(), LoadError> {
        let same = |folder: &Path| {
            let real = |path: &Path| path.canonicalize().ok();
            real(folder).is_some_and(|folder| Some(folder) == real(rules))
        };
        let folders =
            || file.ancestors().skip(1).map(|dir| if dir == Path::new("") { Path::new(".") } else { dir });
        let Some(folder) = folders().find(|dir| same(dir)).or_else(|| folders().next()) else {
            return Ok(());
        };
        let mut around = Self::default();
        around.walk(folder)?;
        self.data.extend(around.data);
        Ok(())
    }
}

/// Reads a text file; what is no file, no UTF-8 or too large is an error that says so.
pub(crate) fn read(path: &Path) -> Result<SourceFile, LoadError> {
    let text = text(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    Ok(SourceFile::new(shown(path), text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

fn text(path: &Path) -> io::Result<String> {
    // A pipe or a device would be read for ever.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is larger than 16 MiB"));
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(io::Error::other("it is UTF-16, as Windows calls \"Unicode\"; save it as UTF-8"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        io::Error::other(format!("line {line} is not UTF-8; save the file as UTF-8"))
    })
}

/// A path as people write it, with `/` everywhere and without a leading `./`.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("./").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said about a folder that holds these files.
    fn walked(files: &[(&str, &[u8])]) -> Result<Vec<String>, String> {
        let dir = tempfile::tempdir().expect("a folder");
        for (path, bytes) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, bytes).expect("writes");
        }
        walk(dir.path())
    }

    fn walk(dir: &Path) -> Result<Vec<String>, String> {
        let mut files = Files::default();
        let name = |path: &str| path.replace(&*shown(dir), "");
        match files.walk(dir) {
            Ok(()) => Ok(files.rules.iter().map(|file| name(&file.path)).collect()),
            Err(error) => Err(name(&error.to_string())),
        }
    }

    #[test]
    fn what_is_not_text_of_this_century_is_refused_with_its_place() {
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("rules: []".bytes().flat_map(|b| [b, 0])).collect();
        assert_eq!(
            walked(&[("a.yaml", &utf16)]).expect_err("UTF-16"),
            "cannot read `/a.yaml`: it is UTF-16, as Windows calls \"Unicode\"; save it as UTF-8"
        );
        assert_eq!(
            walked(&[("a.yaml", b"rules: []\n# caf\xe9\n")]).expect_err("Latin-1"),
            "cannot read `/a.yaml`: line 2 is not UTF-8; save the file as UTF-8"
        );
        assert_eq!(walked(&[("a.yaml", "\u{feff}rules: []".as_bytes())]).expect("a mark"), ["/a.yaml"]);
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let large = vec![b'#'; MAX_BYTES as usize + 1];
        assert_eq!(
            walked(&[("a.yaml", &large)]).expect_err("too large"),
            "cannot read `/a.yaml`: it is larger than 16 MiB"
        );
    }

    #[test]
    fn folders_without_end_are_named_and_not_left_out() {
        let deep = format!("{}a.yaml", "d/".repeat(13));
        let error = walked(&[(&deep, b"")]).expect_err("too deep");
        assert!(
            error.ends_with(
                "folders stand deeper than 12 in one another; `rules` names the folder of your rule files"
            ),
            "{error}"
        );
        assert_eq!(
            walked(&[("d/.git/a.yaml", b""), (".a.yaml", b""), ("d/b.yml", b"")]).expect("hidden"),
            ["/d/b.yml"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_back_is_followed_once() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("a")).expect("a folder");
        std::fs::write(dir.path().join("a/x.yaml"), "rules: []").expect("writes");
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/back")).expect("a link");
        std::os::unix::fs::symlink(dir.path().join("a"), dir.path().join("b")).expect("a link");
        assert_eq!(walk(dir.path()).expect("ends"), ["/a/x.yaml"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_or_not_there_is_an_error() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.yaml");
        let socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        assert_eq!(walk(dir.path()).expect_err("a socket"), "cannot read `/a.yaml`: it is no file");
        drop(socket);
        std::fs::remove_file(&path).expect("removes");
        std::os::unix::fs::symlink("/dev/zero", &path).expect("a link");
        assert_eq!(walk(dir.path()).expect_err("a device"), "cannot read `/a.yaml`: it is no file");
        std::fs::remove_file(&path).expect("removes");
        std::os::unix::fs::symlink("nowhere", &path).expect("a link");
        let error = walk(dir.path()).expect_err("a dangling link");
        assert!(error.starts_with("cannot read `/a.yaml`: No such file"), "{error}");
    }
}
