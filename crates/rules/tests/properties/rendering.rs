//! Nothing that an event contains becomes markup, wherever a template puts it.

use std::sync::LazyLock;

use haloward_rules::{
    CaseBook, EffectKind, Event, Explain, Input, Note, RuleSet, Settings, Severity, SourceFile, TicketDraft,
    step,
};
use jiff::Timestamp;
use proptest::prelude::*;
use regex::Regex;
use serde_json::json;

use crate::cases;
use crate::world::{Happens, World};

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
    static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<(/?[a-zA-Z0-9]*)").expect("a pattern"));
    TAG.captures_iter(html).map(|found| found[1].to_owned()).filter(|name| name != "br").collect()
}

/// Every tag is whole, with attributes that only our own Markdown makes, and links lead where links may.
fn check_attributes(html: &str) {
    static TAG: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"</?[a-z0-9]+((?: (?:href|title|class)="[^"<>]*")*)(?: /)?>"#).expect("a pattern")
    });
    static HREF: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#" href="([^"]*)""#).expect("a pattern"));
    assert_eq!(TAG.find_iter(html).count(), html.matches('<').count(), "a tag is not ours in {html}");
    for found in TAG.captures_iter(html).filter_map(|tag| HREF.captures(tag.get(1)?.as_str())) {
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

/// Rules that put what an alert says into every text that leaves: tickets, notes of all kinds, storms, failures.
const EVERYWHERE: &str = r##"
defaults: { ticket: { type: Alert } }
rules:
  - id: lived
    when: { check: lived }
    key: lived/${event.message}
    escalate: [{ after: 5m, note: "still *${event.title}*", update: { details: "# ${event.message}" } }]
    then:
      - open_ticket:
          details: "> ${event.message}\n\n${raw_html(html(event.message))}"
          again: note
          resolved: { do: note, note: "over: [${event.title}](${event.url})" }
          reopen_within: 1d
      - add_note: { text: "| a |\n|---|\n| ${event.message} |\n\n`${event.title}`", private: false }
  - id: folded
    when: { check: folded }
    key: "${event.message}"
    limit: { tickets: 1, per: 1h }
    then: { open_ticket: { again: { do: fold, at_most: 1m } } }
  - id: decided
    when: { check: decided }
    then:
      script: |
        open_ticket(#{ summary: event.message, details: `${event.message} **x**`, again: "note", resolved: #{ do: "resolve" } });
        add_note(#{ text: event.title });
  - id: failed
    when: { check: failed }
    then: { open_ticket: { details: "${throw event.message}" } }
"##;

static EVERYWHERE_RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", EVERYWHERE)], Settings::default());
    assert!(!findings.has_errors(), "{}", findings.render());
    rules
});

/// What a ticket's life says, told with `text` in everything an alert brings.
fn said(text: &str) -> Vec<String> {
    let mut story = Vec::new();
    for check in ["lived", "folded", "decided", "failed"] {
        let event = |problem: &str, state: &str| {
            let event = json!({
                "source": "s", "state": state, "fingerprint": format!("{check}{problem}"), "check": check,
                "title": format!("t{text}"), "message": format!("{problem}{text}"), "url": text,
                "device": {"name": text}, "client": {"name": text}, "labels": {"a": text, text: "b"}
            });
            Happens::Event(Box::new(Event::from_json(event, Severity::Medium).expect("an event")))
        };
        let repeats = [event("", "firing"), event("", "firing"), event("2", "firing"), Happens::Minutes(10)];
        story.extend(repeats);
        story.extend([
            Happens::Works,
            event("", "resolved"),
            Happens::Minutes(10),
            event("", "firing"),
            Happens::Minutes(70),
        ]);
    }
    let world = World::tell(&EVERYWHERE_RULES, &story, Explain::Matches, 1);
    world.steps.into_iter().flat_map(|step| step.effects).flat_map(|effect| texts(effect.kind)).collect()
}

fn texts(kind: EffectKind) -> Vec<String> {
    let details = |draft: TicketDraft| draft.details.map(|details| details.html);
    let note = |note: Note| note.text.html;
    match kind {
        EffectKind::OpenTicket { draft, .. } | EffectKind::UpdateTicket { draft, .. } => {
            details(*draft).into_iter().collect()
        }
        EffectKind::AddNote { note: said, .. } | EffectKind::ReopenTicket { note: said } => vec![note(said)],
        // A channel's message is plain text; it is no HTML anywhere.
        EffectKind::Notify { .. } => Vec::new(),
        EffectKind::ResolveTicket { note: said, .. } => said.map(note).into_iter().collect(),
    }
}

#[test]
fn the_story_says_something_in_every_way_there_is() {
    let all = said("x").join("\n");
    for part in [
        "still <em>tx</em>",
        "<h1>x</h1>",
        "over: ",
        "<td>x</td>",
        "seen 2 times",
        "held back",
        "rule `failed` failed: x",
        "<code>tx</code>",
    ] {
        assert!(all.contains(part), "{part} is missing in {all}");
    }
}

proptest! {
    #![proptest_config(cases(100))]

    /// Whatever an alert says, a ticket's life has the tags it would have if it said `x`, but for line breaks.
    #[test]
    fn no_text_of_a_tickets_life_gets_markup_from_an_alert(text in nasty()) {
        let plain = said("x");
        let told = said(&text);
        for text in &told {
            check_attributes(text);
            prop_assert!(!text.contains(['\u{E000}', '\u{E001}']), "a stand-in is left in {}", text);
        }
        let known: std::collections::BTreeSet<String> = plain.iter().flat_map(|html| tags(html)).collect();
        for tag in told.iter().flat_map(|html| tags(html)) {
            prop_assert!(known.contains(&tag), "<{}> in {:?}", tag, told);
        }
    }
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
