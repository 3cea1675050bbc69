//! The program: its URL on standard output, its exit codes.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Command, Stdio},
};

use crate::halo::send;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_halopsa-sandbox"))
}

#[tokio::test]
async fn it_prints_its_url_and_ends_cleanly_when_terminated() {
    let mut child = program()
        .args(["--listen", "127.0.0.1:0", "--client-id", "other"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let answer = send(url.trim(), "GET", "/sandbox", &[], String::new()).await.unwrap();
    assert_eq!(answer.json()["client_id"], "other");
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_in_use_is_a_message_and_exit_code_2() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let output = program().args(["--listen", &address.to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with(&format!("error: could not listen on `{address}`: ")), "{message}");
    assert!(message.contains("help: name another address with --listen"), "{message}");
    assert!(output.stdout.is_empty());
}
