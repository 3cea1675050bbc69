//! One HTTP request made once and sent many times: only the numbers in it are written anew.

use serde_json::{Value, json};

use crate::TOKEN;

/// How many digits a number has in the payload.
const DIGITS: usize = 9;
/// What stands in the payload where a number belongs. No digit of it occurs elsewhere in a row.
const PLACE: &str = "#########";

/// A delivery of so many events, ready to be sent again with other numbers.
#[derive(Debug, Clone)]
pub struct Request {
    bytes: Vec<u8>,
    /// Where the numbers of each event stand.
    places: Vec<Vec<usize>>,
}

impl Request {
    /// A delivery of Alertmanager with so many alerts of about 700 bytes, each made by `alert` from a number.
    ///
    /// # Panics
    ///
    /// If `alert` leaves its number out.
    pub fn alerts(host: &str, count: usize, alert: impl Fn(&str) -> Value) -> Self {
        let item = alert(PLACE).to_string();
        let whole = json!({
            "version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "haloward", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager.example", "alerts": "@"
        });
        let items = vec![item.as_str(); count].join(",");
        let body = whole.to_string().replace("\"@\"", &format!("[{items}]"));
        let head = format!(
            "POST /hooks/prom/{TOKEN} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let bytes = format!("{head}{body}").into_bytes();
        let found: Vec<usize> = bytes
            .windows(DIGITS)
            .enumerate()
            .filter(|(_, w)| *w == PLACE.as_bytes())
            .map(|(at, _)| at)
            .collect();
        let each = found.len() / count.max(1);
        assert!(each > 0, "each alert has its number in it");
        Self { bytes, places: found.chunks(each).map(<[usize]>::to_vec).collect() }
    }

    /// How many events it holds.
    pub fn events(&self) -> usize {
        self.places.len()
    }

    /// How long it is, head and body.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: a request has a head.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The request with these numbers in it, one for each event.
    pub(super) fn with(&mut self, numbers: impl Iterator<Item = u64>) -> &[u8] {
        for (places, number) in self.places.iter().zip(numbers) {
            let digits = format!("{number:0DIGITS$}");
            for place in places {
                self.bytes[*place..*place + DIGITS].copy_from_slice(&digits.as_bytes()[..DIGITS]);
            }
        }
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_of_a_request_has_its_own_number_wherever_it_stands() {
        let mut request =
            Request::alerts("localhost", 2, |n| json!({ "fingerprint": n, "labels": { "instance": n } }));
        assert_eq!(request.events(), 2);
        let text = String::from_utf8(request.with([7, 1234].into_iter()).to_vec()).unwrap();
        let body: Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        let alert = |n: usize| body["alerts"][n].clone();
        assert_eq!(alert(0), json!({ "fingerprint": "000000007", "labels": { "instance": "000000007" } }));
        assert_eq!(alert(1), json!({ "fingerprint": "000001234", "labels": { "instance": "000001234" } }));
    }
}
