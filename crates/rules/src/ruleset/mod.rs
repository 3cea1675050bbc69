//! All rules together: loaded from files, in order, indexed by what they require.

mod demands;
mod index;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::calendar::Calendars;
use crate::client::{ClientBook, ClientDirectory, ClientFacts};
use crate::event::Event;
use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::{Known, Library, Tables};
use crate::names::{NameUse, Names};
use crate::rule::{Limit, RULE_VARS, Rule, RuleContext, RuleId};
use crate::script::{Modules, Use};
use crate::ticket::TicketTemplate;
use crate::yaml::{Node, NodeKind, read};

use index::Index;

/// What happens to an event whose rule failed and that opened no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRuleError {
    /// Open a ticket from the defaults that carries the event and the error.
    #[default]
    OpenTicket,
    /// Record the error, nothing else.
    Ignore,
}

/// What the configuration says about rules.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    ticket_defaults: Option<(SourceFile, Node)>,
    client_defaults: Option<(SourceFile, Node)>,
    /// Which of the names that tools use is which client.
    pub clients: ClientDirectory,
    /// The tenant's clients, where they are known.
    pub known_clients: Vec<ClientFacts>,
    /// The calendars by name.
    pub calendars: Arc<Calendars>,
    /// What a failing rule leads to.
    pub on_rule_error: OnRuleError,
    /// The names of the sources, where they are known.
    pub sources: Option<BTreeSet<String>>,
    /// The names of the channels that `notify` can name, where they are known.
    pub channels: Option<BTreeSet<String>>,
    /// The brake of all rules together.
    pub brake: Option<Limit>,
}

impl Settings {
    /// Takes the configuration's `ticket_defaults`. They are compiled with the rules, whose tables and modules they may
    /// use; their mistakes are among the findings of that.
    pub fn ticket_defaults(&mut self, file: &SourceFile, node: &Node) {
        self.ticket_defaults = Some((file.clone(), node.clone()));
    }

    /// Takes `ticket_defaults` of the clients file: what the tickets of a client have by default, by its name or id in
    /// HaloPSA.
    pub fn client_defaults(&mut self, file: &SourceFile, node: &Node) {
        self.client_defaults = Some((file.clone(), node.clone()));
    }
}

/// The compiled rules. Immutable; cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    rules: Arc<[Rule]>,
    by_id: Arc<HashMap<RuleId, usize>>,
    index: Arc<Index>,
    library: Arc<Library>,
    ticket_defaults: Arc<TicketTemplate>,
    clients: Arc<ClientBook>,
    names: Arc<[NameUse]>,
    on_rule_error: OnRuleError,
    brake: Option<Limit>,
}

impl RuleSet {
    /// Compiles the rules of `files`, tried in the order of their paths. Among the files may be the tables (those in
    /// a folder named `tables`) and modules (`.rhai`) that the rules use. Rules with mistakes are
    /// left out and are findings; whoever loads decides whether to go on without them.
    pub fn load(files: &[SourceFile], settings: Settings) -> (Self, Findings) {
        let mut findings = Findings::default();
        let mut files: Vec<&SourceFile> = files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let Settings {
            ticket_defaults,
            client_defaults,
            clients,
            known_clients,
            calendars,
            on_rule_error,
            sources,
            channels,
            brake,
        } = settings;
        let names = Names::default();
        let around = Library { calendars, channels, ..Library::default() };
        let (files, library) = library(files, around, &mut findings);
        let ticket_defaults = ticket_defaults.map(|(file, node)| {
            let known = known(&file, &library, &[], &names);
            TicketTemplate::decode(&file, &node, "`ticket_defaults`", &known, &mut findings)
        });
        let ticket_defaults = ticket_defaults.unwrap_or_default();
        let clients = {
            let path =
                client_defaults.as_ref().map_or_else(|| SourceFile::new("", ""), |(file, _)| file.clone());
            let known = known(&path, &library, &[], &names);
            let defaults = client_defaults.as_ref().map(|(file, node)| (file, node));
            ClientBook::decode(clients, known_clients, defaults, &ticket_defaults, &known, &mut findings)
        };
        let around = Around {
            sources: sources.as_ref(),
            library: &library,
            ticket_defaults: &ticket_defaults,
            names: &names,
        };
        let mut rules: Vec<Rule> = Vec::new();
        let mut seen: BTreeMap<RuleId, Arc<str>> = BTreeMap::new();
        for file in files {
            let node = match read(file) {
                Ok(node) => node,
                Err(finding) => {
                    findings.push(finding);
                    continue;
                }
            };
            let mut of_file = Findings::default();
            for (rule, id_node) in load_file(file, &node, &around, &mut of_file) {
                if let Some(first) = seen.get(rule.id()) {
                    of_file.push(
                        Finding::error("HW018", format!("the id `{}` is used twice", rule.id()))
                            .at(file.place(id_node))
                            .help(format!("the first one is at {first}")),
                    );
                    continue;
                }
                seen.insert(rule.id().clone(), rule.at.clone());
                rules.push(rule);
            }
            findings.extend(of_file.in_reading_order());
        }
        let index = Index::new(&rules);
        let by_id = rules.iter().enumerate().map(|(i, r)| (r.id().clone(), i)).collect();
        let set = Self {
            rules: rules.into(),
            by_id: Arc::new(by_id),
            index: Arc::new(index),
            library,
            ticket_defaults: Arc::new(ticket_defaults),
            clients: Arc::new(clients),
            names: names.into_all().into(),
            on_rule_error,
            brake,
        };
        (set, findings)
    }

