//! The conditions of a measurement, and what the system says about a process.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::latency::Latencies;

/// What has to stand beside a figure: the machine, and how long its disk takes to make a commit durable.
///
/// # Errors
///
/// When `folder`, where the stores are, cannot be written to.
pub fn conditions(folder: &Path) -> std::io::Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{cores} cores ({}), load average {} before it began",
        model.trim_start_matches(['\t', ':', ' ']),
        load.split(' ').next().unwrap_or("unknown")
    );
    let _ = writeln!(text, "8 KiB and fdatasync on the stores' disk: {}", syncs(folder)?);
    let _ = write!(
        text,
        "durability as shipped: SQLite WAL, synchronous=FULL: one fsync before each group is answered"
    );
    Ok(text)
}

fn syncs(folder: &Path) -> std::io::Result<Latencies> {
    let path = folder.join("fdatasync.tmp");
    let mut file = fs::File::create(&path)?;
    let mut took = Latencies::default();
    for _ in 0..500 {
        file.write_all(&[7; 8192])?;
        let started = Instant::now();
        file.sync_data()?;
        took.add(started.elapsed());
    }
    fs::remove_file(path)?;
    Ok(took)
}

/// A figure of `/proc/PID/status` in KiB, such as `VmHWM`; nothing where the system has no such file.
pub(super) fn status_kib(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// LIMIT: Linux counts processor time for `/proc` in hundredths of a second, whatever the kernel's own tick.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process has used.
pub(super) fn cpu(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces; `utime` and `stime` are the 12th and 13th after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(TICK * (user + system))
}
