//! One mail through the configured server, and what its answer means.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;

use super::channel::{ChannelError, Posted};
use super::letter::letter;
use super::message::Message;
use crate::config::{MailConfig, MailEncryption};

/// LIMIT: some servers let an unknown sender wait half a minute before they greet; RFC 5321 would allow more.
const PATIENCE: Duration = Duration::from_mins(1);

/// LIMIT: what of a server's sentence is kept.
const SENTENCE: usize = 300;

/// A channel that is mail. Each message is a connection of its own: they are few, and none goes stale.
#[derive(Clone)]
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Mail {
    pub(super) fn new(name: &str, config: &MailConfig) -> Result<Self, ChannelError> {
        let server = &config.server;
        let broken = |problem: String| ChannelError::Mail { name: name.to_owned(), problem };
        let tls = match server.encryption {
            MailEncryption::None => Tls::None,
            encryption => {
                let mut tls = TlsParameters::builder(server.host.clone());
                if let Some(path) = &config.ca {
                    let shown = path.display();
                    let pem = std::fs::read(path)
                        .map_err(|error| broken(format!("`ca`, `{shown}`, can't be read: {error}")))?;
                    let wrong = || broken(format!("`ca`, `{shown}`, holds no certificates"));
                    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
                        return Err(wrong());
                    }
                    tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| wrong())?);
                }
                let tls = tls.build_rustls().map_err(|error| broken(error.to_string()))?;
                if encryption == MailEncryption::Tls { Tls::Wrapper(tls) } else { Tls::Required(tls) }
            }
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.as_str())
            .port(server.port)
            .timeout(Some(PATIENCE))
            .tls(tls);
        if let Some((user, password)) = &config.login {
            let password = password.read()?.expose_secret().to_owned();
            transport = transport.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self { transport: transport.build(), from: config.from.clone(), to: config.to.clone() })
    }

    pub(super) async fn send(&self, message: &Message<'_>) -> Posted {
        let mail = match letter(message, &self.from, &self.to) {
            Ok(mail) => mail,
            Err(error) => return Posted::Refused(format!("the mail can't be written: {error}")),
        };
        match tokio::time::timeout(PATIENCE, self.transport.send(mail)).await {
            Ok(Ok(_)) => Posted::Done,
            Ok(Err(error)) => {
                let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), said);
                match error.status() {
                    Some(code) if error.is_permanent() => {
                        Posted::Refused(format!("the mail server answered {code}: {cause}"))
                    }
                    Some(code) => Posted::Later(format!("the mail server answered {code}: {cause}")),
                    None => Posted::Later(format!("the mail was not sent: {cause}")),
                }
            }
            Err(_) => {
                Posted::Later(format!("the mail server did not answer within {} s", PATIENCE.as_secs()))
            }
        }
    }
}

/// A cause and what caused it, as far as it is worth keeping.
fn said(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        // Many errors repeat what caused them.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text.chars().filter(|c| !c.is_control()).take(SENTENCE).collect()
}

#[cfg(test)]
mod tests;
