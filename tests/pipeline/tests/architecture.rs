//! The direction of dependencies, as ARCHITECTURE.md draws it.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What each crate may use of the others.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("everycent-schemas", &[]),
    ("everycent-domain", &["everycent-schemas"]),
    ("everycent-runtime", &["everycent-domain", "everycent-schemas"]),
    ("everycent-fetcher", &["everycent-domain", "everycent-runtime", "everycent-schemas"]),
    ("everycent-normalizer", &["everycent-domain", "everycent-runtime", "everycent-schemas"]),
    ("everycent-loader", &["everycent-domain", "everycent-runtime", "everycent-schemas"]),
    (
        "everycent",
        &[
            "everycent-domain",
            "everycent-fetcher",
            "everycent-loader",
            "everycent-normalizer",
            "everycent-runtime",
            "everycent-schemas",
            "vendor-sim",
        ],
    ),
    ("vendor-sim", &[]),
    ("everycent-emulators", &[]),
    (
        "everycent-pipeline-tests",
        &[
            "everycent",
            "everycent-domain",
            "everycent-emulators",
            "everycent-fetcher",
            "everycent-loader",
            "everycent-normalizer",
            "everycent-runtime",
            "everycent-schemas",
            "vendor-sim",
        ],
    ),
];

/// What a pure crate has nowhere in its tree: async runtimes, HTTP, storage.
const IMPURE: [&str; 11] =
    ["async-trait", "axum", "fs4", "hyper", "mio", "reqwest", "rusqlite", "rustls", "socket2", "tokio", "zstd"];

struct Graph {
    /// Normal and build dependencies of each package, by name.
    edges: BTreeMap<String, BTreeSet<String>>,
    members: BTreeSet<String>,
}

impl Graph {
    fn read() -> Self {
        // Only the crates that this machine builds: those of others were never downloaded.
        let metadata = ["metadata", "--format-version=1", "--locked", "--filter-platform", &host()];
        let metadata: Value = serde_json::from_str(&cargo(&metadata)).unwrap();
        let names: BTreeMap<&str, &str> = list(&metadata["packages"])
            .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
            .collect();
        let name = |id: &Value| names[id.as_str().unwrap()].to_owned();
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let used = list(&node["deps"])
                .filter(|dep| list(&dep["dep_kinds"]).any(|kind| kind["kind"].as_str() != Some("dev")))
                .map(|dep| name(&dep["pkg"]));
            edges.entry(name(&node["id"])).or_default().extend(used);
        }
        Self { edges, members: list(&metadata["workspace_members"]).map(name).collect() }
    }

    /// All that a package pulls in.
    fn tree(&self, package: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![package.to_owned()];
        while let Some(next) = waiting.pop() {
            if seen.insert(next.clone()) {
                waiting.extend(self.edges[&next].iter().cloned());
            }
        }
        seen
    }
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The target triple of this machine.
fn host() -> String {
    let version = cargo(&["--version", "--verbose"]);
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

#[test]
fn crates_use_only_what_lies_below_them() {
    let graph = Graph::read();
    let known: BTreeSet<String> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(graph.members, known, "a new crate needs a place in the picture");
    for (name, allowed) in ALLOWED {
        let ours = graph.edges[name].intersection(&graph.members);
        let wrong: Vec<&String> = ours.filter(|used| !allowed.contains(&used.as_str())).collect();
        assert!(wrong.is_empty(), "{name} must not use {wrong:?}");
    }
}

#[test]
fn pure_crates_have_no_runtime_http_or_storage_in_their_tree() {
    let graph = Graph::read();
    for name in ["everycent-schemas", "everycent-domain"] {
        let tree = graph.tree(name);
        let wrong: Vec<&str> = IMPURE.into_iter().filter(|impure| tree.contains(*impure)).collect();
        assert!(wrong.is_empty(), "{name} pulls in {wrong:?}");
    }
}
