//! What is taken from others is taken as it was looked at: actions by commit, base images at one place.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "this file reads no sources")]
mod texts;

use texts::read;

const WORKFLOWS: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/advisories.yml"];

#[test]
fn an_action_is_pinned_by_its_commit_with_the_version_behind_it() {
    for workflow in WORKFLOWS {
        let text = read(workflow);
        let used: Vec<&str> =
            text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action)).collect();
        assert!(!used.is_empty(), "{workflow}");
        for action in used {
            let (commit, version) = action.split_once('@').unwrap().1.split_once(" # v").unwrap_or_default();
            let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
            assert!(is_commit && version.contains('.'), "{workflow}: {action}");
        }
    }
}

#[test]
fn advisories_are_looked_at_every_day_and_not_only_when_something_changes() {
    let text = read(WORKFLOWS[1]);
    assert!(text.contains("  schedule:\n    - cron: ") && text.contains("command: check advisories"), "{text}");
}

#[test]
fn every_base_image_is_named_where_its_digest_is_written() {
    let dockerfile = read("Dockerfile");
    let stages: Vec<&str> = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    for stage in &stages {
        let base = stage.split_whitespace().next().unwrap();
        let is_ours = stages.iter().any(|other| other.ends_with(&format!(" AS {base}")));
        assert!(is_ours || base.starts_with("${"), "FROM {stage}: name it in an ARG, which infra/pin-images pins");
    }
}
