//! `cron` and `timezone` of a configuration.

use haloward_rules::{Fields, Finding, Findings};
use jiff::tz::TimeZone;

use super::Cron;
use crate::config::scalar;

/// Takes `cron` and `timezone` out of a source's fields. A time zone without an expression is a finding.
pub fn take(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Cron> {
    let file = fields.file();
    let node = fields.take("cron");
    let zone_node = fields.take("timezone");
    let zone = take_zone(fields, findings);
    let Some(node) = node else {
        if let Some(zone) = zone_node {
            findings.push(
                Finding::error("HW216", "`timezone` is for `cron`, which is not here")
                    .at(file.place(zone.span))
                    .help("add `cron: \"0 8 * * mon\"`, or leave the time zone out"),
            );
        }
        return None;
    };
    let text = scalar(node).unwrap_or_default();
    match Cron::parse(&text, zone?) {
        Ok(cron) => Some(cron),
        Err(problem) => {
            findings.push(
                Finding::error("HW215", format!("`{text}` is no cron expression: {problem}"))
                    .at(file.place(node.span))
                    .help("minute, hour, day of the month, month, day of the week: `0 8 * * mon` is every Monday at 8:00"),
            );
            None
        }
    }
}

/// Takes `timezone`; UTC where there is none, nothing where it is not known.
pub fn take_zone(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<TimeZone> {
    let Some(node) = fields.take("timezone") else { return Some(TimeZone::UTC) };
    let name = scalar(node).unwrap_or_default();
    match TimeZone::get(&name) {
        Ok(zone) => Some(zone),
        Err(_) => {
            findings.push(
                Finding::error("HW216", format!("unknown time zone `{name}`"))
                    .at(fields.file().place(node.span))
                    .help("write a name such as `Europe/London` or `UTC`"),
            );
            None
        }
    }
}
