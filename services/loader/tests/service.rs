//! The loader as a process of its own.
#![allow(clippy::unwrap_used)]

#[path = "../../shared/runtime/tests/process/mod.rs"]
mod process;

use std::fs;

use process::{Program, lives_and_ends, teaches, text};

const LOADER: &str = env!("CARGO_BIN_EXE_loader");

#[test]
fn its_arguments_teach_and_a_wrong_environment_is_told() {
    teaches(&Program::new(LOADER));
}

#[test]
fn it_is_healthy_at_work_and_ends_when_it_is_told_to() {
    lives_and_ends(&Program::new(LOADER), &[]);
}

#[test]
fn a_warehouse_that_does_not_open_is_a_failed_start() {
    let program = Program::new(LOADER);
    fs::write(program.home.path().join("everycent.sqlite"), "this is no database").unwrap();
    let ended = program.run(&[], &[]);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(text(&ended.stderr).contains("loader: it could not start: "), "{ended:?}");
}

#[test]
fn a_collector_that_this_build_does_not_export_to_or_that_is_not_there_stops_nothing() {
    let program = Program::new(LOADER);
    lives_and_ends(&program, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]);
    let log = fs::read_to_string(program.home.path().join("log")).unwrap();
    let told = log.contains("this build does not export spans; build it with the feature `otlp`");
    assert_eq!(told, !cfg!(feature = "otlp"), "{log}");
}
