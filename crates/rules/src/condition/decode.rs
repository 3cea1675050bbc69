//! From `when:` in a file to compiled conditions, with a finding for every mistake.

use super::{Condition, Operator};
use crate::fields::{list, scalar_text, suggestion};
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::names::NameKind;
use crate::path::Path;
use crate::script::{CompileError, Script};
use crate::ticket::name_at;
use crate::yaml::{KeyNode, Node, NodeKind};

pub(super) struct Decoder<'a> {
    pub(super) file: &'a SourceFile,
    known: &'a Known<'a>,
}

/// Decodes a `when` map; `all` of its entries must hold.
pub(crate) fn decode_when(
    file: &SourceFile,
    node: &Node,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Vec<Condition> {
    Decoder { file, known }.conditions(node, findings)
}

impl Decoder<'_> {
    fn conditions(&self, node: &Node, findings: &mut Findings) -> Vec<Condition> {
        match &node.kind {
            NodeKind::Null => Vec::new(),
            NodeKind::Map(entries) => {
                entries.iter().filter_map(|(key, value)| self.condition(key, value, findings)).collect()
            }
            _ => {
                self.error::<()>(
                    node,
                    "HW100",
                    format!(
                        "conditions must be a map such as `severity: critical`, not {}",
                        node.kind_name()
                    ),
                    findings,
                );
                Vec::new()
            }
        }
    }

    fn condition(&self, key: &KeyNode, node: &Node, findings: &mut Findings) -> Option<Condition> {
        match key.text.as_str() {
            "all" => Some(Condition::All(self.group(node, findings))),
            "any" => Some(Condition::Any(self.group(node, findings))),
            "none" => Some(Condition::None(self.group(node, findings))),
            "during" | "outside" => {
                let name = scalar_text(node)?;
                let calendars = &self.known.library.calendars;
                if !calendars.contains_key(&name) {
                    let help = suggestion(&name, calendars.keys().map(String::as_str)).map_or_else(
                        || "name one under `calendars` in the configuration".to_owned(),
                        |n| format!("did you mean `{n}`?"),
                    );
                    findings.push(
                        Finding::error("HW105", format!("there is no calendar `{name}`"))
                            .at(self.file.place(node.span))
                            .help(help),
                    );
                }
                Some(if key.text == "during" { Condition::During(name) } else { Condition::Outside(name) })
            }
            "script" => {
                let source = scalar_text(node)?;
                match Script::compile(&source, self.known) {
                    Ok(script) => Some(Condition::Script(script)),
                    Err(error) => {
                        findings.push(script_finding(self.file, node, error));
                        None
                    }
                }
            }
            "case" => match &node.kind {
                NodeKind::Map(entries) => {
                    const FIELDS: [&str; 5] = ["count", "first_seen", "last_seen", "state", "ticket_id"];
                    for (field, _) in entries.iter().filter(|(k, _)| !FIELDS.contains(&k.text.as_str())) {
                        let help = suggestion(&field.text, FIELDS).map_or_else(
                            || format!("a case has {}", list(&FIELDS)),
                            |n| format!("did you mean `{n}`?"),
                        );
                        findings.push(
                            Finding::error("HW106", format!("a case has no `{}`", field.text))
                                .at(self.file.place(field.span))
                                .help(help),
                        );
                    }
                    Some(Condition::Case(
                        entries
                            .iter()
                            .filter(|(k, _)| FIELDS.contains(&k.text.as_str()))
                            .filter_map(|(k, v)| self.tests(Path::parse(&k.text).ok()?, v, findings))
                            .collect(),
                    ))
                }
                _ => self.error(
                    node,
                    "HW106",
                    "`case` must be a map such as `{ count: { at_least: 5 } }`".into(),
                    findings,
                ),
            },
            _ => self.path(key, node, findings),
        }
    }

    fn group(&self, node: &Node, findings: &mut Findings) -> Vec<Condition> {
        let NodeKind::List(items) = &node.kind else { return self.conditions(node, findings) };
        items
            .iter()
            .filter_map(|item| {
                let mut inner = self.conditions(item, findings);
                if inner.len() == 1 { inner.pop() } else { Some(Condition::All(inner)) }
            })
            .collect()
    }

    fn path(&self, key: &KeyNode, node: &Node, findings: &mut Findings) -> Option<Condition> {
        let path = match Path::parse(&key.text) {
            Ok(path) => path,
            Err(error) => {
                findings.push(Finding::error("HW101", error.to_string()).at(self.file.place(key.span)));
                return None;
            }
        };
        if !crate::event::ROOTS.contains(&path.root()) {
            let help = suggestion(path.root(), crate::event::ROOTS).map_or_else(
                || format!("the vendor's own fields are under `payload.`: `payload.{path}`"),
                |name| format!("did you mean `{name}`?"),
            );
            findings.push(
                Finding::error("HW102", format!("an event has no field `{}`", path.root()))
                    .at(self.file.place(key.span))
                    .help(help),
            );
        }
        if let Some(kind) = named_by(&path) {
            self.names(kind, node);
        }
        let condition = self.tests(path, node, findings);
        if let Some(Condition::Test { path, tests }) = &condition
            && matches!(path.as_str(), "state" | "severity" | "change.kind")
        {
            self.known_values(path.as_str(), node, tests, findings);
        }
        condition
    }

    /// The names of the tenant's things that a ticket is compared with.
    fn names(&self, kind: NameKind, node: &Node) {
        match &node.kind {
            NodeKind::Map(entries) => {
                let whole = ["is", "not", "in", "not_in", "exactly"];
                let compared = entries.iter().filter(|(operator, _)| whole.contains(&operator.text.as_str()));
                compared.for_each(|(_, value)| self.names(kind, value));
            }
            NodeKind::List(items) => items.iter().for_each(|item| self.names(kind, item)),
            _ => name_at(kind, self.file, node, self.known),
        }
    }

    fn tests(&self, path: Path, node: &Node, findings: &mut Findings) -> Option<Condition> {
        let tests = match &node.kind {
            NodeKind::Map(entries) if entries.is_empty() => {
                let message = format!("`{path}` has nothing to compare with");
                return self.error(node, "HW104", message, findings);
            }
            NodeKind::Map(entries) => {
                entries.iter().filter_map(|(op, arg)| self.operator(op, arg, findings)).collect()
            }
            NodeKind::List(items) => vec![Operator::In(items.iter().map(Node::to_value).collect())],
            NodeKind::Null => vec![Operator::Exists(false)],
            _ => vec![Operator::Is(node.to_value())],
        };
        Some(Condition::Test { path, tests })
    }

    /// A state, severity or kind of change that no event can have is a typing mistake.
    fn known_values(&self, field: &str, node: &Node, tests: &[Operator], findings: &mut Findings) {
        let names: Vec<&str> = match field {
            "state" => crate::event::State::ALL.iter().map(|(name, _)| *name).collect(),
            "change.kind" => crate::ticket_event::KINDS.to_vec(),
            _ => crate::event::Severity::ALL.iter().map(|(name, _)| *name).collect(),
        };
        for text in tests.iter().filter_map(Operator::required_texts).flatten() {
            if !names.contains(&text.as_str()) {
                let help = suggestion(&text, names.iter().copied()).map_or_else(
                    || format!("one of {}", list(&names)),
                    |name| format!("did you mean `{name}`?"),
                );
                findings.push(
                    Finding::error("HW107", format!("there is no {field} `{text}`"))
                        .at(self.file.place(node.span))
                        .help(help),
                );
            }
        }
    }

    pub(super) fn error<T>(
        &self,
        node: &Node,
        code: &'static str,
        message: String,
        findings: &mut Findings,
    ) -> Option<T> {
        findings.push(Finding::error(code, message).at(self.file.place(node.span)));
        None
    }
}

