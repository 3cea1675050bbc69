//! Rhai: compiled once, run within limits, seeing the event through views that read fields on demand.
//!
//! A script cannot reach a clock, a file, the network or chance, so the same input gives the same output. Paths
//! such as `event.device.name ?? "unknown"` are most of what people write; they run without the interpreter
//! (`a_path_reads_the_same_with_and_without_the_interpreter`).

mod check;
mod engine;
mod frame;
mod functions;
mod getters;
mod modules;
mod pathexpr;
mod reads;
mod texts;
mod uses;
mod view;

pub(crate) use frame::ScriptEffect;
pub(crate) use modules::Modules;
pub(crate) use uses::Use;
pub(crate) use view::View;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use rhai::{AST, Dynamic, Position, Scope};
use serde_json::Value;

use crate::finding::{Finding, SourceFile};
use crate::library::{Known, Library};
use crate::yaml::Span;
use frame::Frame;
use pathexpr::PathExpr;

/// What scripts and templates can see.
pub(crate) struct Env<'a> {
    /// Variables by name: `event`, `case`, `rule`, or `payload`, `item`, `headers` in a preset.
    pub(crate) vars: Vec<(&'static str, View)>,
    /// The time of the decision.
    pub(crate) now: Timestamp,
    /// What can be looked up.
    pub(crate) library: &'a Arc<Library>,
    /// Whether the case of a key is open.
    pub(crate) is_open: &'a dyn Fn(&str) -> bool,
}

impl Env<'_> {
    /// Gives a variable another value.
    pub(crate) fn set(&mut self, name: &'static str, view: View) {
        match self.vars.iter_mut().find(|(n, _)| *n == name) {
            Some((_, known)) => *known = view,
            None => self.vars.push((name, view)),
        }
    }

    fn var(&self, name: &str) -> Option<&View> {
        self.vars.iter().find(|(n, _)| *n == name).map(|(_, view)| view)
    }
}

/// What an expression gave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output {
    Value(Value),
    /// HTML its author vouches for: `raw_html(x)`.
    RawHtml(String),
}

impl Output {
    /// It as a value.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::RawHtml(html) => Value::String(html),
        }
    }
}

/// Why a script failed, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptError {
    pub(crate) message: String,
    /// Line and column in the script, from 1.
    pub(crate) at: Option<(usize, usize)>,
}

impl std::fmt::Display for ScriptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why a script cannot be compiled, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompileError {
    /// The code of its finding; empty where nothing more is known than that the grammar is wrong.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Line and column in the script, from 1.
    pub(crate) at: Option<(usize, usize)>,
    /// How many characters it is about.
    pub(crate) len: usize,
    pub(crate) help: Option<String>,
}

impl CompileError {
    fn new(message: impl Into<String>) -> Self {
        Self { code: "", message: message.into(), at: None, len: 1, help: None }
    }

    /// The finding in a file of which the script is all.
    fn finding(self, span: impl Fn(u32, u32, u32) -> Span, file: &SourceFile) -> Finding {
        let (line, column) = self.at.unwrap_or((1, 1));
        let finding = Finding::error(self.code, self.message);
        let finding = finding.at(file.place(span(line as u32, column as u32, self.len as u32)));
        match self.help {
            Some(help) => finding.help(help),
            None => finding,
        }
    }
}

fn place(position: Position) -> Option<(usize, usize)> {
    position.line().map(|line| (line, position.position().unwrap_or(1)))
}

/// A compiled expression or script.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    source: Arc<str>,
    code: Code,
}

#[derive(Debug, Clone)]
enum Code {
    Path(PathExpr),
    Rhai(Arc<Compiled>),
}

/// What the interpreter runs.
#[derive(Debug)]
struct Compiled {
    ast: AST,
    /// The variables that stand in it. What it does not even mention it cannot read; a list of thousands is not made for
    /// it in vain.
    seen: Vec<String>,
}

impl Compiled {
    fn new(source: &str, ast: AST, known: &Known<'_>) -> Self {
        let words: HashSet<&str> = source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        let seen = known.vars.iter().filter(|name| words.contains(**name));
        Self { ast, seen: seen.map(|name| (*name).to_owned()).collect() }
    }

    fn sees(&self, name: &str) -> bool {
        self.seen.iter().any(|seen| seen == name)
    }
}

