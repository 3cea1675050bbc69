//! Encryption: rustls with the `ring` provider, and whose certificates are trusted.
//!
//! The provider is named here and not installed for the process: a library must not decide that for its host.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring;

#[cfg(feature = "platform-verifier")]
pub(super) fn config() -> Result<ClientConfig, String> {
    use rustls_platform_verifier::BuilderVerifierExt;

    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| format!("the system's certificates can't be read: {error}"))?;
    Ok(config.with_no_client_auth())
}

#[cfg(all(feature = "webpki-roots", not(feature = "platform-verifier")))]
pub(super) fn config() -> Result<ClientConfig, String> {
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("the encryption can't be set up: {error}"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(not(any(feature = "platform-verifier", feature = "webpki-roots")))]
pub(super) fn config() -> Result<ClientConfig, String> {
    // Only for plain `http` on this machine: without roots, no certificate is trusted.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("the encryption can't be set up: {error}"))?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
