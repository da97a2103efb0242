//! Importing owners of keys: what a file is held against, what it takes away, and from when on an owner holds.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use rust_decimal::Decimal;
use serde_json::Value;
use support::month::{month, sync};
use support::{Ended, Scene};
use vendor_sim::worlds;

const KEYS: &str = "anthropic/api_keys";
const USERS: &str = "anthropic/users";
const REPORTS: [&str; 2] = ["anthropic/cost_report", "anthropic/usage_messages"];

/// Has no creator, and is used every day.
const BOT: &str = "apikey_01Program04";
/// Was created by grace.
const BACKEND: &str = "apikey_01Program00";

/// A company that is asked for its bill, its use, its keys and its people.
fn company() -> Scene {
    let (_, last) = month();
    let sources = [REPORTS[0], REPORTS[1], KEYS, USERS];
    let mut scene = Scene::of(worlds::company(41, last, 31)).with_sources("anthropic", &sources);
    scene.unset("CURSOR_API_KEY");
    scene
}

fn synced() -> Scene {
    let scene = company();
    sync_only(&scene, &[REPORTS[0], REPORTS[1], KEYS, USERS]);
    scene
}

fn sync_only(scene: &Scene, sources: &[&str]) {
    let named: String = sources.iter().map(|source| format!(" --source {source}")).collect();
    scene.run(&(sync() + &named)).exits(0);
}

fn import(scene: &Scene, lines: &[String], flags: &str) -> Ended {
    let text = format!("api_key_id,owner_email,team,note,valid_from\n{}\n", lines.join("\n"));
    fs::write(scene.path("owners.csv"), text).unwrap();
    scene.run(&format!("import api-key-owners owners.csv {flags}"))
}

fn line(key: &str, owner: &str) -> String {
    format!("{key},{owner}@example.com,Support,,")
}

fn line_from(key: &str, owner: &str, day: impl ToString) -> String {
    line(key, owner) + &day.to_string()
}

fn owners(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows(
        "SELECT api_key_id, owner_email, team, COALESCE(valid_from, '-'), COALESCE(valid_until, '-')
         FROM api_key_owner_periods ORDER BY api_key_id, valid_from",
    )
}

/// What a key cost in the last 30 days, in dollars.
fn cost(scene: &Scene, key: &str) -> Decimal {
    let (_, last) = month();
    let first = last - chrono::Days::new(29);
    let nanos = scene.tables().one(&format!(
        "SELECT SUM(cost_nano_usd) FROM api_usage_expenses_nano
         WHERE api_key_id = '{key}' AND expense_date BETWEEN '{first}' AND '{last}'"
    ));
    Decimal::new(nanos.parse().unwrap(), 9)
}

/// With two digits, a half cent away from zero.
fn cents(amount: Decimal) -> String {
    let rounded = amount.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    format!("{rounded:.2}")
}

fn without_commas(ended: &Ended) -> String {
    ended.stdout.replace(',', "") + &ended.stderr.replace(',', "")
}

/// The total of an effect: keys, and their cost.
fn total(report: &Value, effect: &str) -> Option<(u64, Decimal)> {
    let totals = report["preview"]["totals"].as_array().unwrap();
    let total = totals.iter().find(|total| total["effect"] == effect)?;
    Some((total["keys"].as_u64().unwrap(), total["cost_usd"].as_str().unwrap().parse().unwrap()))
}

// What an id is held against

#[test]
fn a_name_in_the_place_of_an_id_and_an_id_that_nobody_has_named_are_told_at_once_with_what_may_be_meant() {
    let scene = synced();
    let foreign =
        "UPDATE dim_api_keys SET organization_id = 'beta', api_key_id = 'apikey_02Of_beta' WHERE name = 'scratch'";
    assert_eq!(scene.tables().tamper(foreign), 1);
    let ended = import(
        &scene,
        &[
            line("Support-Bot", "sophie"),
            line("notebooks", "ada"),
            line("apikey_01Program40", "ada"),
            line("apikey_01program00", "ada"),
            line("apikey_02Of_beta", "ada"),
            "apikey_01Something_else,ada,,,".to_owned(),
            line(BACKEND, "grace"),
        ],
        "--yes",
    );
    ended.exits(2).says(&[
        "owners.csv was not imported, for 7 faults in it:",
        "line 2, column 1 (api_key_id): found `Support-Bot`, expected the id of the key of this name, apikey_01Program04",
        "line 3, column 1 (api_key_id): found `notebooks`, expected the id of the one of 2 keys of this name that is meant: \
         apikey_01Program02, apikey_01Program05",
        "line 4, column 1 (api_key_id): found `apikey_01Program40`, expected a key that a report or the list of keys has \
         named; the nearest is apikey_01Program00 (--allow-unknown takes any)",
        "line 5, column 1 (api_key_id): found `apikey_01program00`",
        "the nearest is apikey_01Program00",
        "line 6, column 1 (api_key_id): found `apikey_02Of_beta`, expected a key of the account of the file; this one is \
         of `beta` (--account beta)",
        "line 7, column 1 (api_key_id): found `apikey_01Something_else`, expected a key that a report or the list of keys \
         has named (--allow-unknown takes any)",
        "line 7, column 2 (owner_email): found `ada`, expected an address such as ada@example.com",
    ]);
    assert!(scene.manifests("upload").is_empty());
    assert!(owners(&scene).is_empty());
}

