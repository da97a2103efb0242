//! Answers and homes that nobody meant to be so: what one of them costs, and what is said of it.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use chrono::{Days, Utc};
use support::{Ended, OCTOBER, Scene, files};
use vendor_sim::{Endpoint, Fault, FaultKind, Hostile, worlds};

/// A company of which every source is asked, and three days of it that every vendor still answers.
fn company() -> (Scene, String) {
    let ago = |days| Utc::now().date_naive() - Days::new(days);
    let scene = Scene::of(worlds::company(7, ago(1), 20)).with_every_source();
    (scene, format!("sync --from {} --to {}", ago(8), ago(6)))
}

fn sync() -> String {
    format!("sync {OCTOBER}")
}

// Values that no JSON of ours holds

#[test]
fn a_hostile_value_costs_its_record_and_no_neighbour_in_any_report() {
    let (clean, days) = company();
    clean.run(&days).exits(0);
    let whole = rows_and_rejects(&clean);
    for hostile in Hostile::ALL {
        let (scene, days) = company();
        scene.simulator.inject(Fault::anywhere(FaultKind::Hostile(hostile)));
        let ended = scene.run(&days).exits(1).says(&["may hold money", "anthropic/cost_report of"]);
        let tables = scene.tables();
        assert_eq!(tables.count("SELECT COUNT(*) FROM coverage WHERE state = 'failed'"), 0, "{hostile:?}: {ended}");
        let left = rows_and_rejects(&scene);
        assert_eq!(left.len(), whole.len(), "{hostile:?}");
        for ((source, all, _), (_, rows, rejects)) in whole.iter().zip(&left) {
            // One record of each page; a record of Claude Code is a row and one for each model.
            let is_little = (0..=6).contains(rejects) && (0..=6 * rejects).contains(&(all - rows));
            assert!(is_little, "{hostile:?}: of {all} rows of {source} {rows} are left beside {rejects} rejects");
        }
        scene.simulator.clear_faults();
        scene.run(&days).exits(0);
        assert_eq!(rows_and_rejects(&scene), whole, "{hostile:?}");
    }
}

/// Of each report.
fn rows_and_rejects(scene: &Scene) -> Vec<(String, i64, i64)> {
    let sums = "SELECT source, SUM(rows), SUM(rejects) FROM coverage GROUP BY 1 ORDER BY 1";
    let number = |text: &String| text.parse().unwrap();
    let sums = scene.tables().rows(sums);
    sums.iter().map(|row| (row[0].clone(), number(&row[1]), number(&row[2]))).collect()
}

// Answers without end

#[test]
fn a_vendor_that_promises_more_and_gives_nothing_is_given_up_after_one_repetition() {
    let (scene, days) = company();
    scene.simulator.inject(Fault::anywhere(FaultKind::EmptyPages));
    scene.run(&days).exits(1).says(&["are empty, and it has more"]);
    let requests = scene.simulator.requests();
    let of_users = requests.iter().filter(|request| request.endpoint == Some(Endpoint::AnthropicUsers));
    // Three readings of two pages.
    assert_eq!(of_users.count(), 6);
}

// A home that was tampered with

#[test]
fn a_manifest_that_does_not_read_keeps_no_other_answer_from_being_replayed() {
    let (scene, days) = company();
    scene.run(&days).exits(0);
    let before = scene.tables().facts();
    let all = scene.run("replay --dry-run --json").exits(0).json()["snapshots"].as_array().unwrap().len();
    let broken = scene.manifests("anthropic/cost_report").remove(0);
    let whole = fs::read(&broken).unwrap();
    fs::write(&broken, "{").unwrap();
    let ended = scene.run("replay --json").exits(1);
    let report = ended.json();
    assert_eq!(report["snapshots"].as_array().unwrap().len(), all - 1, "{ended}");
    assert!(report["unread"][0].as_str().unwrap().contains("anthropic/cost_report"), "{ended}");
    scene.run("replay").exits(1).says(&["1 stored object left out", "it is not a manifest"]);
    assert_eq!(scene.tables().facts(), before);
    fs::write(&broken, whole).unwrap();
    scene.run("replay").exits(0);
    assert_eq!(scene.tables().facts(), before);
}

#[test]
fn sums_that_do_not_read_keep_no_answer_from_being_replayed() {
    let (scene, days) = company();
    scene.run(&days).exits(0);
    let before = scene.tables().facts();
    let all = scene.run("replay --dry-run --json").exits(0).json()["snapshots"].as_array().unwrap().len();
    let is_sums = |path: &&std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("sums");
    for source in ["cursor/usage_events", "anthropic/cost_report"] {
        let objects = scene.objects(&format!("raw/{source}"));
        fs::write(objects.iter().find(is_sums).unwrap(), "{").unwrap();
    }
    let report = scene.run("replay --json").exits(1).json();
    assert_eq!(report["snapshots"].as_array().unwrap().len(), all);
    assert_eq!(report["unread"].as_array().unwrap().len(), 1, "those of the bill are not needed: {report}");
    assert!(report["unread"][0].as_str().unwrap().contains("cursor/usage_events"), "{report}");
    assert_eq!(scene.tables().facts(), before);
}

