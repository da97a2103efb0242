//! What figures lack is said before the figures: by `report`, by `status`, and by a check of `reconcile`.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use chrono::{Days, Utc};
use serde_json::Value;
use support::{Ended, OCTOBER, Scene};
use vendor_sim::worlds::{self, CLAUDE_CODE_WORKSPACE};
use vendor_sim::{Endpoint, Fault, FaultKind, When};

/// October, loaded.
fn october() -> Scene {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    scene
}

fn first_line(ended: &Ended) -> &str {
    ended.stdout.lines().next().unwrap_or_default()
}

/// The kinds of what `report` names as missing.
fn lacks(scene: &Scene, words: &str) -> BTreeSet<String> {
    let report = scene.run(&format!("report {words} --json")).exits(0).json();
    let kinds: BTreeSet<String> = kinds(&report["rests_on"]["lacks"]);
    assert_eq!(report["complete"], kinds.is_empty(), "{report}");
    kinds
}

fn kinds(gaps: &Value) -> BTreeSet<String> {
    gaps.as_array().unwrap().iter().map(|gap| gap["kind"].as_str().unwrap().to_owned()).collect()
}

fn set(kinds: &[&str]) -> BTreeSet<String> {
    kinds.iter().map(|kind| (*kind).to_owned()).collect()
}

fn account(id: &str, key: &str) -> String {
    format!("[[accounts]]\nid = \"{id}\"\nvendor = \"anthropic\"\nkey_env = \"{key}\"\n")
}

fn rule(id: &str) -> String {
    format!(
        "[[attribution.rules]]\nid = \"{id}\"\nplatform = \"claude_code\"\nworkspace_id = \"{CLAUDE_CODE_WORKSPACE}\"\n"
    )
}

#[test]
fn figures_that_lack_nothing_say_so_in_one_line() {
    let scene = october();
    for words in ["report", &format!("report {OCTOBER} --strict"), "report --from 2025-10-05 --to 2025-10-06"] {
        let ended = scene.run(words).exits(0);
        assert!(first_line(&ended).starts_with("✓ Complete: no day of any report is missing; last sync 20"), "{ended}");
        assert_eq!(ended.stdout.lines().nth(1), Some(""), "{ended}");
    }
    assert_eq!(lacks(&scene, ""), set(&[]));
}

#[test]
fn half_of_the_money_is_called_half_of_the_money() {
    let mut scene = Scene::october();
    let other = "00000000-0000-4000-8000-000000000002".to_owned();
    scene.simulator.with_world(|world| world.options.anthropic_other_keys = vec![("second".to_owned(), other)]);
    scene.set("SECOND", "mistyped");
    scene.configure(&(account("a", "ANTHROPIC_ADMIN_KEY") + &account("b", "SECOND")));
    scene.run(&format!("sync {OCTOBER}")).exits(1);
    for words in ["report".to_owned(), format!("report {OCTOBER}")] {
        let ended = scene.run(&words).exits(0);
        assert!(first_line(&ended).starts_with("✗ Incomplete"), "{ended}");
        ended.says(&[
            "anthropic account `b`: nothing is loaded of 15 days (2025-10-03 to 2025-10-17): ",
            "SECOND was not accepted (401)",
            "`everycent sync --from 2025-10-03 --to 2025-10-17`",
            "anthropic account `b` never",
            "223.33",
        ]);
    }
    assert_eq!(lacks(&scene, ""), set(&["nothing_loaded"]));
    scene.run("report --strict").exits(1).says(&["223.33"]);
    scene.run("report --strict --account a").exits(0).says(&["✓ Complete"]);
    scene.run("report --account b").exits(0).says(&["✗ Incomplete"]);
    scene.set("SECOND", "second");
    scene.run("sync --from 2025-10-03 --to 2025-10-17").exits(0);
    scene.run("report --strict").exits(0).says(&["✓ Complete", "446.66"]);
}

