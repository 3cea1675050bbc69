//! The binary under test, built once, as a process.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Install, PATIENCE, root};

/// The path of the `haloward` binary: what `HALOWARD_BIN` names, else built first if it is not up to date.
pub fn haloward() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(built) = std::env::var_os("HALOWARD_BIN") {
            return root().join(built);
        }
        // The test runs from TARGET/debug/deps; the binary stands two folders up.
        let mut target = std::env::current_exe().expect("the test has a path");
        target.pop();
        target.pop();
        let built = std::process::Command::new(env!("CARGO"))
            .args(["build", "--quiet", "-p", "haloward", "--bin", "haloward"])
            .current_dir(root())
            .env("CARGO_TARGET_DIR", target.parent().expect("a target folder"))
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the binary does not build");
        target.join(format!("haloward{}", std::env::consts::EXE_SUFFIX))
    })
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

/// Runs a command to its end in the repository's root.
pub async fn run(args: &[&str], env: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(haloward());
    command
        .args(args)
        .envs(env.iter().copied())
        .env("NO_COLOR", "1")
        .current_dir(root())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    ended(&output)
}

/// Runs a command that reads `input` from its standard input.
pub async fn run_with_input(args: &[&str], input: &str) -> Ended {
    let mut command = Command::new(haloward());
    command
        .args(args)
        .env("NO_COLOR", "1")
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    let talking = async {
        // A command that found a mistake in its input does not read the rest.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
    };
    let both = async { tokio::join!(talking, child.wait_with_output()).1 };
    ended(&tokio::time::timeout(PATIENCE, both).await.expect("it ends").expect("it runs"))
}

fn ended(output: &std::process::Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A running `haloward run`.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: JoinHandle<()>,
    said: watch::Receiver<String>,
    /// Where its receiver listens: `http://127.0.0.1:PORT`.
    pub url: String,
    /// Where hooks have a door of their own: `https://127.0.0.1:PORT`.
    pub hooks_url: Option<String>,
}

impl Process {
    /// Starts the service and waits until it says where it listens.
    pub async fn start(install: &Install) -> Self {
        Self::start_logging(install, "debug").await
    }

    /// The same with the logs that are usual: what it says about each request would be part of what is measured.
    pub async fn start_quietly(install: &Install) -> Self {
        Self::start_logging(install, "info").await
    }

    async fn start_logging(install: &Install, level: &str) -> Self {
        let mut child = Command::new(haloward())
            .args(["run", "--log", "json", "--config"])
            .arg(install.config())
            .env("NO_COLOR", "1")
            .env("HALOWARD_LOG", level)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("a log")).lines();
        let (telling, mut said) = watch::channel(String::new());
        let log = tokio::spawn(collect(lines, telling));
        let waiting =
            async { said.wait_for(|log| running(log).is_some()).await.ok().and_then(|log| running(&log)) };
        let found = tokio::time::timeout(PATIENCE, waiting).await.expect("it says where it listens");
        let Some(running) = found else { panic!("it ended: {}", *said.borrow()) };
        let address = |name: &str| running[name].as_str().map(str::to_owned);
        let url = format!("http://{}", address("listen").expect("an address"));
        let hooks_url = address("hooks_listen").map(|hooks| format!("https://{hooks}"));
        Self { child, log, said, url, hooks_url }
    }

    /// Asks it to read its files again, and waits until it says `answer`.
    pub async fn hang_up(&self, answer: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let asked = std::process::Command::new("kill").args(["-HUP", &pid]).status().expect("kill runs");
        assert!(asked.success());
        self.says(answer).await;
    }

    /// Waits until it says `answer`.
    pub async fn says(&self, answer: &str) {
        let mut said = self.said.clone();
        let waiting = said.wait_for(|log| log.contains(answer));
        tokio::time::timeout(PATIENCE, waiting).await.expect("it answers").expect("it lives");
    }

    /// What it said that is no routine, for a test that fails.
    pub fn complaints(&self) -> String {
        let said = self.said.borrow();
        let unusual = said.lines().filter(|line| line.contains("\"WARN\"") || line.contains("\"ERROR\""));
        unusual.collect::<Vec<_>>().join("\n")
    }

    /// Its process id.
    ///
    /// # Panics
    ///
    /// If it has ended by itself.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Ends it at once, as a power cut would.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Asks it to end and gives its exit code and all of its log.
    pub async fn stop(mut self) -> (Option<i32>, String) {
        let pid = self.child.id().expect("it runs").to_string();
        let asked = std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(asked.success());
        let ending = async {
            let code = self.child.wait().await.expect("it ends").code();
            self.log.await.expect("a log");
            code
        };
        let code = tokio::time::timeout(PATIENCE, ending).await.expect("it ends when asked");
        (code, self.said.borrow().clone())
    }
}

/// Reads the log to its end, so that the process never waits for a reader.
async fn collect(mut lines: Lines<BufReader<ChildStderr>>, telling: watch::Sender<String>) {
    while let Ok(Some(line)) = lines.next_line().await {
        telling.send_modify(|log| {
            log.push_str(&line);
            log.push('\n');
        });
    }
}

/// What the log says once it runs: where it listens among it.
fn running(log: &str) -> Option<serde_json::Value> {
    let entries = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    entries.into_iter().find(|entry| entry["message"] == "running")
}
