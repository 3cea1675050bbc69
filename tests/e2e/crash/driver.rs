//! Sends numbered events of a few problems, and remembers which were answered.

use std::collections::BTreeMap;

use halopsa_sandbox::Sandbox;
use haloward_tests::{PATIENCE, TOKEN, alertmanager, client};
use serde_json::{Value, json};

use super::faults;

/// LIMIT: so many problems have events; few, so that notes, ends and new beginnings meet.
const PROBLEMS: u32 = 15;

/// LIMIT: so many events in one life, so that the outbox is delivered in the midst of kills and faults, not after them.
const AT_MOST: u32 = 9;

/// What one event was, by its number.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) problem: u32,
    pub(super) firing: bool,
    pub(super) answered: bool,
}

#[derive(Debug)]
pub(super) struct Driver {
    http: reqwest::Client,
    pub(super) sent: Vec<Sent>,
    /// How each problem was left: firing or not.
    pub(super) ends: BTreeMap<u32, bool>,
    /// Several events come in one payload, so that their tickets are decided together.
    several: bool,
}

impl Driver {
    pub(super) fn new(several: bool) -> Self {
        Self { http: client(), sent: Vec::new(), ends: BTreeMap::new(), several }
    }

    /// Posts one event after another until `moment`; one that is under way then was not answered.
    pub(super) async fn post_until(
        &mut self,
        moment: impl Future<Output = ()>,
        url: &str,
        sandbox: &Sandbox,
        random: &mut fastrand::Rng,
    ) {
        tokio::pin!(moment);
        // As many events either way: otherwise most would be delivered when nothing fails any more.
        for _ in 0..if self.several { AT_MOST / 3 } else { AT_MOST } {
            faults::keep_coming(sandbox, random);
            let several = if self.several { random.u32(1..5) } else { 1 };
            // Each of a payload's events is of another problem, so that their order plays no part.
            let first = random.u32(0..PROBLEMS);
            let problem = |number| (first + number) % PROBLEMS;
            let problems = (0..several).map(|number| (problem(number), random.u32(0..4) > 0)).collect();
            tokio::select! {
                () = &mut moment => return,
                _ = self.post(url, problems) => {}
            }
        }
        moment.await;
    }

    /// A last problem of its own.
    pub(super) async fn one_more(&mut self, url: &str) {
        assert!(self.post(url, vec![(PROBLEMS, true)]).await, "it answers 202");
        self.ends.insert(PROBLEMS, true);
    }

    /// Each problem's last event, answered for certain: half of them still fire, half are over.
    pub(super) async fn end_every_problem(&mut self, url: &str, random: &mut fastrand::Rng) {
        for problem in 0..PROBLEMS {
            let firing = random.bool();
            let answering = async { while !self.post(url, vec![(problem, firing)]).await {} };
            tokio::time::timeout(PATIENCE, answering).await.expect("it answers 202");
            self.ends.insert(problem, firing);
        }
    }

    /// Sends one payload with an event of each of these problems.
    async fn post(&mut self, url: &str, problems: Vec<(u32, bool)>) -> bool {
        let first = self.sent.len();
        let sent = problems.iter().map(|(problem, firing)| Sent {
            problem: *problem,
            firing: *firing,
            answered: false,
        });
        self.sent.extend(sent);
        let events: Vec<Value> = (first..)
            .zip(&problems)
            .map(|(number, (problem, firing))| event(*problem, number, *firing))
            .collect();
        let payload = alertmanager(&events);
        let answer = self.http.post(format!("{url}/hooks/prom/{TOKEN}")).json(&payload).send().await;
        let answered = answer.is_ok_and(|answer| answer.status() == 202);
        for sent in &mut self.sent[first..] {
            sent.answered = answered;
        }
        answered
    }
}

fn event(problem: u32, number: usize, firing: bool) -> Value {
    json!({
        "status": if firing { "firing" } else { "resolved" },
        "fingerprint": format!("problem-{problem}"),
        "labels": {
            "alertname": "Numbered", "severity": "critical", "instance": "srv-01", "client": "Northwind Dental",
            "problem": problem.to_string(), "number": number.to_string()
        },
        "annotations": { "summary": format!("Problem {problem}") },
        "startsAt": "2026-01-05T08:00:00Z",
    })
}