/// What else it reports is loaded, and nothing of it is what the account cost.
#[test]
fn an_account_whose_key_no_report_of_money_is_open_to_is_said_to_lack_it() {
    let ago = |days: u64| Utc::now().date_naive() - Days::new(days);
    let mut scene = Scene::of(worlds::company(7, ago(1), 31)).with_every_source();
    scene.unset("CURSOR_API_KEY");
    for endpoint in [Endpoint::AnthropicCostReport, Endpoint::AnthropicAnalyticsCost] {
        scene.simulator.inject(Fault::on(endpoint, FaultKind::MissingScope));
    }
    let sync = format!("sync --from {} --to {}", ago(6), ago(3));
    scene.run(&sync).exits(1).says(&["No report of money"]);
    scene.run("report").exits(0).says(&[
        "✗ Incomplete",
        "anthropic account `default`: no report that says what is billed is open to its key",
        "use the key of an administrator",
    ]);
    let days = format!("--from {} --to {}", ago(6), ago(3));
    assert_eq!(lacks(&scene, &days), set(&["no_money_report"]));
    scene.simulator.clear_faults();
    scene.run(&sync).exits(0);
    assert_eq!(lacks(&scene, &days), set(&[]));
}

#[test]
fn a_report_that_was_never_open_to_the_key_is_a_note() {
    let ago = |days: u64| Utc::now().date_naive() - Days::new(days);
    let mut scene = Scene::of(worlds::company(7, ago(1), 31)).with_every_source();
    scene.unset("CURSOR_API_KEY");
    scene.simulator.inject(Fault::on(Endpoint::AnthropicUsageMessages, FaultKind::MissingScope));
    scene.run(&format!("sync --from {} --to {}", ago(6), ago(3))).exits(0);
    let ended = scene.run(&format!("report --from {} --to {} --strict", ago(6), ago(3))).exits(0);
    ended.says(&["✓ Complete", "note: anthropic/usage_messages of account `default`: not available to the key"]);
}

#[test]
fn an_account_that_was_never_asked_is_missing_too() {
    let mut scene = october();
    scene.configure(&(account("default", "ANTHROPIC_ADMIN_KEY") + &account("new", "SECOND")));
    scene.run("report").exits(0).says(&["anthropic account `new`: nothing is loaded of 15 days"]);
    scene.configure(&account("default", "ANTHROPIC_ADMIN_KEY"));
    assert_eq!(lacks(&scene, ""), set(&[]));
}

#[test]
fn days_of_one_report_that_failed_or_were_never_asked_are_named() {
    let scene = Scene::october();
    scene.run("sync --from 2025-10-03 --to 2025-10-12").exits(0);
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(500)));
    scene.run("sync --from 2025-10-13 --to 2025-10-14").exits(1);
    scene.run("sync --from 2025-10-13 --to 2025-10-17 --source cursor/daily_usage").exits(0);
    scene.run("report").exits(0).says(&[
        "anthropic/cost_report, anthropic/cost_totals of account `default`: the last attempt failed for 2 days \
         (2025-10-13 to 2025-10-14)",
    ]);
    assert_eq!(lacks(&scene, ""), set(&["failed", "not_loaded"]));
    assert_eq!(lacks(&scene, "--to 2025-10-12"), set(&[]));
    scene.run("report --from 2025-10-01").exits(0).says(&["were never loaded (2025-10-01 to 2025-10-02"]);
}

