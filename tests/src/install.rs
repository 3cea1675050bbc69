//! An installation in a folder of its own: configuration, rules, store.

use std::fmt::Write as _;
use std::path::PathBuf;

use tempfile::TempDir;

/// An installation in a temporary folder.
#[derive(Debug)]
pub struct Install {
    dir: TempDir,
}

/// The token of every source in these tests.
pub const TOKEN: &str = "correct-horse-battery-staple";

const RULES: &str = r#"
rules:
  - id: endless
    when: { check: Endless, script: "let x = 0; loop { x += 1; }" }
    then: { open_ticket: {} }

  - id: disk-nearly-full
    when:
      check: DiskFull
      script: event.labels.volume != "Z:"
    key: disk/${event.device.name}/${event.labels.volume}
    then:
      open_ticket:
        summary: "Disk ${event.labels.volume} nearly full on ${event.device.name}"
        details: "**${event.title}** says ${event.message}"

  - id: everything-else
    when: { severity: [critical, high, medium] }
    then: { open_ticket: {} }
"#;

impl Install {
    /// An installation that talks to the HaloPSA at `halo`.
    pub fn new(halo: &str) -> Self {
        Self::with_rules(halo, RULES)
    }

    /// The same with rules of its own.
    pub fn with_rules(halo: &str, rules: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut config = format!(
            "halo: {{ url: \"{halo}\", client_id: sandbox-client, client_secret: file:secret, track: 1s }}\n\
             server: {{ listen: 127.0.0.1:0 }}\n\
             unmatched_client: Unmatched Alerts\n\
             ticket_defaults: {{ type: Alert, priority: {{ critical: Critical, high: High, else: Medium }}, team: Service Desk }}\n\
             sources:\n"
        );
        for (source, preset) in [("prom", "alertmanager"), ("own", "generic")] {
            let _ = writeln!(
                config,
                "  {source}: {{ webhook: {{ preset: {preset}, auth: {{ url_token: file:token }} }} }}"
            );
        }
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("writes");
        write("haloward.yaml", &config);
        write("secret", "sandbox-secret\n");
        write("token", TOKEN);
        std::fs::create_dir(dir.path().join("rules")).expect("a folder");
        write("rules/rules.yaml", rules);
        Self { dir }
    }

    /// The same with another budget of requests.
    #[must_use]
    pub fn budget(self, budget: &str) -> Self {
        let config = std::fs::read_to_string(self.config()).expect("reads");
        self.write("haloward.yaml", &config.replace("track: 1s", &format!("track: 1s, budget: {budget}")));
        self
    }

    /// The same creating so many tickets by one request.
    #[must_use]
    pub fn batch(self, batch: usize) -> Self {
        let config = std::fs::read_to_string(self.config()).expect("reads");
        self.write("haloward.yaml", &config.replace("track: 1s", &format!("track: 1s, batch: {batch}")));
        self
    }

    /// The same with another source.
    #[must_use]
    pub fn source(self, source: &str) -> Self {
        let config = std::fs::read_to_string(self.config()).expect("reads");
        self.write("haloward.yaml", &format!("{config}  {source}\n"));
        self
    }

    /// The same with other settings of the server.
    #[must_use]
    pub fn server(self, server: &str) -> Self {
        let config = std::fs::read_to_string(self.config()).expect("reads");
        let settings = "server: { listen: 127.0.0.1:0 }";
        assert!(config.contains(settings));
        self.write("haloward.yaml", &config.replace(settings, &format!("server: {server}")));
        self
    }

    /// The same that reads changed tickets back at another pace.
    #[must_use]
    pub fn track(self, every: &str) -> Self {
        let config = std::fs::read_to_string(self.config()).expect("reads");
        self.write("haloward.yaml", &config.replace("track: 1s", &format!("track: {every}")));
        self
    }

    /// The store's path.
    pub fn store(&self) -> PathBuf {
        self.dir.path().join("haloward.db")
    }

    /// The configuration's path.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("haloward.yaml")
    }

    /// Replaces a file of the installation.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).expect("writes");
    }
}
