//! What the rules fill in on tickets: whoever connects them to a ticket system learns what it must let them do.

use std::collections::BTreeMap;

use super::RuleSet;
use crate::rule::{EffectTemplate, Rule, RuleId};
use crate::ticket::{TICKET_FIELDS, TicketTemplate};

impl RuleSet {
    /// The ticket fields that are filled in, each with the rules that do it themselves; those that come from the
    /// defaults alone have none. A script counts as filling in each field it mentions.
    pub fn ticket_fields(&self) -> BTreeMap<&'static str, Vec<RuleId>> {
        let mut found: BTreeMap<&'static str, Vec<RuleId>> = BTreeMap::new();
        for field in self.ticket_defaults().names() {
            found.entry(field).or_default();
        }
        for rule in self.rules() {
            for field in rule.defaults.names() {
                found.entry(field).or_default();
            }
            for field in rule.own_fields() {
                let rules = found.entry(field).or_default();
                if rules.last() != Some(&rule.id) {
                    rules.push(rule.id.clone());
                }
            }
        }
        found
    }
}

impl Rule {
    fn own_fields(&self) -> Vec<&'static str> {
        let mut fields = Vec::new();
        for effect in &self.effects {
            match effect {
                EffectTemplate::OpenTicket { ticket, .. } | EffectTemplate::UpdateTicket { ticket, .. } => {
                    fields.extend(ticket.names());
                }
                EffectTemplate::Script(script) => {
                    let mentions = |field: &&str| {
                        let words = script.source().split(|c: char| !c.is_alphanumeric() && c != '_');
                        words.into_iter().any(|word| word == *field)
                    };
                    fields.extend(TICKET_FIELDS.iter().copied().filter(mentions));
                }
                _ => {}
            }
        }
        fields.extend(
            self.escalate.iter().filter_map(|step| step.update.as_ref()).flat_map(TicketTemplate::names),
        );
        fields
    }
}

impl TicketTemplate {
    /// The names of the fields it fills in.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        let priority = self.priority.as_ref().map(|_| "priority");
        let details = self.details.as_ref().map(|_| "details");
        self.fields.iter().map(|(name, _)| *name).chain(priority).chain(details)
    }
}

#[cfg(test)]
mod tests {
    use crate::{RuleSet, Settings, SourceFile, read_yaml};

    #[test]
    fn fields_are_told_with_the_rules_that_fill_them_in() {
        let defaults = SourceFile::new("haloward.yaml", "{ type: Alert, priority: High }");
        let mut settings = Settings::default();
        settings.ticket_defaults(&defaults, &read_yaml(&defaults).unwrap());
        let text = "
defaults: { ticket: { team: NOC } }
rules:
  - id: a
    then: { open_ticket: { summary: s, asset: '${event.device.name}', priority: Low } }
    escalate: { after: 1h, update: { agent: Ana } }
  - id: b
    then: { script: 'open_ticket(#{ asset: event.device.name, site: \"Main\" })' }
";
        let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", text)], settings);
        assert!(!findings.has_errors(), "{}", findings.render());
        let shown: Vec<String> = rules
            .ticket_fields()
            .iter()
            .map(|(field, rules)| {
                let rules: Vec<&str> = rules.iter().map(crate::RuleId::as_str).collect();
                format!("{field}: {}", rules.join(" "))
            })
            .collect();
        assert_eq!(
            shown,
            ["agent: a", "asset: a b", "priority: a", "site: b", "summary: a", "team: ", "type: "]
        );
    }
}