impl Script {
    /// Compiles one expression (or statements whose last is the value), which may use what is `known`.
    pub(crate) fn compile(source: &str, known: &Known<'_>) -> Result<Self, CompileError> {
        if let Some(path) = PathExpr::parse(source)
            && path.roots().all(|root| known.vars.contains(&root))
        {
            return Ok(Self { source: Arc::from(source), code: Code::Path(path) });
        }
        // What the file uses is imported on a line of its own, so that columns stay as they are.
        let before = uses::imports_for(source, known.uses);
        let lines = usize::from(!before.is_empty());
        let compiled = engine::compile(&format!("{before}{source}"), known.vars);
        let compiled = compiled.and_then(|ast| check::calls(&ast, known).map(|()| ast));
        let ast = compiled.map_err(|error| CompileError {
            at: error.at.map(|(line, column)| (line.saturating_sub(lines).max(1), column)),
            ..error
        })?;
        let mut ast = getters::with_getters(&ast);
        ast.set_source(known.file);
        Ok(Self { source: Arc::from(source), code: Code::Rhai(Arc::new(Compiled::new(source, ast, known))) })
    }

    /// The text it was compiled from.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it calls `raw_html`, which `check` warns about.
    pub(crate) fn uses_raw_html(&self) -> bool {
        self.source.contains("raw_html")
    }

    /// The value of the expression.
    pub(crate) fn eval(&self, env: &Env<'_>) -> Result<Output, ScriptError> {
        match &self.code {
            Code::Path(path) => Ok(Output::Value(path.eval(env))),
            Code::Rhai(compiled) => run(compiled, env).map(|(value, _)| output(&value)),
        }
    }

    /// The value of the expression as a view: where it stands already, if it is a place in a variable.
    pub(crate) fn view(&self, env: &Env<'_>) -> Result<View, ScriptError> {
        if let Code::Path(path) = &self.code
            && let Some(place) = path.place(env)
        {
            return Ok(place);
        }
        Ok(View::new(Arc::new(self.eval(env)?.into_value())))
    }

    /// Whether the expression holds; anything but `true` does not, and a value that is no boolean is an error.
    pub(crate) fn holds(&self, env: &Env<'_>) -> Result<bool, ScriptError> {
        match self.eval(env)? {
            Output::Value(Value::Bool(held)) => Ok(held),
            Output::Value(Value::Null) => Ok(false),
            other => Err(ScriptError {
                message: format!("the script gave {}, not true or false", kind(&other)),
                at: None,
            }),
        }
    }

    /// Runs a deciding script and gives the effects it asked for, in order.
    pub(crate) fn decide(&self, env: &Env<'_>) -> Result<Vec<ScriptEffect>, ScriptError> {
        match &self.code {
            Code::Path(_) => Ok(Vec::new()),
            Code::Rhai(compiled) => run(compiled, env).map(|(_, effects)| effects),
        }
    }
}

fn kind(output: &Output) -> &'static str {
    match output {
        Output::Value(Value::String(_)) => "text",
        Output::Value(Value::Number(_)) => "a number",
        Output::Value(Value::Array(_)) => "a list",
        Output::Value(_) => "a map",
        Output::RawHtml(_) => "HTML",
    }
}

// LIMIT: how many different keys one script may ask `is_open` about.
const MAX_ASKED: usize = 64;

/// Runs the script. Functions such as `is_open` need what only the caller can look up; a run that meets an unknown
/// answer stops, the answer is fetched, and the script starts again: it has no side effects, so this is safe.
fn run(compiled: &Compiled, env: &Env<'_>) -> Result<(Dynamic, Vec<ScriptEffect>), ScriptError> {
    let mut frame = Frame::new(env.now, env.library.clone());
    for _ in 0..=MAX_ASKED {
        let mut scope = Scope::new();
        for (name, view) in env.vars.iter().filter(|(name, _)| compiled.sees(name)) {
            scope.push_constant_dynamic(*name, view.to_dynamic());
        }
        if let Some(event) = env.var("event").filter(|_| compiled.sees("vars")) {
            scope.push_constant_dynamic("vars", event.get("vars").to_dynamic());
        }
        if compiled.sees("now") {
            scope.push_constant("now", crate::time::to_text(env.now));
        }
        let (result, after) =
            frame::with(frame, || engine::engine().eval_ast_with_scope::<Dynamic>(&mut scope, &compiled.ast));
        frame = after;
        if let Some(key) = frame.asked.take() {
            let open = (env.is_open)(&key);
            frame.answer(key, open);
            continue;
        }
        return match result {
            Ok(value) => Ok((value, frame.effects)),
            Err(error) => Err(engine::script_error(&error)),
        };
    }
    Err(ScriptError {
        message: format!("the script asks `is_open` about more than {MAX_ASKED} keys"),
        at: None,
    })
}

fn output(value: &Dynamic) -> Output {
    if let Some(raw) = value.read_lock::<view::RawHtml>() {
        return Output::RawHtml(raw.0.to_string());
    }
    Output::Value(view::to_value(value))
}

#[cfg(test)]
mod tests;
