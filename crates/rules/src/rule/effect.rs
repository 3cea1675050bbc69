//! Effects as templates: the `then` of a rule.

use crate::condition::script_finding;
use crate::event::{Event, ROOTS};
use crate::fields::{Fields, list, scalar_text, suggestion};
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::names::NameKind;
use crate::path::Path;
use crate::script::Script;
use crate::template::{Template, TemplateTree};
use crate::ticket::{NoteTemplate, Reference, TicketTemplate, name_at};
use crate::yaml::{KeyNode, Node, NodeKind};

use super::NoticeTemplate;
use super::lifecycle::Lifecycle;

/// A compiled effect.
#[derive(Debug, Clone)]
pub(crate) enum EffectTemplate {
    OpenTicket { ticket: TicketTemplate, lifecycle: Box<Lifecycle> },
    UpdateTicket { target: Target, ticket: TicketTemplate },
    AddNote { target: Target, note: NoteTemplate },
    ResolveTicket { note: Option<NoteTemplate>, status: Option<Reference> },
    Set(Vec<(Path, TemplateTree)>),
    Drop(Template),
    Notify(NoticeTemplate),
    Script(Script),
}

/// Which ticket an effect is about.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// The case's own.
    Case,
    /// One by its id.
    Ticket(TemplateTree),
}

/// The effects of the language.
pub(crate) const EFFECTS: [&str; 8] =
    ["open_ticket", "update_ticket", "add_note", "resolve_ticket", "set", "drop", "notify", "script"];

impl EffectTemplate {
    /// Decodes `then`: one map of effects, or a list of such maps.
    pub(crate) fn decode_all(
        file: &SourceFile,
        node: &Node,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Vec<Self> {
        let maps: Vec<&Node> = match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        if maps.iter().all(|map| matches!(&map.kind, NodeKind::Map(entries) if entries.is_empty())) {
            findings.push(
                Finding::error("HW060", "`then` asks for nothing")
                    .at(file.place(node.span))
                    .help("to leave such events alone on purpose, write `drop: \"why\"`"),
            );
        }
        let mut effects = Vec::new();
        for map in maps {
            match &map.kind {
                NodeKind::Map(entries) => {
                    effects.extend(
                        entries.iter().filter_map(|(k, v)| Self::decode(file, k, v, known, findings)),
                    );
                }
                _ => findings.push(
                    Finding::error(
                        "HW010",
                        format!(
                            "`then` must be a map of effects or a list of such maps, not {}",
                            map.kind_name()
                        ),
                    )
                    .at(file.place(map.span)),
                ),
            }
        }
        effects
    }

    fn decode(
        file: &SourceFile,
        key: &KeyNode,
        node: &Node,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        match key.text.as_str() {
            "open_ticket" => {
                let mut fields = Fields::of(file, node, "`open_ticket`", findings)?;
                let ticket = TicketTemplate::take(&mut fields, known, findings);
                let lifecycle = Box::new(Lifecycle::take(&mut fields, known, findings));
                fields.finish(findings);
                Some(Self::OpenTicket { ticket, lifecycle })
            }
            "update_ticket" => {
                let mut fields = Fields::of(file, node, "`update_ticket`", findings)?;
                let target = Target::take(&mut fields, known, findings);
                let ticket = TicketTemplate::take(&mut fields, known, findings);
                fields.finish(findings);
                Some(Self::UpdateTicket { target, ticket })
            }
            "add_note" => {
                let target = match &node.kind {
                    NodeKind::Map(entries) => {
                        entries.iter().find(|(k, _)| k.text == "ticket").map_or(Target::Case, |(_, n)| {
                            Target::Ticket(TemplateTree::at(file, n, known, findings))
                        })
                    }
                    _ => Target::Case,
                };
                let note = match &node.kind {
                    NodeKind::Map(entries) => {
                        let rest = entries.iter().filter(|(k, _)| k.text != "ticket").cloned().collect();
                        NoteTemplate::decode(
                            file,
                            &Node { span: node.span, kind: NodeKind::Map(rest) },
                            known,
                            findings,
                        )
                    }
                    _ => NoteTemplate::decode(file, node, known, findings),
                };
                Some(Self::AddNote { target, note: note? })
            }
            "resolve_ticket" => {
                if matches!(node.kind, NodeKind::Bool(true)) {
                    return Some(Self::ResolveTicket { note: None, status: None });
                }
                let mut fields = Fields::of(file, node, "`resolve_ticket`", findings)?;
                let note = fields.take("note").and_then(|n| NoteTemplate::decode(file, n, known, findings));
                let status = fields.take("status").and_then(|n| {
                    name_at(NameKind::Status, file, n, known);
                    Reference::from_value(&n.to_value())
                });
                fields.finish(findings);
                Some(Self::ResolveTicket { note, status })
            }
            "set" => {
                let NodeKind::Map(entries) = &node.kind else {
                    findings.push(
                        Finding::error("HW010", "`set` must be a map of paths to values")
                            .at(file.place(node.span)),
                    );
                    return None;
                };
                let mut sets = Vec::new();
                for (path, value) in entries {
                    match Path::parse(&path.text) {
                        Ok(parsed) if ROOTS.contains(&parsed.root()) && !Event::can_set(&parsed) => findings
                            .push(
                                Finding::error("HW062", format!("`{}` cannot be set", path.text))
                                    .at(file.place(path.span)),
                            ),
                        Ok(parsed) if !ROOTS.contains(&parsed.root()) => {
                            let help = suggestion(parsed.root(), ROOTS).map_or_else(
                                || format!("put values of your own under `vars.`: `vars.{parsed}`"),
                                |n| format!("did you mean `{n}`?"),
                            );
                            findings.push(
                                Finding::error("HW062", format!("`{}` cannot be set", path.text))
                                    .at(file.place(path.span))
                                    .help(help),
                            );
                        }
                        Ok(parsed) => {
                            sets.push((parsed, TemplateTree::at(file, value, known, findings)));
                        }
                        Err(error) => findings
                            .push(Finding::error("HW101", error.to_string()).at(file.place(path.span))),
                    }
                }
                Some(Self::Set(sets))
            }
            "drop" => {
                if scalar_text(node).is_none() {
                    findings.push(
                        Finding::error("HW065", "`drop` needs its reason")
                            .at(file.place(key.span))
                            .help("write `drop: \"lab machine\"`"),
                    );
                    return None;
                }
                Template::at(file, node, known, findings).map(Self::Drop)
            }
            "script" => {
                let source = scalar_text(node)?;
                match Script::compile(&source, known) {
                    Ok(script) => Some(Self::Script(script)),
                    Err(error) => {
                        findings.push(script_finding(file, node, error));
                        None
                    }
                }
            }
            "notify" => NoticeTemplate::decode(file, node, known, findings).map(Self::Notify),
            unknown => {
                let help = suggestion(unknown, EFFECTS).map_or_else(
                    || format!("one of {}", list(&EFFECTS)),
                    |name| format!("did you mean `{name}`?"),
                );
                findings.push(
                    Finding::error("HW061", format!("unknown effect `{unknown}`"))
                        .at(file.place(key.span))
                        .help(help),
                );
                None
            }
        }
    }
}

impl Target {
    fn take(fields: &mut Fields<'_>, known: &Known<'_>, findings: &mut Findings) -> Self {
        let file = fields.file();
        fields
            .take("ticket")
            .map_or(Self::Case, |node| Self::Ticket(TemplateTree::at(file, node, known, findings)))
    }
}
