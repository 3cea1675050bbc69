//! A channel, ready to be told things, and what became of a message.

use std::collections::BTreeMap;

use thiserror::Error;

use super::mail::Mail;
use super::message::Message;
use super::webhook::Webhook;
use crate::config::{ChannelConfig, Config, SecretError};

/// A channel, ready to be told things. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Channel(Way);

#[derive(Debug, Clone)]
enum Way {
    Webhook(Webhook),
    Mail(Box<Mail>),
}

/// Why a channel can't be used.
#[derive(Debug, Error)]
pub enum ChannelError {
    /// Its secret could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Its address is none.
    #[error("the webhook of the channel `{name}` is no address beginning with https://")]
    Address {
        /// The channel.
        name: String,
    },
    /// Encryption can't be set up.
    #[error("the channel `{name}` can't be reached: {problem}")]
    Http {
        /// The channel.
        name: String,
        /// What the system said.
        problem: String,
    },
    /// Mail can't be sent as the configuration says.
    #[error("the channel `{name}` can't send mail: {problem}")]
    Mail {
        /// The channel.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

impl ChannelError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Secret(_) => "set the variable, or write the file, that the channel names",
            Self::Address { .. } | Self::Http { .. } => {
                "`webhook` of the channel names where its address is kept; that must begin with https://"
            }
            Self::Mail { .. } => "`ca` of the channel names a file of certificates in PEM form",
        }
    }
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Posted {
    Done,
    /// It may work later.
    Later(String),
    /// It will not work as it is.
    Refused(String),
}

impl Channel {
    /// Makes a channel of its configuration. Its secrets are read here.
    pub fn new(name: &str, config: &ChannelConfig) -> Result<Self, ChannelError> {
        Ok(Self(match config {
            ChannelConfig::Webhook(config) => Way::Webhook(Webhook::new(name, config)?),
            ChannelConfig::Mail(config) => Way::Mail(Box::new(Mail::new(name, config)?)),
        }))
    }

    /// All channels of a configuration, by name.
    pub(crate) fn all(config: &Config) -> Result<BTreeMap<String, Self>, ChannelError> {
        let channels = config.channels.iter();
        channels.map(|(name, config)| Ok((name.clone(), Self::new(name, config)?))).collect()
    }

    pub(super) async fn post(&self, message: &Message<'_>) -> Posted {
        match &self.0 {
            Way::Webhook(webhook) => webhook.post(message).await,
            Way::Mail(mail) => mail.send(message).await,
        }
    }
}