#[test]
fn a_fresh_home_has_nothing_to_hold_ids_against_and_says_so() {
    let scene = company();
    let unheard = [line("apikey_01Unheard_of", "ada")];
    import(&scene, &unheard, "").exits(0).says(&["the ids were not checked", "`everycent sync` loads it"]);
    sync_only(&scene, &[KEYS]);
    import(&scene, &unheard, "").exits(2).says(&["line 2, column 1 (api_key_id): found `apikey_01Unheard_of`"]);
    import(&scene, &[line(BOT, "ada")], "--yes").exits(0).says_nothing_of(&["not checked"]);
}

#[test]
fn a_key_that_only_a_report_has_named_is_known() {
    let scene = company();
    sync_only(&scene, &REPORTS);
    import(&scene, &[line(BOT, "ada")], "").exits(0).says_nothing_of(&["not checked"]);
    let typo = BOT.replace("Program", "Progarm");
    import(&scene, &[line(&typo, "ada")], "--yes").exits(2).says(&[&format!("the nearest is {BOT}")]);
}

#[test]
fn an_id_that_is_not_known_yet_can_be_allowed_and_a_name_can_not() {
    let scene = synced();
    let made_just_now = line("apikey_01Made_just_now", "ada");
    import(&scene, std::slice::from_ref(&made_just_now), "").exits(2);
    import(&scene, &[made_just_now.clone(), line("support-bot", "ada")], "--allow-unknown").exits(2).says(&[
        "for 1 fault in it",
        "line 3",
        "the id of the key of this name",
    ]);
    import(&scene, &[made_just_now], "--allow-unknown")
        .exits(0)
        .says(&["apikey_01Made_just_now is a key that nobody has named yet"]);
    assert_eq!(owners(&scene).len(), 1);
}

#[test]
fn an_owner_whom_no_vendor_lists_is_remarked_once_and_imported() {
    let scene = synced();
    let garce = [line(BOT, "garce"), line(BACKEND, "grace")];
    import(&scene, &garce, "")
        .exits(0)
        .says(&["line 2: garce@example.com is in no vendor's list of people; grace@example.com may be meant"])
        .says_nothing_of(&["line 3"]);
    import(&scene, &garce, "").exits(0).says(&["2 keys unchanged"]).says_nothing_of(&["garce"]);
}

#[test]
fn a_sheet_as_a_spreadsheet_of_another_country_writes_it_is_read() {
    let scene = company();
    let text = format!(
        "\u{feff}\r\n VALID_FROM ;Note;\"Api_Key_Id\";Owner_Email\r\n;\"a; b\";{BOT}; Ada@Example.com \r\n;;;\r\n\
         2025-10-10;;\"{BOT}\";ken@example.com"
    );
    fs::write(scene.path("owners.csv"), text).unwrap();
    scene.run("import api-key-owners owners.csv").exits(0);
    let expected =
        [[BOT, "ada@example.com", "NULL", "-", "2025-10-10"], [BOT, "ken@example.com", "NULL", "2025-10-10", "-"]];
    assert_eq!(owners(&scene), expected);
    assert_eq!(scene.tables().rows("SELECT note FROM dim_api_key_earlier_owners"), [["a; b"]]);
}

// What a file takes away

#[test]
fn what_a_file_takes_away_is_shown_with_its_money_and_counts_only_after_a_yes() {
    let scene = synced();
    import(&scene, &[line(BOT, "sophie"), line(BACKEND, "ada"), line("apikey_01Program01", "ken")], "").exits(0);
    let (before, stored) = (owners(&scene), scene.manifests("upload").len());
    let only = [line("apikey_01Program01", "ken")];
    let nobodys = format!("1 key loses its owner, {} a month becomes nobody's", cents(cost(&scene, BOT)));
    let creators = format!("1 key loses its owner, {} a month goes to its creator", cents(cost(&scene, BACKEND)));
    let all = [nobodys.as_str(), creators.as_str(), "1 key unchanged", "support-bot", "sophie@example.com (Support)"];
    let says_all = |ended: Ended| {
        let text = without_commas(&ended);
        for words in all {
            assert!(text.contains(&words.replace(',', "")), "{words}\n{ended}");
        }
        ended
    };
    says_all(import(&scene, &only, "--dry-run")).exits(0).says(&["nothing was imported (--dry-run)"]);
    let refused = says_all(import(&scene, &only, "")).exits(2);
    refused
        .says(&["owners.csv was not imported, for it takes away what is known: ", "`--yes` imports it all the same"]);
    assert_eq!((owners(&scene), scene.manifests("upload").len()), (before, stored), "nothing was imported");

    says_all(import(&scene, &only, "--yes")).exits(0).says(&["stored as raw/upload/api_key_owners/"]);
    assert_eq!(owners(&scene).len(), 1);
    let of = |key: &str| {
        scene.tables().rows(&format!(
            "SELECT DISTINCT owner_email, owner_basis FROM api_usage_expenses WHERE api_key_id = '{key}'"
        ))
    };
    assert_eq!(of(BOT), [["NULL", "NULL"]]);
    assert_eq!(of(BACKEND), [["grace@example.com", "creator"]]);
}

