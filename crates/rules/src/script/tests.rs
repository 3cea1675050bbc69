use super::*;
use serde_json::json;

mod helpers;

const KNOWN: [&str; 4] = ["event", "case", "vars", "now"];

fn with_env<T>(event: Value, body: impl FnOnce(&Env<'_>) -> T) -> T {
    let env = Env {
        vars: vec![("event", View::new(Arc::new(event))), ("case", View::new(Arc::new(json!({"count": 2}))))],
        now: "2026-01-05T09:00:00Z".parse().expect("a time"),
        library: Library::empty(),
        is_open: &|key| key == "host/srv-01",
    };
    body(&env)
}

fn compiled(source: &str) -> Result<Script, ScriptError> {
    let error = |error: CompileError| ScriptError { message: error.message, at: error.at };
    Script::compile(source, &Known::vars(&KNOWN)).map_err(error)
}

fn eval(source: &str) -> Result<Output, ScriptError> {
    let event = json!({
        "title": "Disk", "severity": "high", "device": {"name": "LAB-1"}, "n": 7, "tags": ["a", "b"],
        "big": 18_446_744_073_709_551_615_u64, "vars": {"x": "y"}, "occurred_at": "2026-01-05T07:30:00Z"
    });
    with_env(event, |env| compiled(source)?.eval(env))
}

fn value(source: &str) -> Value {
    match eval(source) {
        Ok(Output::Value(value)) => value,
        other => panic!("{source}: {other:?}"),
    }
}

fn error(source: &str) -> String {
    eval(source).expect_err(source).message
}

#[test]
fn scripts_read_fields_and_missing_ones_are_nothing() {
    assert_eq!(value("event.device.name"), json!("LAB-1"));
    assert_eq!(value("event.nowhere.at.all"), Value::Null);
    assert_eq!(value("event.nowhere.at.all ?? \"none\""), json!("none"));
    assert_eq!(value("event.device.os.starts_with(\"Win\")"), json!(false));
    assert_eq!(value("event.device.name.starts_with(\"LAB-\") && case.count > 1"), json!(true));
    assert_eq!(value("vars.x"), json!("y"));
    assert_eq!(value("`${event.title} on ${event.device.name}`"), json!("Disk on LAB-1"));
    assert_eq!(value("event.tags[1]"), json!("b"));
    assert_eq!(value("event.tags.contains(\"a\")"), json!(true));
    assert_eq!(value("event.device"), json!({"name": "LAB-1"}));
    assert_eq!(value("\"name\" in event.device"), json!(true));
    assert_eq!(value("event.big"), json!(18_446_744_073_709_551_615_u64), "paths keep the exact number");
    assert_eq!(value("if case.count > 3 { \"High\" } else { \"Medium\" }"), json!("Medium"));
}

#[test]
fn a_path_through_a_value_that_has_no_fields_is_nothing() {
    for source in [
        "event.title.nope",
        "event.title.nope.deeper",
        "event.n.nope",
        "event.tags.name",
        "event.title.nope ?? ()",
        "true.nope",
        "(1.5).nope",
    ] {
        assert_eq!(value(source), Value::Null, "{source}");
    }
    assert_eq!(value("event.title.nope ?? upper(event.severity)"), json!("HIGH"));
    assert_eq!(value("event.device.name.nope ?? event.n + 1"), json!(8));
    assert_eq!(value("event.title.len"), json!(4), "a text's own properties stay");
}

#[test]
fn a_field_reads_the_same_however_a_script_asks_for_it() {
    let event = json!({
        "title": "Disk", "n": null, "len": 1, "is_empty": "no", "tag": "web", "device": {"name": "LAB-1"},
        "list": [{"a": 1}, "b"], "big": 1.5
    });
    let read = |source: &str| match with_env(event.clone(), |env| compiled(source)?.eval(env)) {
        Ok(Output::Value(value)) => value,
        other => panic!("{source}: {other:?}"),
    };
    for name in ["title", "n", "len", "is_empty", "tag", "device", "list", "big", "nowhere"] {
        let expected = event.get(name).cloned().unwrap_or_default();
        for source in [
            format!("(event.{name})"),
            format!("event[\"{name}\"]"),
            format!("event.get(\"{name}\")"),
            format!("fn field(of) {{ of.{name} }} field(event)"),
        ] {
            assert_eq!(read(&source), expected, "{source}");
        }
        assert_eq!(read(&format!("(event.nowhere.{name})")), Value::Null);
        assert_eq!(read(&format!("let map = #{{ {name}: 7 }}; map.{name}")), json!(7));
    }
}

#[test]
fn tag_is_a_field_like_any_other() {
    let event = json!({"item": {"tag": "web"}, "title": "x"});
    let read = |source: &str| {
        let output = with_env(event.clone(), |env| compiled(source)?.eval(env)).expect(source);
        let Output::Value(value) = output else { panic!("{source} is no value") };
        value
    };
    assert_eq!(read("event.item.tag"), json!("web"));
    assert_eq!(read("upper(event.item.tag)"), json!("WEB"));
    assert_eq!(read("event.item.tag.nope ?? upper(\"none\")"), json!("NONE"));
    assert_eq!(read("event.tag ?? lower(\"NONE\")"), json!("none"));
    assert_eq!(read("event.title.tag ?? lower(\"NONE\")"), json!("none"));
    assert_eq!(read("#{ tag: 1 }.tag"), json!(1));
}

#[test]
fn helpers_do_what_their_names_say() {
    assert_eq!(value("truncate(\"abcdef\", 4)"), json!("abc…"));
    assert_eq!(value("html(\"<b>&\")"), json!("&lt;b&gt;&amp;"));
    assert_eq!(value("upper(event.title)"), json!("DISK"));
    assert_eq!(value("join(event.tags, \"+\")"), json!("a+b"));
    assert_eq!(value("join(split(\"a,b\", \",\"), \" \")"), json!("a b"));
    assert_eq!(value("regex_find(\"disk C: full\", \"([A-Z]):\")"), json!("C"));
    assert_eq!(value("regex_replace(\"a1b22\", \"[0-9]+\", \"#\")"), json!("a#b#"));
    assert_eq!(value("default(event.nowhere, \"d\")"), json!("d"));
    assert_eq!(value("parse_json(\"{\\\"a\\\": [1]}\").a[0]"), json!(1));
    assert_eq!(value("to_number(\"42\") + 1"), json!(43));
    assert_eq!(value("to_number(\"x\")"), Value::Null);
    assert_eq!(value("ago(event.occurred_at)"), json!("1h30m"));
    assert_eq!(value("format_time(now, \"Europe/Berlin\", \"%Y-%m-%d %H:%M\")"), json!("2026-01-05 10:00"));
    assert_eq!(value("is_open(\"host/\" + \"srv-01\") && !is_open(\"host/x\")"), json!(true));
    assert_eq!(eval("raw_html(\"<b>\")").expect("runs"), Output::RawHtml("<b>".into()));
}

#[test]
fn scripts_end_within_their_limits() {
    assert_eq!(error("let x = 0; loop { x += 1; }"), "the script ran for more than 500000 operations");
    assert_eq!(error("fn f(n) { f(n + 1) } f(0)"), "the script calls itself too deeply");
    assert!(
        error("let s = \"aaaaaaaaaa\"; loop { s += s; }").starts_with("the script made something too large")
    );
    assert!(error("let a = [1]; loop { a += a; }").starts_with("the script made something too large"));
}

#[test]
fn there_is_no_way_out_of_a_script() {
    for source in ["sleep(1)", "sleep(0.5)"] {
        assert_eq!(error(source), "scripts cannot sleep");
    }
    for source in ["eval(\"1\")", "timestamp()", "import \"x\" as x; 1", "open_file(\"x\")", "rand()"] {
        assert!(eval(source).is_err(), "{source}");
    }
}

#[test]
fn a_deciding_script_gives_its_effects_in_order() {
    let source = r#"
        if event.device.name.starts_with("LAB-") { drop("lab machine"); return; }
        open_ticket(#{ summary: "x" });
    "#;
    let decide = |event| with_env(event, |env| compiled(source)?.decide(env)).expect("decides");
    let dropped = decide(json!({"device": {"name": "LAB-7"}}));
    assert_eq!(dropped, vec![ScriptEffect { name: "drop", arg: json!("lab machine") }]);
    let opened = decide(json!({"device": {"name": "SRV"}}));
    assert_eq!(opened, vec![ScriptEffect { name: "open_ticket", arg: json!({"summary": "x"}) }]);
}

#[test]
fn a_path_reads_the_same_with_and_without_the_interpreter() {
    for source in [
        "event.title",
        "event.n",
        "event.device.name",
        "event.nope.x ?? event.title",
        "event.nope ?? \"t\"",
        "vars.x",
        "now",
        "case.count",
        "event.tags",
        "event.device",
        "event.title.nope",
        "event.title.tag",
        "event.tags.name",
        "event.title.len",
        "event.device.len",
        "event.device.tag",
        "event.n.is_odd ?? event.title",
        "event.title.nope ?? event.title",
    ] {
        let interpreted = value(&format!("let it = {source}; it"));
        assert_eq!(value(source), interpreted, "{source}");
    }
}

#[test]
fn errors_name_the_place_in_the_script() {
    let error = compiled("event.title ==").expect_err("broken");
    assert_eq!(error.at.map(|(line, _)| line), Some(1));
    let error = compiled("evnt.title == 1").expect_err("unknown variable");
    assert!(error.message.contains("evnt"), "{}", error.message);
}

#[test]
fn the_limits_are_ours_and_the_same_in_debug_and_release() {
    let limits = engine::Limits::OURS;
    let engine = engine::engine();
    assert_eq!(engine.max_operations(), limits.operations);
    assert_eq!(engine.max_call_levels(), limits.call_levels);
    assert_eq!(engine.max_expr_depth(), limits.expr_depth);
    assert_eq!(engine.max_function_expr_depth(), limits.expr_depth);
    assert_eq!(engine.max_string_size(), limits.text_bytes);
    assert_eq!(engine.max_array_size(), limits.list_len);
    assert_eq!(engine.max_map_size(), limits.map_len);
    assert_eq!(engine.max_variables(), limits.variables);
    assert_eq!(engine.max_functions(), limits.functions);
    assert_eq!(engine.max_modules(), limits.modules);
    assert_eq!(engine.optimization_level(), rhai::OptimizationLevel::Simple);
}

#[test]
fn an_expression_at_the_depth_limit_compiles_and_one_beyond_does_not() {
    let nested = |depth: usize| format!("{}1{}", "(1 + ".repeat(depth), ")".repeat(depth));
    assert!(compiled(&nested(20)).is_ok());
    let error = compiled(&nested(200)).expect_err("too deep");
    assert!(error.message.contains("maximum complexity"), "{}", error.message);
}
