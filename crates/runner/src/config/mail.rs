//! A channel that is mail: which server takes it, as whom, from whom and to whom.

use std::path::{Path, PathBuf};

use haloward_rules::{Fields, Finding, Findings, Node, SourceFile};
use lettre::message::Mailbox;
use url::{Host, Url};

use super::SecretRef;
use super::decode::scalar;

/// A channel that is mail.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// The server that takes the mail.
    pub server: MailServer,
    /// Who we are to it: user and password.
    pub login: Option<(String, SecretRef)>,
    /// The sender.
    pub from: Mailbox,
    /// Who gets it, at least one.
    pub to: Vec<Mailbox>,
    /// A file of certificates that are trusted beside the system's.
    pub ca: Option<PathBuf>,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How what is said stays between us.
    pub encryption: MailEncryption,
}

/// How what is said to a mail server stays secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailEncryption {
    /// From the first byte.
    Tls,
    /// Asked for before anything is said, and nothing is said without it.
    StartTls,
    /// Not at all: the server is this machine.
    None,
}

/// LIMIT: a list of people to alert; whoever has more has a mailing list.
const MOST_RECIPIENTS: usize = 50;

impl MailConfig {
    pub(super) fn decode(
        file: &SourceFile,
        node: &Node,
        dir: &Path,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`mail`", findings)?;
        let server = fields.need("smtp", findings).and_then(|node| MailServer::decode(file, node, findings));
        let user = fields.text("user", findings);
        let password = match user {
            Some(_) => fields.need("password", findings),
            None => fields.take("password"),
        };
        if let (None, Some(node)) = (&user, password) {
            let finding = Finding::error("HW225", "a mail server's `password` needs a `user`");
            findings.push(finding.at(file.place(node.span)).help("add `user`, as the mail server knows you"));
        }
        let password = password.and_then(|node| SecretRef::decode(file, node, dir, findings));
        let from = fields.need("from", findings).and_then(|node| {
            let text = scalar(node).unwrap_or_default();
            mailbox(file, node, &text, findings)
        });
        let to_node = fields.need("to", findings);
        let named = fields.texts("to", findings);
        let (asked, mut to) = (named.len(), Vec::new());
        for (text, node) in named {
            to.extend(mailbox(file, node, &text, findings));
        }
        if let Some(node) = to_node
            && !(1..=MOST_RECIPIENTS).contains(&asked)
        {
            let message = format!("mail goes to 1 to {MOST_RECIPIENTS} addresses, not to {asked}");
            let finding = Finding::error("HW226", message).at(file.place(node.span));
            findings.push(finding.help("for more people, name the address of a mailing list"));
        }
        let ca = fields.text("ca", findings).map(|path| dir.join(path));
        fields.finish(findings);
        Some(Self { server: server?, login: user.zip(password), from: from?, to, ca })
    }
}

impl MailServer {
    fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = scalar(node).unwrap_or_default();
        let server = Self::parse(&text);
        if server.is_none() {
            findings.push(
                Finding::error("HW225", "`smtp` is no address of a mail server")
                    // Somebody may have put a password into it.
                    .at(file.secret_place(node.span))
                    .help("write `smtps://HOST` (port 465) or `smtp://HOST` (port 587); user and password stand beside it"),
            );
        }
        let server = server?;
        let likely = match (server.port, server.encryption) {
            (465, MailEncryption::StartTls) => Some("smtps"),
            (25 | 587, MailEncryption::Tls) => Some("smtp"),
            _ => None,
        };
        if let Some(scheme) = likely {
            let port = server.port;
            let message = format!("port {port} of a mail server usually speaks `{scheme}://`");
            let help = "mail servers encrypt from the first byte on port 465, and after STARTTLS on ports 25 and 587";
            findings.push(Finding::warning("HW225", message).at(file.place(node.span)).help(help));
        }
        Some(server)
    }

    /// `smtps://HOST[:PORT]`, `smtp://HOST[:PORT]`, or the latter's host alone.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = if text.contains("://") { text.to_owned() } else { format!("smtp://{text}") };
        let url = Url::parse(&text).ok()?;
        let bare = url.username().is_empty() && url.password().is_none();
        let end = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|host| !host.is_empty() && bare && end)?;
        let local = match Host::parse(host).ok()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        };
        let (encryption, port) = match (url.scheme(), local) {
            ("smtps", _) => (MailEncryption::Tls, 465),
            ("smtp", false) => (MailEncryption::StartTls, 587),
            ("smtp", true) => (MailEncryption::None, 25),
            _ => return None,
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Self { host, port: url.port().unwrap_or(port), encryption })
    }
}

