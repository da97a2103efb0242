//! A home is its owner's alone, whatever the umask, and what it shows is what it says.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::{Ended, OCTOBER, Scene};

/// Everything below a folder, and the folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(below(&path)) } else { found.push(path) }
    }
    found
}

#[track_caller]
fn assert_private(folder: &Path) {
    let all = below(folder);
    assert!(all.len() > 10, "{all:?}");
    for path in all {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(format!("{mode:o}"), format!("{expected:o}"), "{}", path.display());
    }
}

/// Runs a command under a umask.
fn run(scene: &Scene, umask: &str, words: &str) -> Ended {
    let program = env!("CARGO_BIN_EXE_everycent");
    let mut shell = scene.program(Path::new("/bin/sh"));
    let home = scene.home();
    shell.arg("-c").arg(format!("umask {umask}; exec {program} {words} --home {}", home.display()));
    Ended::of(words, &mut shell)
}

#[test]
fn a_home_is_its_owners_alone_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let scene = Scene::october();
        run(&scene, umask, &format!("sync {OCTOBER}")).exits(0).says_nothing_of(&["other users"]);
        assert_private(&scene.home());
    }
}

#[test]
fn a_home_of_an_earlier_release_is_closed_and_that_is_said_once() {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    for path in below(&scene.home()) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let said = "could be read by other users of this machine";
    scene.run(&format!("sync {OCTOBER}")).exits(0).says(&[said]);
    assert_private(&scene.home());
    scene.run(&format!("sync {OCTOBER}")).exits(0).says_nothing_of(&[said]);
}

#[test]
fn a_key_is_not_sent_over_plain_http_to_another_machine() {
    let mut scene = Scene::october();
    scene.set("EVERYCENT_ANTHROPIC_URL", "http://api.example.com");
    let said = ["EVERYCENT_ANTHROPIC_URL", "plain http://", "write https://"];
    scene.run(&format!("sync {OCTOBER}")).exits(2).says(&said).says_nothing_of(&["sk-ant"]);
    assert!(!scene.home().exists());
}

#[test]
fn the_name_of_a_key_neither_paints_the_screen_nor_forges_a_row() {
    let name = "ci\u{1b}[2J\n  total  0.00\u{202e}\u{9b}31m";
    let mut world = vendor_sim::worlds::company(7, "2025-10-17".parse().unwrap(), 15);
    let keys: Vec<String> = world.api_keys().iter().map(|key| key.id.clone()).collect();
    for id in keys {
        let key = world.remove_api_key(&id).unwrap();
        world.add_api_key(vendor_sim::ApiKey { name: name.to_owned(), ..key });
    }
    let scene = Scene::of(world).with_every_source();
    scene.run(&format!("sync {OCTOBER}"));
    let days = "--from 2025-10-03 --to 2025-10-17";
    for command in [format!("report {days}"), "status".to_owned(), "accounts".to_owned()] {
        let ended = scene.run(&command);
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        let hidden: Vec<char> = shown.chars().filter(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}')).collect();
        assert_eq!(hidden, [], "{command}: {shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("  total  0.00")), "{shown}");
    }
    let report = scene.run(&format!("report {days}"));
    assert!(report.stdout.contains("ci\\u{1b}[2J\\n  total  0.00\\u{202e}\\u{9b}31m"), "{report}");
    let json = scene.run(&format!("report {days} --json"));
    assert!(json.json().to_string().contains("\u{202e}") && !json.stdout.contains('\u{202e}'), "{json}");
}
