//! The doors of the running service: one for hooks alone, and encrypted ones whose certificate changes.

use std::sync::Arc;

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Install, PATIENCE, Process, TOKEN, alert, alertmanager, client, run};

/// A certificate for this machine and its key, as PEM.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn write(install: &Install, (cert, key): &(String, String)) {
    install.write("cert.pem", cert);
    install.write("key.pem", key);
}

/// A client that trusts this certificate and no other.
fn trusting(cert: &str) -> reqwest::Client {
    use rustls::pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    let der = rustls::pki_types::CertificateDer::from_pem_slice(cert.as_bytes()).expect("a certificate");
    roots.add(der).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(PATIENCE);
    client.pool_max_idle_per_host(0).build().expect("a client")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_of_its_own_takes_hooks_and_nothing_else_and_its_certificate_changes_while_it_runs() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let [old, new] = [certificate(), certificate()];
    let install = Install::new(&sandbox.url()).server(
        "{ listen: 127.0.0.1:0, hooks_listen: 127.0.0.1:0, tls: { cert: file:cert.pem, key: file:key.pem } }",
    );
    write(&install, &old);
    let haloward = Process::start(&install).await;
    let hooks = haloward.hooks_url.clone().expect("a door for hooks");
    let (with_old, with_new) = (trusting(&old.0), trusting(&new.0));
    let payload = alertmanager(&[alert("firing", "e1", "DiskFull", "C:")]);
    let post =
        |client: &reqwest::Client| client.post(format!("{hooks}/hooks/prom/{TOKEN}")).json(&payload).send();
    assert_eq!(post(&with_old).await.expect("answers").status(), 202);
    for path in ["/", "/metrics", "/readyz", "/api/v1/openapi.json", "/api/v1/status"] {
        let answer = with_old.get(format!("{hooks}{path}")).send().await.expect("answers");
        assert_eq!(answer.status(), 404, "{path} is not for those who send");
    }
    assert_eq!(with_old.get(format!("{hooks}/healthz")).send().await.expect("answers").status(), 200);
    assert_eq!(
        client().get(format!("{}/metrics", haloward.url)).send().await.expect("answers").status(),
        200
    );
    assert!(post(&with_new).await.is_err());
    // A certificate without its key is not taken, and the old one stays.
    install.write("cert.pem", &new.0);
    haloward.hang_up("the files have mistakes").await;
    assert_eq!(post(&with_old).await.expect("answers").status(), 202);
    write(&install, &new);
    haloward.hang_up("the rules were read again").await;
    assert_eq!(post(&with_new).await.expect("answers").status(), 202);
    // A client that was here before may take up its session; one that was not sees the certificate.
    assert!(post(&trusting(&old.0)).await.is_err());
    haloward.kill().await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_find_an_encrypted_service_by_its_certificate() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url())
        .server("{ listen: 127.0.0.1:0, tls: { cert: file:cert.pem, key: file:key.pem } }");
    // Whatever name it is for: the service is known by the certificate itself.
    let made = rcgen::generate_simple_self_signed(vec!["hooks.example".to_owned()]).expect("a certificate");
    write(&install, &(made.cert.pem(), made.signing_key.serialize_pem()));
    let haloward = Process::start(&install).await;
    let config = install.config().display().to_string();
    let told = run(&["cases", "list", "--config", &config], &[]).await;
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(!told.stderr.contains("does not run"), "{}", told.stderr);
    haloward.kill().await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_secrets_could_be_guessed_does_not_start() {
    let install = Install::new("https://acme.halopsa.example");
    install.write("token", "changeme");
    let config = install.config().display().to_string();
    for command in ["check", "run"] {
        let told = run(&[command, "--config", &config], &[]).await;
        assert_ne!(told.code, Some(0), "{command}");
        let said = format!("{}{}", told.stdout, told.stderr);
        assert!(said.contains("HW191") && said.contains("`prom`"), "{command}: {said}");
        assert!(!said.contains("changeme"), "{command}: {said}");
    }
}