#[test]
fn the_preview_for_machines_has_the_same_figures_to_the_last_digit() {
    let scene = synced();
    import(&scene, &[line(BOT, "sophie"), line(BACKEND, "ada")], "").exits(0);
    let only = [format!("{BACKEND},ada@example.com,,,")];
    for (flags, exit, imported) in [("--dry-run --json", 0, false), ("--json", 2, false), ("--json --yes", 0, true)] {
        let (bot, backend) = (cost(&scene, BOT), cost(&scene, BACKEND));
        let report = import(&scene, &only, flags).exits(exit).json();
        assert_eq!(report["imported"], imported, "{flags}");
        assert_eq!(report["preview"]["takes_away"], true);
        assert_eq!(total(&report, "to_nobody"), Some((1, bot)));
        assert_eq!(total(&report, "loses_team"), Some((1, backend)));
        let (_, last) = month();
        assert_eq!(report["preview"]["cost_to"], last.to_string());
        let change = &report["preview"]["changes"].as_array().unwrap().iter().find(|of| of["api_key_id"] == BOT);
        let change = change.unwrap();
        assert_eq!((&change["owner_before"], &change["owner_after"]), (&"sophie@example.com".into(), &Value::Null));
        assert_eq!(change["key_name"], "support-bot");
        assert_eq!(report.get("snapshot_id").is_some(), imported);
    }
}

#[test]
fn an_import_that_takes_nothing_away_goes_through_without_a_word() {
    let scene = synced();
    import(&scene, &[line(BOT, "sophie")], "").exits(0).says(&["1 key gets an owner"]);
    import(&scene, &[line(BOT, "sophie"), line(BACKEND, "ada")], "").exits(0).says(&["1 key unchanged"]);
    import(&scene, &[line(BOT, "ken"), line(BACKEND, "ada")], "").exits(0).says(&["1 key gets another owner"]);
    let mut piped = scene.command("import api-key-owners owners.csv");
    piped.stdin(std::process::Stdio::null());
    Ended::of("import", &mut piped).exits(0).says(&["2 keys unchanged"]);
}

#[test]
fn looking_at_a_file_in_a_home_that_is_not_there_makes_none() {
    let scene = company();
    import(&scene, &[line(BOT, "sophie")], "--dry-run").exits(0).says(&["1 key gets an owner", "nothing was imported"]);
    assert!(!scene.home().exists());
}

#[test]
fn a_file_can_be_looked_at_while_another_process_works() {
    let scene = synced();
    let asked = scene.request_count();
    let running = scene.start("run --every 1d");
    support::until("the other to ask", || (scene.request_count() > asked).then_some(()));
    import(&scene, &[line(BOT, "sophie")], "").exits(2).says(&["everycent is already running on"]);
    import(&scene, &[line(BOT, "sophie")], "--dry-run").exits(0).says(&["1 key gets an owner"]);
    running.signal("TERM");
    running.end();
}

// From a day on

/// Day by day: who has the key, and what it cost in nano-dollars.
fn by_day(scene: &Scene, key: &str) -> Vec<Vec<String>> {
    scene.tables().rows(&format!(
        "SELECT expense_date, owner_email, SUM(cost_nano_usd) FROM api_usage_expenses_nano
         WHERE api_key_id = '{key}' GROUP BY 1, 2 ORDER BY 1"
    ))
}

