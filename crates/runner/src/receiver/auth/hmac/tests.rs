use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use haloward_rules::{Fields, Findings, Preset, PresetSet, RawHmac, SourceFile, read_yaml};
use secrecy::SecretString;
use serde_json::Value;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn literal(secret: &str) -> SecretRef {
    SecretRef::Literal(SecretString::from(secret.to_owned()))
}

/// A scheme as a source's `hmac` says it, with what a preset knows.
fn scheme(yaml: &str, preset: Option<&str>) -> HmacScheme {
    let file = SourceFile::new("haloward.yaml", yaml);
    let node = read_yaml(&file).unwrap();
    let mut findings = Findings::default();
    let mut fields = Fields::of(&file, &node, "`hmac`", &mut findings).unwrap();
    let own = RawHmac::take(&mut fields, &mut findings);
    let vendor = preset.map(|name| shipped(name).auth().hmac.clone()).unwrap_or_default();
    let scheme = own.complete(&vendor, &file.place(node.span), &mut findings);
    assert!(!findings.has_errors(), "{}", findings.render());
    scheme.unwrap()
}

fn shipped(name: &str) -> Arc<Preset> {
    let (set, _) = PresetSet::load(&[], Some(&[name.to_owned()]));
    set.get(name).unwrap().clone()
}

fn signature(yaml: &str, preset: Option<&str>, secrets: &[&str]) -> Signature {
    let secrets: Vec<SecretRef> = secrets.iter().map(|secret| literal(secret)).collect();
    Signature::new("own", &scheme(yaml, preset), &secrets).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// RFC 4231, test cases 1 to 3 and 6, and RFC 2202 for SHA-1.
#[test]
fn the_vectors_of_the_standards_recompute() {
    let long_key = "aa".repeat(131);
    let cases: [(&str, &str, &str, &[u8], &str); 10] = [
        (
            "sha256",
            "hex",
            &"0b".repeat(20),
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            "sha384",
            "hex",
            &"0b".repeat(20),
            b"Hi There",
            "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
        ),
        (
            "sha512",
            "hex",
            &"0b".repeat(20),
            b"Hi There",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ),
        ("sha1", "hex", &"0b".repeat(20), b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        (
            "sha256",
            "text",
            "Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "sha384",
            "text",
            "Jefe",
            b"what do ya want for nothing?",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            "sha512",
            "text",
            "Jefe",
            b"what do ya want for nothing?",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        ("sha1", "text", "Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (
            "sha256",
            "hex",
            &"aa".repeat(20),
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            "sha256",
            "hex",
            &long_key,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ];
    for (algorithm, key, secret, body, mac) in cases {
        let yaml = |encoding: &str| {
            format!("header: X-Sig\nalgorithm: {algorithm}\nkey: {key}\nencoding: {encoding}\n")
        };
        let hex = signature(&yaml("hex"), None, &[secret]);
        assert_eq!(hex.which(&headers(&[("x-sig", mac)]), body, at(0)), Ok(0), "{algorithm} {body:?}");
        assert_eq!(hex.which(&headers(&[("x-sig", &mac.to_uppercase())]), body, at(0)), Ok(0));
        assert_eq!(hex.which(&headers(&[("x-sig", mac)]), b"another", at(0)), Err(Refused::Wrong));
        let base64 = signature(&yaml("base64"), None, &[secret]);
        let bytes = hex::decode(mac).unwrap();
        for text in [
            BASE64.encode(&bytes),
            BASE64_URL.encode(&bytes),
            BASE64.encode(&bytes).trim_end_matches('=').to_owned(),
        ] {
            assert_eq!(base64.which(&headers(&[("x-sig", &text)]), body, at(0)), Ok(0), "{text}");
        }
    }
}

#[test]
fn a_signature_is_whole_or_none() {
    let check = signature("header: X-Sig\nprefix: 'sha256='\n", None, &["Jefe"]);
    let right = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let body = b"what do ya want for nothing?";
    let of = |value: &str| check.which(&headers(&[("x-sig", value)]), body, at(0));
    assert_eq!(of(&format!("sha256={right}")), Ok(0));
    for wrong in [
        "",
        "sha256=",
        "sha256=00",
        &format!("sha256={}", &right[..62]),
        &format!("sha256={right}00"),
        right,
        "sha256=zz",
    ] {
        assert_eq!(of(wrong), Err(Refused::Wrong), "{wrong}");
    }
    assert_eq!(check.which(&HeaderMap::new(), body, at(0)), Err(Refused::Wrong));
}

#[test]
fn of_several_signatures_and_several_keys_any_pair_is_enough_and_it_is_known_which() {
    let preset = Some("pagerduty");
    let sign = |secret: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hex::encode(hmac::sign(&key, b"{}"))
    };
    let check = signature("{}", preset, &["new-secret", "old-secret"]);
    let of = |value: &str| check.which(&headers(&[("x-pagerduty-signature", value)]), b"{}", at(0));
    assert_eq!(of(&format!("v1={}", sign("new-secret"))), Ok(0));
    assert_eq!(of(&format!("v1={}", sign("old-secret"))), Ok(1));
    assert_eq!(of(&format!("v1={}, v1={}", sign("other"), sign("old-secret"))), Ok(1));
    assert_eq!(of(&format!("v1={},v1={}", sign("old-secret"), sign("new-secret"))), Ok(0));
    assert_eq!(
        of(&format!("v1={},v2={}", sign("other"), sign("new-secret"))),
        Err(Refused::Wrong),
        "another version"
    );
    let others = format!("v1={},", sign("other")).repeat(100);
    let flood = format!("{others}v1={}", sign("new-secret"));
    assert_eq!(of(&flood), Err(Refused::Wrong), "so many are not looked at");
}

#[test]
fn a_signed_time_holds_for_its_tolerance_and_is_told_only_to_who_can_sign() {
    // `t=1767603600,v1=…` over `{t}.{body}`, as Stripe signs.
    let check = signature("header: Sig\nprefix: v1=\ntimestamp: { part: t= }\n", None, &["key"]);
    let sent = 1_767_603_600;
    let mac =
        |text: &str| hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"key"), text.as_bytes()));
    let header = format!("t={sent},v1={},v0=00", mac(&format!("{sent}.{{}}")));
    let of = |now: i64| check.which(&headers(&[("sig", &header)]), b"{}", at(now));
    assert_eq!(of(sent), Ok(0));
    assert_eq!(of(sent + 300), Ok(0));
    assert_eq!(of(sent - 300), Ok(0));
    assert_eq!(of(sent + 301), Err(Refused::Late(Duration::from_secs(301))));
    assert_eq!(of(sent - 400), Err(Refused::Early(Duration::from_secs(400))));
    let moved = header.replace(&format!("t={sent}"), &format!("t={}", sent + 1000));
    assert_eq!(check.which(&headers(&[("sig", &moved)]), b"{}", at(sent + 1000)), Err(Refused::Wrong));
    let bare = format!("v1={}", mac("{}"));
    assert_eq!(
        check.which(&headers(&[("sig", &bare)]), b"{}", at(sent)),
        Err(Refused::Wrong),
        "it holds no time"
    );
}

