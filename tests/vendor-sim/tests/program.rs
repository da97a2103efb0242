//! The program `vendor-sim`: one line, then an API until it is interrupted.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vendor-sim"));
    command.args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn get(address: &str, path: &str, key: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let headers = format!("host: sim\r\nx-api-key: {key}\r\nanthropic-version: 2023-06-01\r\nconnection: close");
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{headers}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_tells_its_address_and_keys_and_serves_until_it_is_interrupted() {
    let faults = std::env::temp_dir().join(format!("vendor-sim-faults-{}.json", std::process::id()));
    std::fs::write(&faults, r#"["anthropic/me:504@nth=2"]"#).unwrap();
    let mut child = program(&["--world", "october", "--fault", "anthropic/me:529@nth=1", "--faults-file"])
        .arg(&faults)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let line = first_line(&mut child);
    std::fs::remove_file(&faults).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!(words[1..], ["anthropic-key=sk-ant-admin01-sim", "cursor-key=crsr_sim"]);
    let address = words[0].strip_prefix("http://").unwrap();
    for status in ["529", "504", "200"] {
        let answer = get(address, "/v1/organizations/me", "sk-ant-admin01-sim");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn every_world_is_served() {
    for arguments in [
        &["--world", "company", "--today", "2025-12-01", "--days", "10"][..],
        &["--world", "random", "--seed", "5", "--with-today", "--analytics-per-minute", "60"],
        &["--world", "cursor-large", "--people", "10", "--days", "5", "--cursor-per-minute", "20"],
    ] {
        let mut child = program(arguments).stdout(Stdio::piped()).spawn().unwrap();
        assert!(first_line(&mut child).starts_with("http://127.0.0.1:"), "{arguments:?}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    for (arguments, expected) in [
        (&["--world", "november"][..], "possible values"),
        (&["--world", "october", "--fault", "any:explode"], "no fault `explode`"),
        (&["--world", "october", "--faults-file", "/nowhere.json"], "/nowhere.json"),
        (&["--world", "october", "--today", "soon"], "--today"),
    ] {
        let output = output(arguments);
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}
