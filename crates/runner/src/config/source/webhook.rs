//! A source that tools send to.

use std::time::Duration;

use haloward_rules::{Fields, Finding, Findings, Node, SourceFile};

use super::{Beside, Reading};
use crate::config::{Auth, Networks};
use crate::receiver::{Rate, repeat};

/// A source that tools send to.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// How its payloads become events.
    pub reading: Reading,
    /// How it proves who it is.
    pub auth: Auth,
    /// How many deliveries it may make, where that is limited.
    pub limit: Option<Rate>,
    /// How long the same body counts as the same delivery, where the source says so.
    pub repeated_within: Option<Duration>,
    /// The networks it sends from, where they are known.
    pub allow_from: Networks,
    /// The origins that may ask for leave to send, as CloudEvents senders do; `*` is any.
    pub allow_origin: Vec<String>,
}

impl Webhook {
    /// One that may send as much as it likes, from everywhere.
    pub fn new(reading: Reading, auth: Auth) -> Self {
        let (allow_from, allow_origin) = (Networks::default(), Vec::new());
        Self { reading, auth, limit: None, repeated_within: None, allow_from, allow_origin }
    }

    /// `source` is the whole source, whose place findings about what is missing name.
    pub(super) fn decode(
        name: &str,
        file: &SourceFile,
        source: &Node,
        node: &Node,
        beside: &Beside<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`webhook`", findings)?;
        let reading = Reading::take(name, file, &mut fields, beside, findings);
        let webhook = Self::with(reading, name, file, source, &mut fields, beside, findings);
        fields.finish(findings);
        webhook
    }

    /// Takes what says who may send out of the fields; how payloads are read is known.
    pub(super) fn with(
        reading: Reading,
        name: &str,
        file: &SourceFile,
        source: &Node,
        fields: &mut Fields<'_>,
        beside: &Beside<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let limit = fields.take("limit").and_then(|node| rate(file, node, findings));
        let repeated_within = repeated_within(file, fields, findings);
        let auth = match fields.take("auth") {
            Some(auth) => Auth::decode(file, auth, &reading.vendor(beside), beside, findings),
            None => {
                findings.push(
                    Finding::error("HW086", format!("anybody could send to the source `{name}`: it has no `auth`"))
                        .at(file.place(source.span))
                        .help("add `auth: { url_token: env:NAME }`, or `auth: none` if only this machine can reach it"),
                );
                None
            }
        };
        let allow_from = Networks::take(fields, "allow_from", findings);
        let allow_origin = fields.texts("allow_origin", findings).into_iter().map(|(text, _)| text).collect();
        Some(Self { reading, auth: auth?, limit, repeated_within, allow_from, allow_origin })
    }
}

/// How long the same body counts as the same delivery.
fn repeated_within(file: &SourceFile, fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Duration> {
    let place = fields.take("repeated_within").map(|node| file.place(node.span));
    let within = fields.duration("repeated_within", findings)?;
    if within > repeat::LONGEST {
        let finding = Finding::error("HW201", "a delivery is not recognized for longer than an hour");
        findings.push(match place {
            Some(place) => finding.at(place),
            None => finding,
        });
        return None;
    }
    Some(within)
}

/// How many deliveries in how much time.
fn rate(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Rate> {
    let mut fields = Fields::of(file, node, "`limit`", findings)?;
    let requests = fields.need("requests", findings).and_then(crate::config::decode::scalar);
    let per = fields.duration("per", findings);
    fields.finish(findings);
    let requests = requests.and_then(|text| text.parse::<u32>().ok()).filter(|requests| *requests > 0);
    match (requests, per) {
        (Some(requests), Some(per)) if !per.is_zero() => Some(Rate { requests, per }),
        _ => {
            findings.push(
                Finding::error("HW182", "a source's `limit` is a number of requests per time")
                    .at(file.place(node.span))
                    .help("write `limit: { requests: 600, per: 1m }`"),
            );
            None
        }
    }
}