#[test]
fn times_come_in_headers_and_in_several_forms() {
    let mac =
        |text: &str| hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"key"), text.as_bytes()));
    for (format, text) in
        [("seconds", "1767603600"), ("milliseconds", "1767603600000"), ("rfc3339", "2026-01-05T09:00:00Z")]
    {
        let yaml = format!(
            "header: Sig\nsigned: '{{timestamp}}:{{body}}'\ntimestamp: {{ header: X-Time, format: {format}, tolerance: 1m }}\n"
        );
        let check = signature(&yaml, None, &["key"]);
        let sent = |pairs: &[(&str, &str)], now: i64| {
            let signed = mac(&format!("{text}:{{}}"));
            let mut all = vec![("sig", signed.as_str())];
            all.extend_from_slice(pairs);
            check.which(&headers(&all), b"{}", at(now))
        };
        assert_eq!(sent(&[("x-time", text)], 1_767_603_660), Ok(0), "{format}");
        assert!(matches!(sent(&[("x-time", text)], 1_767_603_661), Err(Refused::Late(_))), "{format}");
        assert_eq!(sent(&[], 1_767_603_600), Err(Refused::Wrong), "{format}");
        assert_eq!(
            sent(&[("x-time", text), ("x-time", text)], 1_767_603_600),
            Err(Refused::Wrong),
            "of two, which?"
        );
    }
}

#[test]
fn a_secret_that_is_no_key_says_whose_it_is() {
    let scheme = scheme("header: S\nkey: base64\n", None);
    let error = Signature::new("huntress", &scheme, &[literal("whsec_***")]).unwrap_err();
    assert_eq!(error.to_string(), "the secret of the source `huntress` is no key in base64");
    assert!(Signature::new("huntress", &scheme, &[literal("whsec_")]).is_err(), "a key of nothing is none");
}

