//! Templates: text with `${ expression }` in it, compiled once.
//!
//! A text that is exactly one `${…}` keeps the value's type. In Markdown fields values are put in after the Markdown
//! has been read, so nothing an alert contains can become markup (see [`markdown`]).

mod expression;
mod markdown;

pub(crate) use markdown::{escape_html, plain_to_html};

use std::sync::Arc;

use serde_json::Value;

use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::script::{CompileError, Env, Output, Script, ScriptError, View};
use crate::yaml::{Node, NodeKind};

/// A compiled template.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Expr(Script),
}

/// Where a template is broken: characters from its start, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) offset: usize,
    pub(crate) len: usize,
    pub(crate) help: Option<String>,
}

impl Template {
    /// Compiles a template whose expressions may use what is `known`.
    pub(crate) fn compile(source: &str, known: &Known<'_>) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = source;
        while let Some(at) = rest.find('$') {
            text.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if let Some(tail) = after.strip_prefix('$') {
                text.push('$');
                rest = tail;
            } else if let Some(inner) = after.strip_prefix('{') {
                let offset = source.len() - inner.len();
                let chars = |bytes: usize| source[..bytes].chars().count();
                let end = expression::end(inner).ok_or_else(|| TemplateError {
                    code: "HW040",
                    message: "`${` has no closing `}`".into(),
                    offset: chars(offset - 2),
                    len: 2,
                    help: None,
                })?;
                let expr = inner[..end].trim();
                let script = Script::compile(expr, known).map_err(|error: CompileError| {
                    let trimmed = inner.len() - inner.trim_start().len();
                    let on_first = error.at.filter(|(line, _)| *line == 1);
                    TemplateError {
                        code: if error.code.is_empty() { "HW040" } else { error.code },
                        message: error.message,
                        offset: chars(offset + trimmed) + on_first.map_or(0, |(_, column)| column - 1),
                        len: if on_first.is_some() { error.len } else { 1 },
                        help: error.help,
                    }
                })?;
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Expr(script));
                rest = &inner[end + 1..];
            } else {
                text.push('$');
                rest = after;
            }
        }
        text.push_str(rest);
        if !text.is_empty() || parts.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { parts })
    }

    /// Compiles the template at `node`; mistakes become findings at their place.
    pub(crate) fn at(
        file: &SourceFile,
        node: &Node,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let source = crate::fields::scalar_text(node)?;
        match Self::compile(&source, known) {
            Ok(template) => {
                if template.uses_raw_html() {
                    findings.push(
                        Finding::warning(
                            "HW041",
                            "`raw_html` puts what the alert contains into the ticket as markup",
                        )
                        .at(file.place(node.span))
                        .help("leave it out unless the value cannot come from outside"),
                    );
                }
                Some(template)
            }
            Err(error) => {
                let before: String = source.chars().take(error.offset).collect();
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
                let span = file.within(node.span, line, column, error.len);
                let finding = Finding::error(error.code, error.message).at(file.place(span));
                findings.push(match error.help {
                    Some(help) => finding.help(help),
                    None => finding,
                });
                None
            }
        }
    }

    /// Whether the template is one text without expressions.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Its expressions.
    pub(crate) fn scripts(&self) -> impl Iterator<Item = &Script> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expr(script) => Some(script),
            Part::Text(_) => None,
        })
    }

    /// The paths whose values stand in it as they are.
    pub(crate) fn plain_paths(&self) -> Vec<String> {
        self.scripts().flat_map(Script::plain_paths).collect()
    }

    fn uses_raw_html(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Expr(script) if script.uses_raw_html()))
    }

    /// The rendered value: of the expression's own type where the template is one expression, else text.
    pub(crate) fn value(&self, env: &Env<'_>) -> Result<Value, ScriptError> {
        if let [Part::Expr(script)] = self.parts.as_slice() {
            return script.eval(env).map(Output::into_value);
        }
        self.text(env).map(Value::String)
    }

    /// The same as a view, which copies nothing where the template is a place in a variable.
    pub(crate) fn view(&self, env: &Env<'_>) -> Result<View, ScriptError> {
        if let [Part::Expr(script)] = self.parts.as_slice() {
            return script.view(env);
        }
        self.value(env).map(|value| View::new(Arc::new(value)))
    }

    /// The rendered text.
    pub(crate) fn text(&self, env: &Env<'_>) -> Result<String, ScriptError> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Expr(script) => match script.eval(env)? {
                    Output::Value(value) => out.push_str(&crate::value::to_text(&value)),
                    Output::RawHtml(html) => out.push_str(&html),
                },
            }
        }
        Ok(out)
    }

    /// The template read as Markdown, with its values put in as plain text, as HTML.
    pub(crate) fn html(&self, env: &Env<'_>) -> Result<String, ScriptError> {
        let mut page = markdown::Page::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => page.author(text),
                Part::Expr(script) => match script.eval(env)? {
                    Output::Value(value) => page.value(&crate::value::to_text(&value)),
                    Output::RawHtml(html) => page.raw(html),
                },
            }
        }
        Ok(page.into_html())
    }
}

/// A JSON-like tree of templates: maps and lists whose texts are templates, other scalars as they are.
#[derive(Debug, Clone)]
pub(crate) enum TemplateTree {
    Value(Value),
    Template(Template),
    List(Vec<TemplateTree>),
    Map(Vec<(String, TemplateTree)>),
}

impl TemplateTree {
    /// Compiles all texts below `node`.
    pub(crate) fn at(file: &SourceFile, node: &Node, known: &Known<'_>, findings: &mut Findings) -> Self {
        match &node.kind {
            NodeKind::Text(_) => {
                Template::at(file, node, known, findings).map_or(Self::Value(Value::Null), |t| {
                    t.literal()
                        .map(|text| Self::Value(Value::String(text.to_owned())))
                        .unwrap_or(Self::Template(t))
                })
            }
            NodeKind::List(items) => {
                Self::List(items.iter().map(|n| Self::at(file, n, known, findings)).collect())
            }
            NodeKind::Map(entries) => Self::Map(
                entries.iter().map(|(k, v)| (k.text.clone(), Self::at(file, v, known, findings))).collect(),
            ),
            _ => Self::Value(node.to_value()),
        }
    }

    /// The tree with every template rendered to its value.
    pub(crate) fn value(&self, env: &Env<'_>) -> Result<Value, ScriptError> {
        Ok(match self {
            Self::Value(value) => value.clone(),
            Self::Template(template) => template.value(env)?,
            Self::List(items) => Value::Array(items.iter().map(|t| t.value(env)).collect::<Result<_, _>>()?),
            Self::Map(entries) => {
                Value::Object(entries.iter().map(|(k, t)| Ok((k.clone(), t.value(env)?))).collect::<Result<
                    _,
                    ScriptError,
                >>(
                )?)
            }
        })
    }
}

#[cfg(test)]
mod tests;
