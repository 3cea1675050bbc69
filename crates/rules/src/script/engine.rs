//! The one Rhai engine: chosen packages, explicit limits, no way out.

use std::sync::LazyLock;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LanguageCorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, Engine, EvalAltResult, OptimizationLevel, ParseError, ParseErrorType, Scope, Token};

use super::functions;
use super::{CompileError, ScriptError, place};

/// Every limit on a script, with its reason.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// About 30 ms of work on a slow core: a script that needs more is a mistake.
    pub(crate) operations: u64,
    /// The default differs between debug and release builds; ours does not.
    pub(crate) call_levels: usize,
    /// Nesting of expressions, outside and inside functions; bounds the parser's recursion.
    pub(crate) expr_depth: usize,
    /// Longer than any ticket field HaloPSA keeps.
    pub(crate) text_bytes: usize,
    /// Elements of a list.
    pub(crate) list_len: usize,
    /// Entries of a map.
    pub(crate) map_len: usize,
    /// Variables in scope.
    pub(crate) variables: usize,
    /// Functions a script may define.
    pub(crate) functions: usize,
    /// Modules a run may import: more than a script can keep apart.
    pub(crate) modules: usize,
}

impl Limits {
    pub(crate) const OURS: Self = Self {
        operations: 500_000,
        call_levels: 32,
        expr_depth: 64,
        text_bytes: 1024 * 1024,
        list_len: 10_000,
        map_len: 10_000,
        variables: 256,
        functions: 128,
        modules: 32,
    };
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| build(Limits::OURS));

rhai::def_package! {
    /// What scripts have of Rhai's own: one package of all, since each is searched for every function that a script calls.
    Functions(module) : LanguageCorePackage, ArithmeticPackage, BasicStringPackage, BasicIteratorPackage, BasicFnPackage,
        LogicPackage, BasicMathPackage, BasicArrayPackage, BasicMapPackage, MoreStringPackage {}
}

pub(super) fn engine() -> &'static Engine {
    &ENGINE
}

pub(super) fn build(limits: Limits) -> Engine {
    let mut engine = Engine::new_raw();
    Functions::new().register_into_engine(&mut engine);
    functions::register(&mut engine);
    engine
        .set_max_operations(limits.operations)
        .set_max_call_levels(limits.call_levels)
        .set_max_expr_depths(limits.expr_depth, limits.expr_depth)
        .set_max_string_size(limits.text_bytes)
        .set_max_array_size(limits.list_len)
        .set_max_map_size(limits.map_len)
        .set_max_variables(limits.variables)
        .set_max_functions(limits.functions)
        .set_max_modules(limits.modules)
        .set_module_resolver(super::modules::Resolver)
        .set_optimization_level(OptimizationLevel::Simple)
        .set_fail_on_invalid_map_property(false)
        .set_strict_variables(true)
        .disable_symbol("eval")
        .on_print(|_| {})
        .on_debug(|_, _, _| {});
    release_words(&mut engine);
    engine
}

/// Rhai reserves words it has no use for; two of them are ours: the variable `case` and the function `default`. `do`
/// is a field of `again` and `resolved`, as in `#{ do: "note" }`; `while` and `loop` do what its loop would.
#[allow(deprecated, reason = "the hook is marked volatile, not deprecated; a test of scripts guards it")]
fn release_words(engine: &mut Engine) {
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(word) if matches!(word.as_str(), "case" | "default") => Token::Identifier(word),
        Token::Do => Token::Identifier(Box::new("do".into())),
        other => other,
    });
}

/// Compiles a script that sees the variables `known`.
pub(super) fn compile(source: &str, known: &[&str]) -> Result<AST, CompileError> {
    let mut scope = Scope::new();
    for name in known {
        scope.push(*name, ());
    }
    engine().compile_with_scope(&scope, source).map_err(|error| parse_error(&error))
}

fn parse_error(error: &ParseError) -> CompileError {
    let (said, help) = match error.err_type() {
        ParseErrorType::ModuleUndefined(name) => (
            format!("there is no module called `{name}` here"),
            Some(format!("import it in the script, or name it in the file: `use: {{ {name}: lib/{name} }}`")),
        ),
        other => (lower_first(&other.to_string()), None),
    };
    CompileError { at: place(error.position()), help, ..CompileError::new(said) }
}

pub(super) fn script_error(error: &EvalAltResult) -> ScriptError {
    let at = place(error.position());
    let inner = error.unwrap_inner();
    let message = match inner {
        EvalAltResult::ErrorTooManyOperations(_) => {
            format!("the script ran for more than {} operations", Limits::OURS.operations)
        }
        EvalAltResult::ErrorStackOverflow(_) => "the script calls itself too deeply".to_owned(),
        EvalAltResult::ErrorDataTooLarge(what, _) => format!("the script made something too large: {what}"),
        EvalAltResult::ErrorRuntime(value, _) => value.to_string(),
        EvalAltResult::ErrorModuleNotFound(path, _) => format!("there is no module `{path}`"),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            format!("there is no function `{}`", readable(signature))
        }
        other => {
            let text = other.to_string();
            let text = text.rfind(" (line ").map_or(text.as_str(), |cut| &text[..cut]);
            lower_first(text)
        }
    };
    ScriptError { message, at }
}

/// Rhai's type names as our readers know the things.
fn readable(signature: &str) -> String {
    signature
        .replace("&str | ImmutableString | String", "text")
        .replace("i64", "number")
        .replace("f64", "number")
        .replace("()", "nothing")
        .replace("haloward_rules::script::view::View", "map")
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        // An acronym or a quoted word keeps its case.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
