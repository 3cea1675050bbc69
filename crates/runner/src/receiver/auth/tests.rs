use axum::http::{HeaderMap, HeaderName, HeaderValue};
use haloward_rules::Path;
use secrecy::SecretString;
use serde_json::json;

use super::*;
use crate::config::{Expected, SecretRef};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn secrets(secrets: &[&str]) -> Vec<SecretRef> {
    secrets.iter().map(|secret| SecretRef::Literal(SecretString::from((*secret).to_owned()))).collect()
}

fn shown<'a>(headers: &'a HeaderMap, token: Option<&'a str>, query: Option<&'a str>) -> Shown<'a> {
    Shown { headers, token, query, proxied: false }
}

fn check(auth: &Auth) -> Check {
    Check::new("own", auth).unwrap()
}

const FIRST: Result<Step, Refused> = Ok(Step::Proven(Some(0)));
const SECOND: Result<Step, Refused> = Ok(Step::Proven(Some(1)));
const WRONG: Result<Step, Refused> = Err(Refused::Wrong);

#[test]
fn a_token_in_the_url_is_taken_whole() {
    let check = check(&Auth::UrlToken(secrets(&["n3w", "s3cret"])));
    let none = HeaderMap::new();
    let of = |token| check.before_body(shown(&none, token, Some("token=s3cret")));
    assert_eq!((of(Some("n3w")), of(Some("s3cret"))), (FIRST, SECOND));
    for wrong in [None, Some(""), Some("s3cre"), Some("s3cret "), Some("S3CRET"), Some("n3ws3cret")] {
        assert_eq!(of(wrong), WRONG, "{wrong:?}");
    }
}

#[test]
fn a_bearer_token_is_taken_from_its_header_and_where_the_preset_says_so_from_the_url() {
    let of = |query: Option<&str>| {
        check(&Auth::Bearer { tokens: secrets(&["n3w", "s3cret"]), query: query.map(str::to_owned) })
    };
    let sent = |check: &Check, header: Option<&str>, query| {
        let headers = header.map(|value| headers(&[("authorization", value)])).unwrap_or_default();
        check.before_body(shown(&headers, Some("s3cret"), query))
    };
    let plain = of(None);
    assert_eq!(sent(&plain, Some("Bearer n3w"), None), FIRST);
    assert_eq!(sent(&plain, Some("bearer  s3cret"), None), SECOND);
    for wrong in ["Bearer wrong", "Basic s3cret", "s3cret", "Bearer", "Bearer "] {
        assert_eq!(sent(&plain, Some(wrong), None), WRONG, "{wrong}");
    }
    assert_eq!(sent(&plain, None, Some("access_token=s3cret")), WRONG);
    let cloud = of(Some("access_token"));
    assert_eq!(sent(&cloud, None, Some("a=b&access_token=s3cret")), SECOND);
    assert_eq!(sent(&cloud, None, Some("a=b&access_token=wrong")), WRONG);
    assert_eq!(
        sent(&cloud, Some("Bearer wrong"), Some("access_token=s3cret")),
        WRONG,
        "the header counts first"
    );
}

#[test]
fn headers_parameters_and_passwords_are_compared_with_each_secret() {
    let none = HeaderMap::new();
    let header = check(&Auth::Header { name: "X-Api-Key".into(), values: secrets(&["n3w", "s3cret"]) });
    assert_eq!(header.before_body(shown(&headers(&[("x-api-key", "s3cret")]), None, None)), SECOND);
    assert_eq!(header.before_body(shown(&headers(&[("x-api-key", "")]), None, None)), WRONG);
    assert_eq!(header.before_body(shown(&none, Some("s3cret"), None)), WRONG);
    assert_eq!(header.secret_header(), Some("x-api-key"));
    let query = check(&Auth::Query { name: "token".into(), values: secrets(&["a b+c"]) });
    assert_eq!(query.before_body(shown(&none, None, Some("x=1&token=a%20b%2Bc"))), FIRST);
    assert_eq!(query.before_body(shown(&none, None, Some("Token=a%20b%2Bc"))), WRONG);
    assert_eq!(query.before_body(shown(&none, None, None)), WRONG);
    let basic = check(&Auth::Basic { user: "grafana".into(), passwords: secrets(&["n3w", "s3:cret"]) });
    let sent = |text: &str| {
        let value = format!("basic {}", STANDARD.encode(text));
        basic.before_body(shown(&headers(&[("authorization", &value)]), None, None))
    };
    assert_eq!((sent("grafana:n3w"), sent("grafana:s3:cret")), (FIRST, SECOND));
    for wrong in ["grafana:", "grafana", ":n3w", "other:n3w", "grafana:n3w "] {
        assert_eq!(sent(wrong), WRONG, "{wrong}");
    }
    let garbled = headers(&[("authorization", "Basic %%%")]);
    assert_eq!(basic.before_body(shown(&garbled, None, None)), WRONG);
}

