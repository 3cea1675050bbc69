use std::io::Write as _;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use super::{Content, read, understand};

const LIMIT: usize = 1024 * 1024;

fn payload(content_type: &str, body: impl AsRef<[u8]>) -> Value {
    match understand(content_type, body.as_ref()) {
        Ok(Content::Payload(payload)) => payload.into_value(),
        other => panic!("{content_type}: {}: {other:?}", String::from_utf8_lossy(body.as_ref())),
    }
}

/// What is answered to a body that is refused.
fn refusal(content_type: &str, body: impl AsRef<[u8]>) -> (u16, String) {
    let problem = understand(content_type, body.as_ref()).expect_err("it is refused");
    (problem.status.as_u16(), problem.detail)
}

fn broken(content_type: &str, body: &str) -> String {
    match understand(content_type, body.as_bytes()) {
        Ok(Content::Broken { text, why }) if text == body => why,
        other => panic!("{content_type}: {body}: {other:?}"),
    }
}

#[test]
fn a_body_is_read_by_what_it_is_not_by_what_it_is_called() {
    for (content_type, text) in [
        ("application/json", r#"{"a":1}"#),
        ("application/json; charset=utf-8", "\u{feff}{\"a\":1}"),
        ("application/cloudevents+json", r#"{"a":1}"#),
        ("text/plain; charset=UTF-8", r#"{"a":1}"#),
        ("text/html", "\r\n {\"a\":1}\n"),
        ("application/octet-stream", r#"{"a":1}"#),
        ("", r#"{"a":1}"#),
        ("", "%7B%22a%22%3A1%7D"),
        ("application/x-www-form-urlencoded", r#"{"a":1}"#),
        ("application/x-www-form-urlencoded", "%7B%22a%22%3A1%7D"),
        ("application/x-www-form-urlencoded", "%7b+%22a%22:+1+%7d"),
        ("application/x-www-form-urlencoded", "payload=%7B%22a%22%3A1%7D"),
        ("application/x-www-form-urlencoded", "signature=x&payload=%7B%22a%22%3A1%7D"),
        ("application/json", "%7B%22a%22%3A1%7D"),
    ] {
        assert_eq!(payload(content_type, text), json!({"a": 1}), "{content_type}: {text}");
    }
    assert_eq!(payload("application/x-ndjson", "{\"a\":1}\n\n{\"a\":2}\n"), json!([{"a": 1}, {"a": 2}]));
}

#[test]
fn a_form_is_its_fields() {
    let expected = json!({"host": "srv 01", "state": "Down", "message": "7 % & less"});
    let text = "host=srv+01&state=Down&message=7+%25+%26+less";
    assert_eq!(payload("application/x-www-form-urlencoded", text), expected);
    assert_eq!(payload("text/plain", text), expected);
    assert_eq!(refusal("application/x-www-form-urlencoded", "").1, "the body is empty");
    let many = "a=1&".repeat(1_001);
    assert_eq!(refusal("application/x-www-form-urlencoded", many).1, "it is a form of more than 1000 fields");
}

#[test]
fn a_multipart_form_is_json_in_a_field_or_its_fields() {
    let label = "multipart/form-data; boundary=XX";
    let field = |name: &str, text: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let one = format!("{}--XX--\r\n", field("data", "{\"heartbeat\":{\"status\":0}}"));
    assert_eq!(payload(label, one), json!({"heartbeat": {"status": 0}}));
    let plain = format!("{}{}--XX--\r\n", field("host", "srv-01"), field("state", "Down"));
    assert_eq!(payload(label, plain), json!({"host": "srv-01", "state": "Down"}));
    assert!(refusal("multipart/form-data", "x").1.starts_with("it is no multipart form: "));
    assert!(refusal(label, field("data", "{}")).1.starts_with("it is no multipart form: "));
}

#[test]
fn text_is_a_payload_unless_it_claims_to_be_something_else() {
    assert_eq!(payload("text/plain", " Disk C: is full on srv-01 \n"), json!("Disk C: is full on srv-01"));
    assert_eq!(payload("", "<3 this server"), json!("<3 this server"));
    assert_eq!(
        refusal("application/json", "Disk full"),
        (400, "it is not JSON: expected value at line 1 column 1".into())
    );
    assert_eq!(refusal("text/xml", "Disk full"), (400, "it is not XML: it does not begin with `<`".into()));
}

#[test]
fn bodies_that_hold_nothing_are_refused_and_say_why() {
    for text in
        ["", "   ", "{", "{\"a\":", "{\"a\":}", "[", "nul", "{ not json", "{\"broken", "{\"alerts\": ["]
    {
        assert_eq!(refusal("application/json", text).0, 400, "{text}");
    }
    assert_eq!(refusal("application/pdf", "x").0, 415);
    assert_eq!(refusal("image/png", "x").0, 415);
}

#[test]
fn a_broken_payload_is_kept_as_it_came() {
    for text in [
        "{\"title\": \"Disk full\", \"sev",
        "{\"title\": \"Disk full\"} and more",
        "{\"title\": \"Disk full\", \"title\": \"an\"other\"}",
        "{'a': 1, \"title\": \"x\"}",
    ] {
        assert!(broken("application/json", text).starts_with("it is not JSON: "), "{text}");
    }
    assert_eq!(
        broken("text/xml", "<a><b>1</b>"),
        "it is not XML: it ends before its end",
        "an element of it is there"
    );
}

/// What templates that escape nothing make of ordinary messages.
#[test]
fn plain_damage_is_mended() {
    for (text, expected) in [
        ("{\"m\":\"one\ntwo\tthree\r\n\"}", json!({"m": "one\ntwo\tthree\r\n"})),
        ("{\"m\":\"a\u{1}b\"}", json!({"m": "a\u{1}b"})),
        (r#"{"m":"C:\Windows\new\table"}"#, json!({"m": r"C:\Windows\new\table"})),
        (r#"{"path":"C:\Data\","m":"x"}"#, json!({"path": r"C:\Data\", "m": "x"})),
        (
            r#"{"user":"NORTH\reception","path":"C:\Win"}"#,
            json!({"user": r"NORTH\reception", "path": r"C:\Win"}),
        ),
        (r#"{"path":"C:\","m":"x"}"#, json!({"path": r"C:\", "m": "x"})),
        (
            r#"{"m":"the service "Spooler" has stopped","n":"x"}"#,
            json!({"m": "the service \"Spooler\" has stopped", "n": "x"}),
        ),
        (r#"{"m":""quoted"","n":"x"}"#, json!({"m": "\"quoted\"", "n": "x"})),
        (r#"{"m":"said "x""}"#, json!({"m": "said \"x\""})),
        (r#"{"m":"a, "b", c","n":1}"#, json!({"m": "a, \"b\", c", "n": 1})),
        (r#"{"m":"see {"a":"b"} there","n":1}"#, json!({"m": "see {\"a\":\"b\"} there", "n": 1})),
        (
            r#"{"a":{"m":"x "y" z"},"l":[{"m":"1 "2""},{"m":"3"}]}"#,
            json!({"a": {"m": "x \"y\" z"}, "l": [{"m": "1 \"2\""}, {"m": "3"}]}),
        ),
        ("{\"m\":\"already \\\"escaped\\\"\nhere\"}", json!({"m": "already \"escaped\"\nhere"})),
        (r#"{"a":1,"b":[1,2,],}"#, json!({"a": 1, "b": [1, 2]})),
        (r#"{"id":{{alert.id}},"n":"x"}"#, json!({"id": "{{alert.id}}", "n": "x"})),
        (
            r#"{"id":[alert_uid],"list":[1],"n":%sensor}"#,
            json!({"id": "[alert_uid]", "list": [1], "n": "%sensor"}),
        ),
        (r#"{"p":High,"q":None}"#, json!({"p": "High", "q": "None"})),
    ] {
        assert_eq!(payload("application/json", text), expected, "{text}");
    }
}

/// A message must not pass for fields of the alert.
#[test]
fn damage_that_is_not_plain_is_never_guessed_at() {
    for text in [
        r#"{"priority":"Critical","m":"x","priority":"Low","n":"y" z"}"#,
        r#"{"m":["said "a", "b""]}"#,
        r#"{"na"me":"x","m":"y"}"#,
        r#"{"m":"x"}{"m":"y"#,
        r#"{"m":"x" "y"#,
    ] {
        broken("application/json", text);
    }
}

#[test]
fn the_data_of_cloudevents_may_be_in_base64() {
    let one = r#"{"specversion":"1.0","id":"1","data_base64":"eyJzZXZlcml0eSI6ImhpZ2gifQ=="}"#;
    let expected = json!({"specversion": "1.0", "id": "1", "data": {"severity": "high"}});
    assert_eq!(payload("application/cloudevents+json", one), expected);
    let text = r#"{"id":"1","data_base64":"RGlzayBmdWxs"}"#;
    let both = payload("application/cloudevents-batch+json; charset=utf-8", format!("[{one},{text}]"));
    assert_eq!(both, json!([expected, {"id": "1", "data": "Disk full"}]));
    for kept in [r#"{"data_base64":"//8="}"#, r#"{"data_base64":"!"}"#, r#"{"data_base64":7}"#, "[1]"] {
        assert_eq!(
            payload("application/cloudevents+json", kept),
            serde_json::from_str::<Value>(kept).unwrap()
        );
    }
}

#[test]
fn letters_are_read_in_the_charset_they_come_in() {
    let expected = json!({"client": "Müller"});
    let text = "{\"client\":\"Müller\"}";
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let wide = |big: bool| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    assert_eq!(payload("application/json", text), expected);
    assert_eq!(payload("application/json; charset=\"ISO-8859-1\"", &latin), expected);
    assert_eq!(payload("application/json", &latin), expected, "PowerShell says nothing of it");
    assert_eq!(payload("text/plain; charset=utf-16", wide(false)), expected);
    assert_eq!(payload("application/json", wide(true)), expected);
    assert_eq!(payload("application/json; charset=utf-16le", &wide(false)[2..]), expected);
    let mut cut = text.as_bytes().to_vec();
    cut.splice(2..2, [0xc3]);
    assert_eq!(
        payload("application/json", cut),
        json!({"\u{fffd}client": "Müller"}),
        "only one letter is lost"
    );
    assert_eq!(
        refusal("application/json; charset=klingon", text).1,
        "nobody here knows the charset `klingon`; send UTF-8"
    );
    assert_eq!(refusal("", [0xff, 0xfe, 0x00]).1, "its bytes are not UTF-16LE, as it says they are");
}

#[test]
fn xml_is_json_by_a_simple_mapping() {
    let text = "<?xml version=\"1.0\"?><!-- n --><n:result xmlns:n=\"urn:x\" host=\"SRV &amp; co\">\n <items>\n  <check><id>1</id></check>\
         <check><id>2</id><text>a &lt; b &#65;<![CDATA[<c>]]></text></check></items><empty/><one>x</one>rest</n:result>";
    let expected = json!({"result": {
        "host": "SRV & co",
        "items": {"check": [{"id": "1"}, {"id": "2", "text": "a < b A<c>"}]},
        "empty": "", "one": "x", "#text": "rest"
    }});
    for content_type in
        ["text/xml", "application/xml; charset=utf-8", "application/soap+xml", "text/plain", ""]
    {
        assert_eq!(payload(content_type, text), expected, "{content_type}");
    }
    assert_eq!(
        refusal("text/xml", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"),
        (400, "its XML has a document type, which is never read".into())
    );
    assert_eq!(
        refusal("text/xml", "<a>&x;</a>").1,
        "its XML has an entity of its own, which is never expanded"
    );
    let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
    assert_eq!(refusal("text/xml", deep).1, "its XML is nested too deeply");
    assert_eq!(refusal("text/xml", "<a").0, 400);
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

#[test]
fn compressed_bodies_are_read_and_never_expand_beyond_the_limit() {
    let text = br#"{"a":1}"#;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(text).unwrap();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(text).unwrap();
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::best());
    bare.write_all(text).unwrap();
    let gzip = gzip.finish().unwrap();
    for (encoding, body) in [
        ("gzip", &gzip),
        ("X-GZIP", &gzip),
        ("deflate", &zlib.finish().unwrap()),
        ("deflate", &bare.finish().unwrap()),
        ("identity", &text.to_vec()),
    ] {
        let sent = headers(&[("content-encoding", encoding)]);
        assert_eq!(read(&sent, body, LIMIT), Ok(Content::Payload(json!({"a": 1}).into())), "{encoding}");
    }
    let status = |encoding: &str, body: &[u8]| {
        read(&headers(&[("content-encoding", encoding)]), body, LIMIT).map_err(|p| p.status.as_u16())
    };
    assert_eq!(status("gzip", text), Err(400));
    assert_eq!(status("gzip", &gzip[..gzip.len() - 9]), Err(400));
    assert_eq!(status("zstd", text), Err(415));
    assert_eq!(status("gzip, gzip", &gzip), Err(415));
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        bomb.write_all(&vec![b' '; LIMIT]).unwrap();
    }
    assert_eq!(status("gzip", &bomb.finish().unwrap()), Err(413));
}

/// `{"a":1}` behind 65,529 and behind 65,530 blanks: 64 KiB, and one byte more.
const BROTLI: [&str; 2] = [
    "e2ff1fbf71bae23ea4c14f9622207b1da313d6a764792c10287b0f908b0c",
    "0a0020f01ba72bee431afc642902b2d7313a617d4a96c70281b3f700b9c8",
];

#[test]
fn brotli_is_read_up_to_the_limit_and_not_beyond() {
    let read = |body: &[u8], limit: usize| {
        read(&headers(&[("content-encoding", "br")]), body, limit).map_err(|p| (p.status.as_u16(), p.detail))
    };
    let bytes = |text: &str| hex::decode(text).unwrap();
    let whole = Ok(Content::Payload(json!({"a": 1}).into()));
    let unreadable = |why: &str| Err((400, format!("it cannot be decompressed: {why}")));
    let [edge, beyond] = BROTLI.map(bytes);
    assert_eq!(read(&edge, 64 << 10), whole);
    assert_eq!(read(&beyond, (64 << 10) + 1), whole);
    for (body, limit) in [(&edge, (64 << 10) - 1), (&beyond, 64 << 10), (&beyond, 1)] {
        assert_eq!(read(body, limit).unwrap_err().0, 413, "{limit}");
    }
    // 16 MiB of blanks.
    assert_eq!(read(&bytes("9ffffffff82540e2b14020f7fe1f"), LIMIT).unwrap_err().0, 413);
    assert_eq!(read(br#"{"a":1}"#, LIMIT), unreadable("it is not Brotli"));
    assert_eq!(read(&edge[..edge.len() - 1], LIMIT), unreadable("it ends before it is whole"));
    assert_eq!(read(&[edge, b"}".to_vec()].concat(), LIMIT), unreadable("there is more behind its end"));
    assert_eq!(read(b"", LIMIT), unreadable("it ends before it is whole"));
    // The same with a window of a gigabyte, which is no standard and would have to be held in memory.
    assert_eq!(read(&bytes("111e0c00027b2261223a317d03"), LIMIT), unreadable("it is not Brotli"));
}

#[test]
fn whole_numbers_beyond_64_bits_stay_exact() {
    let text = r#"{"a":18446744073709551616,"b":-9223372036854775809,"c":18446744073709551615,"s":"18446744073709551616 \" 99999999999999999999",
        "f":1234567890123456789012.5,"list":[123456789012345678901234567890]}"#;
    assert_eq!(
        payload("application/json", text),
        json!({
            "a": "18446744073709551616", "b": "-9223372036854775809", "c": 18_446_744_073_709_551_615_u64,
            "s": "18446744073709551616 \" 99999999999999999999", "f": 1_234_567_890_123_456_789_012.5,
            "list": ["123456789012345678901234567890"]
        })
    );
    // Wherever a long number stands, it is found.
    for space in 0..40 {
        let text = format!("[{}99999999999999999999]", " ".repeat(space));
        assert_eq!(payload("", text), json!(["99999999999999999999"]), "{space}");
    }
}

/// Each has an outcome of its own; how long it takes is a matter of the benchmark.
#[test]
fn hostile_bodies_have_an_outcome() {
    let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    assert_eq!(refusal("application/json", nested("[", "]")).0, 400);
    assert_eq!(refusal("application/json", "{\"a\":".repeat(10_000)).0, 400);
    let with_a_title = format!("{{\"title\":\"Disk full\",\"a\":{}", nested("[", "]"));
    assert!(broken("", &with_a_title).starts_with("it is not JSON: recursion limit exceeded"));
    let list = format!("[{}1]", "1,".repeat(100_000));
    assert_eq!(payload("", list).as_array().map(Vec::len), Some(100_001));
    assert_eq!(payload("", r#"{"a":1,"a":2}"#), json!({"a": 2}), "of two fields of one name the last counts");
    // Damage all over a body of the largest size.
    for unit in ["\"", "\" ", "\\", "{\"a\":\"", "\"a\":", "\",\"b\":\"", "}", "\n", "{{a", "<a>", "&#"] {
        for before in ["{\"a\":\"", "[", "<"] {
            let body = format!("{before}{}", unit.repeat(LIMIT / unit.len()));
            for label in ["application/json", "", "text/xml", "application/x-www-form-urlencoded"] {
                let _ = understand(label, body.as_bytes());
            }
        }
    }
}
