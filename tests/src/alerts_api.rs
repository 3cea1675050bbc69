//! A vendor's API that lists alerts: OAuth 2, one page, what the test says is open.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A vendor's API that lists alerts. It lives as long as the test.
#[derive(Debug, Clone)]
pub struct AlertsApi {
    /// Where it is.
    pub url: String,
    open: Arc<Mutex<Vec<Value>>>,
}

impl AlertsApi {
    /// Starts with nothing open.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let api = Self { url, open: Arc::default() };
        let answering = api.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away before its answer asks again.
                let _ = answering.answer(stream).await;
            }
        });
        api
    }

    /// What is open from now on.
    pub fn open(&self, alerts: &[Value]) {
        *self.open.lock().expect("nobody panicked with it") = alerts.to_vec();
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = Vec::new();
        let mut part = [0; 4096];
        // Forms of a token are small and come with their head; what matters stands in the head.
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut part).await?;
            if read == 0 {
                return Ok(());
            }
            request.extend_from_slice(&part[..read]);
        }
        let head = String::from_utf8_lossy(&request).to_lowercase();
        let (status, body) = if head.starts_with("post /token") {
            (200, json!({ "access_token": "the-token", "expires_in": 3600 }))
        } else if head.starts_with("get /alerts") && head.contains("authorization: bearer the-token") {
            (200, json!({ "alerts": *self.open.lock().expect("nobody panicked with it") }))
        } else {
            (401, json!({ "error": "who are you?" }))
        };
        let body = body.to_string();
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
        stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await?;
        stream.shutdown().await
    }
}