/// What the values of a path are names of, if it is one of a ticket or of its change. Disabled agents have tickets, and
/// priorities mean something within an SLA only: those are not looked up.
fn named_by(path: &Path) -> Option<NameKind> {
    let path = path.as_str();
    let field = path.strip_prefix("ticket.").or_else(|| {
        let (field, end) = path.strip_prefix("change.")?.split_once('.')?;
        matches!(end, "from" | "to").then_some(field)
    });
    match field? {
        field @ ("type" | "status" | "sla" | "team") => NameKind::of_field(field),
        _ => None,
    }
}

/// A script's mistake at its place in the file.
pub(crate) fn script_finding(file: &SourceFile, node: &Node, error: CompileError) -> Finding {
    let span = error.at.map_or(node.span, |(line, column)| file.within(node.span, line, column, error.len));
    let finding = match error.code {
        "" => Finding::error("HW042", format!("the script is not valid: {}", error.message)),
        code => Finding::error(code, error.message),
    };
    let finding = finding.at(file.place(span));
    match error.help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// Decodes the fields a rule test compares: paths into an effect with the operators of `when`; `true` is any.
pub(crate) fn decode_expected(file: &SourceFile, node: &Node, findings: &mut Findings) -> Vec<Condition> {
    let known = Known::vars(&[]);
    let decoder = Decoder { file, known: &known };
    match &node.kind {
        NodeKind::Map(entries) => entries
            .iter()
            .filter_map(|(key, value)| match Path::parse(&key.text) {
                Ok(path) => decoder.tests(path, value, findings),
                Err(error) => {
                    findings.push(Finding::error("HW101", error.to_string()).at(file.place(key.span)));
                    None
                }
            })
            .collect(),
        NodeKind::Bool(true) => Vec::new(),
        _ => {
            findings.push(
                Finding::error("HW010", "expected fields must be a map, or `true` for any")
                    .at(file.place(node.span)),
            );
            Vec::new()
        }
    }
}
