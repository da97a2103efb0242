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

/// What moves the cursor, turns the line round and begins a line of its own, which a reader would take for the program's.
const HOSTILE: &str = "\u{1b}[2J\n  ✗ forged 0.00\r\u{202e}\u{9b}31m\u{2028}\u{e0041}";

fn hostile(name: &str) -> String {
    format!("{name}{HOSTILE}")
}

/// A company in which nothing that somebody chose the name of has a harmless one.
fn company_of_hostile_names() -> vendor_sim::World {
    use vendor_sim::{ApiKey, CostRow, Member, User};
    let mut world = vendor_sim::worlds::company(7, "2025-10-17".parse().unwrap(), 15);
    for key in world.api_keys().to_vec() {
        world.remove_api_key(&key.id).unwrap();
        world.add_api_key(ApiKey { id: hostile(&key.id), name: hostile(&key.name), ..key });
    }
    let ids: Vec<String> = world.workspaces().iter().filter_map(|workspace| workspace.id.clone()).collect();
    ids.iter().for_each(|id| world.rename_workspace(id, &hostile("Research")));
    for user in world.users().to_vec() {
        world.remove_user(&user.id).unwrap();
        world.add_user(User { email: hostile(&user.email), name: hostile(&user.name), role: hostile("user"), ..user });
    }
    for member in world.members().to_vec() {
        world.remove_member(member.user_id).unwrap();
        world.add_member(Member { email: hostile(&member.email), name: hostile(&member.name), ..member });
    }
    for day in "2025-10-03".parse::<chrono::NaiveDate>().unwrap().iter_days().take(15) {
        let row = world.cost_rows(day).iter().find(|row| row.model.is_some()).unwrap().clone();
        let (workspace_id, model) = (Some(hostile("wrkspc_01New")), Some(hostile("claude-new")));
        let description = hostile("Claude New Usage");
        world.add_cost_row(day, CostRow { workspace_id, model, description, ..row });
    }
    world
}

/// What a person reads, line by line: nothing in it that is not seen, and no line that a name has begun.
#[track_caller]
fn assert_shows_what_it_is(ended: &Ended) {
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    let is_hidden = |c: &char| *c != '\n' && (c.is_control() || HOSTILE.replace("  ✗ forged 0.00", "").contains(*c));
    let hidden: Vec<char> = shown.chars().filter(|c| !c.is_ascii_graphic() && is_hidden(c)).collect();
    assert_eq!(hidden, [], "{shown:?}");
    assert!(!shown.lines().any(|line| line.trim_start().starts_with("✗ forged")), "{shown}");
}

#[test]
fn no_command_is_painted_over_or_lengthened_by_a_name() {
    let scene = Scene::of(company_of_hostile_names()).with_every_source();
    let owners = format!(
        "api_key_id,owner_email,team,note\n\"{}\",\"{}\",\"{}\",\"{0}\"\n",
        hostile("k"),
        hostile("ada@example.com"),
        hostile("Search")
    );
    fs::write(scene.path("owners.csv"), owners).unwrap();
    let days = "--from 2025-10-03 --to 2025-10-17";
    let mut forged = 0;
    for words in [
        &format!("sync {days}"),
        "status",
        "accounts",
        &format!("report {days}"),
        "attribution test",
        &format!("reconcile {days}"),
        &format!("reconcile {days} --expect 1"),
        "history 2025-10-05",
        "history 2025-10 --since 2025-10-05",
        "dead-letters",
        "prune --older-than 1d",
        "replay --dry-run",
        "replay",
        "import api-key-owners owners.csv --dry-run",
        "import api-key-owners owners.csv --allow-unknown --dry-run",
    ] {
        let ended = scene.run(words);
        assert_shows_what_it_is(&ended);
        forged += (ended.stdout + &ended.stderr).matches("✗ forged").count();
    }
    assert!(forged > 0, "no name was shown");
}
