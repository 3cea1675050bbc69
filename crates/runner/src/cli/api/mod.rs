//! `haloward api`: any request to HaloPSA, with the connection's credentials and budget.

mod jq;
mod pages;

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path as FilePath;

use clap::ValueEnum;
use halopsa::{Client, Error, Method, Outcome, Query};
use haloward_rules::Path;
use serde_json::{Map, Value};

use super::output::{self, Out, clean};
use super::{End, Ended, Failure, Global, input, runtime};
use jq::Jq;
use pages::Walk;

/// Send any request to HaloPSA.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward api GET /Tickets -q open_only=true -q count=5\n  \
    haloward api GET /Client --paginate --select 'clients[].name' --lines\n  \
    haloward api GET /Tickets --jq '.tickets | map({id, summary})'\n  \
    haloward api POST /Tickets -d '[{\"summary\": \"Try me\", \"tickettype_id\": 21}]'\n\n\
    HaloPSA ignores parameters it does not know, and wants an array as a body, also for one record.\n\
    Exits 1 if HaloPSA refuses, or if nobody can know whether a write happened.")]
pub(super) struct Args {
    /// What to do.
    #[arg(value_enum, ignore_case = true)]
    method: Verb,
    /// The path beneath the API's root, such as `/Tickets` or `/Client/12`.
    path: String,
    /// A parameter; may be given several times.
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = parameter)]
    query: Vec<(String, String)>,
    /// The body: JSON, a file of it as `@FILE`, or standard input as `@-`.
    #[arg(short, long, value_name = "JSON|@FILE")]
    data: Option<String>,
    /// Read every page of a list, and print its rows.
    #[arg(long)]
    paginate: bool,
    /// How many rows to read at most; else 10,000.
    #[arg(long, value_name = "ROWS", requires = "paginate")]
    limit: Option<usize>,
    /// Print what stands at a path of the answer, such as `tickets[].summary`.
    #[arg(long, value_name = "PATH", value_parser = Select::parse)]
    select: Option<Select>,
    /// Print what a jq filter makes of the answer, such as `.tickets | map({id, summary})`; with --paginate, of all rows
    /// as one list.
    #[arg(long, value_name = "FILTER", value_parser = Jq::parse, conflicts_with_all = ["select", "lines"])]
    jq: Option<Jq>,
    /// Print each row, or each selected value, as JSON on a line of its own.
    #[arg(long)]
    lines: bool,
    /// Write without asking.
    #[arg(long)]
    yes: bool,
}

/// LIMIT: 100 requests, a third of the usual budget; more is somebody's decision.
const MOST_ROWS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("a parameter is NAME=VALUE".into()),
    }
}

/// A path into an answer.
#[derive(Debug, Clone)]
struct Select(Path);

/// What the answer stands under, so that a path may begin with `[]` or with any name.
const ROOT: &str = "answer";

impl Select {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let dot = if text.starts_with('[') { "" } else { "." };
        let path = Path::parse(&format!("{ROOT}{dot}{text}"));
        path.map(Self).map_err(|error| error.to_string().replacen(&format!("{ROOT}{dot}"), "", 1))
    }

    /// Whether the path stands for many values.
    fn is_many(&self) -> bool {
        self.0.is_many()
    }

    fn values(&self, answer: Value) -> Vec<Value> {
        let root = Value::Object(Map::from_iter([(ROOT.to_owned(), answer)]));
        let mut found = Vec::new();
        self.0.any(&root, &mut |value| {
            found.push(value.clone());
            false
        });
        found
    }
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let (path, query) = target(args)?;
    let body = args.data.as_deref().map(body).transpose()?;
    if args.method == Verb::Get && body.is_some() {
        return Err(Failure::help(
            "a GET request has no body",
            "give parameters as -q NAME=VALUE, or POST to write",
        ));
    }
    if args.paginate && args.method != Verb::Get {
        return Err(Failure::help("only lists come in pages", "leave out --paginate, or GET the list"));
    }
    let loaded = global.load_checked()?;
    let Some(halo) = loaded.config.halo.as_ref() else {
        return Err(Failure::help(
            "the configuration has no `halo`",
            "add the address and the credentials of your HaloPSA under `halo`",
        ));
    };
    let client = halo.client().map_err(|error| Failure::new(error.to_string()))?;
    let request = Request { verb: args.method, path: &path, query, body };
    if args.method != Verb::Get && !args.yes && !confirmed(&request, &halo.site.host())? {
        output::complain(&Failure::new("nothing was sent"));
        return Ok(End::No);
    }
    let printer = Printer::new(args, &path, out);
    let sending = async {
        if args.paginate {
            all(&client, request, args.limit.unwrap_or(MOST_ROWS), printer).await
        } else {
            once(&client, request, printer).await
        }
    };
    runtime()?.block_on(sending)
}

