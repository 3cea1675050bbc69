use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::fields::Fields;
use crate::yaml::read;

fn now() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().unwrap()
}

fn raw(text: &str) -> (RawPoll, Findings) {
    let file = SourceFile::new("haloward.yaml", text);
    let node = read(&file).unwrap();
    let mut findings = Findings::default();
    let mut fields = Fields::of(&file, &node, "`poll`", &mut findings).unwrap();
    let poll = RawPoll::take(&mut fields, &mut findings);
    fields.finish(&mut findings);
    (poll, findings)
}

fn finish(raw: RawPoll) -> (Option<Poll>, String) {
    let file = SourceFile::new("haloward.yaml", "x");
    let mut findings = Findings::default();
    let poll = raw.finish("s", &file.place(crate::yaml::Span::default()), &mut findings);
    (poll, findings.render())
}

fn poll(text: &str) -> Poll {
    let (raw, findings) = raw(text);
    assert!(findings.is_empty(), "{}", findings.render());
    let (poll, findings) = finish(raw);
    poll.unwrap_or_else(|| panic!("{findings}"))
}

fn answer(payload: Value) -> Answer {
    Answer { payload: Arc::new(payload), headers: Arc::new(json!({})) }
}

/// The addresses that are asked, where the pages are these.
fn walk(poll: &Poll, pages: &[(Value, u64)]) -> Vec<String> {
    let mut turn = Some(Turn::default());
    let mut asked = Vec::new();
    for (payload, items) in pages {
        let Some(at) = turn else { break };
        asked.push(shown(&poll.ask(&at, None, None, now()).unwrap()));
        turn = poll.next(&at, &answer(payload.clone()), *items, now()).unwrap();
    }
    if let Some(turn) = turn {
        asked.push(format!("then {}", shown(&poll.ask(&turn, None, None, now()).unwrap())));
    }
    asked
}

fn shown(asked: &Asked) -> String {
    let query: Vec<String> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}?{}", asked.url, query.join("&"))
}

#[test]
fn pages_have_numbers_until_the_last_one() {
    let by_pages = poll(
        "url: u\npagination: { page: { param: page, size_param: per, size: 2, pages: '${payload.pages}' } }",
    );
    let pages = [(json!({"pages": 2}), 2), (json!({"pages": 2}), 2)];
    assert_eq!(walk(&by_pages, &pages), ["u?page=1&per=2", "u?page=2&per=2"]);
    let by_size = poll("url: u\npagination: { page: { param: p, first: 0, size: 2 } }");
    assert_eq!(walk(&by_size, &[(json!({}), 2), (json!({}), 1)]), ["u?p=0", "u?p=1"]);
    let by_more = poll("url: u\npagination: { page: { param: p, more: '${payload.more}' } }");
    assert_eq!(walk(&by_more, &[(json!({"more": true}), 1)]), ["u?p=1", "then u?p=2"]);
    let until_empty = poll("url: u\npagination: { page: { param: p } }");
    assert_eq!(walk(&until_empty, &[(json!({}), 9), (json!({}), 0)]), ["u?p=1", "u?p=2"]);
}

#[test]
fn items_are_counted() {
    let poll =
        poll("url: u\nquery: { a: b }\npagination: { offset: { param: skip, size_param: top, size: 50 } }");
    let pages = [(json!({}), 50), (json!({}), 50), (json!({}), 3)];
    assert_eq!(walk(&poll, &pages), ["u?a=b&skip=0&top=50", "u?a=b&skip=50&top=50", "u?a=b&skip=100&top=50"]);
}

#[test]
fn an_answer_names_the_next_cursor() {
    let poll = poll("url: u\nquery: { a: b }\npagination: { cursor: { param: c, from: '${payload.next}' } }");
    let pages = [(json!({"next": "x"}), 1), (json!({"next": ""}), 1)];
    assert_eq!(walk(&poll, &pages), ["u?a=b", "u?a=b&c=x"]);
    let again = Turn { cursor: Some("x".into()), ..Turn::default() };
    let error = poll.next(&again, &answer(json!({"next": "x"})), 1, now()).unwrap_err();
    assert_eq!(error, "the answer names the same page as the next one again");
}

#[test]
fn an_answer_names_the_next_address() {
    let by_body = poll("url: u\nquery: { a: b }\npagination: { next: '${payload[\"@odata.nextLink\"]}' }");
    let pages = [(json!({"@odata.nextLink": "https://v/2"}), 1), (json!({}), 1)];
    assert_eq!(walk(&by_body, &pages), ["u?a=b", "https://v/2?"]);
    let by_header = poll("url: u\npagination: link");
    let links = json!({"link": "<https://v/1>; rel=\"prev\", <https://v/3>; rel=\"last next\""});
    let next = by_header
        .next(
            &Turn::default(),
            &Answer { payload: Arc::new(Value::Null), headers: Arc::new(links) },
            1,
            now(),
        )
        .unwrap();
    assert_eq!(next.unwrap().url.as_deref(), Some("https://v/3"));
}

#[test]
fn a_mark_is_asked_with_less_its_overlap_and_a_little_back_at_first() {
    let since = |text: &str, mark| {
        let poll = poll(&format!("url: u\nwatermark: {{ from: '${{item.at}}', param: since, {text} }}"));
        poll.ask(&Turn::default(), mark, None, now()).unwrap().query.first().map(|(_, value)| value.clone())
    };
    let mark = Some(Mark::Time("2026-01-05T08:30:00Z".parse().unwrap()));
    assert_eq!(since("overlap: 10m", mark).unwrap(), "2026-01-05T08:20:00Z");
    assert_eq!(since("start: 1d", None).unwrap(), "2026-01-04T09:00:00Z");
    assert_eq!(since("overlap: 0s, format: seconds", mark).unwrap(), "1767601800");
    assert_eq!(since("overlap: 0s, format: milliseconds", mark).unwrap(), "1767601800000");
    assert_eq!(since("overlap: 0s, format: '%Y-%m-%d %H:%M'", mark).unwrap(), "2026-01-05 08:30");
    assert_eq!(since("format: number", Some(Mark::Number(17))).unwrap(), "17");
    assert_eq!(since("format: number", None), None, "the first time there is no number to ask from");
}

