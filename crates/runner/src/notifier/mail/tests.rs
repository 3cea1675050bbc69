use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use haloward_rules::{Effect, EffectKind, Key, RuleId, Severity};
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::config::{MailServer, SecretRef};
use crate::store::OperationId;

/// A mail server that does as it is told, and keeps what it was told.
#[derive(Clone, Default)]
struct Server {
    /// What it answers instead, by the beginning of the command.
    instead: Arc<Vec<(&'static str, &'static str)>>,
    tls: Option<Arc<TlsAcceptor>>,
    /// Whether it encrypts from the first byte.
    wrapped: bool,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn answering(instead: &[(&'static str, &'static str)]) -> Self {
        Self { instead: Arc::new(instead.to_vec()), ..Self::default() }
    }

    /// The same with encryption; the file holds the certificate to trust.
    fn encrypted(mut self, wrapped: bool, dir: &Path) -> (Self, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let path = dir.join("ca.pem");
        std::fs::File::create(&path).unwrap().write_all(made.cert.pem().as_bytes()).unwrap();
        self.tls = Some(Arc::new(TlsAcceptor::from(Arc::new(config))));
        self.wrapped = wrapped;
        (self, path)
    }

    /// Starts it and says its port.
    async fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    match server.tls.clone().filter(|_| server.wrapped) {
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                server.talk(stream, true).await;
                            }
                        }
                        None => {
                            if let Some(stream) = server.talk(stream, true).await
                                && let Some(tls) = server.tls.clone()
                                && let Ok(stream) = tls.accept(stream).await
                            {
                                server.talk(stream, false).await;
                            }
                        }
                    }
                });
            }
        });
        port
    }

    /// Answers until the client goes, or asks for encryption: then the stream comes back.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, greet: bool) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greet {
            stream.get_mut().write_all(b"220 mail.example ESMTP\r\n").await.ok()?;
        }
        let mut data = None::<String>;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            if let Some(text) = &mut data {
                if line == ".\r\n" {
                    let said = data.take().unwrap_or_default();
                    self.heard.lock().unwrap().push(said);
                    let reply = self.reply("END").unwrap_or("250 queued");
                    stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
                } else {
                    text.push_str(&line);
                }
                continue;
            }
            let said = line.trim_end().to_owned();
            self.heard.lock().unwrap().push(said.clone());
            let usual = match said.split(' ').next().unwrap_or_default() {
                "EHLO" if self.tls.is_some() && !self.wrapped && greet => "250-mail.example\r\n250 STARTTLS",
                "EHLO" => "250-mail.example\r\n250 AUTH PLAIN",
                "AUTH" => "235 welcome",
                "STARTTLS" => "220 go ahead",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            let reply = self.reply(&said).unwrap_or(usual);
            stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
            match reply {
                "354 go on" => data = Some(String::new()),
                "220 go ahead" => return Some(stream.into_inner()),
                _ => {}
            }
        }
    }

    fn reply(&self, said: &str) -> Option<&'static str> {
        self.instead.iter().find(|(start, _)| said.starts_with(start)).map(|(_, reply)| *reply)
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn config(host: &str, port: u16, encryption: MailEncryption) -> MailConfig {
    MailConfig {
        server: MailServer { host: host.into(), port, encryption },
        login: None,
        from: "Haloward <haloward@msp.example>".parse().unwrap(),
        to: vec!["ops@msp.example".parse().unwrap(), "boss@msp.example".parse().unwrap()],
        ca: None,
    }
}

async fn send(config: &MailConfig) -> Posted {
    let text = "Disk full\nBcc: x@y.example\n.\n..";
    let effect = Effect {
        rule: RuleId::new("disk"),
        key: Key::new("disk/srv"),
        ticket: 1,
        severity: Severity::High,
        trace: None,
        kind: EffectKind::Notify { channel: "ops".into(), text: text.to_owned() },
    };
    let (id, at) = (OperationId::from_number(77), Timestamp::UNIX_EPOCH);
    let message = Message { id, at, channel: "ops", text, ticket: Some(2001), effect: &effect };
    Mail::new("ops", config).unwrap().send(&message).await
}

