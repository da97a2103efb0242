//! The demo: the first thing anybody runs.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;

use support::{Ended, Tables, files};

fn demo(folder: &std::path::Path, words: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everycent"));
    command.args(words.split_whitespace()).current_dir(folder).env_clear();
    Ended::of(words, &mut command)
}

#[test]
fn it_reconciles_and_its_three_queries_run() {
    let folder = tempfile::tempdir().unwrap();
    let ended = demo(folder.path(), "demo").exits(0).says(&[
        "Example Company",
        "claude_code",
        "claude.ai",
        "example-claude-ai",
        "Reconciliation",
        "Coverage",
    ]);
    let ended = ended.says_nothing_of(&["✗", "Not available"]);
    assert!(!ended.stderr.contains("example.com"), "{ended}");
    let queries: Vec<&str> = ended.stdout.lines().filter_map(|line| line.trim().strip_prefix("sqlite3 ")).collect();
    assert_eq!(queries.len(), 3, "{ended}");
    for line in queries {
        let (file, query) = line.split_once(' ').unwrap();
        assert_eq!(folder.path().join(file), folder.path().join("./everycent-demo/everycent.sqlite"));
        let tables = Tables::open(&folder.path().join("everycent-demo"));
        assert!(!tables.rows(query.trim_matches('"')).is_empty(), "{query}");
    }
}

#[test]
fn it_begins_anew_each_time_and_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let spend = || demo(folder.path(), "demo --json --home d").exits(0).json()["spend"].clone();
    let first = spend();
    assert!(first.as_array().unwrap().len() > 4, "{first}");
    assert_eq!(spend(), first);
}

#[test]
fn its_home_is_one_that_the_other_commands_understand() {
    let folder = tempfile::tempdir().unwrap();
    let report = demo(folder.path(), "demo --json").exits(0).json();
    assert_eq!(report["reconciled"], true);
    demo(folder.path(), "status --home everycent-demo").exits(0).says(&["example-company", "anthropic/cost_report"]);
    demo(folder.path(), "reconcile --home everycent-demo").exits(0);
    let stored = files(&folder.path().join("everycent-demo/raw"));
    let snapshots = stored.iter().filter(|path| path.ends_with("manifest.json")).count();
    demo(folder.path(), "replay --home everycent-demo --config everycent-demo/demo.toml")
        .exits(0)
        .says(&[&format!("{snapshots} snapshots replayed; 0 rows changed")]);
}