/// Whoever reads the figures sees that they end where the vendor stopped answering, or begin there.
#[test]
fn days_that_failed_before_or_after_all_that_is_loaded_belong_to_the_figures() {
    for [failed, loaded] in [["13 17", "03 12"], ["03 07", "08 17"]] {
        let sync = |days: &str| {
            let (from, to) = days.split_once(' ').unwrap();
            format!("sync --from 2025-10-{from} --to 2025-10-{to}")
        };
        let scene = Scene::october();
        scene.run(&sync(loaded)).exits(0);
        assert_eq!(lacks(&scene, ""), set(&[]));
        scene.simulator.inject(Fault::anywhere(FaultKind::Status(500)));
        scene.run(&sync(failed)).exits(1);
        let days = failed.replace(' ', " to 2025-10-");
        scene.run("report").exits(0).says(&["✗ Incomplete", &format!("5 days (2025-10-{days})")]);
        assert_eq!(lacks(&scene, ""), set(&["failed"]), "{failed}");
        scene.simulator.clear_faults();
        scene.run(&sync(failed)).exits(0);
        assert_eq!(lacks(&scene, ""), set(&[]));
        scene.run("report").exits(0).says(&["223.33"]);
    }
}

/// Its key is gone from the environment, or its name from the list of sources; the rest goes on.
#[test]
fn a_report_that_says_what_is_billed_and_is_asked_no_more_is_missed_until_its_account_is_retired() {
    let (first, then) = ("sync --from 2025-09-01 --to 2025-09-05", "sync --from 2025-09-06 --to 2025-09-10");
    let team = "[[accounts]]\nid = \"team\"\nvendor = \"cursor\"\nkey_env = \"CURSOR_API_KEY\"\n";
    let claude = account("default", "ANTHROPIC_ADMIN_KEY");
    let mut scene = Scene::company().with_sources("cursor", &["cursor/usage_events"]);
    scene.configure(&(claude.clone() + team));
    scene.run(first).exits(0);
    scene.configure(&claude);
    scene.run("report").exits(0).says(&["✓ Complete"]);
    scene.run(then).exits(0);
    let said = "cursor/usage_events of account `team`: it said what is billed and is not configured any more, so 5 days \
                are missing (2025-09-06 to 2025-09-10)";
    scene.run("report").exits(0).says(&["✗ Incomplete", said, "`everycent accounts retire team`"]);
    scene.run("status").exits(0).says(&[said]);
    assert_eq!(lacks(&scene, ""), set(&["not_asked"]));
    assert_eq!(lacks(&scene, "--to 2025-09-05"), set(&[]));
    scene.run("reconcile").exits(1).says(&["no_missing_bucket 2025-09-06", "`everycent accounts retire team`"]);
    scene.run("accounts retire team").exits(0);
    assert_eq!(lacks(&scene, ""), set(&[]));
    scene.run("reconcile").exits(0);

    let mut scene = Scene::october();
    scene.unset("CURSOR_API_KEY");
    scene.run("sync --from 2025-10-03 --to 2025-10-12").exits(0);
    let scene = scene.with_sources("anthropic", &["anthropic/cost_totals"]);
    scene.run("sync --from 2025-10-13 --to 2025-10-17").exits(0);
    scene.run("report").exits(0).says(&["anthropic/cost_report of account `default`: it said what is billed"]);
    scene.run("reconcile").exits(1).says(&["no_missing_bucket 2025-10-13"]);
}

#[test]
fn days_made_by_two_sets_of_rules_are_told_apart_until_a_replay() {
    let mut scene = Scene::october();
    scene.configure(&rule("first"));
    scene.run("sync --from 2025-10-03 --to 2025-10-08").exits(0);
    scene.configure(&rule("second"));
    scene.run("sync --from 2025-10-09 --to 2025-10-17").exits(0);
    let said = ["6 days were made by older rules", "`everycent replay --from 2025-10-03 --to 2025-10-08`"];
    scene.run("report").exits(0).says(&said);
    scene.run("status").exits(0).says(&said);
    scene
        .run("reconcile")
        .exits(1)
        .says(&["made_by_rules_in_use", "anthropic/cost_report of account `default`: 6 days"]);
    scene.run("reconcile --from 2025-10-09").exits(0);
    assert_eq!(lacks(&scene, ""), set(&["older_rules"]));
    assert_eq!(lacks(&scene, "--from 2025-10-09"), set(&[]));
    scene.run("replay --from 2025-10-03 --to 2025-10-08").exits(0);
    assert_eq!(lacks(&scene, ""), set(&[]));
    scene.run("reconcile").exits(0).says(&["every day was made by the rules and prices in use now"]);
    scene.run("status").exits(0).says(&["✓ Complete"]);
}

