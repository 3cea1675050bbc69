//! Networks and servers that misbehave, on real sockets.

#![allow(clippy::unwrap_used, reason = "what can't be set up has failed the test")]

use std::time::Duration;

use halopsa::{Credentials, Error, Outcome, Query, Site, UnknownReason, Unreachable};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Reads one whole request; answers its first line.
async fn read_request(socket: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_ascii_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return head.lines().next().unwrap_or_default().to_owned();
            }
        }
        match socket.read(&mut buffer).await {
            Ok(0) | Err(_) => return String::new(),
            Ok(count) => received.extend_from_slice(&buffer[..count]),
        }
    }
}

/// A server that gives out tokens and answers everything else with these bytes, then closes; without bytes it keeps
/// silent.
async fn server(answer: Option<&'static [u8]>) -> halopsa::Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let line = read_request(&mut socket).await;
            let token = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"access_token\":\"token-1\",\"expires_in\":3600}";
            let missing = b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            let bytes: &[u8] = match (line.split(' ').nth(1).unwrap_or_default(), answer) {
                ("/auth/token", _) => token,
                ("/api/authinfo", _) => missing,
                (_, Some(answer)) => answer,
                (_, None) => {
                    silent.push(socket);
                    continue;
                }
            };
            let _ = socket.write_all(bytes).await;
        }
    });
    client(&address.to_string())
}

fn client(address: &str) -> halopsa::Client {
    halopsa::Client::builder(
        Site::parse(&format!("http://{address}")).unwrap(),
        Credentials::new("id-1", "secret-1"),
    )
    .timeout(Duration::from_millis(300))
    .build()
    .unwrap()
}

async fn why_unknown(client: &halopsa::Client) -> UnknownReason {
    match client.tickets().create_raw(&json!({"summary": "disk full"})).await.unwrap() {
        Outcome::Unknown(unknown) => unknown.reason,
        done @ Outcome::Done(_) => panic!("{done:?}"),
    }
}

#[tokio::test]
async fn a_connection_cut_after_the_write_was_sent_leaves_it_unknown() {
    let reason = why_unknown(&server(Some(b"")).await).await;
    assert!(matches!(reason, UnknownReason::ConnectionLost { .. }), "{reason}");
}

#[tokio::test]
async fn a_server_that_keeps_silent_leaves_a_write_unknown() {
    assert_eq!(why_unknown(&server(None).await).await, UnknownReason::TimedOut);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_leaves_a_write_unknown() {
    let reason =
        why_unknown(&server(Some(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"id\":")).await).await;
    assert!(matches!(reason, UnknownReason::UnreadableAnswer { .. }), "{reason}");
}

#[tokio::test]
async fn a_body_that_never_ends_leaves_a_write_unknown() {
    let reason =
        why_unknown(&server(Some(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n[")).await).await;
    assert_eq!(reason.to_string(), "the answer can't be read: it is larger than 33554432 bytes");
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_a_post_never_turns_into_a_get() {
    let client = server(Some(
        b"HTTP/1.1 302 Found\r\nlocation: https://evil.example.com/api/Tickets?code=1\r\ncontent-length: 0\r\n\r\n",
    ))
    .await;
    let error = client.tickets().create_raw(&json!({"summary": "disk full"})).await.unwrap_err();
    assert_eq!((error.status(), error.is_permanent()), (Some(302), true));
    assert_eq!(
        error.hint().unwrap(),
        "use the address the site redirects to: https://evil.example.com/api/Tickets"
    );
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_told_apart_from_a_lost_write() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = client(&address).tickets().create_raw(&json!({"summary": "disk full"})).await.unwrap_err();
    let Error::Unreachable { reason, .. } = &error else { panic!("{error}") };
    assert_eq!(*reason, Unreachable::Connection);
    assert!(error.is_safe_to_retry());
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_told_apart_from_one_that_takes_no_connection() {
    // `.invalid` is reserved for names that never resolve.
    let site = Site::parse("halo.invalid").unwrap();
    let client = halopsa::Client::builder(site, Credentials::new("id-1", "secret-1")).build().unwrap();
    let error = client.discover().await.unwrap_err();
    let Error::Unreachable { reason, .. } = &error else { panic!("{error}") };
    assert_eq!(*reason, Unreachable::Name, "{error}");
    assert_eq!(
        error.hint().unwrap(),
        "check the spelling of the HaloPSA address, and that this machine can resolve names"
    );
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_named_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let site = Site::parse(&format!("https://127.0.0.1:{}", address.port())).unwrap();
    let client = halopsa::Client::builder(site, Credentials::new("id-1", "secret-1")).build().unwrap();
    let error = client.discover().await.unwrap_err();
    let Error::Unreachable { reason, .. } = &error else { panic!("{error}") };
    assert_eq!(*reason, Unreachable::Tls, "{error}");
}

#[tokio::test]
async fn no_error_shows_the_token_the_secret_or_the_query() {
    let client = server(Some(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno")).await;
    let error = client.get("/Users", &Query::new().with("search", "private")).await.unwrap_err();
    let shown = format!("{error} {error:?} {client:?}");
    for secret in ["token-1", "secret-1", "private"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