#[tokio::test]
async fn a_mail_reaches_everyone_and_repeats_are_known_by_their_id() {
    let server = Server::default();
    let config = config("127.0.0.1", server.start().await, MailEncryption::None);
    assert_eq!(send(&config).await, Posted::Done);
    assert_eq!(send(&config).await, Posted::Done);
    let heard = server.heard();
    let commands: Vec<&str> = heard
        .iter()
        .map(String::as_str)
        .filter(|line| line.starts_with("RCPT") || line.starts_with("MAIL"))
        .collect();
    assert_eq!(
        commands[..3],
        ["MAIL FROM:<haloward@msp.example>", "RCPT TO:<ops@msp.example>", "RCPT TO:<boss@msp.example>"]
    );
    let mails: Vec<&String> = heard.iter().filter(|said| said.contains("Subject:")).collect();
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert!(mail.contains("Message-ID: <op_"), "{mail}");
        assert!(mail.contains("Subject: Disk full (ticket 2001)\r\n"), "{mail}");
        // A line of one dot would end the mail, were it not doubled.
        assert!(mail.contains("\r\n..\r\n...\r\n"), "{mail}");
    }
    let ids: Vec<&str> =
        heard.iter().flat_map(|said| said.lines()).filter(|line| line.starts_with("Message-ID")).collect();
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn what_the_server_says_decides_whether_it_is_tried_again() {
    for (command, reply, expected) in [
        (
            "RCPT TO:<boss",
            "550 5.1.1 no such user here",
            Posted::Refused("the mail server answered 550: 5.1.1 no such user here".into()),
        ),
        (
            "MAIL",
            "553 not your address\r\n",
            Posted::Refused("the mail server answered 553: not your address".into()),
        ),
        (
            "END",
            "554 looks like spam",
            Posted::Refused("the mail server answered 554: looks like spam".into()),
        ),
        (
            "RCPT",
            "450 greylisted, come back",
            Posted::Later("the mail server answered 450: greylisted, come back".into()),
        ),
        ("END", "452 disk full", Posted::Later("the mail server answered 452: disk full".into())),
        ("QUIT", "500 what?", Posted::Done),
    ] {
        let server = Server::answering(&[(command, reply.trim_end())]);
        let config = config("127.0.0.1", server.start().await, MailEncryption::None);
        assert_eq!(send(&config).await, expected, "{command}: {reply}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    drop(taken);
    let Posted::Later(problem) = send(&config("127.0.0.1", port, MailEncryption::None)).await else {
        panic!("nothing listens there")
    };
    assert!(problem.starts_with("the mail was not sent: "), "{problem}");
}

#[tokio::test]
async fn passwords_go_over_encrypted_connections() {
    let dir = tempfile::tempdir().unwrap();
    for encryption in [MailEncryption::Tls, MailEncryption::StartTls] {
        let (server, ca) = Server::default().encrypted(encryption == MailEncryption::Tls, dir.path());
        let mut config = config("localhost", server.start().await, encryption);
        config.ca = Some(ca);
        config.login = Some(("haloward".into(), SecretRef::Literal("s3cret".to_owned().into())));
        assert_eq!(send(&config).await, Posted::Done, "{encryption:?}");
        let heard = server.heard();
        // "\0haloward\0s3cret"
        assert!(heard.contains(&"AUTH PLAIN AGhhbG93YXJkAHMzY3JldA==".to_owned()), "{heard:?}");
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_without_encryption_or_with_a_certificate_nobody_trusts() {
    let dir = tempfile::tempdir().unwrap();
    let plain = Server::default();
    let config_plain = config("localhost", plain.start().await, MailEncryption::StartTls);
    let expected = "the mail was not sent: STARTTLS is not supported on this server".to_owned();
    assert_eq!(send(&config_plain).await, Posted::Later(expected));
    assert!(!plain.heard().iter().any(|said| said.starts_with("MAIL")), "{:?}", plain.heard());
    for wrapped in [true, false] {
        let (server, _) = Server::default().encrypted(wrapped, dir.path());
        let encryption = if wrapped { MailEncryption::Tls } else { MailEncryption::StartTls };
        let mut config = config("localhost", server.start().await, encryption);
        config.login = Some(("haloward".into(), SecretRef::Literal("s3cret".to_owned().into())));
        let Posted::Later(problem) = send(&config).await else { panic!("it is trusted") };
        assert!(problem.contains("certificate"), "{problem}");
        let heard = server.heard();
        assert!(!heard.iter().any(|said| said.starts_with("AUTH") || said.starts_with("MAIL")), "{heard:?}");
    }
}

#[test]
fn a_file_of_certificates_that_holds_none_is_said_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    let mut config = config("mail.example", 465, MailEncryption::Tls);
    config.ca = Some(path.clone());
    let error = Mail::new("ops", &config).unwrap_err().to_string();
    assert!(error.starts_with("the channel `ops` can't send mail: `ca`, `"), "{error}");
    std::fs::write(&path, "no certificate").unwrap();
    let error = Mail::new("ops", &config).unwrap_err().to_string();
    assert!(error.ends_with("holds no certificates"), "{error}");
    let password = SecretRef::Literal("s3cret".to_owned().into());
    let config = MailConfig { ca: None, login: Some(("me".into(), password)), ..config };
    let mail = Mail::new("ops", &config).unwrap();
    assert!(!format!("{mail:?} {config:?}").contains("s3cret"));
}
