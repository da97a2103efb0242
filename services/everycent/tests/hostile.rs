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
    let whole = clean.tables().rows("SELECT source, SUM(rows) FROM coverage GROUP BY 1 ORDER BY 1");
    for hostile in Hostile::ALL {
        let (scene, days) = company();
        scene.simulator.inject(Fault::anywhere(FaultKind::Hostile(hostile)));
        let ended = scene.run(&days).exits(1).says(&["may hold money", "anthropic/cost_report of"]);
        let tables = scene.tables();
        assert_eq!(tables.count("SELECT COUNT(*) FROM coverage WHERE state = 'failed'"), 0, "{hostile:?}: {ended}");
        let left = tables.rows("SELECT source, SUM(rows) FROM coverage GROUP BY 1 ORDER BY 1");
        assert_eq!(left.len(), whole.len(), "{hostile:?}");
        for (whole, left) in whole.iter().zip(&left) {
            // A window of a day has a record of each of the three days.
            let (all, most) = (whole[1].parse::<i64>().unwrap(), if whole[0].ends_with("claude_code") { 3 } else { 1 });
            let lost = all - left[1].parse::<i64>().unwrap();
            assert!(whole[0] == left[0] && (0..=most).contains(&lost), "{hostile:?}: {whole:?} became {left:?}");
        }
        assert!(tables.count("SELECT COUNT(*) FROM rejected_records") > 0, "{hostile:?}");
        scene.simulator.clear_faults();
        scene.run(&days).exits(0);
        assert_eq!(scene.tables().rows("SELECT source, SUM(rows) FROM coverage GROUP BY 1 ORDER BY 1"), whole);
    }
}

// Answers without end

#[test]
fn a_vendor_that_promises_more_and_gives_nothing_is_given_up_after_one_repetition() {
    let (scene, days) = company();
    scene.simulator.inject(Fault::anywhere(FaultKind::EmptyPages));
    scene.run(&days).exits(1).says(&["are empty, and it has more", "is empty and not the last"]);
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
    let before = scene.tables().facts();
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
    assert_eq!(scene.tables().facts(), before);
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
            fs::copy(command.get_program(), &program).unwrap();
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