    /// The rules in the order they are tried.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of that id.
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.by_id.get(id).map(|i| &self.rules[*i])
    }

    /// How long after its end a case can still matter, because its ticket may be opened again; `None` where that
    /// cannot be known.
    pub(crate) fn longest_reopening(&self) -> Option<Duration> {
        self.rules
            .iter()
            .try_fold(Duration::ZERO, |longest, rule| Some(longest.max(rule.longest_reopening()?)))
    }

    /// The tenant's names that the rules, the ticket defaults and the clients' own defaults use as plain text.
    pub fn names(&self) -> &[NameUse] {
        &self.names
    }

    /// The clients' own ticket defaults.
    pub(crate) fn clients(&self) -> &ClientBook {
        &self.clients
    }

    /// The whole service's storm brake.
    pub(crate) fn brake(&self) -> Option<Limit> {
        self.brake
    }

    /// What expressions can look up.
    pub(crate) fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// The rule of that id, with its number in the order they are tried.
    pub(crate) fn numbered(&self, id: &RuleId) -> Option<(usize, &Rule)> {
        self.by_id.get(id).map(|number| (*number, &self.rules[*number]))
    }

    pub(crate) fn ticket_defaults(&self) -> &TicketTemplate {
        &self.ticket_defaults
    }

    pub(crate) fn on_rule_error(&self) -> OnRuleError {
        self.on_rule_error
    }

    /// The rules that can match the event, in order: all of them but those whose leading equality cannot hold.
    pub(crate) fn candidates(&self, event: &Event, out: &mut Vec<u32>) {
        self.index.candidates(event.value(), out);
    }
}

/// The tables and modules among the files, and the rule files.
fn library<'f>(
    files: Vec<&'f SourceFile>,
    mut library: Library,
    findings: &mut Findings,
) -> (Vec<&'f SourceFile>, Arc<Library>) {
    let (modules, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|f| Modules::is_module(&f.path));
    let (tables, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|f| Tables::is_table(&f.path));
    let tables = Tables::load(&tables, findings);
    library.tables = tables;
    library.modules = Modules::load(&modules, &library, findings);
    (files, Arc::new(library))
}

/// What is the same for all rule files.
struct Around<'a> {
    sources: Option<&'a BTreeSet<String>>,
    library: &'a Library,
    /// The configuration's own ticket defaults.
    ticket_defaults: &'a TicketTemplate,
    names: &'a Names,
}

fn known<'a>(file: &'a SourceFile, library: &'a Library, uses: &'a [Use], names: &'a Names) -> Known<'a> {
    Known { vars: &RULE_VARS, library, uses, file: &file.path, names: Some(names) }
}

fn load_file(
    file: &SourceFile,
    node: &Node,
    around: &Around<'_>,
    findings: &mut Findings,
) -> Vec<(Rule, crate::yaml::Span)> {
    let Some(mut fields) = Fields::of(file, node, "a rule file", findings) else { return Vec::new() };
    let uses =
        fields.take("use").map(|n| Use::decode_all(file, n, around.library, findings)).unwrap_or_default();
    let known = known(file, around.library, &uses, around.names);
    let start = around.names.len();
    let mut defaults = TicketTemplate::default();
    if let Some(node) = fields.take("defaults")
        && let Some(mut inner) = Fields::of(file, node, "`defaults`", findings)
    {
        if let Some(ticket) = inner.take("ticket") {
            defaults = TicketTemplate::decode(file, ticket, "`defaults.ticket`", &known, findings);
            around.names.complete(start, &around.ticket_defaults.within());
        }
        inner.finish(findings);
    }
    let context = RuleContext {
        sources: around.sources,
        known,
        defaults: Arc::new(defaults),
        ticket_defaults: around.ticket_defaults,
    };
    let mut rules = Vec::new();
    match fields.take("rules").map(|n| (&n.kind, n)) {
        None => {}
        Some((NodeKind::List(items), _)) => {
            for item in items {
                let place = item.get("id").map_or(item.span, |id| id.span);
                rules.extend(Rule::decode(file, item, &context, findings).map(|rule| (rule, place)));
            }
        }
        Some((_, node)) => findings.push(
            Finding::error("HW010", format!("`rules` must be a list, not {}", node.kind_name()))
                .at(file.place(node.span)),
        ),
    }
    fields.finish(findings);
    rules
}

#[cfg(test)]
mod tests;
