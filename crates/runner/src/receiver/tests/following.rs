//! What a delivery can be followed by, from its answer to the journal.

use std::time::Duration;

use serde_json::{Value, json};

use super::repeating::Receiving;
use crate::cli::service::http;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

impl Receiving {
    /// The answer to a delivery, with this `traceparent` if there is one.
    async fn follow(&self, source: &str, body: &Value, traceparent: Option<&str>) -> Value {
        let mut request = http(false).unwrap().post(format!("{}/hooks/{source}", self.url)).json(body);
        if let Some(traceparent) = traceparent {
            request = request.header("traceparent", traceparent);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 202);
        answer.json().await.unwrap()
    }

    /// The trace of each event in the journal.
    async fn traces(&self) -> Vec<String> {
        let events = self.store.read(|reader| reader.undecided(None, 100)).await.unwrap();
        events.iter().map(|entry| entry.event.trace().expect("a trace").to_owned()).collect()
    }
}

fn parent(trace: &str) -> String {
    format!("00-{trace}-00f067aa0ba902b7-01")
}

#[tokio::test]
async fn all_events_of_a_delivery_have_the_trace_that_the_sender_brings() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let body = json!([{"title": "Disk full", "trace": "the vendor's own"}, {"title": "Disk fuller"}]);
    let answer = receiving.follow("own", &body, Some(&parent(TRACE))).await;
    let fields: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["accepted", "duplicates", "ids", "trace"]);
    assert_eq!((&answer["accepted"], &answer["trace"]), (&json!(2), &json!(TRACE)));
    assert_eq!(receiving.traces().await, [TRACE, TRACE]);
    receiving.stop();
}

#[tokio::test]
async fn a_delivery_without_a_trace_gets_one_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let mut told = Vec::new();
    for traceparent in [None, Some(parent(&"0".repeat(32))), Some("nonsense".to_owned())] {
        let body = json!({"title": "Disk full", "of": traceparent});
        let answer = receiving.follow("own", &body, traceparent.as_deref()).await;
        told.push(answer["trace"].as_str().unwrap().to_owned());
    }
    assert_eq!(receiving.traces().await, told);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 3);
    receiving.stop();
}

#[tokio::test]
async fn the_trace_of_a_payload_nobody_could_read_leads_to_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let body = "{\"alertUID\":\"u-1\",\"message\":\"cut o";
    let request = http(false).unwrap().post(format!("{}/hooks/datto", receiving.url)).body(body);
    let request = request.header("content-type", "application/json").header("traceparent", parent(TRACE));
    assert_eq!(request.send().await.unwrap().status(), 202);
    assert_eq!(receiving.traces().await, [TRACE]);
    receiving.stop();
}

#[tokio::test]
async fn a_delivery_that_comes_again_is_answered_with_the_trace_of_the_first_and_is_none_the_less_known() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let plain = json!({"title": "Disk full"});
    let numbered = json!({"event": {"id": "e-1", "event_type": "incident.triggered", "data": {"id": "P1", "title": "Down"}}});
    let other = parent("0af7651916cd43dd8448eb211c80319c");
    for (source, body) in [("own", &plain), ("pager", &numbered)] {
        let first = receiving.follow(source, body, None).await["trace"].clone();
        let again = receiving.follow(source, body, Some(&other)).await;
        assert_eq!(
            (&again["accepted"], &again["duplicates"], &again["trace"]),
            (&json!(0), &json!(1), &first),
            "{source}: a trace makes nothing another delivery"
        );
    }
    assert_eq!(receiving.traces().await.len(), 2);
    // Who does not remember the first body says so by the trace of this delivery.
    receiving.clock.advance(Duration::from_secs(60));
    let later = Receiving::over(folder.path(), receiving.clock.clone(), receiving.store.clone()).await;
    receiving.stop();
    let again = later.follow("own", &plain, Some(&other)).await;
    assert_eq!(
        (&again["duplicates"], &again["trace"]),
        (&json!(1), &json!("0af7651916cd43dd8448eb211c80319c"))
    );
    later.stop();
}
