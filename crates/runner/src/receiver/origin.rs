//! Where a request comes from: the other end of the connection, or whom a trusted proxy says it speaks for.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use crate::config::{ClientHeader, Networks, Proxies};
use crate::server::Peer;

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// The sender's address; nothing where a trusted proxy does not say it plainly.
    pub(super) client: Option<IpAddr>,
    /// The address at the other end of the connection.
    pub(super) peer: Option<IpAddr>,
    /// Whether that is a trusted proxy.
    pub(super) proxied: bool,
}

// LIMIT: nobody stands behind more proxies of his own.
const MOST_PROXIES: usize = 16;

impl Origin {
    /// Only what trusted proxies wrote counts, and a sender can write the same header: so it is read from the right, the
    /// nearest proxy first, up to the first address that is no trusted proxy's.
    pub(super) fn of(peer: Option<Peer>, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let peer = peer.map(|Peer(peer)| peer.ip().to_canonical());
        let proxied = peer.is_some_and(|peer| proxies.trusted.contains(peer));
        let client = if proxied { behind(peer, headers, proxies) } else { peer };
        Self { client, peer, proxied }
    }

    /// Whether it comes from one of the networks; whoever is not known comes from none.
    pub(super) fn is_in(&self, networks: &Networks) -> bool {
        self.client.is_some_and(|client| networks.contains(client))
    }

    /// Whose failures these are.
    pub(super) fn blamed(&self) -> Option<IpAddr> {
        self.client.or(self.peer)
    }
}

/// Whom a proxy at `peer` speaks for: itself where it does not say; nothing where what it says is no address.
fn behind(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &Proxies) -> Option<IpAddr> {
    let name = match proxies.header {
        ClientHeader::XForwardedFor => "x-forwarded-for",
        ClientHeader::Forwarded => "forwarded",
    };
    let mut farthest = peer;
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for (number, hop) in hops.enumerate() {
        let address = match proxies.header {
            ClientHeader::XForwardedFor => address(hop),
            ClientHeader::Forwarded => speaks_for(hop).and_then(address),
        };
        let address = address.filter(|_| number < MOST_PROXIES)?;
        if !proxies.trusted.contains(address) {
            return Some(address);
        }
        farthest = Some(address);
    }
    farthest
}

/// What stands after `for=`. No address holds a comma, so that cutting at each is right even inside quotes.
fn speaks_for(hop: &str) -> Option<&str> {
    hop.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    })
}

/// An address with or without brackets, quotes and a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|addr| addr.ip()));
    ip.map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn proxies(header: ClientHeader) -> Proxies {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"].iter().filter_map(|text| text.parse().ok()).collect();
        Proxies { trusted, header }
    }

    fn client(peer: &str, header: &'static str, lines: &[&str], believed: ClientHeader) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header, HeaderValue::from_str(line).unwrap());
        }
        let peer = Peer(SocketAddr::new(peer.parse().unwrap(), 4711));
        Origin::of(Some(peer), &headers, &proxies(believed)).client.map(|ip| ip.to_string())
    }

    #[test]
    fn a_proxy_is_believed_and_nobody_else() {
        let of = |peer, lines: &[&str]| client(peer, "x-forwarded-for", lines, ClientHeader::XForwardedFor);
        let is = |ip: &str| Some(ip.to_owned());
        assert_eq!(of("203.0.113.9", &["192.0.2.1"]), is("203.0.113.9"), "it is no proxy");
        assert_eq!(of("10.0.0.1", &[]), is("10.0.0.1"), "it speaks for itself");
        assert_eq!(of("10.0.0.1", &["192.0.2.1"]), is("192.0.2.1"));
        assert_eq!(of("::ffff:10.0.0.1", &["192.0.2.1"]), is("192.0.2.1"));
        assert_eq!(
            of("10.0.0.1", &["127.0.0.1, 192.0.2.1"]),
            is("192.0.2.1"),
            "the sender wrote the left one"
        );
        assert_eq!(
            of("10.0.0.1", &["127.0.0.1", "192.0.2.1, 10.0.0.2"]),
            is("192.0.2.1"),
            "through two proxies"
        );
        assert_eq!(of("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), is("10.0.0.3"), "from within");
        assert_eq!(of("10.0.0.1", &["192.0.2.1:4711"]), is("192.0.2.1"));
        assert_eq!(of("10.0.0.1", &["[2001:db9::1]:4711"]), is("2001:db9::1"));
        assert_eq!(of("10.0.0.1", &["192.0.2.1, unknown"]), None, "what nobody can read is nobody's");
        assert_eq!(of("10.0.0.1", &["192.0.2.1,"]), None);
        assert_eq!(of("10.0.0.1", &[&"10.0.0.2,".repeat(40)]), None);
    }

    #[test]
    fn of_two_headers_only_the_one_that_the_proxy_writes_counts() {
        let of = |header, line: &str| client("10.0.0.1", header, &[line], ClientHeader::Forwarded);
        let is = |ip: &str| Some(ip.to_owned());
        assert_eq!(of("x-forwarded-for", "192.0.2.1"), is("10.0.0.1"));
        assert_eq!(
            of("forwarded", "for=127.0.0.1, For=\"192.0.2.1:80\";proto=https;by=10.0.0.1"),
            is("192.0.2.1")
        );
        assert_eq!(of("forwarded", "proto=https;for=\"[2001:db9::1]\""), is("2001:db9::1"));
        assert_eq!(of("forwarded", "for=_hidden"), None);
        assert_eq!(of("forwarded", "for=192.0.2.1;proto=https, for=\"a,for=192.0.2.7"), is("192.0.2.7"));
    }

    #[test]
    fn a_request_of_nobody_is_in_no_network() {
        let origin = Origin::of(None, &HeaderMap::new(), &Proxies::default());
        assert!(!origin.is_in(&proxies(ClientHeader::default()).trusted));
        assert_eq!(origin.blamed(), None);
    }
}
