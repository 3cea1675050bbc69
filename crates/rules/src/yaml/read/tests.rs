//! What files mean, and what is said about those that mean nothing.

use super::*;
use serde_json::{Number, Value, json};

fn parse(text: &str) -> Node {
    read(&SourceFile::new("t.yaml", text)).unwrap_or_else(|finding| panic!("{}", finding.render()))
}

/// What is said about a file that cannot be read.
fn refused(text: &str) -> String {
    read(&SourceFile::new("t.yaml", text)).expect_err("is refused").render()
}

fn value(text: &str) -> Value {
    parse(text).to_value()
}

#[test]
fn every_key_and_value_knows_its_place() {
    let node = parse("rules:\n  - id: a\n    when: { severity: critical, n: 4.5, b: true, t: \"false\" }\n");
    let rules = node.get("rules").expect("rules");
    let NodeKind::List(items) = &rules.kind else { panic!("a list") };
    let when = items[0].get("when").expect("when");
    let NodeKind::Map(entries) = &when.kind else { panic!("a map") };
    assert_eq!(entries[0].0.span, Span { line: 3, column: 13, len: 8 });
    assert_eq!(entries[0].1.span, Span { line: 3, column: 23, len: 8 });
    assert_eq!(entries[1].1.kind, NodeKind::Number(Number::from_f64(4.5).expect("number")));
    assert_eq!(entries[2].1.kind, NodeKind::Bool(true));
    assert_eq!(entries[3].1.kind, NodeKind::Text("false".into()));
}

#[test]
fn what_looks_like_a_number_and_is_a_name_stays_text() {
    for text in [
        "2026-01-05T09:00:00Z",
        "10m",
        "yes",
        "off",
        "0123",
        "-007",
        "0x80070005",
        "0o17",
        "1_000",
        "12e",
        "1.2.3",
        "99999999999999999999",
        "+",
        ".",
        "-.",
        "e5",
        "0123.4",
        "!!str 5",
        "! true",
        "\"5\"",
        "'null'",
        "|-\n  5",
    ] {
        let node = parse(&format!("a: {text}\n"));
        assert!(node.get("a").expect("a").as_text().is_some(), "{text} is text");
    }
}

#[test]
fn numbers_booleans_and_nothing_are_what_they_look_like() {
    let text = "[0, -1, +7, 18446744073709551615, -9223372036854775808, 4.5, .5, 2., 1e3, -1.5E-2, true, FALSE, ~, null, !!int 3, !!float 2]";
    let expected = json!([
        0,
        -1,
        7,
        18_446_744_073_709_551_615_u64,
        -9_223_372_036_854_775_808_i64,
        4.5,
        0.5,
        2.0,
        1000.0,
        -0.015,
        true,
        false,
        null,
        null,
        3,
        2
    ]);
    assert_eq!(value(text), expected);
    assert_eq!(value("a:\nb: ~\n"), json!({"a": null, "b": null}));
}

#[test]
fn an_empty_file_is_an_empty_map() {
    for text in ["", "# only a comment\n", "---\n", "null\n", "\u{feff}", "\u{feff}# a comment"] {
        assert_eq!(parse(text).kind, NodeKind::Map(Vec::new()), "{text:?}");
    }
}

#[test]
fn the_marks_of_editors_and_systems_change_nothing() {
    let plain = "rules:\n  - id: a\n    text: |\n      x\n      y\n";
    assert_eq!(value(&format!("\u{feff}{plain}")), value(plain), "a byte order mark");
    assert_eq!(value(&plain.replace('\n', "\r\n")), value(plain), "the line ends of Windows");
    assert_eq!(value(&plain.replace('\n', "\r")), value(plain), "the line ends of old Macs");
    assert_eq!(
        value(plain.trim_end()),
        json!({"rules": [{"id": "a", "text": "x\ny\n"}]}),
        "no line end at the end"
    );
}

#[test]
fn an_alias_is_a_copy_and_a_merge_lies_under_what_is_there() {
    let text = "a: &a { x: 1, y: [2] }\nb: *a\nc: { <<: *a, x: 9, z: 3 }\nd: { <<: [{ x: 5, w: 6 }, *a] }\n&k e: 1\nf: *k\n*k : 2";
    let error = refused(text);
    assert!(error.contains("the key `e` stands twice"), "{error}");
    let expected = json!({
        "a": {"x": 1, "y": [2]}, "b": {"x": 1, "y": [2]}, "c": {"x": 9, "z": 3, "y": [2]},
        "d": {"x": 5, "w": 6, "y": [2]}, "e": 1, "f": "e"
    });
    assert_eq!(value(text.trim_end_matches("*k : 2")), expected);
    assert_eq!(value("a: { \"<<\": 1 }"), json!({"a": {"<<": 1}}), "in quotes it is a key like any");
}

#[test]
fn a_mistake_in_what_an_alias_names_is_shown_where_it_stands() {
    let node = parse("a: &a { x: y }\nb: *a\nc: &c text\nd: *c\n");
    let b = node.get("b").expect("b");
    assert_eq!((b.span.line, b.get("x").expect("x").span.line), (2, 1));
    assert_eq!(node.get("d").expect("d").span.line, 3);
}

#[test]
fn mistakes_are_named_with_their_place_and_what_to_do() {
    let shown: String = [
        "a: 1\nb: 2\na: 3\n",
        "a:\n\t- b\n",
        "a: \"never closed\nb: 1\n",
        "a: [1, 2\nb: 3\n",
        "a: {x: 1]\n",
        "a: ]\n",
        "title: disk: full\n",
        "a:\n  b: 1\n c: 2\n",
        "a: @team\n",
        "a: *nobody\n",
        "a: &a [*a]\n",
        "a: 'it's'\n",
        "a: \"C:\\Users\"\n",
        "a: .nan\n",
        "a: { above: 1e999 }\n",
        "a: !include other.yaml\n",
        "a: !!int x\n",
        "? [a, b]\n: c\n",
        "a: 1\n---\nb: 2\n",
        "a: { <<: 5 }\n",
        "%YAML 9.9\n---\na: 1\n",
        "just words\nand: more",
    ]
    .map(refused)
    .join("\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn what_would_not_end_or_not_fit_is_refused() {
    let deep = |open: &str, close: &str| format!("a: {}{}", open.repeat(500), close.repeat(500));
    let chain = (1..100).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect::<Vec<_>>().concat();
    let bomb = (1..12)
        .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(",")))
        .collect::<Vec<_>>()
        .concat();
    let large = format!("a0: &a0 {}\nb: [{}]\n", "x".repeat(1_000_000), "*a0,".repeat(20));
    let shown: String = [
        deep("[", "]"),
        deep("{a: ", "}"),
        format!("a: {}", "- ".repeat(500)),
        format!("a0: &a0 x\n{chain}"),
        format!("a0: &a0 x\n{bomb}"),
        large,
        format!("a: [{}]", "1,".repeat(1_100_000)),
        "x".repeat(MAX_BYTES + 1),
    ]
    .iter()
    .map(|text| refused(text))
    .collect::<Vec<_>>()
    .join("\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_map_of_very_many_keys_is_read_in_time_and_a_key_that_stands_twice_is_found() {
    let many = (0..100_000).map(|n| format!("k{n}: {n}\n")).collect::<Vec<_>>().concat();
    assert!(matches!(&parse(&many).kind, NodeKind::Map(entries) if entries.len() == 100_000));
    assert!(refused(&format!("{many}k70000: 1\n")).contains("the first one is in line 70001"));
}
