//! Rhai: compiled once, run within limits, seeing the event through views that read fields on demand.
//!
//! A script cannot reach a clock, a file, the network or chance, so the same input gives the same output. Paths
//! such as `event.device.name ?? "unknown"` are most of what people write; they run without the interpreter
//! (`a_path_reads_the_same_with_and_without_the_interpreter`).

mod engine;
mod frame;
mod functions;
mod pathexpr;
mod view;

use engine::compile;
pub(crate) use frame::ScriptEffect;
pub(crate) use view::View;

use std::sync::Arc;

use jiff::Timestamp;
use rhai::{AST, Dynamic, Scope};
use serde_json::Value;

use crate::calendar::Calendars;
use frame::Frame;
use pathexpr::PathExpr;

/// What scripts and templates can see.
pub(crate) struct Env<'a> {
    /// Variables by name: `event`, `case`, `rule`, or `payload`, `item`, `headers` in a preset.
    pub(crate) vars: Vec<(&'static str, View)>,
    /// The time of the decision.
    pub(crate) now: Timestamp,
    /// The calendars by name.
    pub(crate) calendars: &'a Arc<Calendars>,
    /// Whether the case of a key is open.
    pub(crate) is_open: &'a dyn Fn(&str) -> bool,
}

impl Env<'_> {
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

/// A compiled expression or script.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    source: Arc<str>,
    code: Code,
}

#[derive(Debug, Clone)]
enum Code {
    Path(PathExpr),
    Rhai(Arc<AST>),
}

impl Script {
    /// Compiles one expression (or statements whose last is the value). `known` names the variables there are.
    pub(crate) fn compile(source: &str, known: &[&str]) -> Result<Self, ScriptError> {
        if let Some(path) = PathExpr::parse(source)
            && path.roots().all(|root| known.contains(&root))
        {
            return Ok(Self { source: Arc::from(source), code: Code::Path(path) });
        }
        let ast = compile(source, known)?;
        Ok(Self { source: Arc::from(source), code: Code::Rhai(Arc::new(ast)) })
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
            Code::Rhai(ast) => run(ast, env).map(|(value, _)| output(&value)),
        }
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
            Code::Rhai(ast) => run(ast, env).map(|(_, effects)| effects),
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
fn run(ast: &AST, env: &Env<'_>) -> Result<(Dynamic, Vec<ScriptEffect>), ScriptError> {
    let mut frame = Frame::new(env.now, env.calendars.clone());
    for _ in 0..=MAX_ASKED {
        let mut scope = Scope::new();
        for (name, view) in &env.vars {
            scope.push_constant_dynamic(*name, view.to_dynamic());
        }
        if let Some(event) = env.var("event") {
            scope.push_constant_dynamic("vars", event.get("vars").to_dynamic());
        }
        scope.push_constant("now", crate::time::to_text(env.now));
        let (result, after) =
            frame::with(frame, || engine::engine().eval_ast_with_scope::<Dynamic>(&mut scope, ast));
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
