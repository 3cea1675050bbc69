//! Every helper of the contract, also with what vendors really send: numbers for texts, nothing, other alphabets, and
//! much too much of it.

use super::*;

#[test]
fn texts_may_be_numbers_booleans_or_nothing() {
    for (source, expected) in [
        ("lower(event.title)", json!("disk")),
        ("upper(event.n)", json!("7")),
        ("lower(true)", json!("true")),
        ("trim(\"  a b \")", json!("a b")),
        ("trim(event.n)", json!("7")),
        ("truncate(event.n, 5)", json!("7")),
        ("html(1.5)", json!("1.5")),
        ("event.n.starts_with(\"7\")", json!(true)),
        ("(404).contains(\"0\")", json!(true)),
        ("(404).ends_with(\"5\")", json!(false)),
        ("matches(event.n, \"^[0-9]$\")", json!(true)),
        ("regex_find(event.n, \"[0-9]\")", json!("7")),
        ("regex_replace(404, \"4\", \"5\")", json!("505")),
        ("join(split(1.25, \".\"), \"-\")", json!("1-25")),
        ("join(event.title, \", \")", json!("Disk")),
        ("join([1, true, (), \"x\"], \"|\")", json!("1|true||x")),
        ("join(event.nowhere, \",\")", json!("")),
        ("lower(event.nowhere) + upper(event.nowhere) + trim(event.nowhere)", json!("")),
        ("html(event.nowhere) + truncate(event.nowhere, 3)", json!("")),
        ("regex_find(event.nowhere, \"x\")", Value::Null),
        ("regex_find(\"abc\", \"x\")", Value::Null),
        ("regex_find(\"abc\", \"b|(z)\")", json!("b")),
        ("regex_replace(event.nowhere, \"x\", \"y\")", json!("")),
        ("matches(event.nowhere, \".*\")", json!(false)),
        ("split(event.nowhere, \",\").len()", json!(0)),
        ("parse_json(event.nowhere)", Value::Null),
        ("parse_json(event.device).name", json!("LAB-1")),
        ("parse_json(\"[1, 2]\")[1]", json!(2)),
        ("ago(event.nowhere) + ago(\"soon\") + format_time(event.nowhere, \"UTC\", \"%Y\")", json!("")),
        ("default(\"\", 1)", json!(1)),
        ("default(\" \", \"x\")", json!("x")),
        ("default([], \"x\")", json!("x")),
        ("default(0, 1)", json!(0)),
        ("default(false, true)", json!(false)),
        ("to_number(\" 4.20 \")", json!(4.2)),
        ("to_number(true)", Value::Null),
        ("to_number(event.device)", Value::Null),
        ("to_number(\"1e3\")", json!(1000)),
    ] {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[test]
fn texts_of_any_alphabet_are_counted_in_characters() {
    for (source, expected) in [
        ("truncate(\"äöüß\", 3)", json!("äö…")),
        ("truncate(\"日本語テスト\", 6)", json!("日本語テスト")),
        ("truncate(\"abc\", 1)", json!("…")),
        ("truncate(\"abc\", 0)", json!("")),
        ("truncate(\"abc\", -5)", json!("")),
        ("upper(\"straße\")", json!("STRASSE")),
        ("lower(\"ÄÖ\")", json!("äö")),
        ("trim(\"\u{a0}x\u{2003}\")", json!("x")),
        ("regex_find(\"größe: 5\", \"(\\\\w+):\")", json!("größe")),
        ("html(\"<é & 'ü'>\")", json!("&lt;é &amp; &#39;ü&#39;&gt;")),
    ] {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[test]
fn what_cannot_be_done_says_so() {
    for (source, said) in [
        ("parse_json(\"{\")", "the text is not JSON: "),
        ("matches(\"x\", \"(\")", "the pattern `(` is not valid: "),
        ("format_time(now, \"Europe/Atlantis\", \"%Y\")", "unknown time zone `Europe/Atlantis`"),
        ("format_time(now, \"UTC\", \"%!\")", "`%!` is not a time format such as `%Y-%m-%d %H:%M`"),
        ("let name = \"nights\"; in_calendar(name)", "there is no calendar `nights`"),
        ("let name = \"nights\"; lookup(name, 1)", "there is no table `nights`"),
        ("regex_find(event.device, \"x\")", "there is no function `regex_find (map, "),
    ] {
        let error = error(source);
        assert!(error.starts_with(said), "{source}: {error}");
    }
}

#[test]
fn a_small_script_cannot_make_a_huge_text() {
    let big = "let s = \"0123456789\"; for i in 0..16 { s += s; } ";
    for made in [
        "regex_replace(s, \".\", s)",
        "regex_replace(s, \".+\", \"$0$0$0\")",
        "join([s, s], \"\")",
        "join([1, 2, 3], s)",
        "s + s",
    ] {
        let error = error(&format!("{big}{made}"));
        assert!(error.starts_with("the script made something too large"), "{made}: {error}");
    }
    assert_eq!(value(&format!("{big}truncate(s, 3)")), json!("01…"));
    assert_eq!(value(&format!("{big}regex_replace(s, \"x\", s).len()")), json!(655_360));
}
