//! Networks: who may send, and which proxies are believed.

use std::net::IpAddr;

use haloward_rules::{Fields, Finding, Findings};
use ipnet::IpNet;

/// A list of networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Takes a list of networks out of a section's fields. One that lets everybody in is a mistake.
    pub(super) fn take(fields: &mut Fields<'_>, key: &'static str, findings: &mut Findings) -> Self {
        let file = fields.file();
        let mut networks = Vec::new();
        for (text, node) in fields.texts(key, findings) {
            match parse(&text) {
                None => findings.push(
                    Finding::error("HW196", format!("`{text}` is no network"))
                        .at(file.place(node.span))
                        .help("write an address or a network such as `192.0.2.17`, `10.0.0.0/8` or `2001:db8::/32`"),
                ),
                Some(network) if network.prefix_len() == 0 => findings.push(
                    Finding::error("HW190", format!("`{key}: {text}` means everybody"))
                        .at(file.place(node.span))
                        .help("name the networks that are meant, or leave it out"),
                ),
                Some(network) => networks.push(network),
            }
        }
        Self(networks)
    }

    /// Whether the address is in one of them.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<T: IntoIterator<Item = IpNet>>(networks: T) -> Self {
        Self(networks.into_iter().collect())
    }
}

fn parse(text: &str) -> Option<IpNet> {
    let text = text.trim();
    match text.parse::<IpAddr>() {
        Ok(ip) => Some(IpNet::from(ip.to_canonical())),
        Err(_) => text.parse::<IpNet>().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_network_however_it_is_written() {
        let networks: Networks =
            ["10.0.0.0/8", "192.0.2.17", "2001:db8::/32"].iter().filter_map(|t| parse(t)).collect();
        for inside in ["10.255.0.1", "192.0.2.17", "::ffff:10.0.0.1", "2001:db8::1"] {
            assert!(networks.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.18", "::ffff:11.0.0.1", "2001:db9::1", "::1"] {
            assert!(!networks.contains(outside.parse().unwrap()), "{outside}");
        }
        for wrong in ["", "everybody", "10.0.0.0/33", "10.0.0"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