#[tokio::test]
async fn a_secret_in_the_body_is_checked_and_never_stays_there() {
    let auth =
        Auth::Body { path: Path::parse("meta.sharedSecret").unwrap(), secrets: secrets(&["n3w", "s3cret"]) };
    let check = check(&auth);
    let aws = Aws::default();
    assert_eq!(check.before_body(shown(&HeaderMap::new(), Some("s3cret"), None)), Ok(Step::GoOn));
    assert_eq!(check.with_body(&HeaderMap::new(), b"{}", Timestamp::UNIX_EPOCH), Ok(Step::GoOn));
    for (secret, expected) in [
        (json!("n3w"), FIRST),
        (json!("s3cret"), SECOND),
        (json!("wrong"), WRONG),
        (json!(""), WRONG),
        (json!(null), WRONG),
        (json!(["s3cret"]), WRONG),
        (json!({"s3cret": "s3cret"}), WRONG),
    ] {
        let mut payload = Payload::from(json!({"meta": {"sharedSecret": secret, "id": 7}}));
        let step = check.with_payload(&mut payload, &aws, Timestamp::UNIX_EPOCH).await;
        assert_eq!(step, expected, "{secret}");
        assert_eq!(payload.value(), &json!({"meta": {"id": 7}}), "it is gone, right or wrong");
    }
    for other in [json!([]), json!("s3cret"), json!(null), json!({"meta": "s3cret"})] {
        let mut other = Payload::from(other);
        assert_eq!(check.with_payload(&mut other, &aws, Timestamp::UNIX_EPOCH).await, WRONG);
    }
}

#[test]
fn an_unsigned_request_is_refused_before_its_body_is_read() {
    let file = haloward_rules::SourceFile::new("c", "header: X-Sig\n");
    let node = haloward_rules::read_yaml(&file).unwrap();
    let mut findings = haloward_rules::Findings::default();
    let mut fields = haloward_rules::Fields::of(&file, &node, "`hmac`", &mut findings).unwrap();
    let raw = haloward_rules::RawHmac::take(&mut fields, &mut findings);
    let scheme = raw.complete(&haloward_rules::RawHmac::default(), &file.place(node.span), &mut findings);
    let check = check(&Auth::Hmac { scheme: scheme.unwrap(), secrets: secrets(&["key"]) });
    assert_eq!(check.before_body(shown(&HeaderMap::new(), None, None)), WRONG);
    assert_eq!(check.before_body(shown(&headers(&[("x-sig", "x")]), None, None)), Ok(Step::GoOn));
    assert_eq!(check.secret_header(), Some("x-sig"));
}

#[test]
fn a_certificate_counts_only_as_a_trusted_proxy_tells_of_it() {
    let expected = |header: &str, is: &str| Some(Expected { header: header.into(), is: vec![is.into()] });
    let cert = ClientCert {
        verified: expected("x-verified", "SUCCESS"),
        subject: expected("x-subject", "CN=app.netdata.cloud"),
        fingerprint: None,
    };
    let check = check(&Auth::ClientCert(cert));
    let of = |proxied, verified: &str, subject: &str| {
        let headers = headers(&[("x-verified", verified), ("x-subject", subject)]);
        check.before_body(Shown { headers: &headers, token: None, query: None, proxied })
    };
    let right = "CN=app.netdata.cloud,O=Netdata";
    assert_eq!(of(true, "SUCCESS", right), Ok(Step::Proven(None)));
    assert_eq!(of(false, "SUCCESS", right), WRONG, "anybody can write headers");
    assert_eq!(of(true, "FAILED:unable to verify", right), WRONG);
    assert_eq!(of(true, "NONE", ""), WRONG);
    assert_eq!(of(true, "SUCCESS", "CN=other"), WRONG);
}

#[test]
fn an_open_source_is_open_and_nothing_else_is() {
    let none = HeaderMap::new();
    assert_eq!(check(&Auth::None).before_body(shown(&none, None, None)), Ok(Step::Proven(None)));
    for auth in [
        Auth::UrlToken(secrets(&["x"])),
        Auth::Bearer { tokens: secrets(&["x"]), query: Some("t".into()) },
        Auth::Header { name: "x".into(), values: secrets(&["x"]) },
        Auth::Query { name: "x".into(), values: secrets(&["x"]) },
        Auth::Basic { user: String::new(), passwords: secrets(&["x"]) },
    ] {
        assert_eq!(check(&auth).before_body(shown(&none, None, None)), WRONG, "{}", auth.name());
    }
}
