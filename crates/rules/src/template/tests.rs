use super::*;
use crate::library::Library;
use crate::script::View;
use serde_json::json;
use std::sync::Arc;

fn with_env<T>(event: Value, body: impl FnOnce(&Env<'_>) -> T) -> T {
    body(&Env {
        vars: vec![("event", View::new(Arc::new(event)))],
        now: "2026-01-05T09:00:00Z".parse().expect("a time"),
        library: Library::empty(),
        is_open: &|_| false,
    })
}

fn template(source: &str) -> Template {
    Template::compile(source, &Known::vars(&["event"])).expect(source)
}

fn html(source: &str, event: Value) -> String {
    with_env(event, |env| template(source).html(env)).expect("renders")
}

#[test]
fn a_text_that_is_one_expression_keeps_the_type() {
    let event = json!({"n": 7, "list": [1, 2], "t": "x"});
    with_env(event, |env| {
        assert_eq!(template("${event.n}").value(env), Ok(json!(7)));
        assert_eq!(template("${event.list}").value(env), Ok(json!([1, 2])));
        assert_eq!(template("n = ${event.n}").value(env), Ok(json!("n = 7")));
        assert_eq!(template("${event.t}/${event.n}").value(env), Ok(json!("x/7")));
        assert_eq!(template("costs 5$ or $$5").value(env), Ok(json!("costs 5$ or $5")));
        assert_eq!(template("${ if event.n > 5 { \"}\" } else { `{` } }").value(env), Ok(json!("}")));
        assert_eq!(template("${event.nowhere}!").value(env), Ok(json!("!")));
        assert_eq!(template("${ event.n // that's it }\n + 1 }!").value(env), Ok(json!("8!")));
    });
}

#[test]
fn a_broken_template_says_where() {
    let error = Template::compile("ab ${event.x", &Known::vars(&["event"])).expect_err("unclosed");
    assert_eq!((error.message.as_str(), error.offset), ("`${` has no closing `}`", 3));
    let error = Template::compile("${evnt.x + 1}", &Known::vars(&["event"])).expect_err("unknown variable");
    assert!(error.message.contains("evnt"), "{}", error.message);
}

#[test]
fn markdown_of_the_author_becomes_html() {
    let out = html(
        "**Disk** `${event.d}` on\n\n| a | b |\n|---|---|\n| 1 | ${event.v} |\n",
        json!({"d": "C:", "v": "x|y"}),
    );
    assert!(out.contains("<strong>Disk</strong> <code>C:</code>"), "{out}");
    assert!(out.contains("<td>x|y</td>"), "{out}");
}

#[test]
fn nothing_an_alert_contains_becomes_markup() {
    for nasty in [
        "<script>alert(1)</script>",
        "**bold** _it_ # head",
        "[x](javascript:alert(1))",
        "![x](http://evil)",
        "</td></table><img src=x onerror=alert(1)>",
        "```\n</code><b>",
        "\u{E000}0\u{E001}",
        "<!-- -->",
        "&lt;b&gt;",
    ] {
        let out =
            html("Says: ${event.m}\n\n- ${event.m}\n\n`${event.m}`\n\n    ${event.m}\n", json!({"m": nasty}));
        for tag in ["<script", "<img", "<b>", "<strong>", "<em>", "<h1", "<a ", "</table", "<!--"] {
            assert!(!out.contains(tag), "{nasty} gave {out}");
        }
    }
}

#[test]
fn links_lead_only_where_links_may() {
    assert!(
        html("[open](${event.u})", json!({"u": "https://x.test/a?b=1"}))
            .contains("href=\"https://x.test/a?b=1\"")
    );
    for bad in
        ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "https:evil", "\" onclick=\"x"]
    {
        let out = html("[open](${event.u})", json!({"u": bad}));
        assert!(
            !out.contains("javascript") && !out.contains("data:") && !out.contains("onclick=\"x"),
            "{bad} gave {out}"
        );
    }
}

#[test]
fn lines_of_a_value_stay_lines_and_raw_html_is_the_one_way() {
    assert_eq!(html("${event.m}", json!({"m": "a\nb"})), "<p>a<br />\nb</p>\n");
    assert!(html("x ${raw_html(event.m)}", json!({"m": "<b>y</b>"})).contains("<b>y</b>"));
    assert!(html("<b>${event.m}</b>", json!({"m": "y"})).contains("&lt;b&gt;y&lt;/b&gt;"));
}
