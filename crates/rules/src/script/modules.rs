//! Modules: functions that scripts and templates share. They are compiled once with the rules; running a script only
//! hands over what is here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::check::{self, Import};
use super::engine::{self, engine};
use super::frame::{self, Frame};
use super::{CompileError, place};
use crate::fields::suggestion;
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::{Known, Library};
use crate::yaml::Span;

// LIMIT: modules are compiled in order of their imports, each against those before it.
const MAX_MODULES: usize = 256;

type SharedModule = Shared<Module>;

/// The modules of a rules folder, by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Modules {
    by_path: Arc<BTreeMap<String, Compiled>>,
}

/// One module; without code where it has mistakes, which were said then.
#[derive(Debug, Clone, Default)]
struct Compiled {
    module: Option<SharedModule>,
    /// The names of its functions, with how many values they take.
    functions: Vec<(String, usize)>,
}

impl Modules {
    /// Whether a file is a module.
    pub(crate) fn is_module(path: &str) -> bool {
        Path::new(path).extension().is_some_and(|ext| ext == "rhai")
    }

    /// Compiles the modules of `files`, those that others import first.
    pub(crate) fn load(files: &[&SourceFile], library: &Library, findings: &mut Findings) -> Self {
        let mut loading = Loading {
            files: files.iter().take(MAX_MODULES).map(|file| (normal(&file.path), *file)).collect(),
            library: library.clone(),
            done: BTreeMap::new(),
            open: Vec::new(),
        };
        if let Some(file) = files.get(MAX_MODULES) {
            let finding = Finding::error("HW123", format!("there are more than {MAX_MODULES} modules"));
            findings.push(finding.at(Finding::start_of(file)));
        }
        let paths: Vec<String> = loading.files.keys().cloned().collect();
        // Imports are checked against these, compiled or not.
        loading.library.modules =
            Self::of(paths.iter().map(|path| (path.clone(), Compiled::default())).collect());
        for path in &paths {
            loading.module(path, findings);
        }
        Self::of(loading.done)
    }

    fn of(by_path: BTreeMap<String, Compiled>) -> Self {
        Self { by_path: Arc::new(by_path) }
    }

    /// Whether `path`, written in `from`, names a module; if not, what could be meant.
    pub(super) fn resolve(&self, from: &str, path: &str) -> Result<String, CompileError> {
        let wanted = resolved(from, path);
        if self.by_path.contains_key(&wanted) {
            return Ok(wanted);
        }
        let known: Vec<String> = self.by_path.keys().map(|path| relative(from, path)).collect();
        let help = match suggestion(path, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => {
                "modules are `.rhai` files in the rules folder; there are none".into()
            }
            None => format!(
                "from here there are {}",
                crate::fields::list(&known.iter().take(5).map(String::as_str).collect::<Vec<_>>())
            ),
        };
        Err(CompileError {
            code: "HW124",
            help: Some(help),
            ..CompileError::new(format!("there is no module `{path}`"))
        })
    }

    /// The functions of the module that `path`, written in `from`, names; `None` where it could not be compiled.
    pub(super) fn functions(&self, from: &str, path: &str) -> Option<&[(String, usize)]> {
        let compiled = self.by_path.get(&resolved(from, path))?;
        compiled.module.as_ref().map(|_| compiled.functions.as_slice())
    }
}

struct Loading<'f> {
    files: BTreeMap<String, &'f SourceFile>,
    library: Library,
    done: BTreeMap<String, Compiled>,
    /// Those whose imports are being compiled.
    open: Vec<String>,
}

