//! The tenant's names in rules and configuration, held against a catalogue: a saved one, or the tenant's own.

use std::path::Path;
use std::time::Duration;

use haloward_rules::Findings;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::catalogue::Catalogue;
use crate::cli::{Failure, runtime};
use crate::clock::later;
use crate::config::{Loaded, SavedCatalogue};

/// Nobody renames a ticket type every week; what a month-old catalogue says is still worth a word of doubt.
const OLD: Duration = Duration::from_hours(30 * 24);

/// Takes the catalogue that the command line asks for, in place of the saved one.
pub(super) fn take(loaded: &mut Loaded, file: Option<&Path>, online: bool) -> Result<(), Failure> {
    if let Some(path) = file {
        let catalogue = Catalogue::load(path).map_err(|error| Failure::new(error.to_string()))?;
        loaded.saved = Some(SavedCatalogue { path: path.to_owned(), catalogue });
    }
    if online {
        let Some(halo) = loaded.config.halo.as_ref() else {
            return Err(Failure::help(
                "the configuration has no `halo`",
                "the names are those of your HaloPSA",
            ));
        };
        let client = halo.client().map_err(|error| Failure::new(error.to_string()))?;
        let reading = Catalogue::fetch(&client, Timestamp::now());
        let catalogue = runtime()?.block_on(reading).map_err(|error| match error.hint() {
            Some(hint) => Failure::help(error.to_string(), hint),
            None => Failure::help(error.to_string(), "`haloward connect` says more"),
        })?;
        loaded.saved = Some(SavedCatalogue { path: halo.site.host().into(), catalogue });
    }
    Ok(())
}

/// What became of the names.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) findings: Findings,
    /// What they were held against, as people know it, and since when it is known.
    against: Option<(String, Timestamp)>,
    checked: usize,
    unchecked: usize,
    used: usize,
}

/// Holds all names against the catalogue, if there is one.
pub(super) fn check(loaded: &Loaded) -> Names {
    let names = || loaded.rules.names().iter().chain(&loaded.config.names);
    let used = names().count();
    let Some(saved) = &loaded.saved else {
        return Names { findings: Findings::default(), against: None, checked: 0, unchecked: used, used };
    };
    let done = saved.catalogue.check(&loaded.config.clients, names());
    Names {
        findings: done.findings,
        against: Some((saved.path.display().to_string(), saved.catalogue.fetched_at)),
        checked: done.checked,
        unchecked: done.unchecked,
        used,
    }
}

impl Names {
    /// One line for people; nothing where no rule names anything.
    pub(super) fn line(&self, now: Timestamp) -> Option<String> {
        if self.used == 0 {
            return None;
        }
        let Some((against, since)) = &self.against else {
            return Some(
                "names were not checked against HaloPSA: `haloward catalogue save` keeps them for this, or give --online"
                    .to_owned(),
            );
        };
        let names = if self.checked == 1 { "name" } else { "names" };
        let rest = match self.unchecked {
            0 => String::new(),
            1 => ", 1 is looked up when a ticket is sent".to_owned(),
            more => format!(", {more} are looked up when a ticket is sent"),
        };
        let age = if later(*since, OLD) > now {
            String::new()
        } else {
            let days = now.duration_since(*since).as_hours() / 24;
            format!("; that is {days} days old, `haloward catalogue save` renews it")
        };
        Some(format!("{} {names} checked against {against}{rest}{age}", self.checked))
    }

    pub(super) fn as_json(&self) -> Value {
        json!({
            "checked": self.checked,
            "unchecked": self.unchecked,
            "against": self.against.as_ref().map(|(against, _)| against),
            "as_of": self.against.as_ref().map(|(_, since)| since),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);

    fn line(days: i64, checked: usize, unchecked: usize) -> Option<String> {
        let since = Timestamp::constant(1_767_603_600 - days * 86_400, 0);
        let against = Some(("catalogue.json".to_owned(), since));
        let names =
            Names { findings: Findings::default(), against, checked, unchecked, used: checked + unchecked };
        names.line(NOW)
    }

    #[test]
    fn it_says_what_was_checked_against_what_and_when_that_is_old() {
        assert_eq!(line(3, 12, 0).unwrap(), "12 names checked against catalogue.json");
        assert_eq!(
            line(29, 1, 2).unwrap(),
            "1 name checked against catalogue.json, 2 are looked up when a ticket is sent"
        );
        assert_eq!(
            line(41, 2, 1).unwrap(),
            "2 names checked against catalogue.json, 1 is looked up when a ticket is sent; that is 41 days old, \
             `haloward catalogue save` renews it"
        );
        assert_eq!(line(41, 0, 0), None, "there is nothing to say");
        let none = Names { findings: Findings::default(), against: None, checked: 0, unchecked: 3, used: 3 };
        assert_eq!(
            none.line(NOW).unwrap(),
            "names were not checked against HaloPSA: `haloward catalogue save` keeps them for this, or give --online"
        );
    }
}