#[test]
fn a_key_that_is_handed_over_belongs_to_each_owner_on_its_days() {
    let scene = synced();
    let (first, last) = month();
    let (handover, second) = (first + chrono::Days::new(9), first + chrono::Days::new(20));
    import(&scene, &[line(BOT, "sophie")], "").exits(0);
    let before = by_day(&scene, BOT);
    assert!(before.len() > 25, "it is used nearly every day");

    // A later line of the file changes the days from its own on, and no day before.
    import(&scene, &[line_from(BOT, "ken", handover), line(BOT, "sophie")], "")
        .exits(0)
        .says(&["1 key gets another owner", &format!("from {handover}")]);
    let owner = |day: &str, then: &str| if *day < *then { "sophie@example.com" } else { "ken@example.com" };
    let expected: Vec<Vec<String>> = before
        .iter()
        .map(|row| vec![row[0].clone(), owner(&row[0], &handover.to_string()).to_owned(), row[2].clone()])
        .collect();
    assert_eq!(by_day(&scene, BOT), expected);

    let lines = [line(BOT, "sophie"), line_from(BOT, "ken", handover), line_from(BOT, "ada", second)];
    import(&scene, &lines, "").exits(0);
    let until_then = |rows: &[Vec<String>]| -> Vec<Vec<String>> {
        rows.iter().filter(|row| row[0] < second.to_string()).cloned().collect()
    };
    let after = by_day(&scene, BOT);
    assert_eq!(until_then(&after), until_then(&expected));
    assert!(after.iter().filter(|row| row[0] >= second.to_string()).all(|row| row[1] == "ada@example.com"));
    let persons = scene.tables().rows(&format!(
        "SELECT DISTINCT person FROM ai_spend_by_person WHERE person_basis = 'upload' AND expense_date = '{last}'"
    ));
    assert_eq!(persons, [["ada@example.com"]]);

    // The rows of the file are made again from it.
    let held = owners(&scene);
    assert_eq!(held.len(), 3);
    fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    scene.run("replay").exits(0);
    assert_eq!((owners(&scene), by_day(&scene, BOT)), (held, after));
    scene.run("reconcile").exits(0);
}

#[test]
fn a_line_that_holds_only_from_a_day_on_takes_the_days_before_away() {
    let scene = synced();
    let handover = month().0 + chrono::Days::new(9);
    import(&scene, &[line(BOT, "sophie")], "").exits(0);
    let only = [line_from(BOT, "ken", handover)];
    import(&scene, &only, "").exits(2).says(&[
        "1 key loses its owner",
        "becomes nobody's",
        &format!("before {handover}"),
        "1 key gets another owner",
    ]);
    import(&scene, &only, "--yes").exits(0);
    let days = by_day(&scene, BOT);
    let owner = |row: &&Vec<String>| if row[0] < handover.to_string() { "NULL" } else { "ken@example.com" };
    assert!(days.iter().all(|row| row[1] == owner(&row)), "{days:?}");
}

#[test]
fn two_owners_of_a_key_from_the_same_day_on_are_a_fault() {
    let scene = company();
    let twice =
        [line(BOT, "ada"), line_from(BOT, "ada", "2025-10-10"), line_from(BOT, "ken", "2025-10-10"), line(BOT, "ken")];
    import(&scene, &twice, "").exits(2).says(&[
        "for 2 faults in it",
        "line 4, column 5 (valid_from): found `2025-10-10`, expected one owner of a key from a day on; line 3 has another",
        "line 5, column 1 (api_key_id): found `apikey_01Program04`, expected each key once, unless `valid_from` says",
    ]);
    import(&scene, &[line_from(BOT, "ada", "2205-10-10"), line_from(BACKEND, "ada", "10.10.2025")], "").exits(2).says(
        &[
            "found `2205-10-10`, expected a day of the past or of the next year, up to",
            "found `10.10.2025`, expected a day such as 2025-10-03, or nothing",
        ],
    );
}

#[test]
fn a_home_of_an_earlier_release_keeps_its_owners_for_all_days() {
    let scene = synced();
    fs::write(scene.path("old.csv"), format!("api_key_id,owner_email\n{BOT},sophie@example.com\n")).unwrap();
    scene.run("import api-key-owners old.csv").exits(0);
    let before = by_day(&scene, BOT);
    let tables = scene.tables();
    let by = ["team", "cost_center", "person"].map(|by| format!("ai_spend_by_{by}"));
    for view in by.iter().map(String::as_str).chain(["ai_spend_owners", "api_usage_expenses"]) {
        tables.tamper(&format!("DROP VIEW {view}"));
        tables.tamper(&format!("DROP VIEW {view}_nano"));
    }
    for statement in [
        "DROP VIEW api_key_owner_periods",
        "DROP TABLE dim_api_key_earlier_owners",
        "ALTER TABLE dim_api_key_owners DROP COLUMN valid_from",
    ] {
        tables.tamper(statement);
    }
    drop(tables);
    scene.run("import api-key-owners old.csv --dry-run").exits(0).says(&["1 key unchanged"]);
    assert_eq!(by_day(&scene, BOT), before);
    let handover = month().0 + chrono::Days::new(9);
    import(&scene, &[format!("{BOT},sophie@example.com,,,"), line_from(BOT, "ken", handover)], "").exits(0);
    assert_eq!(owners(&scene).len(), 2);
}
