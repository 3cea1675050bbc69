//! Scopes: the part of a token that says which areas it opens.
//!
//! `edit:x` opens reading as well; `all` opens everything; `all:standard` everything but what an administrator sets.

use super::Access;

/// A part of HaloPSA with rights of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Tickets,
    Customers,
    Users,
    Assets,
    Items,
    Invoices,
    SoftwareLicences,
    Contracts,
    Teams,
    Settings,
    Webhooks,
    Azure,
}

impl Area {
    /// The word after the colon of the scopes that open it.
    fn word(self) -> &'static str {
        match self {
            Self::Tickets => "tickets",
            Self::Customers | Self::Users => "customers",
            Self::Assets => "assets",
            Self::Items => "items",
            Self::Invoices => "invoices",
            Self::SoftwareLicences => "softwarelicensing",
            Self::Contracts => "contracts",
            Self::Teams => "teams",
            Self::Settings => "",
            Self::Webhooks => "webhooks",
            Self::Azure => "azure",
        }
    }

    /// Whether an administrator's scope is needed even to look.
    fn is_administration(self) -> bool {
        matches!(self, Self::Webhooks | Self::Azure)
    }
}

/// The scopes of one token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scopes(Vec<String>);

impl Scopes {
    /// What an application granted `granted` gets when it asks for `asked`; empty if nothing.
    pub(crate) fn grant(granted: &[String], asked: &str) -> Self {
        let granted = Self(granted.iter().map(|s| s.to_ascii_lowercase()).collect());
        let asked: Vec<String> =
            asked.split_whitespace().map(str::to_ascii_lowercase).filter(|s| Self::is_known(s)).collect();
        let mut given: Vec<String> = asked.iter().filter(|scope| granted.contains(scope)).cloned().collect();
        let wide = Self(asked);
        for scope in &granted.0 {
            if !given.contains(scope) && wide.contains(scope) {
                given.push(scope.clone());
            }
        }
        Self(given)
    }

    /// Whether a scope is of a form HaloPSA has.
    pub(crate) fn is_known(scope: &str) -> bool {
        let kinds = ["read", "edit", "all", "admin"];
        let scope = scope.to_ascii_lowercase();
        matches!(scope.as_str(), "all" | "admin")
            || scope.split_once(':').is_some_and(|(kind, _)| kinds.contains(&kind))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a token answer writes them.
    pub(crate) fn text(&self) -> String {
        self.0.join(" ")
    }

    /// Whether these scopes include another one.
    fn contains(&self, scope: &str) -> bool {
        let is_admin = scope.starts_with("admin");
        self.0.iter().any(|own| {
            own == scope
                || own == "all"
                || (own == "all:standard" && !is_admin && scope != "all")
                || (own == "admin" && is_admin)
                || scope.strip_prefix("read:").is_some_and(|area| own.strip_prefix("edit:") == Some(area))
                || (scope != "all"
                    && scope.split_once(':').is_some_and(|(_, area)| own.strip_prefix("all:") == Some(area)))
        })
    }

    /// Whether these scopes open an area that far.
    pub(crate) fn open(&self, area: Area, wanted: Access) -> bool {
        let writes = wanted > Access::Read;
        match area {
            Area::Settings => !writes || self.contains("admin"),
            area if area.is_administration() => self.contains(&format!("admin:{}", area.word())),
            Area::Teams if writes => self.contains("admin"),
            area => self.contains(&format!("{}:{}", if writes { "edit" } else { "read" }, area.word())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::grant(&["all".to_owned()], text)
    }

    #[test]
    fn edit_includes_read_and_read_does_not_include_edit() {
        assert!(scopes("edit:tickets").open(Area::Tickets, Access::Read));
        assert!(scopes("edit:tickets").open(Area::Tickets, Access::Delete));
        assert!(!scopes("read:tickets").open(Area::Tickets, Access::Modify));
        assert!(!scopes("read:tickets").open(Area::Customers, Access::Read));
    }

    #[test]
    fn all_standard_leaves_administration_out() {
        assert!(scopes("all:standard").open(Area::Invoices, Access::Delete));
        assert!(scopes("all:standard").open(Area::Teams, Access::Read));
        assert!(!scopes("all:standard").open(Area::Webhooks, Access::Read));
        assert!(!scopes("all:standard").open(Area::Settings, Access::Modify));
        assert!(scopes("all").open(Area::Webhooks, Access::Modify));
        assert!(scopes("admin:webhooks").open(Area::Webhooks, Access::Modify));
    }

    #[test]
    fn teams_want_a_scope_of_their_own_and_picklists_none() {
        assert!(!scopes("edit:tickets").open(Area::Teams, Access::Read));
        assert!(scopes("all:teams").open(Area::Teams, Access::Read));
        assert!(scopes("edit:tickets").open(Area::Settings, Access::Read));
    }

    #[test]
    fn a_token_has_what_was_both_granted_and_asked_for() {
        let granted = ["read:tickets".to_owned(), "all:standard".to_owned()];
        assert_eq!(Scopes::grant(&granted[..1], "all").text(), "read:tickets");
        assert_eq!(Scopes::grant(&granted[1..], "edit:tickets").text(), "edit:tickets");
        assert_eq!(Scopes::grant(&granted[..1], "edit:tickets").text(), "read:tickets");
        assert!(Scopes::grant(&granted[..1], "edit:customers").is_empty());
        assert!(Scopes::grant(&["all".to_owned()], "nonsense").is_empty());
        assert_eq!(Scopes::grant(&granted, "all").text(), "read:tickets all:standard");
    }
}
