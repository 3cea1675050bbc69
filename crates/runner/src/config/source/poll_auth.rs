//! How a poll proves who asks: what its preset knows, and the secrets that its source adds.

use std::path::Path;

use haloward_rules::{Fields, Finding, Findings, Node, NodeKind, Place, Poll, SourceFile, suggestion};

use crate::config::SecretRef;
use crate::config::decode::scalar;

/// How a poll proves who asks.
#[derive(Debug, Clone)]
pub enum PollAuth {
    /// It does not.
    None,
    /// `Authorization: Bearer …`.
    Bearer(SecretRef),
    /// User and password.
    Basic {
        /// The user.
        user: SecretRef,
        /// The password.
        password: SecretRef,
    },
    /// A header of its own.
    Header {
        /// Its name.
        name: String,
        /// What stands before the secret in it.
        prefix: String,
        /// The secret.
        value: SecretRef,
    },
    /// A parameter of the address.
    Query {
        /// Its name.
        name: String,
        /// The secret.
        value: SecretRef,
    },
    /// OAuth 2: a token that is asked for and renewed.
    OAuth2(Box<OAuth2>),
}

/// OAuth 2: a token that is asked for and renewed.
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// Where it is asked for.
    pub token_url: String,
    /// Who asks, and the client's secret; without them user and password are enough.
    pub client: Option<(SecretRef, SecretRef)>,
    /// User and password, where the grant is that of a password.
    pub user: Option<(SecretRef, SecretRef)>,
    /// What it is asked for.
    pub scope: Option<String>,
    /// Whom it is for.
    pub audience: Option<String>,
    /// Whether the client proves itself in a header instead of in the form.
    pub in_header: bool,
}

const WAYS: [&str; 5] = ["bearer", "basic", "header", "query", "oauth2"];
const OAUTH2: [&str; 8] =
    ["token_url", "client_id", "client_secret", "scope", "audience", "user", "password", "credentials"];

/// One `auth` of a file.
type Layer = Option<(SourceFile, Node)>;

impl PollAuth {
    /// How it is called in the configuration.
    pub fn way(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer(_) => "bearer",
            Self::Basic { .. } => "basic",
            Self::Header { .. } => "header",
            Self::Query { .. } => "query",
            Self::OAuth2(_) => "oauth2",
        }
    }

    /// Decodes the `auth` of a preset and that of a source, which is laid over it.
    pub(super) fn decode(
        source: &str,
        layers: &[Layer; 2],
        poll: &Poll,
        dir: &Path,
        place: &Place,
        findings: &mut Findings,
    ) -> Option<Self> {
        let before = findings.errors();
        let ways: Vec<_> =
            layers.iter().map(|layer| layer.as_ref().and_then(|layer| way(layer, findings))).collect();
        if findings.errors() > before {
            return None;
        }
        let Some(chosen) = ways.iter().rev().flatten().map(|(way, _)| *way).next() else {
            return Some(Self::None);
        };
        let same = layers.iter().zip(&ways).filter_map(|(layer, way)| {
            let (file, _) = layer.as_ref()?;
            let (_, node) = way.filter(|(way, _)| *way == chosen)?;
            Some((file, node))
        });
        let said = Said { source, way: chosen, layers: same.collect(), dir, place };
        let auth = said.auth(poll, findings);
        auth.filter(|_| findings.errors() == before)
    }
}

/// The one way that an `auth` names, and what stands there; nothing where it names none on purpose.
fn way<'a>(layer: &'a (SourceFile, Node), findings: &mut Findings) -> Option<(&'static str, &'a Node)> {
    let (file, node) = layer;
    if scalar(node).as_deref() == Some("none") {
        return Some(("none", node));
    }
    if let NodeKind::Map(entries) = &node.kind
        && let [(key, value)] = entries.as_slice()
    {
        if let Some(way) = WAYS.iter().find(|way| **way == key.text) {
            return Some((way, value));
        }
        let help = suggestion(&key.text, WAYS).map(|near| format!("did you mean `{near}`?"));
        findings.push(
            Finding::error("HW213", format!("a poll cannot prove who asks by `{}`", key.text))
                .at(file.place(key.span))
                .help(help.unwrap_or_else(|| "one of `bearer`, `basic`, `header`, `query`, `oauth2`".into())),
        );
        return None;
    }
    findings.push(
        Finding::error("HW213", "`auth` must name one way to prove who asks")
            .at(file.secret_place(node.span))
            .help("write `auth: { bearer: env:NAME }`, another way, or `none`"),
    );
    None
}

/// What is said about the chosen way, the preset's word first.
struct Said<'a> {
    source: &'a str,
    way: &'static str,
    layers: Vec<(&'a SourceFile, &'a Node)>,
    dir: &'a Path,
    place: &'a Place,
}

