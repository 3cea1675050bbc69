//! A real sender: Prometheus watches a metric, its Alertmanager sends what it says, and HaloPSA gets the ticket.
//!
//! Both come from the distribution; where they are not there the test says so and does nothing.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Install, PATIENCE, Process, TOKEN};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

const ALERTMANAGER: &str = "prometheus-alertmanager";
const PROMETHEUS: &str = "prometheus";

const ALERTS: &str = r#"
groups:
  - name: disks
    rules:
      - alert: DiskFull
        expr: disk_free_percent < 10
        labels: { severity: critical, client: Northwind Dental }
        annotations:
          summary: "Disk {{ $labels.volume }} nearly full on {{ $labels.instance }}"
          description: "only <b>{{ $value }}%</b> left"
"#;

/// Whether a program is on the path.
fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A program that ends with the test, however that ends.
fn start(program: &str, folder: &Path, args: &[&str]) -> Child {
    Command::new(program)
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start: {error}"))
}

/// Reads a program's log until it says where it listens, and goes on reading so that it never waits.
async fn listens(program: &mut Child) -> String {
    let mut lines = BufReader::new(program.stderr.take().expect("a log")).lines();
    let waiting = async {
        let mut log = String::new();
        while let Ok(Some(line)) = lines.next_line().await {
            let said = line.split_once("\"Listening on\" address=");
            if let Some(address) = said.and_then(|(_, rest)| rest.split_whitespace().next()) {
                return address.to_owned();
            }
            log.push_str(&line);
            log.push('\n');
        }
        panic!("it ended: {log}")
    };
    let address = tokio::time::timeout(PATIENCE, waiting).await.expect("it says where it listens");
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    address
}

/// What a monitored server tells Prometheus: how much of its disk is free. Says where it listens.
async fn exporter(free: Arc<AtomicU32>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let free = free.load(Ordering::SeqCst);
            tokio::spawn(async move {
                // Whatever is asked, this is the answer.
                let _ = stream.read(&mut [0; 8 * 1024]).await;
                let metric = format!("disk_free_percent{{volume=\"C:\"}} {free}\n");
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close";
                let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{metric}", metric.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn what_prometheus_finds_becomes_a_ticket_and_its_end_resolves_it() {
    if let Some(missing) = [PROMETHEUS, ALERTMANAGER].into_iter().find(|program| !is_there(program)) {
        eprintln!("skipped: {missing} is not installed");
        return;
    }
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    let haloward = Process::start(&install).await;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writes");
    let free = Arc::new(AtomicU32::new(4));
    let monitored = exporter(Arc::clone(&free)).await;

    write(
        "alertmanager.yml",
        &format!(
            "route: {{ receiver: haloward, group_wait: 1s, group_interval: 1s, repeat_interval: 1h }}\n\
             receivers:\n  - name: haloward\n    webhook_configs: [{{ url: \"{}/hooks/prom/{TOKEN}\", send_resolved: true }}]\n",
            haloward.url
        ),
    );
    let listen = "--web.listen-address=127.0.0.1:0";
    let args =
        ["--config.file=alertmanager.yml", "--storage.path=alerts", listen, "--cluster.listen-address="];
    let mut alertmanager = start(ALERTMANAGER, folder.path(), &args);
    let alerts_to = listens(&mut alertmanager).await;

    write("alerts.yml", ALERTS);
    write(
        "prometheus.yml",
        &format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: [alerts.yml]\n\
             scrape_configs: [{{ job_name: disks, static_configs: [{{ targets: [\"{monitored}\"], labels: {{ instance: srv-01 }} }}] }}]\n\
             alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: [\"{alerts_to}\"] }}] }}] }}\n"
        ),
    );
    let args = ["--config.file=prometheus.yml", "--storage.tsdb.path=series", listen];
    let mut prometheus = start(PROMETHEUS, folder.path(), &args);
    listens(&mut prometheus).await;

    sandbox.wait_for(|s| s.tickets.len() == 1, PATIENCE).await.expect("a ticket");
    let ticket = sandbox.tickets().remove(0);
    assert_eq!(ticket.summary, "Disk C: nearly full on srv-01");
    let fields = &ticket.fields;
    assert_eq!(fields["tickettype_id"].as_i64(), sandbox.id_of("TicketType", "Alert"));
    assert_eq!(fields["client_id"].as_i64(), sandbox.id_of("Client", "Northwind Dental"));
    let details = fields["details_html"].as_str().unwrap_or_default();
    assert!(details.contains("only &lt;b&gt;4%&lt;/b&gt; left"), "{details}");

    free.store(60, Ordering::SeqCst);
    sandbox
        .wait_for(|s| s.tickets.iter().all(|ticket| ticket.status == "Resolved"), PATIENCE)
        .await
        .expect("resolved when the disk is free again");
    assert_eq!(sandbox.tickets().len(), 1);
    for program in [&mut prometheus, &mut alertmanager] {
        program.kill().await.expect("it ends");
    }
    assert_eq!(haloward.stop().await.0, Some(0));
    sandbox.stop().await;
}
