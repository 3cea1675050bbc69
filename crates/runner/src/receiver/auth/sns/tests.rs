//! Everything AWS would do is done by the test: its key, its certificate, its answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:alerts";
const CERT: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";
const NOW: &str = "2026-01-05T09:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// What stands where, and what was asked for.
#[derive(Debug, Clone, Default)]
struct Web {
    pages: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fetch for Web {
    fn get<'a>(&'a self, url: &'a Url) -> Fetching<'a> {
        self.asked.lock().unwrap().push(url.to_string());
        let page = self.pages.lock().unwrap().get(url.as_str()).cloned();
        Box::pin(async move { page.ok_or(FetchError::Status(404)) })
    }
}

/// A key that signs nothing but these tests' messages.
const KEY: &str = include_str!("tests/key.pem");

/// What `openssl dgst -sha1 -sign` says of the message that `notification` makes: `ring` checks SHA-1 and does not sign.
const SIGNED_WITH_SHA1: &str = "igOHguJjLE/pVzgAwm26stz8twKxMk0xPuCim/ToDA3opuThYPAtknJ2kVREClOutfKKieMAvOO2CqWaVvUkgGH4XynNHc4YSL6egMsy06iS9zn9JfBGMd0dKiP1RTPCoKahwVajrh7yLo4S1tG7dr15St8qIx0DNpTBWgrDTTNXQyYsFc2oYVpBksPY1FhpMjslBFafycqP+sEgeKttEHEp0clQmCDcfYgUhKhFKWcP3nJ71pUGo/ZUi+orQCyuh+T4UIC2v8++rj41vVq9hp21x9oRhwrp+tHFPDC5NApS/LT1hKHI9DeTl2fjiTSOsg3VW1+pjoV8eMz+TL8cTg==";

/// A certificate of that key for these names and this year.
fn certificate(common: &str, others: &[&str], year: i32) -> Vec<u8> {
    let key = KeyPair::from_pem(KEY).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common);
    params.subject_alt_names =
        others.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
    params.not_before = rcgen::date_time_ymd(year, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 12, 31);
    params.self_signed(&key).unwrap().pem().into_bytes()
}

fn sign(text: &str) -> String {
    let pem = KeyPair::from_pem(KEY).unwrap();
    let key = RsaKeyPair::from_pkcs8(&pem.serialize_der()).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
    STANDARD.encode(signature)
}

/// The message with the signature that AWS would give it.
fn signed(mut message: Value) -> Value {
    message["SignatureVersion"] = "2".into();
    message["SigningCertURL"] = CERT.into();
    let text = Message::of(&message).map(|message| message.signed()).unwrap_or_default();
    message["Signature"] = sign(&text).into();
    message
}

fn notification() -> Value {
    json!({
        "Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC, "Message": "Disk full",
        "Timestamp": "2026-01-05T08:59:00.000Z",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=x",
    })
}

fn confirmation(url: &str) -> Value {
    json!({
        "Type": "SubscriptionConfirmation", "MessageId": "m-2", "Token": "t0ken", "TopicArn": TOPIC,
        "Message": "Visit the SubscribeURL", "SubscribeURL": url, "Timestamp": "2026-01-05T08:59:00.000Z",
    })
}

/// AWS with a good certificate, and what it was asked.
fn aws() -> (Aws, Web) {
    let web = Web::default();
    web.pages.lock().unwrap().insert(CERT.into(), certificate("sns.amazonaws.com", &[], 2026));
    (Aws::through(Box::new(web.clone())), web)
}

async fn verify(aws: &Aws, mut payload: Value) -> Result<Value, Refused> {
    let sns = Sns::new(&[TOPIC.to_owned()]);
    sns.verify(&mut payload, aws, now()).await.map(|()| payload)
}

#[tokio::test]
async fn what_aws_signed_is_taken_and_what_must_not_be_kept_is_gone() {
    let (aws, web) = aws();
    let taken = verify(&aws, signed(notification())).await.unwrap();
    assert_eq!(taken["Message"], "Disk full");
    assert_eq!(taken["UnsubscribeURL"], Value::Null);
    let mut with_subject = notification();
    with_subject["Subject"] = "ALARM: disk".into();
    verify(&aws, signed(with_subject)).await.unwrap();
    let mut ended = confirmation("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription");
    ended["Type"] = "UnsubscribeConfirmation".into();
    let ended = verify(&aws, signed(ended)).await.unwrap();
    assert_eq!((&ended["Token"], &ended["SubscribeURL"]), (&Value::Null, &Value::Null));
    assert_eq!(*web.asked.lock().unwrap(), [CERT], "the certificate is fetched once, and nothing else is");
}

#[tokio::test]
async fn the_first_version_of_signatures_is_taken_too() {
    let mut message = notification();
    message["SignatureVersion"] = "1".into();
    message["SigningCertURL"] = CERT.into();
    message["Signature"] = SIGNED_WITH_SHA1.into();
    verify(&aws().0, message.clone()).await.unwrap();
    message["SignatureVersion"] = "2".into();
    assert_eq!(verify(&aws().0, message).await, Err(Refused::Wrong));
}

#[tokio::test]
async fn whatever_was_changed_is_refused() {
    let (aws, _) = aws();
    for (name, value) in [
        ("Message", json!("Everything is fine")),
        ("MessageId", json!("m-9")),
        ("Subject", json!("x")),
        ("Timestamp", json!("2026-01-05T08:59:01.000Z")),
        ("Type", json!("UnsubscribeConfirmation")),
        ("Signature", json!("AAAA")),
        ("Signature", json!("%%%")),
        ("Signature", json!(7)),
        ("SignatureVersion", json!("3")),
        ("SigningCertURL", json!("")),
    ] {
        let mut message = signed(notification());
        message[name] = value.clone();
        assert_eq!(verify(&aws, message).await, Err(Refused::Wrong), "{name}: {value}");
    }
}