impl Said<'_> {
    fn auth(&self, poll: &Poll, findings: &mut Findings) -> Option<PollAuth> {
        match self.way {
            "none" => Some(PollAuth::None),
            "bearer" => {
                let Some((file, node)) = self.layers.iter().rev().find(|(_, n)| n.kind != NodeKind::Null)
                else {
                    return self.missing("", findings);
                };
                SecretRef::decode(file, node, self.dir, findings).map(PollAuth::Bearer)
            }
            "basic" => {
                self.known(&["user", "password"], findings);
                let user = self.plain("user", findings);
                Some(PollAuth::Basic { user: user?, password: self.secret("password", findings)? })
            }
            "header" => {
                self.known(&["name", "prefix", "value"], findings);
                Some(PollAuth::Header {
                    name: self.need("name", findings)?,
                    prefix: self.text("prefix").unwrap_or_default(),
                    value: self.secret("value", findings)?,
                })
            }
            "query" => {
                self.known(&["name", "value"], findings);
                let name = self.need("name", findings);
                Some(PollAuth::Query { name: name?, value: self.secret("value", findings)? })
            }
            _ => self.oauth2(poll, findings),
        }
    }

    fn oauth2(&self, poll: &Poll, findings: &mut Findings) -> Option<PollAuth> {
        self.known(&OAUTH2, findings);
        let token_url = self.need("token_url", findings);
        let token_url = token_url.and_then(|text| match poll.fill(&text) {
            Ok(url) => Some(url),
            Err(problem) => {
                findings
                    .push(Finding::error("HW214", format!("`token_url`: {problem}")).at(self.place.clone()));
                None
            }
        });
        let filled = |text: Option<String>| text.map(|text| poll.fill(&text).unwrap_or(text));
        let user = if self.find("user").is_some() || self.find("password").is_some() {
            let user = self.plain("user", findings);
            Some((user?, self.secret("password", findings)?))
        } else {
            None
        };
        let client = if user.is_some() && self.find("client_id").is_none() {
            None
        } else {
            let client_id = self.plain("client_id", findings);
            Some((client_id?, self.secret("client_secret", findings)?))
        };
        let in_header = match self.text("credentials").as_deref() {
            None | Some("form") => false,
            Some("header") => true,
            Some(other) => {
                findings.push(
                    Finding::error("HW213", format!("`credentials` cannot be `{other}`"))
                        .at(self.place.clone())
                        .help("write `form` or `header`"),
                );
                return None;
            }
        };
        Some(PollAuth::OAuth2(Box::new(OAuth2 {
            token_url: token_url?,
            client,
            user,
            scope: filled(self.text("scope")),
            audience: filled(self.text("audience")),
            in_header,
        })))
    }

    /// Names what is not known.
    fn known(&self, names: &[&'static str], findings: &mut Findings) {
        for (file, node) in &self.layers {
            if let Some(mut fields) = Fields::of(file, node, "this `auth`", findings) {
                for name in names {
                    fields.take(name);
                }
                fields.finish(findings);
            }
        }
    }

    fn find(&self, name: &str) -> Option<(&SourceFile, &Node)> {
        self.layers.iter().rev().find_map(|(file, node)| {
            let value = node.get(name).filter(|value| value.kind != NodeKind::Null)?;
            Some((*file, value))
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.find(name).and_then(|(_, node)| scalar(node))
    }

    fn need(&self, name: &'static str, findings: &mut Findings) -> Option<String> {
        self.text(name).or_else(|| self.missing(name, findings))
    }

    fn secret(&self, name: &'static str, findings: &mut Findings) -> Option<SecretRef> {
        match self.find(name) {
            // What everybody can read in a preset is no secret, whatever it is called.
            Some((file, node)) if file.path != self.place.file => {
                SecretRef::decode(file, node, self.dir, &mut Findings::default())
            }
            Some((file, node)) => SecretRef::decode(file, node, self.dir, findings),
            None => self.missing(name, findings),
        }
    }

    /// What may be a secret and usually is none: a user, a client's id.
    fn plain(&self, name: &'static str, findings: &mut Findings) -> Option<SecretRef> {
        match self.find(name) {
            Some((file, node)) => SecretRef::decode(file, node, self.dir, &mut Findings::default()),
            None => self.missing(name, findings),
        }
    }

    fn missing<T>(&self, name: &str, findings: &mut Findings) -> Option<T> {
        let (way, source) = (self.way, self.source);
        let (what, help) = if name.is_empty() {
            (format!("`{way}` under `auth`"), format!("add `auth: {{ {way}: env:NAME }}`"))
        } else {
            (format!("`{name}` under `auth: {way}`"), format!("add `auth: {{ {way}: {{ {name}: … }} }}`"))
        };
        findings.push(
            Finding::error("HW213", format!("the poll of `{source}` needs {what}"))
                .at(self.place.clone())
                .help(help),
        );
        None
    }
}
