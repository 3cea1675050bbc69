//! Why a request is refused, in the several shapes HaloPSA uses for it.

use serde_json::json;

use crate::server::Reply;

/// A request HaloPSA does not carry out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// 400 with a bare JSON text.
    Sentence(String),
    /// 400 with an object of field to texts, as when a value does not convert.
    Field { path: String, text: String },
    /// 400 with a .NET exception, as when the database refuses.
    Database { number: u32, text: String },
    /// 400 with `{"error": …}`.
    Error(String),
    /// 400 with `{"Message": …}`.
    Message(String),
    /// 403 with nothing: a scope is missing.
    MissingScope,
    /// 403 with a bare JSON text: the agent may not.
    AgentMayNot,
    /// 404 with nothing.
    NotFound,
    /// 405 with nothing.
    MethodNotAllowed,
}

impl Refusal {
    pub(crate) fn sentence(text: impl Into<String>) -> Self {
        Self::Sentence(text.into())
    }

    /// What the database says about an id that does not exist.
    pub(crate) fn foreign_key(column: &str, table: &str) -> Self {
        let text = format!(
            "The INSERT statement conflicted with the FOREIGN KEY constraint \"FK_{table}\". Column '{column}'."
        );
        Self::Database { number: 547, text }
    }

    pub(crate) fn reply(&self) -> Reply {
        match self {
            Self::Sentence(text) => Reply::json(400, &json!(text)),
            Self::Field { path, text } => {
                let mut body = serde_json::Map::new();
                body.insert(path.clone(), json!([text]));
                Reply::json(400, &body.into())
            }
            Self::Database { number, text } => Reply::json(
                400,
                &json!({
                    "ClassName": "System.Exception",
                    "Message": format!("A database error occurred ({number}) - {text}"),
                    "Data": null,
                    "InnerException": null,
                    "HelpURL": null,
                    "StackTraceString": null,
                    "HResult": -2_146_233_088_i64,
                    "Source": "NetHelpDesk",
                }),
            ),
            Self::Error(text) => Reply::json(400, &json!({ "error": text })),
            Self::Message(text) => Reply::json(400, &json!({ "Message": text })),
            Self::MissingScope => Reply::empty(403),
            Self::AgentMayNot => {
                Reply::json(403, &json!("You do not have permission to access this resource"))
            }
            Self::NotFound => Reply::empty(404),
            Self::MethodNotAllowed => Reply::empty(405),
        }
    }
}
