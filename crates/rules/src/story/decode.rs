//! Stories from a `*_test.yaml` file.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::expect::Expectation;
use super::{Happens, Story, StoryFile, StoryStep};
use crate::event::{Event, EventError, Severity};
use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::silence::Silence;
use crate::yaml::{Node, NodeKind, read};

/// Where a story starts that does not say: a Monday morning.
const START: Timestamp = Timestamp::constant(1_767_603_600, 0);

impl StoryFile {
    /// Reads a file of stories.
    pub fn load(file: &SourceFile) -> (Self, Findings) {
        let mut findings = Findings::default();
        let mut stories = Vec::new();
        match read(file) {
            Err(finding) => findings.push(finding),
            Ok(node) => {
                if let Some(mut fields) = Fields::of(file, &node, "a test file", &mut findings) {
                    for item in list(fields.need("tests", &mut findings)) {
                        stories.extend(story(file, item, &mut findings));
                    }
                    fields.finish(&mut findings);
                }
            }
        }
        (Self { file: file.clone(), stories }, findings)
    }
}

fn list(node: Option<&Node>) -> &[Node] {
    match node.map(|n| &n.kind) {
        Some(NodeKind::List(items)) => items,
        _ => &[],
    }
}

fn story(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Story> {
    let mut fields = Fields::of(file, node, "a test", findings)?;
    fields.need("name", findings);
    let name = fields.text("name", findings).unwrap_or_default();
    let start = match fields.take("start") {
        None => START,
        Some(node) => {
            crate::fields::scalar_text(node).as_deref().and_then(crate::time::parse).unwrap_or_else(|| {
                findings.push(
                    Finding::error("HW070", "`start` must be a time such as `2026-01-05T09:00:00Z`")
                        .at(file.place(node.span)),
                );
                START
            })
        }
    };
    let steps = list(fields.need("steps", findings)).iter().filter_map(|n| step(file, n, findings)).collect();
    fields.finish(findings);
    Some(Story { name, span: node.span, start, steps })
}

fn step(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<StoryStep> {
    let mut fields = Fields::of(file, node, "a step", findings)?;
    let after = fields.duration("after", findings).unwrap_or_default();
    let event = fields.take("event");
    let payload = fields.text("payload", findings);
    let source = fields.text("source", findings);
    let headers = fields.take("headers");
    let technician = fields.choice("technician", &TECHNICIAN, findings);
    let silence = fields.take("silence");
    let expect = fields.take("expect").map(|n| Expectation::decode(file, n, findings));
    fields.finish(findings);
    if let (None, Some(node)) = (&payload, headers) {
        let finding = Finding::error("HW071", "`headers` are those of a `payload`");
        findings.push(finding.at(file.place(node.span)));
    }
    let happens = match (event, payload, technician, silence) {
        (None, None, None, None) => Happens::Nothing,
        (Some(node), None, None, None) => event_of(file, node, source, findings)?,
        (None, Some(path), None, None) => {
            let Some(source) = source else {
                let finding = Finding::error("HW071", "a payload needs its `source`");
                findings.push(finding.at(file.place(node.span)));
                return None;
            };
            Happens::Payload { path, source, headers: headers_of(file, headers, findings) }
        }
        (None, None, Some(Technician::Works), None) => Happens::TechnicianWorks,
        (None, None, Some(Technician::Closes), None) => Happens::TechnicianCloses,
        (None, None, None, Some(silence)) => {
            Happens::Silence(Box::new(Silence::of_story(file, silence, findings)?))
        }
        _ => {
            let finding =
                Finding::error("HW071", "a step has one of `event`, `payload`, `technician` and `silence`");
            findings.push(finding.at(file.place(node.span)));
            return None;
        }
    };
    Some(StoryStep { span: node.span, after, happens, expect })
}

/// The headers that came with a payload, as presets see them: their names in lower case, their values as text.
fn headers_of(file: &SourceFile, node: Option<&Node>, findings: &mut Findings) -> Value {
    let Some(node) = node else { return Value::Object(Map::new()) };
    let headers = match node.to_value() {
        Value::Object(map) if map.values().all(|value| !value.is_object() && !value.is_array()) => map,
        _ => {
            findings.push(
                Finding::error("HW071", "`headers` are names with a value each")
                    .at(file.place(node.span))
                    .help("write `headers: { X-GitHub-Event: ping }`"),
            );
            Map::new()
        }
    };
    let text = |(name, value): (String, Value)| {
        (name.to_ascii_lowercase(), Value::from(crate::value::to_text(&value).into_owned()))
    };
    Value::Object(headers.into_iter().map(text).collect())
}

/// An event as it stands in a step; its source may stand beside it, as with payloads.
fn event_of(
    file: &SourceFile,
    node: &Node,
    source: Option<String>,
    findings: &mut Findings,
) -> Option<Happens> {
    let mut written = node.to_value();
    if let (Some(source), Value::Object(map)) = (source, &mut written) {
        map.entry("source").or_insert_with(|| source.into());
    }
    let wrong = |error: EventError| {
        Finding::error("HW161", format!("the step has no event: {error}")).at(file.place(node.span))
    };
    let event = Event::from_json(written.clone(), Severity::Medium);
    let event = event.map_err(|error| findings.push(wrong(error))).ok()?;
    Some(Happens::Event { event, written })
}

/// What a technician does, by name.
pub(crate) const TECHNICIAN: [(&str, Technician); 2] =
    [("works", Technician::Works), ("closes", Technician::Closes)];

/// What a technician does to the newest ticket.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Technician {
    Works,
    Closes,
}