impl Loading<'_> {
    fn module(&mut self, path: &str, findings: &mut Findings) {
        if self.done.contains_key(path) {
            return;
        }
        let Some(file) = self.files.get(path).copied() else { return };
        self.open.push(path.to_owned());
        let before = findings.errors();
        let compiled = self.compile(file, findings).filter(|_| findings.errors() == before);
        self.open.pop();
        self.done.insert(path.to_owned(), compiled.unwrap_or_default());
    }

    fn compile(&mut self, file: &SourceFile, findings: &mut Findings) -> Option<Compiled> {
        let at = |error: CompileError| error.finding(|line, column, len| Span { line, column, len }, file);
        let mut ast = match engine::compile(&file.text, &[]) {
            Ok(ast) => ast,
            Err(error) => {
                let help = error
                    .message
                    .starts_with("undefined variable")
                    .then(|| "a function sees what it is given and nothing else: pass it in".to_owned());
                let error = CompileError { code: "HW123", help, ..error };
                findings.push(at(error));
                return None;
            }
        };
        let imports = check::imports(&ast);
        for import in &imports {
            if let Ok(path) = self.library.modules.resolve(&file.path, &import.path)
                && !self.import(file, import, &path, findings)
            {
                return None;
            }
        }
        // Those that this one imports are there now: their functions can be checked.
        let mut now = self.library.clone();
        now.modules = Modules::of(self.known_now());
        let known = Known { vars: &[], library: &now, uses: &[], file: &file.path, names: None };
        if let Err(error) = check::calls(&ast, &known) {
            findings.push(at(error));
            return None;
        }
        // One that imports a module with mistakes has none of its own.
        if imports.iter().any(|import| now.modules.functions(&file.path, &import.path).is_none()) {
            return None;
        }
        ast.set_source(&*file.path);
        let functions = ast.iter_functions().map(|f| (f.name.to_owned(), f.params.len())).collect();
        let frame = Frame::new(Timestamp::UNIX_EPOCH, Arc::new(now));
        let (made, _) = frame::with(frame, || Module::eval_ast_as_new(Scope::new(), &ast, engine()));
        match made {
            Ok(mut module) => {
                module.build_index();
                Some(Compiled { module: Some(module.into()), functions })
            }
            Err(error) => {
                let error = engine::script_error(&error);
                let help = "what stands outside of functions runs once, when the rules are loaded; put it into a function";
                findings.push(at(CompileError {
                    code: "HW123",
                    help: Some(help.into()),
                    at: error.at,
                    ..CompileError::new(error.message)
                }));
                None
            }
        }
    }

    /// Compiles an imported module first; false if that leads back to here.
    fn import(&mut self, file: &SourceFile, import: &Import, path: &str, findings: &mut Findings) -> bool {
        if let Some(start) = self.open.iter().position(|open| open == path) {
            let mut way: Vec<&str> = self.open[start..].iter().map(String::as_str).collect();
            way.push(path);
            let error = CompileError {
                code: "HW125",
                at: place(import.at),
                len: import.path.chars().count() + 2,
                help: Some("put what both need into a third module".into()),
                ..CompileError::new(format!("the modules import each other: {}", way.join(" → ")))
            };
            findings.push(error.finding(|line, column, len| Span { line, column, len }, file));
            return false;
        }
        self.module(path, findings);
        true
    }

    /// Every path, with what is compiled by now.
    fn known_now(&self) -> BTreeMap<String, Compiled> {
        let all = self.files.keys().map(|path| (path.clone(), Compiled::default()));
        all.chain(self.done.iter().map(|(path, compiled)| (path.clone(), compiled.clone()))).collect()
    }
}

/// Hands the modules of the running script's rule set to `import`.
pub(super) struct Resolver;

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        _: &Engine,
        source: Option<&str>,
        path: &str,
        at: Position,
    ) -> Result<SharedModule, Box<EvalAltResult>> {
        let wanted = resolved(source.unwrap_or_default(), path);
        let found = frame::current(|frame| {
            frame.library.modules.by_path.get(&wanted).and_then(|compiled| compiled.module.clone())
        });
        found.flatten().ok_or_else(|| EvalAltResult::ErrorModuleNotFound(path.to_owned(), at).into())
    }
}

/// The path of a module as `from` names it; `.rhai` may be left out.
fn resolved(from: &str, path: &str) -> String {
    let folder = from.rfind('/').map_or("", |at| &from[..at]);
    let mut full = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    if !Modules::is_module(&full) {
        full.push_str(".rhai");
    }
    normal(&full)
}

/// A path without `.` and `..` where they can be taken out.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, ".." | "")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// How a file names a module.
fn relative(from: &str, path: &str) -> String {
    let folders: Vec<&str> = from.split('/').collect();
    let folders = &folders[..folders.len() - 1];
    let parts: Vec<&str> = path.trim_end_matches(".rhai").split('/').collect();
    let same = folders.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", folders.len() - same);
    up.chain(parts[same..].iter().copied()).collect::<Vec<_>>().join("/")
}
