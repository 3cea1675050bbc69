//! Which addresses may be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

/// How far requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To addresses of the public internet.
    Public,
    /// Anywhere, also into the own network and this machine.
    Anywhere,
}

/// An address that may not be reached.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{host}` is at {ip}, which is no address of the public internet")]
pub struct NotAllowed {
    /// The host as it was named.
    pub host: String,
    /// Where it is.
    pub ip: IpAddr,
}

impl Reach {
    /// Checks an address that is written as numbers: those are not resolved.
    pub(super) fn check_literal(self, url: &Url) -> Result<(), NotAllowed> {
        let ip = match url.host() {
            Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip),
            _ => return Ok(()),
        };
        if self.allows(ip) {
            return Ok(());
        }
        Err(NotAllowed { host: url.host_str().unwrap_or_default().to_owned(), ip })
    }

    fn allows(self, ip: IpAddr) -> bool {
        self == Self::Anywhere || is_public(ip)
    }
}

/// Resolves names to the addresses within reach. What it answers is what is connected to, and nothing else is.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) reach: Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            Ok(within(reach, host, found)?)
        })
    }
}

/// The addresses of a name that may be reached. One of them that may not is no reason to refuse the others.
fn within(reach: Reach, host: String, found: Vec<SocketAddr>) -> Result<Addrs, NotAllowed> {
    let refused = found.iter().map(SocketAddr::ip).find(|ip| !reach.allows(*ip));
    let allowed: Vec<SocketAddr> = found.into_iter().filter(|addr| reach.allows(addr.ip())).collect();
    match refused {
        Some(ip) if allowed.is_empty() => Err(NotAllowed { host, ip }),
        _ => Ok(Box::new(allowed.into_iter())),
    }
}

/// Whether an address is one of the public internet: not this machine, not a private or link-local network, not what
/// providers keep for themselves, such as where clouds tell machines their secrets.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Networks that are not of the public internet: the IANA registry of special-purpose addresses, multicast, and the
/// address under which Azure tells machines about themselves.
const NOT_PUBLIC: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !NOT_PUBLIC.iter().any(|(net, bits)| (ip.to_bits() ^ net.to_bits()) >> (32 - bits) == 0)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inside) = ip.to_ipv4_mapped() {
        return is_public_v4(inside);
    }
    let segments = ip.segments();
    match segments {
        // NAT64: the IPv4 address stands in the last 32 bits.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        // Protocols, tunnels through IPv4 and documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x2002, ..] => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Everything else that is routed begins with the bits 001.
        [first, ..] => first >> 13 == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_own_network_are_not_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "100::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "169.253.255.255",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "3fff:1000::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn of_a_names_addresses_only_those_within_reach_are_connected_to() {
        let addr = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let both = vec![addr("10.0.0.1"), addr("1.1.1.1")];
        let kept: Vec<_> = within(Reach::Public, "both".into(), both.clone()).unwrap().collect();
        assert_eq!(kept, [addr("1.1.1.1")]);
        assert_eq!(within(Reach::Anywhere, "both".into(), both).unwrap().count(), 2);
        let refused = within(Reach::Public, "inner".into(), vec![addr("10.0.0.1")]).err().unwrap();
        assert_eq!(refused.to_string(), "`inner` is at 10.0.0.1, which is no address of the public internet");
    }
}