#[test]
fn svix_signs_id_time_and_body() {
    let secret = format!("whsec_{}", BASE64.encode(b"0123456789abcdef0123456789abcdef"));
    let check = signature("{}", Some("huntress"), &[&secret]);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"0123456789abcdef0123456789abcdef");
    let mac = BASE64.encode(hmac::sign(&key, b"msg_1.1767603600.{}"));
    let sent = |id: &str, time: &str, value: &str| {
        let headers = headers(&[("svix-id", id), ("svix-timestamp", time), ("svix-signature", value)]);
        check.which(&headers, b"{}", at(1_767_603_600))
    };
    assert_eq!(sent("msg_1", "1767603600", &format!("v1,{mac}")), Ok(0));
    assert_eq!(sent("msg_1", "1767603600", &format!("v1a,AAAA v1,AAAA v1,{mac}")), Ok(0));
    assert_eq!(sent("msg_2", "1767603600", &format!("v1,{mac}")), Err(Refused::Wrong));
    assert_eq!(sent("msg_1", "1767603601", &format!("v1,{mac}")), Err(Refused::Wrong));
}

fn payloads() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("HALOWARD_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    Some(shared.join("payloads")).filter(|path| path.is_dir())
}

/// Every vendor's vector that is at hand, through the vendor's preset and the secret alone.
#[test]
fn the_vectors_of_vendors_recompute() {
    let Some(payloads) = payloads() else {
        println!("skipped: vendors' payloads are not there");
        return;
    };
    let mut checked = 0;
    for vendor in std::fs::read_dir(payloads).unwrap().flatten() {
        let Ok(text) = std::fs::read_to_string(vendor.path().join("signature-vector.json")) else { continue };
        let vector: Value = serde_json::from_str(&text).unwrap();
        let text = |name: &str| vector[name].as_str().unwrap_or_default();
        let name = vendor.file_name().into_string().unwrap();
        let (yaml, preset) = match name.as_str() {
            // A scheme for reference, of a vendor without alerts.
            "stripe-reference" => ("header: Stripe-Signature\nprefix: v1=\ntimestamp: { part: t= }\n", None),
            _ => ("{}", Some(name.as_str())),
        };
        let check = signature(yaml, preset, &[text("secret")]);
        let sent = if vector["signature"].is_string() { text("signature") } else { text("value") };
        let headers = headers(&[(text("header"), sent)]);
        let now = at(vector["timestamp"].as_i64().unwrap_or(0));
        assert_eq!(check.which(&headers, text("raw_body").as_bytes(), now), Ok(0), "{name}");
        let other = format!("{} ", text("raw_body"));
        assert_eq!(check.which(&headers, other.as_bytes(), now), Err(Refused::Wrong), "{name}");
        checked += 1;
    }
    assert!(checked >= 3, "only {checked} vendors have vectors");
}

/// How each vendor that signs says it does, as its documentation has it; the payloads beside carry no signatures.
#[test]
fn presets_know_how_their_vendors_sign() {
    let body = b"{\"a\":1}";
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret-of-the-vendor");
    let mac = hex::encode(hmac::sign(&key, body));
    for (preset, header, value) in [
        ("github", "x-hub-signature-256", format!("sha256={mac}")),
        ("level-io", "x-level-signature", format!("sha256={mac}")),
        ("sentry", "sentry-hook-signature", mac.clone()),
        ("grafana", "x-grafana-alerting-signature", mac.clone()),
        ("pagerduty", "x-pagerduty-signature", format!("v1={mac}")),
    ] {
        let check = signature("{}", Some(preset), &["secret-of-the-vendor"]);
        assert_eq!(check.which(&headers(&[(header, &value)]), body, at(0)), Ok(0), "{preset}");
    }
    let timed =
        signature("timestamp: X-Grafana-Alerting-Timestamp", Some("grafana"), &["secret-of-the-vendor"]);
    let mac = hex::encode(hmac::sign(&key, b"1767603600:{\"a\":1}"));
    let sent =
        headers(&[("x-grafana-alerting-signature", &mac), ("x-grafana-alerting-timestamp", "1767603600")]);
    assert_eq!(timed.which(&sent, body, at(1_767_603_600)), Ok(0));
}
