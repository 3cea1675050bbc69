//! Wrong inputs: each has a clear answer, and nothing accepted is lost.

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Install, Process, TOKEN, alert, alertmanager, client, post};
use serde_json::Value;

async fn answer(request: reqwest::RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.expect("answers");
    let status = response.status().as_u16();
    let content_type =
        response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let text = response.text().await.expect("a body");
    (status, content_type, serde_json::from_str(&text).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_inputs_get_a_problem_document_each() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    let haloward = Process::start(&install).await;
    let http = client();
    let hook = format!("{}/hooks/prom/{TOKEN}", haloward.url);
    let json = "application/json";
    let five_megabytes = format!("{{\"x\":\"{}\"}}", "x".repeat(5 * 1024 * 1024));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (request, status) in [
        (http.post(&hook).header("content-type", json).body("{ not json"), 400),
        (http.post(&hook).header("content-type", json).body(""), 400),
        (http.post(&hook).header("content-type", json).body(deep), 400),
        (http.post(&hook).header("content-type", json).body(vec![0xff, 0xfe, 0x00]), 400),
        (http.post(&hook).header("content-type", json).body(five_megabytes), 413),
        (http.post(&hook).header("content-type", "application/pdf").body("x"), 415),
        (http.post(format!("{}/hooks/prom/wrong", haloward.url)).json(&alertmanager(&[])), 401),
        (http.post(format!("{}/hooks/prom", haloward.url)).json(&alertmanager(&[])), 401),
        (http.post(format!("{}/hooks/nobody/{TOKEN}", haloward.url)).json(&alertmanager(&[])), 404),
        (http.get(format!("{}/nowhere", haloward.url)), 404),
    ] {
        let (got, content_type, body) = answer(request).await;
        assert_eq!(got, status, "{body}");
        assert_eq!(content_type, "application/problem+json", "{status}");
        assert_eq!(body["status"], status);
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
    }
    // The service is none the worse for it.
    let fine = post(&haloward.url, "prom", &alertmanager(&[alert("firing", "d1", "DiskFull", "C:")]))
        .await
        .expect("answers");
    assert_eq!(fine.status, 202);
    assert_eq!(
        client().get(format!("{}/healthz", haloward.url)).send().await.expect("answers").status(),
        200
    );
    assert_eq!(client().get(format!("{}/readyz", haloward.url)).send().await.expect("answers").status(), 200);
    haloward.kill().await;
    sandbox.stop().await;
}

/// Most HTTP clients write the whole request before they look for an answer. Closing the connection on such a sender
/// would show it a broken pipe instead of what is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_writes_before_it_reads_gets_its_answer() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    let haloward = Process::start(&install).await;
    let address = haloward.url.strip_prefix("http://").expect("plain HTTP");
    // More than the buffers of both sides hold.
    let body = vec![b'x'; 12 * 1024 * 1024];
    for (path, status) in [
        (format!("/hooks/prom/{TOKEN}"), "413"),
        ("/hooks/prom/wrong".to_owned(), "401"),
        (format!("/hooks/nobody/{TOKEN}"), "404"),
    ] {
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("connects");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("takes the head");
        stream.write_all(&body).await.expect("takes the body");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answers");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    haloward.kill().await;
    sandbox.stop().await;
}