fn mailbox(file: &SourceFile, node: &Node, text: &str, findings: &mut Findings) -> Option<Mailbox> {
    // A line break in an address would be a header of its own.
    let parsed = text.parse().ok().filter(|_| !text.chars().any(char::is_control));
    if parsed.is_none() {
        findings.push(
            Finding::error("HW226", format!("`{text}` is no mail address"))
                .at(file.place(node.span))
                .help("write `ops@example.com`, or `Ops <ops@example.com>`"),
        );
    }
    parsed
}

#[cfg(test)]
mod tests {
    use haloward_rules::read_yaml;

    use super::*;

    fn decode(text: &str) -> (Option<MailConfig>, Findings) {
        let file = SourceFile::new("haloward.yaml", text);
        let mut findings = Findings::default();
        let node = read_yaml(&file).unwrap();
        (MailConfig::decode(&file, &node, Path::new("etc"), &mut findings), findings)
    }

    #[test]
    fn a_mail_server_is_encrypted_to_unless_it_is_this_machine() {
        use MailEncryption::{None as Plain, StartTls, Tls};
        for (text, host, port, encryption) in [
            ("smtps://smtp.example.com", "smtp.example.com", 465, Tls),
            ("smtps://smtp.example.com:2465/", "smtp.example.com", 2465, Tls),
            ("smtp://smtp.example.com", "smtp.example.com", 587, StartTls),
            ("smtp.example.com", "smtp.example.com", 587, StartTls),
            ("smtp.example.com:25", "smtp.example.com", 25, StartTls),
            ("smtp://localhost", "localhost", 25, Plain),
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, Plain),
            ("smtp://[::1]:2525", "::1", 2525, Plain),
            ("smtps://localhost", "localhost", 465, Tls),
        ] {
            let expected = MailServer { host: host.into(), port, encryption };
            assert_eq!(MailServer::parse(text), Some(expected), "{text}");
        }
        for text in
            ["", "https://x", "smtp://u:p@x", "smtp://x/path", "smtp://x?y", "smtp://", "smtp://x:99999"]
        {
            assert_eq!(MailServer::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_about_mail_is_said_all_at_once() {
        let (config, findings) = decode(
            "smtp: 'https://u:p4ss@x'\npassword: env:P\nfrom: nobody\nsubject: x\nto: ['a@b.example', \"x@y.example\\nBcc: z@z.example\"]\n",
        );
        assert!(config.is_none());
        let text = findings.render();
        for part in [
            "`smtp` is no address of a mail server",
            "a mail server's `password` needs a `user`",
            "`nobody` is no mail address",
            "Bcc: z@z.example` is no mail address",
            "unknown field `subject`",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("p4ss"), "{text}");
        let (_, findings) = decode("{ smtp: 'smtp://x:465', user: me, from: a@b.example, to: [] }");
        let text = findings.render();
        assert!(text.contains("port 465 of a mail server usually speaks `smtps://`"), "{text}");
        assert!(text.contains("`mail` needs `password`"), "{text}");
        assert!(text.contains("mail goes to 1 to 50 addresses, not to 0"), "{text}");
    }

    #[test]
    fn names_may_stand_before_addresses() {
        let text = "{ smtp: x, user: me, password: env:P, from: 'Haloward <h@b.example>', to: a@b.example, ca: ca.pem }";
        let (config, findings) = decode(text);
        assert!(findings.is_empty(), "{}", findings.render());
        let config = config.unwrap();
        assert_eq!(config.from.to_string(), "Haloward <h@b.example>");
        assert_eq!((config.to.len(), config.ca), (1, Some(PathBuf::from("etc/ca.pem"))));
        assert_eq!(config.login.map(|(user, _)| user), Some("me".to_owned()));
    }
}