/// One request, as it was asked for.
struct Request<'a> {
    verb: Verb,
    path: &'a str,
    query: Query,
    body: Option<Value>,
}

/// The path beneath the API's root, and all parameters, those that stand in the path included.
fn target(args: &Args) -> Result<(String, Query), Failure> {
    if args.path.contains("://") {
        return Err(Failure::help(
            format!("`{}` is an address, not a path", args.path),
            "name the path beneath the API's root, such as `/Tickets`; the address stands in the configuration",
        ));
    }
    let (path, in_path) = args.path.split_once('?').unwrap_or((&args.path, ""));
    let path = path.trim().trim_start_matches('/');
    // Dry runs and HaloPSA's own guides write the API's root in front.
    let path = match path.split_once('/') {
        Some((root, rest)) if root.eq_ignore_ascii_case("api") => rest,
        _ => path,
    };
    if path.is_empty() {
        return Err(Failure::help("the path is empty", "name a resource, such as `/Tickets`"));
    }
    let in_path = url::form_urlencoded::parse(in_path.as_bytes()).into_owned();
    let mut query = Query::new();
    for (name, value) in in_path.chain(args.query.iter().cloned()) {
        if query.get(&name).is_some() {
            return Err(Failure::help(
                format!("the parameter `{name}` is given twice"),
                "give it once: HaloPSA takes several values as a list with commas",
            ));
        }
        query.set(name, value);
    }
    Ok((format!("/{path}"), query))
}

fn body(data: &str) -> Result<Value, Failure> {
    let Some(file) = data.strip_prefix('@') else {
        return serde_json::from_str(data).map_err(|error| {
            Failure::help(
                format!("the body is not JSON: {error}"),
                "give JSON, a file as `@FILE`, or standard input as `@-`",
            )
        });
    };
    let bytes = input::read(FilePath::new(file))?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::new(format!("`{file}` is not JSON: {error}")))
}

/// Asks whether to write.
fn confirmed(request: &Request<'_>, host: &str) -> Result<bool, Failure> {
    let what = format!("{} {}", request.verb.method(), clean(request.path));
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::help(
            format!("{what} may change {host}, and there is no terminal to ask at"),
            "say --yes if that is wanted",
        ));
    }
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{what} may change {host}. Send it? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

async fn once(client: &Client, request: Request<'_>, mut printer: Printer<'_>) -> Ended {
    let Request { verb, path, query, body } = request;
    let sent = match verb {
        // A read that got no answer is an error, never an open question.
        Verb::Get => client.get(path, &query).await.map(Outcome::Done),
        verb => client.request(verb.method(), path, &query, body.as_ref()).await,
    };
    match sent {
        Ok(Outcome::Done(answer)) => {
            printer.answer(answer)?;
            printer.finish()
        }
        Ok(Outcome::Unknown(unknown)) => {
            output::complain(&Failure::help(clean(&unknown.to_string()), unknown.hint()));
            Ok(End::No)
        }
        Err(error) => refused(&error),
    }
}

async fn all(client: &Client, request: Request<'_>, limit: usize, mut printer: Printer<'_>) -> Ended {
    let mut walk = Walk::new(request.query, limit, request.path);
    loop {
        let answer = match client.get(request.path, &walk.query()).await {
            Ok(answer) => answer,
            Err(error) => return refused(&error),
        };
        let page = walk.take(answer).map_err(|problem| {
            Failure::help(
                format!("GET {}: {}", clean(request.path), clean(&problem)),
                "leave out --paginate; a list can be paged by hand with -q pageinate=true -q page_no=2",
            )
        })?;
        printer.page(page.answer)?;
        if page.cut {
            let of = page.of.map(|of| format!(" of {of}")).unwrap_or_default();
            let mut stderr = std::io::stderr().lock();
            writeln!(stderr, "note: stopped after {limit} rows{of}; --limit takes more")?;
        }
        if !page.more {
            return printer.finish();
        }
    }
}