#[tokio::test]
async fn other_topics_and_raw_messages_are_refused_before_anything_is_fetched() {
    let (aws, web) = aws();
    let mut other = notification();
    other["TopicArn"] = "arn:aws:sns:eu-west-1:123456789012:others".into();
    assert_eq!(verify(&aws, signed(other)).await, Err(Refused::Topic));
    for raw in [json!({"AlarmName": "a"}), json!([]), json!("text"), json!({"Type": "Other"})] {
        assert_eq!(verify(&aws, raw).await, Err(Refused::Unsigned));
    }
    assert!(web.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn certificates_come_from_sns_alone() {
    for (url, right) in [
        (CERT, true),
        ("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a.pem", true),
        ("https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-0a.pem", true),
        ("http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem", false),
        ("https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0a.pem", false),
        ("https://user@sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem", false),
        ("https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem", false),
        ("https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem", false),
        ("https://sns.evil.example#.amazonaws.com/SimpleNotificationService-0a.pem", false),
        ("https://sns.a.b.amazonaws.com/SimpleNotificationService-0a.pem", false),
        ("https://sns.amazonaws.com/SimpleNotificationService-0a.pem", false),
        ("https://bucket.s3.amazonaws.com/SimpleNotificationService-0a.pem", false),
        ("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem?x=1", false),
        ("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem#x", false),
        ("https://sns.eu-west-1.amazonaws.com/x/../SimpleNotificationService-.pem", false),
        ("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a/b.pem", false),
        ("https://sns.eu-west-1.amazonaws.com/other.pem", false),
        ("https://169.254.169.254/SimpleNotificationService-0a.pem", false),
        ("file:///SimpleNotificationService-0a.pem", false),
    ] {
        assert_eq!(aws_url(url).as_ref().is_some_and(is_certificate), right, "{url}");
    }
}

#[tokio::test]
async fn a_certificate_must_be_one_of_sns_and_hold_now() {
    for (pem, right) in [
        (certificate("sns.amazonaws.com", &[], 2026), true),
        (certificate("x", &["sns.eu-west-1.amazonaws.com"], 2026), true),
        (certificate("sns.amazonaws.com", &[], 2025), false),
        (certificate("sns.amazonaws.com", &[], 2027), false),
        (certificate("evil.example", &["sns.amazonaws.com.evil.example"], 2026), false),
        (b"no certificate".to_vec(), false),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(), false),
    ] {
        let web = Web::default();
        web.pages.lock().unwrap().insert(CERT.into(), pem);
        let aws = Aws::through(Box::new(web));
        assert_eq!(verify(&aws, signed(notification())).await.is_ok(), right);
    }
}

#[tokio::test]
async fn while_aws_cannot_be_asked_the_sender_should_try_again_and_questions_are_bounded() {
    let web = Web::default();
    let aws = Aws::through(Box::new(web.clone()));
    for _ in 0..40 {
        let refused = verify(&aws, signed(notification())).await;
        assert!(matches!(refused, Err(Refused::Unclear(_))), "{refused:?}");
    }
    assert_eq!(web.asked.lock().unwrap().len(), 30);
}

#[tokio::test]
async fn an_old_message_is_not_taken_again() {
    let (aws, _) = aws();
    for (time, expected) in [
        ("2026-01-04T09:00:00.000Z", None),
        ("2026-01-04T08:59:59.000Z", Some(Refused::Late(Duration::from_secs(86_401)))),
        ("2026-01-05T09:15:01.000Z", Some(Refused::Early(Duration::from_secs(901)))),
        ("yesterday", Some(Refused::Wrong)),
    ] {
        let mut message = notification();
        message["Timestamp"] = time.into();
        assert_eq!(verify(&aws, signed(message)).await.err(), expected, "{time}");
    }
}

#[tokio::test]
async fn a_subscription_is_confirmed_where_aws_says_and_nowhere_else() {
    let (aws, web) = aws();
    let host = "https://sns.eu-west-1.amazonaws.com";
    let right = format!("{host}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t0ken");
    web.pages.lock().unwrap().insert(Url::parse(&right).unwrap().to_string(), b"<ok/>".to_vec());
    let taken = verify(&aws, signed(confirmation(&right))).await.unwrap();
    assert!(!taken.to_string().contains("t0ken"), "{taken}");
    assert_eq!(web.asked.lock().unwrap().len(), 2);
    for wrong in [
        format!("http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}"),
        format!("https://evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}"),
        format!("{host}/?Action=Unsubscribe&TopicArn={TOPIC}"),
        format!("{host}/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:others"),
        format!("{host}/elsewhere?Action=ConfirmSubscription&TopicArn={TOPIC}"),
        String::new(),
    ] {
        assert_eq!(verify(&aws, signed(confirmation(&wrong))).await, Err(Refused::Wrong), "{wrong}");
    }
    assert_eq!(web.asked.lock().unwrap().len(), 2, "nothing else was visited");
    let mut forged = signed(confirmation(&right));
    forged["Signature"] = "AAAA".into();
    assert_eq!(verify(&aws, forged).await, Err(Refused::Wrong));
    assert_eq!(web.asked.lock().unwrap().len(), 2, "a forged message makes nobody visit anything");
    let lost = format!("{right}&x=1");
    assert!(matches!(verify(&aws, signed(confirmation(&lost))).await, Err(Refused::Unclear(_))));
}
