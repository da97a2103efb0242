//! What is printed and what is kept: JSON for machines, help for people, and never a key.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::{OCTOBER, Scene, company_days, files};
use vendor_sim::{Endpoint, Fault, FaultKind};

const COMMANDS: [&str; 7] = ["demo", "sync", "run", "replay", "reconcile", "attribution", "status"];

#[test]
fn every_command_has_its_help() {
    let scene = Scene::october();
    for command in COMMANDS {
        for words in [format!("{command} --help"), format!("help {command}")] {
            let ended = support::Ended::of(&words, &mut scene.bare_command(&words)).exits(0);
            assert!(ended.stdout.contains(&format!("Usage: everycent {command}")), "{ended}");
        }
    }
    let all = support::Ended::of("--help", &mut scene.bare_command("--help")).exits(0);
    all.says(&COMMANDS).says(&["Exit status: 0 done", "ANTHROPIC_ADMIN_KEY", "everycent demo"]);
    support::Ended::of("--version", &mut scene.bare_command("--version")).exits(0).says(&["everycent 0."]);
}

#[test]
fn json_is_one_document_on_standard_output_and_nothing_else() {
    let mut scene = Scene::october();
    scene.set("EVERYCENT_LOG", "trace");
    let document = |words: &str, code: i32| scene.run(&format!("{words} --json")).exits(code).json();
    let report = document(&format!("sync {OCTOBER}"), 0);
    assert_eq!((&report["windows"], &report["windows_fetched"], &report["rows"]), (&3.into(), &3.into(), &256.into()));
    assert_eq!(report["rows_written"], 256);
    let status = document("status", 0);
    let coverage = status["coverage"].as_array().unwrap();
    assert_eq!(coverage.len(), 3);
    assert!(coverage.iter().all(|feed| feed["settled_days"] == 15 && feed["missing_days"] == 0), "{status}");
    assert_eq!((status["failed"].as_array(), status["dead_letters"].as_array()), (Some(&vec![]), Some(&vec![])));
    assert_eq!(document("reconcile", 0)["passed"], true);
    assert_eq!(document(&format!("reconcile {OCTOBER} --expect 22333"), 1)["passed"], false);
    assert_eq!(document("replay --dry-run", 0)["snapshots"].as_array().unwrap().len(), 3);
    assert_eq!(document("replay", 0)["rows_changed"], 0);
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(500)));
    let failed = document(&format!("sync {OCTOBER}"), 1);
    assert_eq!(failed["failed"].as_array().unwrap().len(), 2);
    assert_eq!(failed["failed"][0]["days"], 15);
    assert_eq!(document("status", 0)["failed"].as_array().unwrap().len(), 30);
}

#[test]
fn what_is_wrong_is_told_on_standard_error_also_when_json_is_asked_for() {
    let scene = Scene::october();
    for words in ["status --json", "reconcile --json", "sync --json --from 2999-01-01"] {
        let ended = scene.run(words).exits(2);
        assert_eq!(ended.stdout, "", "{ended}");
        assert!(ended.stderr.starts_with("everycent: "), "{ended}");
    }
}

/// Everything below a folder, stored pages unpacked.
fn everything(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let read = |path: &std::path::PathBuf| {
        let bytes = fs::read(path).unwrap();
        let bytes = zstd::decode_all(&bytes[..]).unwrap_or(bytes);
        (path.display().to_string(), bytes)
    };
    files(folder).iter().map(read).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn keys_and_addresses_of_people_appear_nowhere_even_at_the_loudest_level() {
    let mut scene = Scene::company();
    scene.set("EVERYCENT_LOG", "trace");
    scene.set("RUST_LOG", "trace");
    scene.set("RUST_BACKTRACE", "1");
    let (_, last) = company_days();
    let sync = format!("sync --from 2025-09-20 --to {last}");
    let keys = [scene.simulator.anthropic_key(), scene.simulator.cursor_key()];
    let basic = STANDARD.encode(format!("{}:", keys[1]));
    let secrets = [keys[0].as_str(), keys[1].as_str(), basic.as_str()];
    let hidden = [&secrets[..], &["@example.com"]].concat();

    scene.run(&sync).exits(0).says(&["DEBUG everycent_runtime::vendor"]).says_nothing_of(&hidden);
    scene.simulator.inject(Fault::on(Endpoint::CursorDailyUsageData, FaultKind::CountText).times(1));
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::CutBody { after_bytes: None }));
    scene.run(&sync).exits(1).says_nothing_of(&hidden);
    scene.simulator.with_world(|world| {
        world.options.anthropic_key_lacks_scope = true;
        world.options.cursor_key = "another".to_owned();
    });
    scene.run(&sync).exits(1).says_nothing_of(&hidden);
    for words in ["status", "replay", "replay --dry-run", "status --json", "attribution test"] {
        scene.run(words).exits(0).says_nothing_of(&hidden);
    }
    scene.run("reconcile").exits(1).says_nothing_of(&hidden);

    let kept = everything(&scene.home());
    assert!(kept.iter().any(|(name, _)| name.ends_with("manifest.json")));
    assert!(kept.iter().any(|(name, body)| name.ends_with(".zst") && contains(body, "@example.com")));
    for (name, bytes) in &kept {
        for secret in secrets {
            assert!(!contains(bytes, secret), "{name}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    let mut command = scene.command("status");
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
