//! Connections as a sender makes them, on the loopback.

use axum::extract::Extension;
use axum::routing::get;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::config::TlsFiles;

/// How long a test may hang before it fails; no test waits for it.
const HANGS: Duration = Duration::from_secs(120);

fn router() -> Router {
    Router::new().route("/who", get(async |Extension(Peer(peer)): Extension<Peer>| peer.ip().to_string()))
}

/// A certificate and its key in files.
fn files(folder: &std::path::Path) -> TlsFiles {
    let made = rcgen::generate_simple_self_signed(vec!["hooks.example".to_owned()]).unwrap();
    let files = TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    files
}

struct Running {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<()>,
}

async fn start(tls: Option<Certificate>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let server = tokio::spawn(Server::new(listener, tls, router()).run(stopping));
    Running { addr, stop, server }
}

/// A client that takes nobody but who has this certificate.
fn client(files: &TlsFiles) -> reqwest::Client {
    let certificate = CertificateDer::from_pem_file(&files.cert).unwrap();
    let tls = trusting_only(certificate).unwrap();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(HANGS).build().unwrap()
}

async fn ask(client: &reqwest::Client, addr: SocketAddr) -> Result<String, reqwest::Error> {
    // A connection of its own: the certificate is looked at when one is made.
    let asking = client.get(format!("https://{addr}/who")).header("connection", "close");
    asking.send().await?.text().await
}

#[tokio::test]
async fn a_handler_knows_who_is_at_the_other_end() {
    let running = start(None).await;
    let mut stream = TcpStream::connect(running.addr).await.unwrap();
    stream.write_all(b"GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn a_changed_certificate_holds_for_the_next_connection() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [old, new] = [files(folders[0].path()), files(folders[1].path())];
    let tls = Certificate::read(&old).unwrap();
    let running = start(Some(tls.clone())).await;
    let (with_old, with_new) = (client(&old), client(&new));
    assert_eq!(ask(&with_old, running.addr).await.unwrap(), "127.0.0.1");
    assert!(ask(&with_new, running.addr).await.is_err(), "it is known by its certificate");
    tls.replace(certificate(&new).unwrap());
    assert_eq!(ask(&with_new, running.addr).await.unwrap(), "127.0.0.1");
    // A client that was here before may take up its session; one that was not sees the certificate.
    assert!(ask(&client(&old), running.addr).await.is_err());
}

#[tokio::test]
async fn who_does_not_encrypt_gets_no_answer_and_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let running = start(Some(Certificate::read(&files).unwrap())).await;
    let mut plain = TcpStream::connect(running.addr).await.unwrap();
    plain.write_all(b"GET /who HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The connection may be closed or reset: both mean no.
    let _ = tokio::time::timeout(HANGS, plain.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let _idle = TcpStream::connect(running.addr).await.unwrap();
    assert_eq!(ask(&client(&files), running.addr).await.unwrap(), "127.0.0.1");
}

#[tokio::test]
async fn told_to_stop_it_closes_idle_connections_and_ends() {
    let running = start(None).await;
    let mut idle = TcpStream::connect(running.addr).await.unwrap();
    idle.write_all(b"GET /who HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    idle.read_exact(&mut answer).await.unwrap();
    running.stop.send(true).unwrap();
    tokio::time::timeout(HANGS, running.server).await.expect("it ends").unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(running.addr).await.is_err(), "nobody listens any more");
}

#[test]
fn a_certificate_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let good = files(folder.path());
    let path = |name: &str| folder.path().join(name);
    let told = |cert: &str, key: &str| {
        let files = TlsFiles { cert: path(cert), key: path(key) };
        let text = certificate(&files).map(drop).map_err(|error| error.to_string()).unwrap_err();
        text.replace(&folder.path().display().to_string(), "etc")
    };
    assert!(certificate(&good).is_ok());
    std::fs::write(path("other.pem"), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    std::fs::write(path("large.pem"), vec![b'x'; 2 * 1024 * 1024]).unwrap();
    assert!(told("none.pem", "key.pem").starts_with("cannot read `etc/none.pem`: "));
    assert_eq!(told("key.pem", "key.pem"), "`etc/key.pem` holds no certificate in PEM");
    assert_eq!(told("cert.pem", "cert.pem"), "`etc/cert.pem` holds no key in PEM");
    assert_eq!(told("large.pem", "key.pem"), "cannot read `etc/large.pem`: it has 2097152 bytes");
    assert!(told("cert.pem", "other.pem").starts_with("the certificate and the key cannot be used: "));
}