#[test]
fn a_list_of_workspaces_that_does_not_read_fails_what_needs_it_and_nothing_else() {
    let (scene, days) = company();
    scene.run(&days).exits(0);
    let known =
        scene.objects("raw/anthropic/workspaces").into_iter().find(|path| path.ends_with("known/00000001.json"));
    fs::write(known.unwrap(), "{").unwrap();
    let (asked, before) = (scene.request_count(), scene.tables().facts());
    scene.run(&days).exits(1).says(&["anthropic/cost_report", "known/00000001.json"]);
    let asked = scene.requests_after(asked);
    let is_asked = |endpoint| asked.iter().any(|request| request.endpoint == Some(endpoint));
    assert!(is_asked(Endpoint::CursorDailyUsageData) && is_asked(Endpoint::AnthropicUsers));
    assert_eq!(scene.tables().facts(), before);
    scene.run("status").says_nothing_of(&["Dead letters"]);
}

#[test]
fn a_manifest_whose_pages_were_taken_out_empties_no_day() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    let before = scene.tables().facts();
    for path in scene.manifests("anthropic/cost_report") {
        let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        manifest["pages"] = serde_json::json!([]);
        fs::write(&path, manifest.to_string()).unwrap();
    }
    scene.run("replay").exits(1).says(&["names no page"]);
    assert_eq!(scene.tables().facts(), before);
}

#[test]
fn days_of_an_answer_that_cannot_be_read_are_failed_and_no_gap_without_a_mark() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    let rows = scene.tables().count("SELECT COUNT(*) FROM claude_costs");
    fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    for object in scene.objects("raw/anthropic/cost_report") {
        if object.extension().is_some_and(|end| end == "zst") {
            fs::write(&object, "damaged").unwrap();
        } else if !object.ends_with("manifest.json") {
            // The sums, by which the days would be known.
            fs::remove_file(&object).unwrap();
        }
    }
    scene.run("replay").exits(1);
    let failed = "SELECT COUNT(*), MIN(failure LIKE '%.json.zst%') FROM coverage WHERE state = 'failed' AND source = \
                  'anthropic/cost_report'";
    assert_eq!(scene.tables().rows(failed), [["15", "1"]]);
    scene.run("status").exits(0).says(&["failed"]);
    scene.run(&sync()).exits(0);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_costs"), rows);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage WHERE state = 'failed'"), 0);
}

// A home that can't be written

#[test]
fn status_and_report_are_shown_of_a_home_that_can_only_be_read() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    let written: Vec<String> = ["status", "report"].map(|words| scene.run(words).stdout).into();
    let lasting = files(&scene.home());
    readable_by_all(&scene.home());
    for (words, before) in ["status", "report"].into_iter().zip(written) {
        let ended = Ended::of(words, &mut unprivileged(&scene, words));
        assert_eq!(ended.stdout, before, "{ended}");
    }
    assert_eq!(files(&scene.home()), lasting, "nothing was created");
}

/// The home as an administrator makes it for an auditor.
fn readable_by_all(folder: &Path) {
    for file in files(folder) {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        file.ancestors().skip(1).take_while(|above| above.starts_with(folder)).for_each(|above| {
            fs::set_permissions(above, fs::Permissions::from_mode(0o555)).unwrap();
        });
    }
    // The folder of the test itself, which is the user's own.
    fs::set_permissions(folder.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    let configuration = folder.with_file_name("everycent.toml");
    fs::set_permissions(configuration, fs::Permissions::from_mode(0o444)).unwrap();
}

/// The command as somebody whom permissions bind: of the tests of an administrator as nobody, who can't reach the build.
fn unprivileged(scene: &Scene, words: &str) -> Command {
    let command = scene.command(words);
    let mut bound = match fs::metadata(scene.home()).unwrap().uid() {
        0 => {
            let program = scene.path("everycent");
            // By another process: what this one has open to write, a child of another test may hold for a moment, and then
            // it can't be run.
            assert!(Command::new("cp").arg(command.get_program()).arg(&program).status().unwrap().success());
            let mut bound = Command::new("setpriv");
            bound.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
            bound
        }
        _ => Command::new(command.get_program()),
    };
    bound.args(command.get_args()).env_clear();
    bound.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bound.current_dir(command.get_current_dir().unwrap());
    bound
}
