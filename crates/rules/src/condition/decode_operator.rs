//! From an operator in a file, `{ below: 10 }`, to a compiled one.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::Operator;
use super::decode::Decoder;
use super::operator::Network;
use crate::duration::parse_duration;
use crate::fields::{list, scalar_text, suggestion};
use crate::finding::{Finding, Findings};
use crate::yaml::{KeyNode, Node, NodeKind};

const OPERATORS: [&str; 25] = [
    "is",
    "not",
    "in",
    "not_in",
    "exactly",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "like",
    "matches",
    "not_matches",
    "above",
    "below",
    "at_least",
    "at_most",
    "between",
    "older_than",
    "newer_than",
    "before",
    "after",
    "cidr",
    "exists",
    "empty",
    "not_empty",
];

impl Decoder<'_> {
    pub(super) fn operator(&self, op: &KeyNode, arg: &Node, findings: &mut Findings) -> Option<Operator> {
        let texts = |findings: &mut Findings| self.texts(op, arg, findings);
        let lower = |findings: &mut Findings| {
            texts(findings).into_iter().map(|t| t.to_lowercase()).collect::<Vec<_>>()
        };
        Some(match op.text.as_str() {
            "is" => match &arg.kind {
                NodeKind::List(_) => Operator::In(values(arg)),
                _ => Operator::Is(arg.to_value()),
            },
            "not" => match &arg.kind {
                NodeKind::List(_) => Operator::NotIn(values(arg)),
                _ => Operator::Not(arg.to_value()),
            },
            "in" => Operator::In(values(arg)),
            "not_in" => Operator::NotIn(values(arg)),
            "exactly" => Operator::Exactly(values(arg)),
            "contains" => Operator::Contains(lower(findings)),
            "not_contains" => Operator::NotContains(lower(findings)),
            "starts_with" => Operator::StartsWith(lower(findings)),
            "ends_with" => Operator::EndsWith(lower(findings)),
            "like" => Operator::Like(
                texts(findings)
                    .into_iter()
                    .filter_map(|text| match glob(&text) {
                        Ok(regex) => Some((text, regex)),
                        Err(_) => self.error(arg, "HW108", "the pattern is too large".into(), findings),
                    })
                    .collect(),
            ),
            "matches" => Operator::Matches(self.regexes(op, arg, findings)),
            "not_matches" => Operator::NotMatches(self.regexes(op, arg, findings)),
            "above" => Operator::Above(self.number(op, arg, findings)?),
            "below" => Operator::Below(self.number(op, arg, findings)?),
            "at_least" => Operator::AtLeast(self.number(op, arg, findings)?),
            "at_most" => Operator::AtMost(self.number(op, arg, findings)?),
            "between" => match &arg.kind {
                NodeKind::List(items) if items.len() == 2 => Operator::Between(
                    self.number(op, &items[0], findings)?,
                    self.number(op, &items[1], findings)?,
                ),
                _ => {
                    return self.error(
                        arg,
                        "HW104",
                        "`between` needs two numbers such as `[1, 5]`".into(),
                        findings,
                    );
                }
            },
            "older_than" | "newer_than" => match scalar_text(arg).as_deref().map(parse_duration) {
                Some(Ok(duration)) if op.text == "older_than" => Operator::OlderThan(duration),
                Some(Ok(duration)) => Operator::NewerThan(duration),
                _ => {
                    return self.error(
                        arg,
                        "HW104",
                        format!("`{}` needs a duration such as `90s`, `5m`, `2h` or `1d`", op.text),
                        findings,
                    );
                }
            },
            "before" | "after" => match scalar_text(arg).as_deref().and_then(crate::time::parse) {
                Some(time) if op.text == "before" => Operator::Before(time),
                Some(time) => Operator::After(time),
                None => {
                    return self.error(
                        arg,
                        "HW104",
                        format!("`{}` needs a time such as `2026-01-05T09:00:00Z`", op.text),
                        findings,
                    );
                }
            },
            "cidr" => Operator::Cidr(
                texts(findings)
                    .into_iter()
                    .filter_map(|text| {
                        Network::parse(&text).or_else(|| {
                            self.error(
                                arg,
                                "HW104",
                                format!("`{text}` is no network such as `10.0.0.0/8`"),
                                findings,
                            )
                        })
                    })
                    .collect(),
            ),
            "exists" => Operator::Exists(self.flag(op, arg, findings)?),
            "empty" => Operator::Empty(self.flag(op, arg, findings)?),
            "not_empty" => Operator::Empty(!self.flag(op, arg, findings)?),
            unknown => {
                let help = suggestion(unknown, OPERATORS).map_or_else(
                    || format!("one of {}", list(&OPERATORS)),
                    |name| format!("did you mean `{name}`?"),
                );
                findings.push(
                    Finding::error("HW103", format!("unknown operator `{unknown}`"))
                        .at(self.file.place(op.span))
                        .help(help),
                );
                return None;
            }
        })
    }

    fn texts(&self, op: &KeyNode, arg: &Node, findings: &mut Findings) -> Vec<String> {
        let items: Vec<&Node> = match &arg.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![arg],
        };
        items
            .into_iter()
            .filter_map(|item| {
                scalar_text(item).filter(|t| !t.is_empty()).or_else(|| {
                    self.error(
                        item,
                        "HW104",
                        format!("`{}` needs text or a list of texts", op.text),
                        findings,
                    )
                })
            })
            .collect()
    }

    fn regexes(&self, op: &KeyNode, arg: &Node, findings: &mut Findings) -> Vec<Regex> {
        let mut regexes = Vec::new();
        for text in self.texts(op, arg, findings) {
            match RegexBuilder::new(&text).size_limit(1 << 20).build() {
                Ok(regex) => regexes.push(regex),
                Err(error) => {
                    let why = error.to_string();
                    let why = why
                        .lines()
                        .last()
                        .unwrap_or_default()
                        .trim()
                        .trim_start_matches("error: ")
                        .to_owned();
                    self.error::<()>(arg, "HW108", format!("the pattern is not valid: {why}"), findings);
                }
            }
        }
        regexes
    }

    fn number(&self, op: &KeyNode, arg: &Node, findings: &mut Findings) -> Option<f64> {
        crate::value::to_number(&arg.to_value())
            .or_else(|| self.error(arg, "HW104", format!("`{}` needs a number", op.text), findings))
    }

    fn flag(&self, op: &KeyNode, arg: &Node, findings: &mut Findings) -> Option<bool> {
        match arg.kind {
            NodeKind::Bool(b) => Some(b),
            _ => self.error(arg, "HW104", format!("`{}` needs `true` or `false`", op.text), findings),
        }
    }
}

fn values(node: &Node) -> Vec<Value> {
    match &node.kind {
        NodeKind::List(items) => items.iter().map(Node::to_value).collect(),
        _ => vec![node.to_value()],
    }
}

/// `SRV-*` as an anchored pattern without regard to case: `*` any text, `?` one character.
fn glob(pattern: &str) -> Result<Regex, regex::Error> {
    let mut source = String::from("(?is)^");
    for c in pattern.chars() {
        match c {
            '*' => source.push_str(".*"),
            '?' => source.push('.'),
            _ => source.push_str(&regex::escape(&c.to_string())),
        }
    }
    source.push('$');
    RegexBuilder::new(&source).size_limit(1 << 20).build()
}
