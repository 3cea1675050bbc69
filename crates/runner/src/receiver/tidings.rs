//! What HaloPSA's own webhook says: which tickets may have changed. Nothing of it is believed but the numbers; what became
//! of those tickets is read from HaloPSA. So nothing has to be durable, and what is lost is seen by the next round.

use serde_json::Value;

use crate::feeds::Waker;
use crate::tracker::Hints;

/// LIMIT: HaloPSA may collect events before it sends them; who has more to say than this has said enough.
const MOST: usize = 1_000;

/// Where it is told that tickets of HaloPSA may have changed. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Tidings {
    hints: Hints,
    feeds: Waker,
}

impl Tidings {
    /// To the tracker of our own tickets, and to the sources that tell of all.
    pub fn new(hints: Hints, feeds: Waker) -> Self {
        Self { hints, feeds }
    }

    /// Has the tickets that a delivery to this source names looked at.
    pub(super) fn bring(&self, source: &str, payload: &Value) {
        for ticket in tickets(payload) {
            self.hints.look_soon(ticket);
        }
        self.feeds.wake(source);
    }
}

/// The numbers of the tickets that a delivery is about: one event, or several where HaloPSA collects them.
fn tickets(payload: &Value) -> Vec<i64> {
    let events = match payload {
        Value::Array(events) => events.as_slice(),
        event => std::slice::from_ref(event),
    };
    let number = |event: &Value| {
        let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        [&event["ticket"]["id"], &event["ticket_id"], &event["action"]["ticket_id"]]
            .into_iter()
            .find_map(number)
    };
    events.iter().take(MOST).filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_tickets_of_a_delivery_are_named_in_several_ways() {
        let one = json!({"event": "Ticket Updated", "ticket": {"id": 4521, "summary": "Printer"}});
        assert_eq!(tickets(&one), [4521]);
        assert_eq!(
            tickets(&json!([one, {"action": {"ticket_id": "4522"}}, {"ticket_id": 4523}])),
            [4521, 4522, 4523]
        );
        for nothing in [json!({}), json!([]), json!("x"), json!({"ticket": "4521"}), json!({"id": 3})] {
            assert_eq!(tickets(&nothing), [0_i64; 0], "{nothing}");
        }
        let many = Value::from(vec![json!({"ticket_id": 1}); MOST + 1]);
        assert_eq!(tickets(&many).len(), MOST);
    }
}
