use std::io::Write as _;

use reqwest::header::HeaderValue;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const LIMITS: Limits = Limits { time: Duration::from_secs(60), bytes: 1 << 20 };

fn get(url: &str) -> Request {
    Request { method: Method::GET, url: url.parse().unwrap(), headers: HeaderMap::new(), body: None }
}

async fn serve(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(at)).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn a_private_address_is_reached_only_where_that_is_allowed() {
    let server = serve("/", ResponseTemplate::new(200).set_body_string("hello")).await;
    let port = server.address().port();
    let public = Outbound::new(Reach::Public).unwrap();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
        let error = public.send(get(&format!("http://{host}:{port}/")), LIMITS).await.unwrap_err();
        assert!(matches!(error, OutboundError::NotAllowed(_)), "{host}: {error}");
        assert!(error.hint().is_some());
    }
    let anywhere = Outbound::new(Reach::Anywhere).unwrap();
    let answer = anywhere.send(get(&server.uri()), LIMITS).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (200, b"hello".as_slice()));
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "nothing was sent before");
}

#[tokio::test]
async fn an_answer_that_unpacks_to_too_much_is_not_taken() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&vec![b' '; 8 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < LIMITS.bytes / 4);
    let answer = ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(packed);
    let server = serve("/", answer).await;
    let error = Outbound::new(Reach::Anywhere).unwrap().send(get(&server.uri()), LIMITS).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer of `127.0.0.1` is larger than 1 MiB");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let server = serve("/", ResponseTemplate::new(200).set_delay(Duration::from_secs(600))).await;
    let limits = Limits { time: Duration::from_millis(50), ..LIMITS };
    let error = Outbound::new(Reach::Anywhere).unwrap().send(get(&server.uri()), limits).await.unwrap_err();
    assert!(matches!(error, OutboundError::TooSlow { .. }), "{error}");
}

#[tokio::test]
async fn redirections_are_followed_to_the_same_host_only() {
    let server = serve("/old", ResponseTemplate::new(301).insert_header("location", "/new")).await;
    Mock::given(path("/new"))
        .and(header("authorization", "Bearer s"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let circle = ResponseTemplate::new(302).insert_header("location", "/circle");
    Mock::given(path("/circle")).respond_with(circle).mount(&server).await;
    let away = ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:1/");
    Mock::given(path("/away")).respond_with(away).mount(&server).await;

    let outbound = Outbound::new(Reach::Anywhere).unwrap();
    let mut request = get(&format!("{}/old", server.uri()));
    request.headers.insert("authorization", HeaderValue::from_static("Bearer s"));
    assert_eq!(outbound.send(request, LIMITS).await.unwrap().status.as_u16(), 200);
    for way in ["circle", "away"] {
        let error = outbound.send(get(&format!("{}/{way}", server.uri())), LIMITS).await.unwrap_err();
        assert!(matches!(error, OutboundError::Elsewhere { .. }), "{way}: {error}");
    }
    let mut post = get(&format!("{}/old", server.uri()));
    post.method = Method::POST;
    assert!(outbound.send(post, LIMITS).await.is_err(), "what is posted is not posted elsewhere");
}

#[test]
fn credentials_stay_where_they_belong() {
    let same = |from: &str, to: &str| same_place(&from.parse().unwrap(), &to.parse().unwrap());
    assert!(same("https://a.example/x", "https://a.example/y?page=2"));
    assert!(same("https://a.example/", "https://a.example:443/"));
    assert!(same("http://a.example/", "https://a.example/"));
    assert!(!same("https://a.example/", "http://a.example/"));
    assert!(!same("https://a.example/", "https://b.example/"));
    assert!(!same("https://a.example/", "https://a.example:8443/"));
    assert!(!same("https://a.example/", "https://a.example.evil.example/"));
}

#[tokio::test]
async fn what_went_wrong_is_said_without_the_address() {
    let error = Outbound::new(Reach::Anywhere)
        .unwrap()
        .send(get("http://127.0.0.1:1/?apikey=hush"), LIMITS)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("`127.0.0.1` was not reached: ") && !text.contains("hush"), "{text}");
}