/// A refusal is an answer; whatever kept the question from being asked is not.
fn refused(error: &Error) -> Ended {
    let said = clean(&error.to_string());
    let failure = match error.hint() {
        Some(hint) => Failure::help(said, hint),
        None => Failure::new(said),
    };
    if matches!(error, Error::Refused { .. }) {
        output::complain(&failure);
        return Ok(End::No);
    }
    Err(failure)
}

/// Prints answers, at once or when all have come.
struct Printer<'a> {
    out: &'a mut Out,
    path: &'a str,
    select: Option<&'a Select>,
    jq: Option<&'a Jq>,
    lines: bool,
    pretty: bool,
    /// One value, where the answer is one; else a list of them.
    single: bool,
    held: Vec<Value>,
}

impl<'a> Printer<'a> {
    fn new(args: &'a Args, path: &'a str, out: &'a mut Out) -> Self {
        let pretty = std::io::stdout().is_terminal() && !out.is_json();
        let single = !args.paginate && !args.select.as_ref().is_some_and(Select::is_many);
        let select = args.select.as_ref();
        let jq = args.jq.as_ref();
        Self { out, path, select, jq, lines: args.lines, pretty, single, held: Vec::new() }
    }

    /// A whole answer.
    fn answer(&mut self, answer: Value) -> Result<(), Failure> {
        let values = match self.select {
            None if self.lines => pages::rows_of(answer, self.path),
            None => vec![answer],
            Some(select) => select.values(answer),
        };
        self.values(values)
    }

    /// One page of a list.
    fn page(&mut self, answer: Value) -> Result<(), Failure> {
        let values = match self.select {
            None => pages::rows_of(answer, self.path),
            Some(select) => select.values(answer),
        };
        self.values(values)
    }

    fn values(&mut self, values: Vec<Value>) -> Result<(), Failure> {
        if !self.lines {
            self.held.extend(values);
            return Ok(());
        }
        values.iter().try_for_each(|value| self.out.line(&printable(&value.to_string())))
    }

    fn finish(mut self) -> Ended {
        if let Some(jq) = self.jq {
            let answer = if self.single { self.held.pop().unwrap_or_default() } else { self.held.into() };
            let values = jq.values(&answer).map_err(|problem| {
                let help = "run it without --jq to see what the answer holds";
                Failure::help(format!("the filter fails: {}", clean(&problem)), help)
            })?;
            for value in &values {
                self.out.line(&text_of(value, self.pretty)?)?;
            }
            return Ok(End::Done);
        }
        if !self.lines {
            let value = if self.single { self.held.pop().unwrap_or_default() } else { self.held.into() };
            self.out.line(&text_of(&value, self.pretty)?)?;
        }
        Ok(End::Done)
    }
}

fn text_of(value: &Value, pretty: bool) -> Result<String, Failure> {
    let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    Ok(printable(&text.map_err(|error| Failure::new(error.to_string()))?))
}

/// JSON whose texts hold no control characters: JSON itself lets some through that terminals obey.
pub(super) fn printable(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() && c != '\n' {
            // Writing into a text cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn selected(path: &str, answer: Value) -> Vec<Value> {
        Select::parse(path).unwrap().values(answer)
    }

    #[test]
    fn a_path_selects_from_any_answer() {
        let tickets = json!({"record_count": 2, "tickets": [{"summary": "a"}, {"summary": "b"}]});
        assert_eq!(selected("tickets[].summary", tickets.clone()), ["a", "b"]);
        assert_eq!(selected("tickets[1].summary", tickets.clone()), ["b"]);
        assert_eq!(selected("record_count", tickets.clone()), [2]);
        assert_eq!(selected("nothing", tickets), [Value::Null]);
        assert_eq!(selected("[].name", json!([{"name": "New"}])), ["New"]);
        assert_eq!(selected("event.name", json!({"event": {"name": "logged"}})), ["logged"]);
    }

    #[test]
    fn a_path_that_is_none_is_shown_as_it_was_given() {
        let problem = |text| Select::parse(text).unwrap_err();
        assert_eq!(problem("a..b"), "`a..b` is not a path: a name is missing between the dots");
        assert_eq!(problem("[x]"), "`[x]` is not a path: an index is a number from 0");
    }

    #[test]
    fn what_is_printed_is_json_without_control_characters() {
        let text = printable(&json!({"a": "b\u{9b}2J\u{7f}"}).to_string());
        assert_eq!(text, r#"{"a":"b\u009b2J\u007f"}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["a"], "b\u{9b}2J\u{7f}");
    }
}
