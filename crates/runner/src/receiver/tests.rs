mod repeating;

use super::auth::Check;
use super::body;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
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

#[test]
fn each_way_to_prove_who_it_is_takes_the_right_secret_only() {
    let secret = || SecretString::from("s3cret".to_owned());
    let token = Check::UrlToken(secret());
    assert!(token.before_body(&HeaderMap::new(), Some("s3cret")));
    for wrong in [None, Some(""), Some("s3cre"), Some("s3cret "), Some("S3CRET")] {
        assert!(!token.before_body(&HeaderMap::new(), wrong), "{wrong:?}");
    }
    let header = Check::Header { name: "authorization".into(), value: "Bearer s3cret".to_owned().into() };
    assert!(header.before_body(&headers(&[("authorization", "Bearer s3cret")]), None));
    assert!(!header.before_body(&headers(&[("authorization", "Bearer wrong")]), None));
    assert!(!header.before_body(&HeaderMap::new(), Some("s3cret")));
}

#[test]
fn a_signature_must_be_that_of_the_body() {
    // RFC 4231, test case 2.
    let check = Check::Hmac {
        header: "x-sig".into(),
        secret: SecretString::from("Jefe".to_owned()),
        prefix: "sha256=".into(),
    };
    let right = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let body = b"what do ya want for nothing?";
    assert!(check.with_body(&headers(&[("x-sig", right)]), body));
    assert!(check.with_body(&headers(&[("x-sig", &right.replace("5bdc", "5BDC"))]), body));
    assert!(!check.with_body(&headers(&[("x-sig", right)]), b"something else"));
    assert!(!check.with_body(&headers(&[("x-sig", &right[7..])]), body), "the prefix belongs to it");
    assert!(!check.with_body(&HeaderMap::new(), body));
    assert!(
        !check.before_body(&HeaderMap::new(), None),
        "an unsigned request is refused before its body is read"
    );
}
