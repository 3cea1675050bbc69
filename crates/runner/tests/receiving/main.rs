//! A bounded run of what `fuzz/` does at length: bodies as vendors send them, changed in many small ways, the same ones in
//! each run.

mod target;

use std::path::{Path, PathBuf};

use target::receive;

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/payloads");
    let vendors = std::fs::read_dir(folder).expect("the samples are there").flatten();
    let files =
        vendors.flat_map(|vendor| std::fs::read_dir(vendor.path()).expect("a vendor's folder").flatten());
    let mut paths: Vec<PathBuf> = files.map(|file| file.path()).collect();
    paths.sort();
    paths
}

/// Requests: each sample with a label that fits, and a few that do not.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for path in samples() {
        let body = std::fs::read(&path).expect("a sample");
        let vendor =
            path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let label = match path.extension().and_then(|extension| extension.to_str()) {
            Some("xml") => "text/xml",
            Some("txt") => "application/x-www-form-urlencoded",
            _ => "application/json; charset=utf-8",
        };
        seeds.push([format!("{vendor}|{label}|\n").as_bytes(), &body].concat());
    }
    for (head, body) in [
        (
            "uptime-kuma|multipart/form-data; boundary=XX|",
            "--XX\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{\"msg\":\"x\"}\r\n--XX--\r\n",
        ),
        (
            "cloudevents|application/cloudevents-batch+json|",
            "[{\"specversion\":\"1.0\",\"data_base64\":\"e30=\"}]",
        ),
        ("generic|text/plain; charset=utf-16|", "\u{feff}a"),
        ("generic|application/x-ndjson|gzip", "{\"a\":123456789012345678901234567890}\n{\"b\":[1,2]}"),
    ] {
        seeds.push(format!("{head}\n{body}").into_bytes());
    }
    seeds
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut fastrand::Rng) {
    const PIECES: [&str; 14] = [
        "\"",
        "\\",
        "\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "<a>",
        "%7B",
        "&",
        "99999999999999999999",
        "{{alert.id}}",
    ];
    let at = random.usize(..=bytes.len());
    let end = (at + random.usize(..12)).min(bytes.len());
    match random.u8(..6) {
        0 => drop(bytes.drain(at..end)),
        1 if at < bytes.len() => bytes[at] = random.u8(..),
        2 => bytes.truncate(at),
        3 => {
            let from = random.usize(..=other.len());
            let to = (from + random.usize(..60)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        _ => {
            let piece = PIECES[random.usize(..PIECES.len())];
            bytes.splice(at..end, piece.bytes());
        }
    }
}

#[test]
fn any_request_has_an_outcome() {
    let seeds = seeds();
    for seed in &seeds {
        receive(seed);
    }
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..1_500 {
        let mut bytes = seeds[random.usize(..seeds.len())].clone();
        for _ in 0..=random.usize(..6) {
            let other = &seeds[random.usize(..seeds.len())];
            change(&mut bytes, other, &mut random);
        }
        receive(&bytes);
    }
}