#[test]
fn prices_that_came_later_count_like_rules() {
    let mut scene = october();
    scene.configure("[[prices.cursor]]\nplan = \"request\"\nfrom = \"2025-01-01\"\nseat_usd = \"41\"\nincluded_requests = 500\nrequest_usd = \"0.04\"\n");
    scene.run("report").exits(0).says(&["15 days were made by older rules, prices"]);
    let older = scene.run("report --json").exits(0).json()["rests_on"]["lacks"][0]["sources"].clone();
    assert_eq!(older, serde_json::json!(["cursor/daily_usage"]), "a price of Cursor decides no row of Claude");
    scene.run("replay").exits(0);
    assert_eq!(lacks(&scene, ""), set(&[]));
}

#[test]
fn a_held_day_shows_its_earlier_figures_and_says_so() {
    let scene = Scene::of(worlds::company(7, "2025-09-30".parse().unwrap(), 40))
        .with_sources("cursor", &["cursor/usage_events"])
        .with_sources("anthropic", &["anthropic/cost_report"]);
    let sync = "sync --from 2025-09-21 --to 2025-09-30";
    scene.run(sync).exits(0);
    let total = || scene.run("report --json").exits(0).json()["spend"].clone();
    let before = total();
    scene.simulator.with_world(|world| {
        let day = "2025-09-24".parse().unwrap();
        while world.cursor_events(day).len() > 2 {
            world.remove_cursor_event(day, 0);
        }
    });
    scene.run(sync).exits(1);
    assert_eq!(total(), before);
    scene.run("report").exits(0).says(&[
        "cursor/usage_events of account `default`: earlier figures are shown for 1 day (2025-09-24)",
        "fell from",
        "`everycent accept 2025-09-24 --source cursor/usage_events`",
    ]);
    assert_eq!(lacks(&scene, ""), set(&["held"]));
    scene.run("accept 2025-09-24 --source cursor/usage_events").exits(0);
    assert_eq!(lacks(&scene, ""), set(&[]));
}

#[test]
fn a_day_whose_rows_are_being_made_again_shows_the_earlier_ones_and_says_so() {
    let scene = october();
    // As it stands until the rows of the accepted answer are back, or for good where its pages are gone.
    let waits =
        "UPDATE coverage_nano SET state = 'replaying' WHERE source = 'anthropic/cost_report' AND activity_date = ";
    assert_eq!(scene.tables().tamper(&format!("{waits}'2025-10-05'")), 1);
    let days = "--from 2025-10-03 --to 2025-10-17";
    let report = scene.run(&format!("report {days}")).exits(0);
    report.says(&["the rows of 1 day are being made again (2025-10-05)", "`everycent replay --from 2025-10-05"]);
    assert_eq!(lacks(&scene, days), set(&["replaying"]));
    scene.run("replay").exits(0);
    assert_eq!(lacks(&scene, days), set(&[]));
}

