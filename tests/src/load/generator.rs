//! The load generator: raw keep-alive connections on the caller's thread, so that little of the machine is its own.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::latency::Latencies;
use super::request::Request;

/// How much is sent, and how fast.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// What is sent.
    pub request: Request,
    /// How many connections send at once, each one request after the other.
    pub connections: usize,
    /// How many events in all; the last request may make it a few more.
    pub events: u64,
    /// The number of the first event.
    pub first: u64,
    /// How many different problems the events are of: their numbers repeat after so many.
    pub problems: u64,
    /// Events in a second; as fast as it goes where there is none.
    pub rate: Option<f64>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Events answered 202.
    pub accepted: u64,
    /// Answers by status.
    pub answers: BTreeMap<u16, u64>,
    /// How long each request took. Of paced traffic it counts from when it should have been sent.
    pub latencies: Latencies,
    /// How long all of it took.
    pub took: Duration,
}

impl Sent {
    /// Events answered 202 in a second.
    pub fn rate(&self) -> f64 {
        self.accepted as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    /// What came of more of it.
    pub(super) fn append(&mut self, other: Self) {
        self.accepted += other.accepted;
        other
            .answers
            .into_iter()
            .for_each(|(status, count)| *self.answers.entry(status).or_default() += count);
        self.latencies.append(other.latencies);
    }
}

/// Sends it all to `addr`.
///
/// # Errors
///
/// When a connection cannot be made or breaks.
pub async fn send(addr: &str, traffic: &Traffic) -> io::Result<Sent> {
    let started = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..traffic.connections {
        let connection = Connection::open(addr).await?;
        tasks.spawn(run(connection, traffic.clone(), Arc::clone(&next), started));
    }
    let mut all = Sent::default();
    while let Some(ended) = tasks.join_next().await {
        all.append(ended.map_err(io::Error::other)??);
    }
    all.took = started.elapsed();
    Ok(all)
}

async fn run(
    mut connection: Connection,
    mut traffic: Traffic,
    next: Arc<AtomicU64>,
    started: Instant,
) -> io::Result<Sent> {
    let mut sent = Sent::default();
    let events = traffic.request.events() as u64;
    loop {
        let number = next.fetch_add(events, Ordering::Relaxed);
        if number >= traffic.events {
            return Ok(sent);
        }
        let mut began = Instant::now();
        if let Some(rate) = traffic.rate {
            let due = started + Duration::from_secs_f64(number as f64 / rate);
            tokio::time::sleep_until(due.into()).await;
            // A request that had to wait for the answer to an earlier one has waited all the same.
            began = due;
        }
        let numbers = (number..number + events).map(|n| traffic.first + n % traffic.problems);
        let status = connection.exchange(traffic.request.with(numbers)).await?;
        sent.latencies.add(began.elapsed());
        *sent.answers.entry(status).or_default() += 1;
        if status == 202 {
            sent.accepted += events;
        }
    }
}

/// One keep-alive connection.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(addr: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16 << 10] })
    }

    /// Sends a request and reads its answer to the end; says the status.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            match self.stream.read(&mut self.buffer[filled..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
            if let Some(status) = whole_answer(&self.buffer[..filled])? {
                return Ok(status);
            }
        }
    }
}

/// The status, once the whole answer is there.
fn whole_answer(answer: &[u8]) -> io::Result<Option<u16>> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&answer[..head]).map_err(io::Error::other)?;
    let strange = || io::Error::other(format!("no answer that this understands: {text}"));
    let status = text.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(strange)?;
    let length: usize = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .ok_or_else(strange)?;
    Ok((answer.len() >= head + 4 + length).then_some(status))
}
