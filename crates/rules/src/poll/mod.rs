//! What a poll asks for and how its answers are read: requests, pages, marks. Nothing is fetched here.
//!
//! `decode` reads the fields of a `poll` block, in a preset or in a source; [`RawPoll::over`] lays the source's over its
//! preset's, and [`RawPoll::finish`] makes a [`Poll`] of both. `ask` renders the request of a page, `answer` says what a
//! page holds and which one is next, `mark` compares and writes watermarks, `needs` is what a preset leaves to its sources.

mod answer;
mod ask;
mod decode;
mod mark;
mod needs;
#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use ask::{Asked, Turn};
pub use mark::Mark;
pub use needs::Need;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::finding::{Finding, Findings, Place, SourceFile};
use crate::template::{Template, TemplateTree};
use crate::yaml::Node;
use mark::MarkFormat;

/// The variables that the templates of a request see.
const ASK_VARS: [&str; 8] = ["host", "vars", "watermark", "page", "cursor", "token", "source", "now"];
/// The variables of texts that do not change from request to request.
const FILL_VARS: [&str; 3] = ["host", "vars", "source"];
/// The variables that the templates reading an answer see.
const ANSWER_VARS: [&str; 9] =
    ["host", "vars", "payload", "headers", "item", "page", "cursor", "source", "now"];

/// How often it is asked, where neither source nor preset says.
const EVERY: Duration = Duration::from_mins(1);
/// LIMIT: no alert is so urgent that a vendor's API may be asked more often.
const LEAST_EVERY: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);
/// LIMIT: pages of one round, where nothing is said.
const MAX_PAGES: u64 = 50;
/// How many complete rounds in a row an item has to be gone.
const GONE_AFTER: u64 = 2;

/// The fields of a `poll` block as they stand in a file.
#[derive(Debug, Clone, Default)]
pub struct RawPoll {
    every: Option<Duration>,
    slowest_limit: Option<Duration>,
    url: Option<Template>,
    method: Option<Method>,
    headers: Vec<(String, Template)>,
    query: Vec<(String, TemplateTree)>,
    body: Option<TemplateTree>,
    items: Option<Template>,
    pagination: Option<Pagination>,
    max_pages: Option<u64>,
    watermark: Option<Watermark>,
    gone: Option<bool>,
    gone_after: Option<u64>,
    timeout: Option<Duration>,
    host: Option<String>,
    vars: BTreeMap<String, String>,
    needs: BTreeMap<String, Need>,
    auth: Option<(SourceFile, Node)>,
}

/// A poll, whole.
#[derive(Debug, Clone)]
pub struct Poll {
    /// How often it is asked, where no cron expression says when.
    pub every: Duration,
    /// How long one request may take.
    pub timeout: Duration,
    /// How many pages one round may have.
    pub max_pages: u64,
    /// After how many complete rounds an item that is no longer listed is resolved; nothing where it never is.
    pub gone_after: Option<u64>,
    source: String,
    url: Template,
    method: Method,
    headers: Vec<(String, Template)>,
    query: Vec<(String, TemplateTree)>,
    body: Option<TemplateTree>,
    items: Option<Template>,
    pagination: Pagination,
    watermark: Option<Watermark>,
    host: Option<String>,
    vars: BTreeMap<String, String>,
}

/// What a request is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asking.
    Get,
    /// Asking with a body.
    Post,
    /// The same, where a vendor lists what is described so.
    Patch,
}

/// How one page leads to the next.
#[derive(Debug, Clone)]
enum Pagination {
    /// There is one page.
    None,
    /// Pages have numbers.
    Page {
        param: Option<String>,
        first: u64,
        size: Option<(Option<String>, u64)>,
        pages: Option<Template>,
        more: Option<Template>,
    },
    /// Items are counted.
    Offset { param: String, size_param: Option<String>, size: u64 },
    /// The answer names what to ask with next.
    Cursor { param: Option<String>, from: Template },
    /// The answer names the address of the next page.
    Next(Template),
    /// The header `Link` names the address of the next page.
    Link,
}