#[test]
fn records_that_could_not_be_read_are_a_lack_and_odd_fields_are_a_note_where_they_touch_the_days() {
    let scene = Scene::company()
        .with_sources("anthropic", &["anthropic/cost_report", "anthropic/usage_messages"])
        .with_sources("cursor", &["cursor/daily_usage"]);
    let day = When::Day("2025-09-04".parse().unwrap());
    let amount = Fault::on(Endpoint::AnthropicCostReport, FaultKind::AmountText);
    scene.simulator.inject(amount.when(day));
    scene.simulator.inject(Fault::on(Endpoint::AnthropicUsageMessages, FaultKind::FlatCacheCreation).when(day));
    scene.run("sync --from 2025-09-01 --to 2025-09-05").exits(1);
    scene.run("report").exits(0).says(&[
        "anthropic/cost_report of account `default`: 1 record could not be read and went into no figure (2025-09-04)",
        "`everycent status` shows where and why",
        "note: 1 record is odd beside the money, and nothing is missing by it",
        "anthropic/usage_messages of account `default`, cache_creation",
    ]);
    let report = scene.run("report --json").exits(0).json();
    assert_eq!(report["rests_on"]["lacks"][0]["records"], 1);
    assert_eq!(report["rests_on"]["remarks"][0]["field"], "cache_creation");
    assert_eq!(lacks(&scene, ""), set(&["rejected"]));
    let ended = scene.run("report --from 2025-09-05 --to 2025-09-05").exits(0);
    ended.says(&["✓ Complete"]).says_nothing_of(&["odd"]);
    let odd = ["Odd beside the money, and kept", "cache_creation"];
    scene.run("reconcile").exits(1).says(&odd);
    let reconciled = scene.run("reconcile --json").exits(1).json();
    assert_eq!(reconciled["remarks"][0]["records"], 1);
    scene.run("reconcile --from 2025-09-05 --to 2025-09-05").exits(0).says_nothing_of(&odd);
}

#[test]
fn days_that_the_vendor_owes_are_late_and_those_that_may_still_change_are_a_note() {
    let ago = |days: u64| Utc::now().date_naive() - Days::new(days);
    let mut scene = Scene::of(worlds::company(7, ago(1), 31)).with_sources("anthropic", &["anthropic/cost_report"]);
    scene.unset("CURSOR_API_KEY");
    scene.simulator.with_world(|world| world.options.buckets_end_on = Some(ago(4)));
    scene.run(&format!("sync --from {} --to {}", ago(10), ago(1))).exits(0);
    let month = format!("report --from {} --to {}", ago(10), ago(1));
    scene.run(&month).exits(0).says(&[
        &format!(
            "anthropic/cost_report of account `default`: the vendor is late, 2 days are not reported yet ({} to {})",
            ago(3),
            ago(2)
        ),
        &format!("note: the vendor may still correct 7 days ({} to {})", ago(10), ago(4)),
        &format!("not reported by the vendor yet, as is usual ({})", ago(1)),
    ]);
    scene.run(&format!("{month} --strict")).exits(1);
    scene.run("report").exits(0).says(&["✓ Complete", "the vendor may still correct 7 days"]);
    scene.simulator.with_world(|world| world.options.buckets_end_on = None);
    scene.run("sync --source anthropic/cost_report").exits(0);
    scene.run(&format!("{month} --strict")).exits(0);
}

/// Lets the services fetch and not make rows: where row files are kept stands a file.
fn fetches_and_loads_nothing(scene: &Scene, sync: &str) {
    let rows = scene.home().join("rows");
    let _ = fs::remove_dir_all(&rows);
    fs::write(&rows, "").unwrap();
    scene.run(sync).exits(1);
    fs::remove_file(&rows).unwrap();
}

fn lose_the_queue(scene: &Scene) {
    for name in ["bus.sqlite", "bus.sqlite-wal", "bus.sqlite-shm"] {
        let _ = fs::remove_file(scene.home().join(name));
    }
}

