//! The fields of a `poll` block.

use std::collections::BTreeMap;
use std::time::Duration;

use super::mark::MarkFormat;
use super::{ANSWER_VARS, ASK_VARS, LEAST_EVERY, Method, Need, Pagination, RawPoll, Watermark};
use crate::fields::{Fields, scalar_text};
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::template::{Template, TemplateTree};
use crate::yaml::{Node, NodeKind};

const METHODS: [(&str, Method); 3] = [("GET", Method::Get), ("POST", Method::Post), ("PATCH", Method::Patch)];
const GONE: [(&str, bool); 2] = [("resolved", true), ("nothing", false)];

impl RawPoll {
    /// Decodes the `poll` of a preset.
    pub(crate) fn of_preset(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`poll`", findings)?;
        let mut poll = Self::take(&mut fields, findings);
        poll.slowest_limit = fields.duration("no_faster_than", findings);
        let needs = map(&mut fields, "needs", findings);
        poll.needs = Need::all(file, needs, findings);
        fields.finish(findings);
        Some(poll)
    }

    /// Takes the fields of a `poll` block that say what is asked and how the answer is read.
    pub fn take(fields: &mut Fields<'_>, findings: &mut Findings) -> Self {
        let file = fields.file();
        let every_at = fields.take("every").map(|node| node.span);
        let every = fields.duration("every", findings);
        if let Some((span, _)) = every_at.zip(every.filter(|every| *every < LEAST_EVERY)) {
            findings.push(
                Finding::error("HW210", "`every` must be at least `5s`")
                    .at(file.place(span))
                    .help("alerts are polled every minute or so; vendors refuse who asks much more often"),
            );
        }
        Self {
            every,
            slowest_limit: None,
            url: template(fields, "url", &ASK_VARS, findings),
            method: fields.choice("method", &METHODS, findings),
            headers: map(fields, "headers", findings)
                .into_iter()
                .filter_map(|(name, node)| {
                    Some((name, Template::at(file, node, &Known::vars(&ASK_VARS), findings)?))
                })
                .collect(),
            query: map(fields, "query", findings)
                .into_iter()
                .map(|(name, node)| (name, TemplateTree::at(file, node, &Known::vars(&ASK_VARS), findings)))
                .collect(),
            body: fields
                .take("body")
                .map(|node| TemplateTree::at(file, node, &Known::vars(&ASK_VARS), findings)),
            items: template(fields, "items", &ANSWER_VARS, findings),
            pagination: fields.take("pagination").and_then(|node| pagination(file, node, findings)),
            max_pages: fields.count("max_pages", findings),
            watermark: fields.take("watermark").and_then(|node| watermark(file, node, findings)),
            gone: fields.choice("gone", &GONE, findings),
            gone_after: fields.count("gone_after", findings),
            timeout: fields.duration("timeout", findings),
            host: fields.text("host", findings).map(|host| bare_host(&host)),
            vars: texts(fields, "vars", findings),
            needs: BTreeMap::new(),
            auth: fields.take("auth").map(|node| (file.clone(), node.clone())),
        }
    }
}

/// People paste the whole address.
fn bare_host(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix("https://").unwrap_or(text);
    text.trim_end_matches('/').to_owned()
}

fn template(
    fields: &mut Fields<'_>,
    name: &'static str,
    vars: &[&str],
    findings: &mut Findings,
) -> Option<Template> {
    let file = fields.file();
    fields.take(name).and_then(|node| Template::at(file, node, &Known::vars(vars), findings))
}

fn map<'a>(fields: &mut Fields<'a>, name: &'static str, findings: &mut Findings) -> Vec<(String, &'a Node)> {
    let Some(node) = fields.take(name) else { return Vec::new() };
    if let NodeKind::Map(entries) = &node.kind {
        return entries.iter().map(|(key, value)| (key.text.clone(), value)).collect();
    }
    findings.push(
        Finding::error("HW010", format!("`{name}` must be a map, not {}", node.kind_name()))
            .at(fields.file().place(node.span)),
    );
    Vec::new()
}

fn texts(fields: &mut Fields<'_>, name: &'static str, findings: &mut Findings) -> BTreeMap<String, String> {
    let file = fields.file();
    let mut texts = BTreeMap::new();
    for (key, node) in map(fields, name, findings) {
        match scalar_text(node) {
            Some(text) => drop(texts.insert(key, text)),
            None => findings.push(
                Finding::error("HW014", format!("`{key}` must be text, not {}", node.kind_name()))
                    .at(file.place(node.span)),
            ),
        }
    }
    texts
}

fn pagination(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Pagination> {
    match scalar_text(node).as_deref() {
        Some("none") => return Some(Pagination::None),
        Some("link") => return Some(Pagination::Link),
        _ => {}
    }
    let mut fields = Fields::of(file, node, "`pagination`", findings)?;
    let mut ways = Vec::new();
    if let Some(node) = fields.take("page")
        && let Some(mut page) = Fields::of(file, node, "`page`", findings)
    {
        let size_param = page.text("size_param", findings);
        ways.push(Pagination::Page {
            param: page.text("param", findings),
            first: page.count("first", findings).unwrap_or(1),
            size: page.count("size", findings).map(|size| (size_param, size.max(1))),
            pages: template(&mut page, "pages", &ANSWER_VARS, findings),
            more: template(&mut page, "more", &ANSWER_VARS, findings),
        });
        page.finish(findings);
    }
    if let Some(node) = fields.take("offset")
        && let Some(mut offset) = Fields::of(file, node, "`offset`", findings)
    {
        offset.need("param", findings);
        offset.need("size", findings);
        let param = offset.text("param", findings);
        let size_param = offset.text("size_param", findings);
        let size = offset.count("size", findings).map(|size| size.max(1));
        offset.finish(findings);
        ways.extend(param.zip(size).map(|(param, size)| Pagination::Offset { param, size_param, size }));
    }
    if let Some(node) = fields.take("cursor")
        && let Some(mut cursor) = Fields::of(file, node, "`cursor`", findings)
    {
        cursor.need("from", findings);
        let param = cursor.text("param", findings);
        let from = template(&mut cursor, "from", &ANSWER_VARS, findings);
        cursor.finish(findings);
        ways.extend(from.map(|from| Pagination::Cursor { param, from }));
    }
    ways.extend(template(&mut fields, "next", &ANSWER_VARS, findings).map(Pagination::Next));
    let asked = fields.entries().len();
    fields.finish(findings);
    if asked != 1 {
        findings.push(
            Finding::error("HW211", "`pagination` must name one way from page to page")
                .at(file.place(node.span))
                .help("one of `page`, `offset`, `cursor`, `next`, or the words `link` and `none`"),
        );
        return None;
    }
    ways.pop()
}

fn watermark(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Watermark> {
    let mut fields = Fields::of(file, node, "`watermark`", findings)?;
    fields.need("from", findings);
    let from = template(&mut fields, "from", &ANSWER_VARS, findings);
    let format = fields.text("format", findings).map_or(MarkFormat::Rfc3339, |text| MarkFormat::parse(&text));
    let watermark = Watermark {
        param: fields.text("param", findings),
        overlap: fields.duration("overlap", findings).unwrap_or(Duration::from_mins(5)),
        start: fields.duration("start", findings).unwrap_or(Duration::from_hours(1)),
        ascending: fields.flag("ascending", findings).unwrap_or(false),
        format,
        from: from?,
    };
    fields.finish(findings);
    Some(watermark)
}
