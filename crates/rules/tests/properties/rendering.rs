//! Nothing that an event contains becomes markup, wherever a template puts it.

use haloward_rules::{
    CaseBook, EffectKind, Event, Explain, Input, RuleSet, Settings, Severity, SourceFile, step,
};
use jiff::Timestamp;
use proptest::prelude::*;
use regex::Regex;
use serde_json::json;

use crate::cases;

const PAGE: &str = "# About ${event.message}

Says ${event.message} **${event.message}** and `${event.message}`, <b>${event.message}</b> ${event.message}${event.message}

| a | ${event.message} |
|---|---|
| ${event.message} | [open](${event.message} \"${event.message}\") ![x](${event.message}) |

- ${event.message}

```${event.message}
${event.message}
```

    ${event.message}

> ${event.message} &${event.message}; <a href=\"${event.message}\">

[ref]: ${event.message}
[x][ref] <https://x.test/${event.message}>
";

fn rules() -> RuleSet {
    let page = serde_json::to_string(PAGE).expect("JSON");
    let text = format!(
        "defaults: {{ ticket: {{ type: Alert }} }}
rules:
  - {{ id: plain, when: {{ check: plain }}, then: {{ open_ticket: {{}} }} }}
  - {{ id: page, then: {{ open_ticket: {{ details: {page} }} }} }}
"
    );
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", text)], Settings::default());
    assert!(findings.is_empty(), "{}", findings.render());
    rules
}

/// The ticket's HTML for an event that holds `text` wherever it can.
fn html(rules: &RuleSet, check: &str, text: &str) -> String {
    let event = json!({
        "source": "s", "fingerprint": "f", "check": check, "title": format!("t{text}"), "message": text, "url": text,
        "device": {"name": text}, "client": {"name": text}, "labels": {"a": text, text: "b"}
    });
    let event = Event::from_json(event, Severity::Medium).expect("an event");
    let now = Timestamp::constant(1_767_603_600, 0);
    let done = step(rules, &CaseBook::default(), &Input::Event(event), Explain::Matches, now);
    match &done.effects[0].kind {
        EffectKind::OpenTicket { draft, .. } => draft.details.clone().expect("details").html,
        other => panic!("{other:?}"),
    }
}

/// The names of the tags, without the line breaks that a value's lines become.
fn tags(html: &str) -> Vec<String> {
    let tag = Regex::new(r"<(/?[a-zA-Z0-9]*)").expect("a pattern");
    tag.captures_iter(html).map(|found| found[1].to_owned()).filter(|name| name != "br").collect()
}

/// Every tag is whole, with attributes that only our own Markdown makes, and links lead where links may.
fn check_attributes(html: &str) {
    let tag = Regex::new(r#"</?[a-z0-9]+((?: (?:href|title|class)="[^"<>]*")*)(?: /)?>"#).expect("a pattern");
    assert_eq!(tag.find_iter(html).count(), html.matches('<').count(), "a tag is not ours in {html}");
    let href = Regex::new(r#" href="([^"]*)""#).expect("a pattern");
    for found in tag.captures_iter(html).filter_map(|tag| href.captures(tag.get(1)?.as_str())) {
        let lower = found[1].to_lowercase();
        let safe =
            ["#", "http://", "https://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme));
        assert!(safe, "{} in {html}", &found[1]);
    }
}

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "<script>",
            "</td></table>",
            "\" onclick=\"x",
            "' x='",
            "**",
            "`",
            "```",
            "~~",
            "|",
            "\n",
            "\n\n",
            "# ",
            "- ",
            "[x](javascript:x)",
            "![x](http://y)",
            "<!--",
            "]]>",
            "&lt;",
            "&",
            "\\",
            "\u{E000}",
            "\u{E001}",
            "0",
            "javascript:",
            "https://x.test/",
            "data:text/html,",
            "<a href=x>",
            "${event.title}",
            "\r",
            "\t",
            "\u{0}",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_value_opens_no_tag_and_leads_nowhere_a_link_may_not(text in nasty()) {
        let rules = rules();
        let (plain, page) = (html(&rules, "plain", &text), html(&rules, "page", &text));
        check_attributes(&plain);
        check_attributes(&page);
        let known = ["p", "/p", "strong", "/strong", "table", "/table", "tr", "/tr", "td", "/td", "a", "/a"];
        prop_assert!(tags(&plain).iter().all(|tag| known.contains(&tag.as_str())), "{}", plain);
        prop_assert_eq!(tags(&page), tags(&html(&rules, "page", "x")), "{}", page);
        prop_assert!(!page.contains(['\u{E000}', '\u{E001}']), "a stand-in is left in {}", page);
    }
}
