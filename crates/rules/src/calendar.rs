//! Named working hours and holidays in a time zone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::yaml::{Node, NodeKind};

/// The calendars of a configuration, by name.
pub type Calendars = BTreeMap<String, Calendar>;

/// Working hours and holidays in one time zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    hours: Vec<(Weekday, Time, Time)>,
    holidays: BTreeSet<Date>,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Calendar {
    /// Whether the time lies in working hours. An end of `00:00` or before the start means the next day.
    pub fn contains(&self, time: Timestamp) -> bool {
        let local = time.to_zoned(self.zone.clone());
        let (date, clock) = (local.date(), local.time());
        let yesterday = date.yesterday().ok();
        self.hours.iter().any(|(day, from, until)| {
            let overnight = until <= from;
            let today_counts = !self.holidays.contains(&date) && date.weekday() == *day;
            let since_yesterday = overnight
                && yesterday.is_some_and(|y| y.weekday() == *day && !self.holidays.contains(&y))
                && clock < *until;
            (today_counts && clock >= *from && (overnight || clock < *until)) || since_yesterday
        })
    }

    /// Decodes the `calendars` map of the configuration.
    pub fn decode_all(file: &SourceFile, node: &Node, findings: &mut Findings) -> Calendars {
        let Some(fields) = Fields::of(file, node, "`calendars`", findings) else { return Calendars::new() };
        fields
            .entries()
            .iter()
            .filter_map(|(name, node)| Some((name.text.clone(), Self::decode(file, node, findings)?)))
            .collect()
    }

    fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut fields = Fields::of(file, node, "a calendar", findings)?;
        let zone = fields.need("timezone", findings).and_then(|node| {
            let name = node.as_text().unwrap_or_default();
            TimeZone::get(name)
                .map_err(|_| {
                    findings.push(
                        Finding::error("HW031", format!("unknown time zone `{name}`"))
                            .at(file.place(node.span))
                            .help("a name such as `Europe/London`"),
                    );
                })
                .ok()
        });
        let mut hours = Vec::new();
        if let Some(weekly) = fields.need("weekly", findings)
            && let Some(weekly) = Fields::of(file, weekly, "`weekly`", findings)
        {
            for (days, node) in weekly.entries() {
                let ranges: Vec<&Node> = match &node.kind {
                    NodeKind::List(items) => items.iter().collect(),
                    _ => vec![node],
                };
                let Some(days_list) = parse_days(&days.text) else {
                    findings.push(
                        Finding::error("HW032", format!("`{}` is no day or range of days", days.text))
                            .at(file.place(days.span))
                            .help("write `mon`, `mon-fri` or `sat,sun`"),
                    );
                    continue;
                };
                for range in ranges {
                    match range.as_text().and_then(parse_range) {
                        Some((from, until)) => hours.extend(days_list.iter().map(|day| (*day, from, until))),
                        None => findings.push(
                            Finding::error("HW032", "hours must be written as `\"09:00-17:30\"`")
                                .at(file.place(range.span)),
                        ),
                    }
                }
            }
        }
        let mut holidays = BTreeSet::new();
        for (text, node) in fields.texts("holidays", findings) {
            match text.parse::<Date>() {
                Ok(date) => {
                    holidays.insert(date);
                }
                Err(_) => findings.push(
                    Finding::error("HW032", format!("`{text}` is no date such as `2026-12-25`"))
                        .at(file.place(node.span)),
                ),
            }
        }
        fields.finish(findings);
        Some(Self { zone: zone?, hours, holidays })
    }
}

fn parse_days(text: &str) -> Option<Vec<Weekday>> {
    let position = |name: &str| {
        let name = name.trim().to_lowercase();
        DAYS.iter().position(|(short, _)| name.len() >= 3 && name.starts_with(short))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        if part.trim() == "daily" {
            days.extend(DAYS.iter().map(|(_, day)| *day));
        } else if let Some((from, until)) = part.split_once('-') {
            let (from, until) = (position(from)?, position(until)?);
            let count = (until + 7 - from) % 7 + 1;
            days.extend((0..count).map(|i| DAYS[(from + i) % 7].1));
        } else {
            days.push(DAYS[position(part)?].1);
        }
    }
    Some(days)
}

fn parse_range(text: &str) -> Option<(Time, Time)> {
    let (from, until) = text.split_once('-')?;
    let clock = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        match (hour.parse().ok()?, minute.parse().ok()?) {
            (24, 0) => Time::new(0, 0, 0, 0).ok(),
            (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
        }
    };
    Some((clock(from)?, clock(until)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read;

    fn calendar(text: &str) -> Calendar {
        let file = SourceFile::new("c.yaml", text);
        let mut findings = Findings::default();
        let mut all = Calendar::decode_all(&file, &read(&file).expect("reads"), &mut findings);
        assert!(findings.is_empty(), "{}", findings.render());
        all.remove("c").expect("a calendar")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn hours_follow_the_zone_through_daylight_saving() {
        let c = calendar(
            "c: { timezone: Europe/London, weekly: { mon-fri: \"09:00-17:30\" }, holidays: [2026-12-25] }",
        );
        assert!(c.contains(at("2026-01-05T09:00:00Z")));
        assert!(!c.contains(at("2026-01-05T17:30:00Z")));
        assert!(c.contains(at("2026-07-06T08:00:00Z")), "09:00 summer time");
        assert!(!c.contains(at("2026-07-06T16:30:00Z")));
        assert!(!c.contains(at("2026-12-25T10:00:00Z")), "a holiday");
        assert!(!c.contains(at("2026-01-04T10:00:00Z")), "a Sunday");
    }

    #[test]
    fn a_night_shift_reaches_into_the_next_day() {
        let c = calendar("c: { timezone: UTC, weekly: { fri: \"22:00-06:00\" } }");
        assert!(c.contains(at("2026-01-09T23:00:00Z")));
        assert!(c.contains(at("2026-01-10T05:59:00Z")));
        assert!(!c.contains(at("2026-01-10T06:00:00Z")));
        assert!(!c.contains(at("2026-01-10T23:00:00Z")));
    }
}