#[test]
fn answers_whose_queue_was_deleted_are_missed_and_a_replay_loads_them() {
    let mut scene = Scene::october().with_sources("anthropic", &["anthropic/cost_report"]);
    scene.unset("CURSOR_API_KEY");
    scene.run("sync --from 2025-10-03 --to 2025-10-12").exits(0);
    fetches_and_loads_nothing(&scene, "sync --from 2025-10-13 --to 2025-10-17");
    assert_eq!(lacks(&scene, ""), set(&["queued"]));
    scene
        .run("report")
        .exits(0)
        .says(&["answers about 5 days are fetched and wait to be loaded", "→ `everycent sync`"]);
    lose_the_queue(&scene);
    let said = ["newer answers about 5 days are stored and not in the tables (2025-10-13 to 2025-10-17)"];
    scene.run("report").exits(0).says(&said).says(&["`everycent replay --from 2025-10-13 --to 2025-10-17`"]);
    scene.run("status").exits(0).says(&said);
    scene.run("reconcile").exits(1).says(&["stored_answers_are_loaded"]).says(&said);
    assert_eq!(lacks(&scene, "--to 2025-10-12"), set(&[]));
    scene.run("reconcile --from 2025-10-03 --to 2025-10-12").exits(0);
    let asked = scene.request_count();
    scene.run("replay").exits(0);
    assert_eq!(scene.request_count(), asked);
    assert_eq!(lacks(&scene, ""), set(&[]));
    scene.run("reconcile").exits(0).says(&["the newest stored answer about each day is in the tables"]);
}

#[test]
fn a_later_answer_about_a_loaded_day_is_missed_too() {
    let scene = october();
    let day = "2025-10-05".parse().unwrap();
    scene.simulator.with_world(|world| world.set_cost_amount(day, 0, "5000".parse().unwrap()));
    fetches_and_loads_nothing(&scene, "sync --from 2025-10-05 --to 2025-10-05 --source anthropic/cost_report");
    lose_the_queue(&scene);
    let report = scene.run("report --json").exits(0).json();
    let lacks_now = &report["rests_on"]["lacks"];
    assert_eq!(kinds(lacks_now), set(&["not_in_tables"]));
    assert_eq!(
        (&lacks_now[0]["sources"][0], &lacks_now[0]["days"][0]["from"]),
        (&"anthropic/cost_report".into(), &"2025-10-05".into())
    );
    scene.run("replay --from 2025-10-05 --to 2025-10-05").exits(0);
    assert_eq!(lacks(&scene, ""), set(&[]));
    assert_ne!(scene.run("report --json").exits(0).json()["spend"], report["spend"]);
}

#[test]
fn tables_of_an_older_copy_or_without_anything_hold_less_than_is_stored() {
    let scene = Scene::october();
    scene.run("sync --from 2025-10-03 --to 2025-10-08").exits(0);
    let (tables, copy) = (scene.home().join("everycent.sqlite"), scene.path("copy.sqlite"));
    scene.tables().rows("PRAGMA wal_checkpoint(TRUNCATE)");
    fs::copy(&tables, &copy).unwrap();
    scene.run("sync --from 2025-10-09 --to 2025-10-17").exits(0);
    let lose = |tables: &std::path::Path| {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", tables.display()));
        }
    };
    lose(&tables);
    fs::copy(&copy, &tables).unwrap();
    scene.run("report").exits(0).says(&["newer answers about 9 days are stored and not in the tables"]);
    assert_eq!(lacks(&scene, ""), set(&["not_in_tables"]));
    scene.tables().tamper("DELETE FROM coverage_nano");
    scene.run("report").exits(1).says(&["nothing is loaded yet; answers about 15 days are stored: `everycent replay`"]);
    scene.run("status").exits(0).says(&["newer answers about 15 days are stored and not in the tables"]);
    lose(&tables);
    scene.run("report").exits(1).says(&["`everycent replay`"]);
    scene.run("replay").exits(0);
    assert_eq!(lacks(&scene, ""), set(&[]));
}

#[test]
fn nothing_stored_and_nothing_loaded_is_no_loss() {
    let scene = Scene::october();
    scene.simulator.inject(Fault::anywhere(FaultKind::Status(500)));
    scene.run(&format!("sync {OCTOBER}")).exits(1);
    scene.run("report").exits(1).says(&["nothing is loaded yet; run `everycent sync` first"]);
    scene.run("status").exits(0).says(&["cursor account `default`: nothing is loaded of 15 days"]);
}
