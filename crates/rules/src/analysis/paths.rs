//! Fields that rules read and that are never there.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::facts::Facts;
use super::{Placed, Surroundings, may_come_from};
use crate::event::ROOTS;
use crate::fields::{list, suggestion};
use crate::finding::{Finding, Findings, Place};
use crate::path::Path;
use crate::rule::EffectTemplate;
use crate::script::Script;
use crate::template::Template;
use crate::ticket_event;
use crate::yaml::{Node, NodeKind};

/// What the contract of events says is below these fields.
const BELOW: [(&str, &[&str]); 4] = [
    ("client", &["id", "name"]),
    ("site", &["id", "name"]),
    ("device", &["id", "name", "type", "os", "ip"]),
    ("user", &["name", "email"]),
];
const OF_CASES: [&str; 5] = ["count", "first_seen", "last_seen", "state", "ticket_id"];
const OF_RULES: [&str; 3] = ["id", "at", "description"];

/// Maps in vendors' payloads whose keys their users choose: samples cannot know them.
const OPEN: [&str; 16] = [
    "labels",
    "annotations",
    "tags",
    "custom",
    "custom_fields",
    "customfields",
    "attributes",
    "properties",
    "data",
    "fields",
    "extra",
    "metadata",
    "variables",
    "context",
    "params",
    "details",
];

/// Something a rule reads, and where that stands.
struct Read {
    /// With its variable: `event.device.name`, `case.count`.
    path: String,
    place: Place,
    /// The rule says what holds where it is missing.
    optional: bool,
}

/// Fields that rules read and that no event has.
pub(super) fn absent(
    rules: &[Placed<'_>],
    facts: &[Facts<'_>],
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) {
    let fields = Fields::known(rules, surroundings);
    let mut samples = Samples { surroundings, of_source: HashMap::new(), of_all: None };
    for (placed, facts) in rules.iter().zip(facts) {
        for read in reads(placed) {
            if let Some(finding) = fields.missing(&read) {
                findings.push(finding);
            } else if let Some(finding) = samples.missing(placed, facts, &read) {
                findings.push(finding);
            }
        }
    }
}

/// Everything a rule reads.
fn reads(placed: &Placed<'_>) -> Vec<Read> {
    let mut reads = Vec::new();
    let NodeKind::Map(entries) = &placed.node.kind else { return reads };
    for (key, node) in entries {
        match key.text.as_str() {
            "when" => conditions(placed, node, &mut reads),
            "id" | "description" | "owner" | "from" | "mode" | "active" => {}
            _ => texts(placed, &key.text, node, &mut reads),
        }
    }
    reads
}

fn conditions(placed: &Placed<'_>, node: &Node, reads: &mut Vec<Read>) {
    match &node.kind {
        NodeKind::List(items) => items.iter().for_each(|item| conditions(placed, item, reads)),
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                match key.text.as_str() {
                    "all" | "any" | "none" => conditions(placed, value, reads),
                    "script" => texts(placed, "script", value, reads),
                    "during" | "outside" | "case" => {}
                    path => {
                        let path = path.strip_prefix("event.").unwrap_or(path);
                        let place = placed.file.place(key.span);
                        reads.push(Read { path: format!("event.{path}"), place, optional: false });
                    }
                }
            }
        }
        _ => {}
    }
}

fn texts(placed: &Placed<'_>, key: &str, node: &Node, reads: &mut Vec<Read>) {
    match &node.kind {
        NodeKind::Text(text) => {
            let of = |script: &Script| (script.reads(), script.optional_paths());
            let scripts: Vec<(Vec<String>, Vec<String>)> = if key == "script" {
                Script::compile(text, &placed.known).iter().map(of).collect()
            } else if text.contains("${") {
                let template = Template::compile(text, &placed.known);
                template.map(|t| t.scripts().map(of).collect()).unwrap_or_default()
            } else {
                return;
            };
            let mut seen = BTreeSet::new();
            for (paths, fall_back) in scripts {
                for path in paths {
                    if seen.insert(path.clone()) {
                        let place = placed.mention(node, &path);
                        let optional = fall_back.contains(&path);
                        reads.push(Read { path, place, optional });
                    }
                }
            }
        }
        NodeKind::List(items) => items.iter().for_each(|item| texts(placed, key, item, reads)),
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                texts(placed, &key.text, value, reads);
            }
        }
        _ => {}
    }
}

