//! What HaloPSA said when it refused: one status, at least seven shapes of body.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

/// An answer with an error status.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What the body says.
    pub said: Said,
    /// How long HaloPSA asked to wait, if it did.
    pub retry_after: Option<Duration>,
    /// Where a redirect points to: scheme, host and path. The client follows none.
    pub location: Option<String>,
}

impl Reply {
    /// Reads the body of an answer.
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        Self { status, said: Said::read(body), retry_after: None, location: None }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.said {
            Said::Nothing => write!(f, "HaloPSA answered {}", self.status),
            said => write!(f, "HaloPSA answered {}: {said}", self.status),
        }
    }
}

/// The body of an answer with an error status, as far as it makes sense.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Said {
    /// An empty body.
    Nothing,
    /// A sentence, sent as plain text, as a JSON string or under a key such as `error` or `Message`.
    Text(String),
    /// Problems with single fields of the request.
    Fields(Vec<FieldProblem>),
    /// An exception of HaloPSA's own code: its class, then its message and those of its causes.
    Exception {
        /// The exception's class, such as `System.Exception`.
        class: String,
        /// The messages, the outermost first.
        messages: Vec<String>,
    },
    /// A refusal in OAuth's form: `error` and `error_description`.
    OAuth {
        /// The error's code, such as `invalid_client`.
        code: String,
        /// What it means here.
        description: String,
    },
    /// A web page: it comes from a proxy or web server, not from the API.
    Page {
        /// The page's title.
        title: String,
    },
    /// JSON of a form not seen before.
    Other(Value),
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldProblem {
    /// Which element of the array that was sent, from 0.
    pub element: Option<usize>,
    /// The field's name.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Said {
    /// Reads a body of any shape.
    pub(crate) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Self::Nothing;
        }
        if text.starts_with('<') {
            return Self::Page { title: page_title(text) };
        }
        match serde_json::from_str(text) {
            Ok(Value::String(said)) => Self::Text(said),
            Ok(Value::Object(object)) => Self::from_object(&object),
            Ok(Value::Null) => Self::Nothing,
            Ok(other) => Self::Other(other),
            Err(_) => Self::Text(text.to_owned()),
        }
    }

    fn from_object(object: &Map<String, Value>) -> Self {
        let text = |name: &str| {
            let found = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.and_then(|(_, value)| value.as_str()).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        if let Some(class) = text("ClassName") {
            return Self::Exception { class, messages: exception_messages(object) };
        }
        if let (Some(code), Some(description)) = (text("error"), text("error_description")) {
            return Self::OAuth { code, description };
        }
        // The fields come under `errors` when ASP.NET wraps them in its own problem form.
        let fields = object.get("errors").and_then(Value::as_object).unwrap_or(object);
        if let Some(problems) = field_problems(fields) {
            return Self::Fields(problems);
        }
        ["error_description", "error", "Message", "title", "detail"]
            .into_iter()
            .find_map(text)
            .map_or_else(|| Self::Other(Value::Object(object.clone())), Self::Text)
    }

    /// Everything that was said, as one text in lower case: for recognising known problems.
    pub(crate) fn lower(&self) -> String {
        self.full().to_lowercase()
    }

    /// Replaces a secret the server may have echoed.
    pub(crate) fn without(self, secret: &str) -> Self {
        if secret.is_empty() || !self.full().contains(secret) {
            return self;
        }
        Self::Text(self.full().replace(secret, "***"))
    }

    /// The numbers of the elements whose fields are at fault, if HaloPSA named them and nothing else.
    pub(crate) fn elements_at_fault(&self) -> Option<Vec<usize>> {
        let Self::Fields(problems) = self else { return None };
        problems.iter().map(|problem| problem.element).collect()
    }

    fn full(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => one_line(text),
            Self::Fields(problems) => join(problems.iter().map(ToString::to_string), "; "),
            Self::Exception { class, messages } if messages.is_empty() => class.clone(),
            Self::Exception { messages, .. } => join(messages.iter().map(|message| one_line(message)), ": "),
            Self::OAuth { code, description } => format!("{} ({code})", one_line(description)),
            Self::Page { title } if title.is_empty() => "a web page instead of an answer".to_owned(),
            Self::Page { title } => format!("a web page instead of an answer: `{title}`"),
            Self::Other(value) => value.to_string(),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // LIMIT: a stack trace or an echoed ticket must not fill a log line.
        const SHOWN_CHARS: usize = 600;
        let full = self.full();
        match full.char_indices().nth(SHOWN_CHARS) {
            Some((end, _)) => write!(f, "{} …", &full[..end]),
            None => f.write_str(&full),
        }
    }
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element {
            Some(element) if element > 0 => {
                write!(f, "`{}` of element {}: {}", self.field, element + 1, self.problem)
            }
            _ if self.field.is_empty() => f.write_str(&self.problem),
            _ => write!(f, "`{}`: {}", self.field, self.problem),
        }
    }
}

/// Reads `{"[0].outcome_id": ["..."]}`; `None` if the object isn't of that form.
fn field_problems(object: &Map<String, Value>) -> Option<Vec<FieldProblem>> {
    let mut problems = Vec::new();
    for (key, value) in object {
        let (element, field) = split_element(key);
        for problem in value.as_array()? {
            problems.push(FieldProblem {
                element,
                field: field.to_owned(),
                problem: one_line(problem.as_str()?),
            });
        }
    }
    (!problems.is_empty()).then_some(problems)
}

/// `[3].outcome_id` is `outcome_id` of element 3; newer versions write `$[3].outcome_id`.
fn split_element(key: &str) -> (Option<usize>, &str) {
    let key = key.strip_prefix('$').unwrap_or(key);
    let split = key.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match split.and_then(|(number, field)| Some((number.parse().ok()?, field))) {
        Some((element, field)) => (Some(element), field.trim_start_matches('.')),
        None => (None, key.trim_start_matches('.')),
    }
}

fn exception_messages(outermost: &Map<String, Value>) -> Vec<String> {
    // LIMIT: deeper causes are the database driver's, and a hostile body could nest for ever.
    const DEEPEST: usize = 5;
    let mut messages: Vec<String> = Vec::new();
    let mut next = Some(outermost);
    for _ in 0..DEEPEST {
        let Some(exception) = next else { break };
        if let Some(message) = exception.get("Message").and_then(Value::as_str)
            && messages.last().is_none_or(|last| last != message)
        {
            messages.push(message.to_owned());
        }
        next = exception.get("InnerException").and_then(Value::as_object);
    }
    messages
}

fn page_title(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|tag| {
        let start = tag + lower[tag..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        page.get(start..end)
    });
    one_line(title.unwrap_or_default()).chars().take(100).collect()
}

fn one_line(text: &str) -> String {
    join(text.split_whitespace().map(str::to_owned), " ")
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}
