//! What can be known about a compiled script without running it: functions, tables, calendars and modules that are
//! not there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::engine::engine;
use super::{CompileError, place};
use crate::fields::{list, suggestion};
use crate::library::Known;

/// An `import` of a literal path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Import {
    pub(super) path: String,
    pub(super) alias: String,
    pub(super) at: Position,
}

/// The imports of a script, wherever they stand in it.
pub(super) fn imports(ast: &AST) -> Vec<Import> {
    let mut found = Vec::new();
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = nodes.last()
            && let Expr::StringConstant(path, at) = &import.0
        {
            found.push(Import { path: path.to_string(), alias: import.1.name.to_string(), at: *at });
        }
        true
    });
    found
}

/// Checks every call. The first mistake is the answer: what follows from one is seldom another.
pub(super) fn calls(ast: &AST, known: &Known<'_>) -> Result<(), CompileError> {
    let imports = imports(ast);
    let own: Vec<(String, usize)> =
        ast.iter_functions().map(|f| (f.name.to_owned(), f.params.len())).collect();
    let mut mistake = None;
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        mistake = match nodes.last() {
            Some(ASTNode::Stmt(Stmt::Import(import, at))) => imported(&import.0, *at, known).err(),
            Some(ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))) => {
                called(call, 0, *at, known, &own, &imports).err()
            }
            Some(ASTNode::Expr(Expr::MethodCall(call, at))) => {
                called(call, 1, *at, known, &own, &imports).err()
            }
            _ => None,
        };
        mistake.is_none()
    });
    mistake.map_or(Ok(()), Err)
}

fn imported(path: &Expr, at: Position, known: &Known<'_>) -> Result<(), CompileError> {
    let Expr::StringConstant(path, at) = path else {
        let error = CompileError::new("`import` needs the module's path as plain text");
        let help = Some("write `import \"lib/names\" as names;`".to_owned());
        return Err(CompileError { code: "HW124", at: place(at), help, ..error });
    };
    known.library.modules.resolve(known.file, path).map(drop).map_err(|error| CompileError {
        at: place(*at),
        len: path.chars().count() + 2,
        ..error
    })
}

/// One call; `this` is 1 where a method's value comes before the arguments.
fn called(
    call: &FnCallExpr,
    this: usize,
    at: Position,
    known: &Known<'_>,
    own: &[(String, usize)],
    imports: &[Import],
) -> Result<(), CompileError> {
    let name = call.name.as_str();
    if !is_name(name) || call.op_token.is_some() || call.capture_parent_scope {
        return Ok(());
    }
    let taken = call.args.len() + this;
    let here = |error: CompileError| CompileError { at: place(at), len: name.chars().count(), ..error };
    if !call.namespace.is_empty() {
        let module = call.namespace.root();
        let Some(import) = imports.iter().find(|import| import.alias == module) else { return Ok(()) };
        let Some(functions) = known.library.modules.functions(known.file, &import.path) else {
            return Ok(());
        };
        // A module that another one exports is looked for when it is called.
        if call.namespace.path.len() > 1 || functions.contains(&(name.to_owned(), taken)) {
            return Ok(());
        }
        let what = format!("the module `{module}` has no function `{name}`");
        let names = functions.iter().map(|(name, _)| name.as_str());
        return Err(here(missing(what, name, taken, functions, names.collect())));
    }
    if let Some(Expr::StringConstant(text, at)) = call.args.first().filter(|_| this == 0) {
        let there =
            |error: CompileError| CompileError { at: place(*at), len: text.chars().count() + 2, ..error };
        match name {
            "lookup" => table(text, known).map_err(there)?,
            "in_calendar" => calendar(text, known).map_err(there)?,
            _ => {}
        }
    }
    let ours = OURS.get(name);
    let fits = own.contains(&(name.to_owned(), taken)) || ours.is_some_and(|takes| takes.contains(&taken));
    // A method may also be given its value: `fn f(x) {…}` as `x.f()`, and as `f()` on `this`.
    if fits || own.contains(&(name.to_owned(), call.args.len())) || KEYWORDS.contains(&name) {
        return Ok(());
    }
    let mut functions = own.to_vec();
    functions.extend(ours.into_iter().flatten().map(|takes| (name.to_owned(), *takes)));
    let names = own.iter().map(|(name, _)| name.as_str()).chain(OURS.keys().map(String::as_str));
    let names = names.filter(|name| is_name(name));
    Err(here(missing(format!("there is no function `{name}`"), name, taken, &functions, names.collect())))
}

/// Operators are functions too.
fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A function that is not there, or not with so many values.
fn missing(
    what: String,
    name: &str,
    taken: usize,
    functions: &[(String, usize)],
    names: Vec<&str>,
) -> CompileError {
    let mut takes: Vec<String> =
        functions.iter().filter(|(n, _)| n == name).map(|(_, takes)| takes.to_string()).collect();
    takes.sort_unstable();
    takes.dedup();
    if !takes.is_empty() {
        let values = if takes == ["1"] { "value" } else { "values" };
        let what = format!("`{name}` takes {} {values}, not {taken}", takes.join(" or "));
        return CompileError { code: "HW126", ..CompileError::new(what) };
    }
    let help = suggestion(name, names).map(|near| format!("did you mean `{near}`?"));
    CompileError { code: "HW126", help, ..CompileError::new(what) }
}

fn table(name: &str, known: &Known<'_>) -> Result<(), CompileError> {
    let tables = &known.library.tables;
    if tables.get(name).is_some() {
        return Ok(());
    }
    let help = match suggestion(name, tables.names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.file.is_empty() => "tables are for rules; a preset has none".to_owned(),
        None if tables.names().next().is_none() => {
            format!("tables are CSV or YAML files: `tables/{name}.csv` in the rules folder")
        }
        None => format!("there are {}", list(&tables.names().take(8).collect::<Vec<_>>())),
    };
    let error = CompileError::new(format!("there is no table `{name}`"));
    Err(CompileError { code: "HW127", help: Some(help), ..error })
}

fn calendar(name: &str, known: &Known<'_>) -> Result<(), CompileError> {
    let calendars = &known.library.calendars;
    if calendars.contains_key(name) {
        return Ok(());
    }
    let help = suggestion(name, calendars.keys().map(String::as_str)).map_or_else(
        || "name one under `calendars` in the configuration".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let error = CompileError::new(format!("there is no calendar `{name}`"));
    Err(CompileError { code: "HW105", help: Some(help), ..error })
}

/// What looks like a function and is part of Rhai's grammar.
const KEYWORDS: [&str; 10] =
    ["print", "debug", "type_of", "is_def_var", "is_def_fn", "Fn", "call", "curry", "is_shared", "this"];

/// The functions there are, with how many values they take.
static OURS: LazyLock<BTreeMap<String, Vec<usize>>> = LazyLock::new(|| {
    let all = engine().collect_fn_metadata(
        None,
        |info| Some((info.metadata.name.to_string(), info.metadata.num_params)),
        true,
    );
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (name, takes) in all {
        by_name.entry(name).or_default().push(takes);
    }
    by_name
});
