//! What is sent when. The payloads are the samples under `examples/payloads`.

use std::time::Duration;

/// One alert of the demo.
#[derive(Debug)]
pub(super) struct Scene {
    minute: u64,
    /// The source, which is also its preset.
    pub(super) source: &'static str,
    pub(super) payload: &'static str,
}

impl Scene {
    /// When it is sent, from the start.
    pub(super) fn at(&self) -> Duration {
        Duration::from_secs(self.minute * 60)
    }
}

macro_rules! scenes {
    ($($minute:literal $source:literal $file:literal),* $(,)?) => {
        &[$(Scene {
            minute: $minute,
            source: $source,
            payload: include_str!(concat!("../../../../../examples/payloads/", $source, "/", $file)),
        }),*]
    };
}

/// A morning at a service desk.
pub(super) const STORY: &[Scene] = scenes![
    1 "datto-rmm" "firing.json",
    2 "huntress" "firing.json",
    3 "uptime-kuma" "firing.json",
    4 "veeam" "malware.json",
    5 "alertmanager" "group.json",
    6 "datto-rmm" "firing.json",
    8 "uptime-kuma" "certificate.json",
    9 "azure-monitor" "firing.json",
    10 "datto-rmm" "test.json",
    13 "uptime-kuma" "resolved.json",
    14 "datto-rmm" "resolved.json",
    18 "azure-monitor" "resolved.json",
    20 "huntress" "resolved.json",
];
