//! `--fail-under`: how much tests must reach.

use std::str::FromStr;

use haloward_rules::{CoverageReport, Share};

/// What a minimum is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Rules,
    Conditions,
    Effects,
}

/// A minimum in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Least {
    pub(super) of: Of,
    pub(super) percent: usize,
}

impl Of {
    pub(super) const ALL: [Self; 3] = [Self::Rules, Self::Conditions, Self::Effects];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Conditions => "conditions",
            Self::Effects => "effects",
        }
    }

    pub(super) fn share(self, coverage: &CoverageReport) -> Share {
        match self {
            Self::Rules => coverage.rules,
            Self::Conditions => coverage.conditions,
            Self::Effects => coverage.effects,
        }
    }
}

impl Least {
    pub(super) fn is_met(&self, coverage: &CoverageReport) -> bool {
        let Share { reached, total, .. } = self.of.share(coverage);
        // Exact: what a percentage rounds to must not decide.
        reached * 100 >= self.percent * total
    }
}

impl FromStr for Least {
    type Err = String;

    /// `90` is about rules; `conditions=80` says what it is about.
    fn from_str(text: &str) -> Result<Self, String> {
        let (of, percent) = match text.split_once('=') {
            None => (Of::Rules, text),
            Some((name, percent)) => {
                let of = Of::ALL.into_iter().find(|of| of.name() == name.trim());
                (of.ok_or("what it is about is one of rules, conditions, effects")?, percent)
            }
        };
        let percent =
            percent.trim().trim_end_matches('%').parse::<usize>().ok().filter(|percent| *percent <= 100);
        Ok(Self { of, percent: percent.ok_or("a percentage is a whole number from 0 to 100")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minimum_is_about_rules_unless_it_says_so() {
        assert_eq!("90".parse(), Ok(Least { of: Of::Rules, percent: 90 }));
        assert_eq!("conditions=80%".parse(), Ok(Least { of: Of::Conditions, percent: 80 }));
        assert_eq!("101".parse::<Least>(), Err("a percentage is a whole number from 0 to 100".to_owned()));
        assert!("lines=80".parse::<Least>().unwrap_err().ends_with("rules, conditions, effects"));
    }

    #[test]
    fn rounding_does_not_meet_a_minimum() {
        let share = |reached, total| Share { reached, total, percent: reached * 100 / total };
        let coverage = CoverageReport {
            rules: share(199, 200),
            conditions: share(1, 1),
            effects: share(0, 1),
            gaps: Vec::new(),
        };
        let met = |of, percent| Least { of, percent }.is_met(&coverage);
        assert!(met(Of::Rules, 99) && !met(Of::Rules, 100), "99.5% is not 100%");
        assert!(met(Of::Conditions, 100) && met(Of::Effects, 0) && !met(Of::Effects, 1));
    }
}
