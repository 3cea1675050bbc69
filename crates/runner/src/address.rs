//! Where a running service can be asked: a small file beside the store, so that the commands find it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// The file that says where the service can be asked; it is gone once this is dropped. After a crash it may be left:
/// whoever reads it has to try.
#[derive(Debug)]
pub struct Address {
    path: PathBuf,
}

impl Address {
    /// Says where the service on `store` listens. Nothing depends on it but the convenience of commands.
    pub fn tell(store: &Path, listen: SocketAddr) -> Self {
        let path = path(store);
        if let Err(error) = std::fs::write(&path, format!("{listen}\n")) {
            tracing::warn!(%error, path = %path.display(), "commands will not find this service by themselves");
        }
        Self { path }
    }

    /// Where the service on `store` said that it listens, from this machine's view.
    pub fn find(store: &Path) -> Option<SocketAddr> {
        let text = std::fs::read_to_string(path(store)).ok()?;
        text.trim().parse().ok().map(reachable)
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        // One that stays is tried in vain and does no harm.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn path(store: &Path) -> PathBuf {
    store.with_extension("address")
}

/// Who listens everywhere is reached through loopback.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_told_while_the_service_runs() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("haloward.db");
        assert_eq!(Address::find(&store), None);
        let told = Address::tell(&store, "0.0.0.0:8080".parse().unwrap());
        assert_eq!(Address::find(&store), Some("127.0.0.1:8080".parse().unwrap()));
        drop(told);
        assert_eq!(Address::find(&store), None);
    }
}
