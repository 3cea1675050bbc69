mod entering;
mod following;
mod raw;
mod repeating;
mod target;

use super::body;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

#[test]
fn credentials_never_reach_a_preset() {
    let sent = headers(&[
        ("authorization", "Bearer x"),
        ("cookie", "a=b"),
        ("x-signature", "s"),
        ("x-request-id", "r-1"),
    ]);
    assert_eq!(body::visible_headers(&sent, Some("x-signature")), json!({"x-request-id": "r-1"}));
}
