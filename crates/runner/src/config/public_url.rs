//! `server.public_url`: how the service is reached from outside, where a proxy, a name or another port stands before it.

use std::fmt;

use haloward_rules::{Finding, Findings, Node, SourceFile};
use url::Url;

use super::decode::scalar;

/// The address others reach this service at, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    pub(super) fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = scalar(node).unwrap_or_default();
        let read = Self::read(&text);
        if read.is_none() {
            findings.push(
                Finding::error("HW170", format!("`public_url` cannot be `{text}`"))
                    .at(file.place(node.span))
                    .help("write the address others reach this service at, such as `https://alerts.example.com`"),
            );
        }
        read
    }

    fn read(text: &str) -> Option<Self> {
        let mut url = Url::parse(text.trim()).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        let nothing_else = url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain || !nothing_else {
            return None;
        }
        let path = url.path().trim_end_matches('/').to_owned();
        // What people paste may be the address of a source already.
        let path = path.split("/hooks").next().unwrap_or_default().to_owned();
        url.set_path(&path);
        Some(Self(url))
    }

    /// The address of a source's webhook there, without a token.
    pub fn hook(&self, source: &str) -> String {
        format!("{self}/hooks/{source}")
    }

    /// Whether an address is beneath this one.
    pub fn covers(&self, other: &Url) -> bool {
        let beneath = other.path().strip_prefix(self.0.path().trim_end_matches('/'));
        other.origin() == self.0.origin()
            && beneath.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether it is reached by encryption.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(text: &str) -> Option<String> {
        PublicUrl::read(text).map(|url| url.hook("grafana"))
    }

    #[test]
    fn the_address_of_a_source_follows_from_however_the_services_address_is_written() {
        for text in [
            "https://alerts.example.com",
            " https://alerts.example.com/ ",
            "https://alerts.example.com/hooks/x",
        ] {
            assert_eq!(hook(text).as_deref(), Some("https://alerts.example.com/hooks/grafana"), "{text}");
        }
        assert_eq!(hook("http://10.0.0.5:8080").as_deref(), Some("http://10.0.0.5:8080/hooks/grafana"));
        assert_eq!(
            hook("https://example.com/haloward/").as_deref(),
            Some("https://example.com/haloward/hooks/grafana")
        );
    }

    #[test]
    fn what_is_no_address_or_holds_more_than_one_is_none() {
        for text in [
            "",
            "alerts.example.com",
            "ftp://x",
            "https://",
            "https://a:b@example.com",
            "https://example.com/?x=1",
        ] {
            assert_eq!(hook(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_ours_by_host_port_and_whole_parts_of_the_path() {
        let ours = PublicUrl::read("https://example.com/haloward").unwrap();
        let covers = |text: &str| ours.covers(&Url::parse(text).unwrap());
        assert!(covers("https://example.com/haloward/hooks/x") && covers("https://EXAMPLE.com:443/haloward"));
        assert!(!covers("https://example.com/halowardx/hooks") && !covers("http://example.com/haloward"));
        assert!(!covers("https://example.com:8443/haloward/hooks/x"));
    }
}
