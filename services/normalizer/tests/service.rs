//! The normalizer as a process of its own.
#![allow(clippy::unwrap_used)]

#[path = "../../shared/runtime/tests/process/mod.rs"]
mod process;

use process::{Program, lives_and_ends, teaches};

const NORMALIZER: &str = env!("CARGO_BIN_EXE_normalizer");

#[test]
fn its_arguments_teach_and_a_wrong_environment_is_told() {
    teaches(&Program::new(NORMALIZER));
}

#[test]
fn it_is_healthy_at_work_and_ends_when_it_is_told_to() {
    lives_and_ends(&Program::new(NORMALIZER), &[]);
}