#[test]
fn a_mark_is_read_from_an_item_and_never_lies_ahead() {
    let poll = poll("url: u\nwatermark: { from: '${item.at}' }");
    let mark = |at: Value| poll.mark(&json!({"at": at}), now()).map(|mark| mark.until(now()).to_value());
    assert_eq!(mark(json!("2026-01-05T08:00:00Z")), Some(json!("2026-01-05T08:00:00Z")));
    assert_eq!(mark(json!(1_767_600_000_000_u64)), Some(json!("2026-01-05T08:00:00Z")));
    assert_eq!(mark(json!("9999-01-01T00:00:00Z")), Some(json!("2026-01-05T09:00:00Z")));
    assert_eq!(mark(json!("soon")), None);
}

#[test]
fn a_source_says_what_its_preset_leaves_open() {
    let file = SourceFile::new(
        "presets/x.yaml",
        "every: 90s\nno_faster_than: 90s\nurl: https://${host}/v2/${vars.region}/${vars.tenant}\nquery: { status: open, top: 50 }\n\
         headers: { Accept: application/json }\nneeds: { host: where you log in, tenant: the tenant }\n\
         vars: { region: eu }\ngone: resolved",
    );
    let mut findings = Findings::default();
    let base = RawPoll::of_preset(&file, &read(&file).unwrap(), &mut findings).unwrap();
    assert!(findings.is_empty(), "{}", findings.render());
    let (own, _) =
        raw("host: https://eu.example.com/\nvars: { tenant: t }\nquery: { status: all }\nevery: 30s");
    let (poll, findings) = finish(own.over(&base));
    let poll = poll.expect("it is whole");
    assert!(findings.contains("`s` is polled every 30s, and the vendor allows it every 1m30s"), "{findings}");
    let asked = poll.ask(&Turn::default(), None, None, now()).unwrap();
    assert_eq!(shown(&asked), "https://eu.example.com/v2/eu/t?top=50&status=all");
    assert_eq!(asked.headers, [("Accept".to_owned(), "application/json".to_owned())]);
    assert_eq!(poll.gone_after, Some(2));

    let (none, findings) = finish(raw("every: 2m").0.over(&base));
    assert!(none.is_none());
    assert!(findings.contains("does not say where you log in") && findings.contains("`vars: { tenant: … }`"));
}

#[test]
fn a_preset_says_what_a_source_has_to_say_and_what_that_looks_like() {
    let decode = |text: &str| {
        let file = SourceFile::new("presets/x.yaml", text);
        let mut findings = Findings::default();
        let poll = RawPoll::of_preset(&file, &read(&file).unwrap(), &mut findings).unwrap();
        (poll, findings.render())
    };
    let text = "url: https://${host}/${vars.tenant}\n\
                needs: { host: { what: where you log in, example: eu.example.com }, tenant: the tenant }";
    let (raw, findings) = decode(text);
    assert_eq!(findings, "");
    let (_, findings) = finish(raw.clone());
    assert!(findings.contains("the poll of `s` does not say where you log in, such as `eu.example.com`"));
    let poll = raw.by_example("s").unwrap();
    let asked = poll.ask(&Turn::default(), None, None, now()).unwrap();
    assert_eq!(shown(&asked), "https://eu.example.com/tenant?", "without an example its name stands there");

    let (_, findings) = decode("url: u\nneeds: { host: { example: x }, tenant: [a] }");
    assert!(findings.contains("an entry of `needs` needs `what`"), "{findings}");
    assert!(findings.contains("`tenant` must be text, not a list"), "{findings}");
}

#[test]
fn what_makes_no_poll_is_said() {
    let found = |text: &str| {
        let (raw, findings) = raw(text);
        if findings.has_errors() { findings.render() } else { finish(raw).1 }
    };
    assert!(found("every: 1m").contains("the poll of `s` has no `url`"));
    assert!(found("url: u\nevery: 1s").contains("`every` must be at least `5s`"));
    assert!(found("url: u\npagination: { page: {}, next: x }").contains("must name one way"));
    assert!(found("url: u\npaginaton: link").contains("did you mean `pagination`?"));
    let both = found("url: u\ngone: resolved\nwatermark: { from: '${item.at}' }");
    assert!(both.contains("has `gone: resolved` and a `watermark`"), "{both}");
}

#[test]
fn items_must_be_a_list() {
    let poll = poll("url: u\nitems: ${payload.items}");
    let items = |payload| poll.items(&Turn::default(), &answer(payload), now());
    assert_eq!(items(json!({"items": [1, 2]})).unwrap(), Some(vec![json!(1), json!(2)]));
    assert_eq!(items(json!({"error": "no"})).unwrap_err(), "the answer has no list at `items`");
    assert_eq!(items(json!({"items": {}})).unwrap_err(), "what the answer has at `items` is no list");
}

#[test]
fn two_polls_ask_for_the_same_list_if_they_ask_the_same() {
    let id = |text: &str| poll(text).list_id();
    assert_eq!(id("url: u\nevery: 1m"), id("url: u\nevery: 5m"));
    assert_ne!(id("url: u"), id("url: u\nquery: { status: open }"));
}