/// How far was read, and how it is asked from there.
#[derive(Debug, Clone)]
struct Watermark {
    from: Template,
    param: Option<String>,
    overlap: Duration,
    start: Duration,
    format: MarkFormat,
    ascending: bool,
}

impl RawPoll {
    /// These fields, and those of `base` where they say nothing.
    #[must_use]
    pub fn over(self, base: &Self) -> Self {
        let base = base.clone();
        let mut vars = base.vars;
        vars.extend(self.vars);
        Self {
            every: self.every.or(base.every),
            slowest_limit: self.slowest_limit.or(base.slowest_limit),
            url: self.url.or(base.url),
            method: self.method.or(base.method),
            headers: laid_over(self.headers, base.headers, str::eq_ignore_ascii_case),
            query: laid_over(self.query, base.query, str::eq),
            body: self.body.or(base.body),
            items: self.items.or(base.items),
            pagination: self.pagination.or(base.pagination),
            max_pages: self.max_pages.or(base.max_pages),
            watermark: self.watermark.or(base.watermark),
            gone: self.gone.or(base.gone),
            gone_after: self.gone_after.or(base.gone_after),
            timeout: self.timeout.or(base.timeout),
            host: self.host.or(base.host),
            vars,
            needs: base.needs,
            auth: self.auth.or(base.auth),
        }
    }

    /// How it proves who it is, as it stands in its file: what it needs are secrets, which are not known here.
    pub fn auth(&self) -> Option<&(SourceFile, Node)> {
        self.auth.as_ref()
    }

    /// The poll of `source`, whose place findings name.
    pub fn finish(self, source: &str, at: &Place, findings: &mut Findings) -> Option<Poll> {
        let before = findings.errors();
        for (name, need) in &self.needs {
            let given = if name == "host" { self.host.is_some() } else { self.vars.contains_key(name) };
            if !given {
                findings.push(need.missing(source, name, at));
            }
        }
        if self.url.is_none() {
            findings.push(
                Finding::error("HW205", format!("the poll of `{source}` has no `url`"))
                    .at(at.clone())
                    .help("add `url:`, or a `preset` that knows it: `haloward presets` lists them"),
            );
        }
        let every = self.every.unwrap_or(EVERY);
        if let Some(least) = self.slowest_limit.filter(|least| every < *least) {
            findings.push(
                Finding::warning(
                    "HW209",
                    format!(
                        "`{source}` is polled every {}, and the vendor allows it every {}",
                        crate::duration::format_duration(every),
                        crate::duration::format_duration(least)
                    ),
                )
                .at(at.clone())
                .help("poll less often: beyond its limit the vendor refuses, and alerts come later"),
            );
        }
        let gone = self.gone.unwrap_or(false);
        if gone && self.watermark.is_some() {
            findings.push(
                Finding::error(
                    "HW212",
                    format!("the poll of `{source}` has `gone: resolved` and a `watermark`"),
                )
                .at(at.clone())
                .help(
                    "a watermark lists only what changed, so what is not listed is not gone: leave one out",
                ),
            );
        }
        let url = self.url?;
        (findings.errors() == before).then(|| Poll {
            every: every.max(LEAST_EVERY),
            timeout: self.timeout.unwrap_or(TIMEOUT),
            max_pages: self.max_pages.unwrap_or(MAX_PAGES).max(1),
            gone_after: gone.then(|| self.gone_after.unwrap_or(GONE_AFTER).max(1)),
            source: source.to_owned(),
            url,
            method: self.method.unwrap_or(if self.body.is_some() { Method::Post } else { Method::Get }),
            headers: self.headers,
            query: self.query,
            body: self.body,
            items: self.items,
            pagination: self.pagination.unwrap_or(Pagination::None),
            watermark: self.watermark,
            host: self.host,
            vars: self.vars,
        })
    }
}

/// The entries of `over`, and those of `base` whose names it does not have.
fn laid_over<T>(
    over: Vec<(String, T)>,
    base: Vec<(String, T)>,
    same: fn(&str, &str) -> bool,
) -> Vec<(String, T)> {
    let mut all: Vec<_> =
        base.into_iter().filter(|(name, _)| !over.iter().any(|(other, _)| same(name, other))).collect();
    all.extend(over);
    all
}