/// The fields that are there whatever a vendor sends.
struct Fields {
    /// Below `client`, `site`, `device` and `user`, where presets and rules put more than the contract says.
    below: BTreeSet<String>,
    /// Set as a whole by somebody: nobody knows what is below.
    whole: BTreeSet<String>,
    /// Values of the rules' own; `None` where a script may set any.
    vars: Option<BTreeSet<String>>,
}

impl Fields {
    fn known(rules: &[Placed<'_>], surroundings: &Surroundings<'_>) -> Self {
        let mut fields = Self { below: BTreeSet::new(), whole: BTreeSet::new(), vars: Some(BTreeSet::new()) };
        let sets = rules.iter().flat_map(|placed| &placed.rule.effects).filter_map(|effect| match effect {
            EffectTemplate::Set(sets) => Some(sets.iter().map(|(path, _)| path)),
            _ => None,
        });
        sets.flatten().for_each(|path| fields.set(path));
        surroundings.presets.iter().flat_map(|preset| preset.sets()).for_each(|path| fields.set(path));
        for event in surroundings.told {
            for root in ["client", "site", "device", "user", "vars"] {
                let below = event.get(root).and_then(Value::as_object);
                for name in below.into_iter().flat_map(|map| map.keys()) {
                    fields.below.insert(format!("{root}.{name}"));
                }
            }
        }
        let by_script =
            |effect: &EffectTemplate| matches!(effect, EffectTemplate::Script(script) if script.calls("set"));
        if rules.iter().flat_map(|placed| &placed.rule.effects).any(by_script) {
            fields.vars = None;
        }
        fields
    }

    fn set(&mut self, path: &Path) {
        match names(path.as_str()).as_slice() {
            [root] => {
                self.whole.insert((*root).to_owned());
            }
            ["vars", name, ..] => {
                if let Some(vars) = &mut self.vars {
                    vars.insert((*name).to_owned());
                }
            }
            [root, name, ..] => {
                self.below.insert(format!("{root}.{name}"));
            }
            [] => {}
        }
    }

    fn missing(&self, read: &Read) -> Option<Finding> {
        let steps = names(&read.path);
        let steps = match steps.as_slice() {
            ["event", "vars", rest @ ..] => [&["vars"][..], rest].concat(),
            steps => steps.to_vec(),
        };
        let finding = |what: &str, name: &str, known: &[&str]| {
            let help = suggestion(name, known.iter().copied()).map_or_else(
                || format!("{what} has {}", list(known)),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("`{}` is never there", read.path);
            Some(Finding::warning("HW144", message).at(read.place.clone()).help(help))
        };
        match steps.as_slice() {
            ["case", name, ..] if !OF_CASES.contains(name) => finding("a case", name, &OF_CASES),
            ["rule", name, ..] if !OF_RULES.contains(name) => finding("a rule", name, &OF_RULES),
            ["vars", name, ..] => {
                let vars = self.vars.as_ref()?;
                if vars.contains(*name)
                    || self.whole.contains("vars")
                    || self.below.contains(&format!("vars.{name}"))
                {
                    return None;
                }
                let known: Vec<&str> = vars.iter().map(String::as_str).collect();
                let help = suggestion(name, known.iter().copied()).map_or_else(
                    || format!("no rule sets it: `set: {{ vars.{name}: … }}`"),
                    |n| format!("did you mean `vars.{n}`?"),
                );
                let message = format!("`{}` is never there", read.path);
                Some(Finding::warning("HW144", message).at(read.place.clone()).help(help))
            }
            ["event", root, ..] if !ROOTS.contains(root) => finding("an event", root, &ROOTS),
            ["event", "ticket", name, ..] => {
                let known: Vec<&str> = ticket_event::TICKET.iter().map(|(field, _)| *field).collect();
                if known.contains(name) { None } else { finding("a ticket", name, &known) }
            }
            ["event", "change", name, ..] => {
                let own = ticket_event::CHANGE.iter().map(|(field, _)| *field);
                let known: Vec<&str> = own.chain(ticket_event::FOLLOWED).collect();
                if known.contains(name) { None } else { finding("a change", name, &known) }
            }
            ["event", root, name, ..] => {
                let (_, known) = BELOW.iter().find(|(of, _)| of == root)?;
                let there = known.contains(name)
                    || self.whole.contains(*root)
                    || self.below.contains(&format!("{root}.{name}"));
                if there { None } else { finding(&format!("`{root}`"), name, known) }
            }
            _ => None,
        }
    }
}

/// The names of a path: `payload.tags[0].name` is `payload`, `tags`, `name`.
fn names(path: &str) -> Vec<&str> {
    path.split('.').map(|step| step.split('[').next().unwrap_or_default()).collect()
}

/// Samples of what sources send, looked up when a rule asks.
struct Samples<'a> {
    surroundings: &'a Surroundings<'a>,
    of_source: HashMap<String, Option<Vec<Value>>>,
    of_all: Option<Vec<Value>>,
}

// LIMIT: names to suggest; a sample has some hundred.
const NAMES: usize = 5000;

impl Samples<'_> {
    /// A field of the payload that no sample of the rule's sources has.
    fn missing(&mut self, placed: &Placed<'_>, facts: &Facts<'_>, read: &Read) -> Option<Finding> {
        let inner = read.path.strip_prefix("event.")?;
        let path = Path::parse(inner).ok()?;
        let steps = names(inner);
        if path.root() != "payload" || steps.len() < 2 {
            return None;
        }
        if steps[1..].iter().any(|name| OPEN.contains(&name.to_lowercase().as_str())) {
            return None;
        }
        let sources: Vec<String> = if placed.rule.from.is_empty() {
            self.surroundings.sources.keys().cloned().collect()
        } else {
            placed.rule.from.clone()
        };
        let sources: Vec<String> =
            sources.into_iter().filter(|source| may_come_from(placed.rule, facts, source)).collect();
        let (look, surroundings) = (self.surroundings.samples, self.surroundings);
        for source in &sources {
            let known = self.of_source.entry(source.clone()).or_insert_with(|| look(source));
            // Nobody knows what a source without samples sends.
            if known.as_ref().is_none_or(|samples| samples.iter().any(|sample| path.is_in(sample))) {
                return None;
            }
        }
        if sources.is_empty() || surroundings.told.iter().any(|event| path.is_in(event)) {
            return None;
        }
        if placed.rule.from.is_empty() {
            // A rule for any source may look for fields of vendors that are not configured here.
            let all = self.of_all.get_or_insert_with(|| (surroundings.every_sample)());
            if all.iter().any(|sample| path.is_in(sample)) {
                return None;
            }
        }
        let mut known = BTreeSet::new();
        for sample in sources.iter().filter_map(|s| self.of_source.get(s)?.as_ref()).flatten() {
            paths_below(sample.get("payload").unwrap_or(&Value::Null), "payload", &mut known);
        }
        let of: Vec<&str> = sources.iter().map(String::as_str).collect();
        let finding = Finding::warning("HW143", format!("no sample of {} has `{inner}`", list(&of)))
            .at(read.place.clone());
        Some(match near(inner, &known) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None if read.optional => return None,
            None => finding.help("if it sends this at times, tell of such a payload in a test"),
        })
    }
}

/// The path that differs from `wrong` in one name, which is near to what was written.
fn near<'a>(wrong: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let wrong: Vec<&str> = wrong.split('.').collect();
    known.iter().map(String::as_str).find(|path| {
        let path: Vec<&str> = path.split('.').collect();
        let mut differing = path.iter().zip(&wrong).filter(|(a, b)| a != b);
        path.len() == wrong.len()
            && differing.next().is_some_and(|(name, written)| suggestion(written, [*name]).is_some())
            && differing.next().is_none()
    })
}

fn paths_below(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    if out.len() >= NAMES {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = format!("{path}.{key}");
                paths_below(value, &path, out);
                out.insert(path);
            }
        }
        Value::Array(items) => {
            for item in items.iter().take(3) {
                paths_below(item, &format!("{path}[]"), out);
            }
        }
        _ => {}
    }
}
