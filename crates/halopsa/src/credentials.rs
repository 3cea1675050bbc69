//! What proves to HaloPSA who is asking.

use std::fmt;

use secrecy::SecretString;

/// The client id and secret of a HaloPSA API application.
///
/// They come from Configuration > Integrations > HaloPSA API > Applications, with the authentication method
/// "Client ID and Secret (Services)". The secret is shown there once. No form is checked: installs differ.
#[derive(Clone)]
pub struct Credentials {
    /// The application's "Client ID".
    pub(crate) client_id: String,
    /// The application's "Client Secret".
    pub(crate) client_secret: SecretString,
}

impl Credentials {
    /// Takes the pair as HaloPSA shows it; blanks around a pasted value are dropped.
    pub fn new(client_id: impl AsRef<str>, client_secret: impl AsRef<str>) -> Self {
        Self {
            client_id: client_id.as_ref().trim().to_owned(),
            client_secret: SecretString::from(client_secret.as_ref().trim()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials { .. }")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn printing_credentials_shows_neither_half() {
        let credentials = Credentials::new(" id-1 ", "secret-1\n");
        assert_eq!(format!("{credentials:?}"), "Credentials { .. }");
        assert_eq!(
            (credentials.client_id.as_str(), credentials.client_secret.expose_secret()),
            ("id-1", "secret-1")
        );
    }
}
