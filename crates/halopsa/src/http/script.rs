//! A HaloPSA made of a closure, for tests on virtual time.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Request;
use tokio::time::Instant;

use super::{Answer, Failure};
use crate::budget::Budget;
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::credentials::Credentials;
use crate::site::Site;

/// A request that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Seconds since the script began.
    pub(crate) at: f64,
    /// Method and path, such as `POST /api/Tickets`.
    pub(crate) line: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

type Respond = dyn Fn(&Seen, usize) -> Result<Answer, Failure> + Send + Sync;

pub(crate) struct Script {
    start: Instant,
    latency: Duration,
    respond: Box<Respond>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(super) async fn answer(&self, request: &Request) -> Result<Answer, Failure> {
        let authorization = request.headers().get("authorization").and_then(|header| header.to_str().ok());
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let seen = Seen {
            at: self.start.elapsed().as_secs_f64(),
            line: format!("{} {}", request.method(), request.url().path()),
            query: request.url().query().unwrap_or_default().to_owned(),
            authorization: authorization.unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(body).into_owned(),
        };
        let number = {
            let mut all = self.seen.lock().unwrap();
            all.push(seen.clone());
            all.iter().filter(|earlier| earlier.line == seen.line).count()
        };
        tokio::time::sleep(self.latency).await;
        (self.respond)(&seen, number)
    }
}

#[allow(clippy::unnecessary_wraps, reason = "it stands for what a server does")]
pub(crate) fn answer(status: u16, body: &str) -> Result<Answer, Failure> {
    Ok(Answer { status, body: body.as_bytes().to_vec(), retry_after: None, location: None })
}

/// A token that says which fetch it came from.
pub(crate) fn token(number: usize, expires_in: u64) -> Result<Answer, Failure> {
    answer(
        200,
        &format!(r#"{{"access_token":"token-{number}","expires_in":{expires_in},"token_type":"Bearer"}}"#),
    )
}

/// A client whose HaloPSA is the closure; it gets each request and how many there were to the same path.
/// Tokens and discovery are answered here unless the closure is asked for them.
pub(crate) fn client(
    respond: impl Fn(&Seen, usize) -> Result<Answer, Failure> + Send + Sync + 'static,
) -> (Client, Arc<Mutex<Vec<Seen>>>) {
    client_with(Budget { reserve: 0.0, ..Budget::default() }, move |seen, number| match seen.line.as_str() {
        "GET /api/authinfo" => answer(404, ""),
        "POST /auth/token" => token(number, 3600),
        _ => respond(seen, number),
    })
}

pub(crate) fn client_with(
    budget: Budget,
    respond: impl Fn(&Seen, usize) -> Result<Answer, Failure> + Send + Sync + 'static,
) -> (Client, Arc<Mutex<Vec<Seen>>>) {
    scripted(respond, |builder| builder.budget(budget))
}

/// A client that is told its token endpoint, that there is no tenant, and which scopes to ask for.
pub(crate) fn client_set_by_hand() -> (Client, Arc<Mutex<Vec<Seen>>>) {
    scripted(
        |_, number| token(number, 3600),
        |builder| builder.auth_url("login.example.com/auth").tenant("").scope("read:tickets  edit:tickets"),
    )
}

fn scripted(
    respond: impl Fn(&Seen, usize) -> Result<Answer, Failure> + Send + Sync + 'static,
    set: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Client, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let script = Script {
        start: Instant::now(),
        latency: Duration::from_millis(100),
        respond: Box::new(respond),
        seen: seen.clone(),
    };
    let site = Site::parse("acme.halopsa.com").unwrap();
    let client = set(Client::builder(site, Credentials::new("id-1", "secret-1"))).build_with(script);
    (client, seen)
}

/// What was sent, without discovery and tokens.
pub(crate) fn lines(seen: &Mutex<Vec<Seen>>) -> Vec<String> {
    let seen = seen.lock().unwrap();
    let wanted =
        seen.iter().filter(|seen| !matches!(seen.line.as_str(), "GET /api/authinfo" | "POST /auth/token"));
    wanted.map(|seen| seen.line.clone()).collect()
}
