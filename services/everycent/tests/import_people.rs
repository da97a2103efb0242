//! Importing people: what a file changes in people and in money, and what becomes of the sums by team.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde_json::Value;
use support::{Ended, Scene};
use vendor_sim::{Member, World};

const HEADER: &str = "email,aliases,name,team,cost_center,valid_from,valid_to";
/// What a seat costs on each day of a month of 31 days, times 31.
const SEAT: i64 = 31;

fn first() -> NaiveDate {
    "2025-10-03".parse().unwrap()
}

fn day(number: u64) -> NaiveDate {
    first() + Days::new(number)
}

/// Four members of a Cursor team with a seat of a dollar a day, ten days in October, and no use. Ada has two addresses.
fn team() -> Scene {
    let last = day(9);
    let mut world = World::empty(last.succ_opt().unwrap());
    for (number, name) in [(1, "ada"), (2, "ada.l"), (3, "bob"), (4, "cy")] {
        world.add_member(Member::new(number, &format!("{name}@example.com"), name));
    }
    let mut scene = Scene::of(world);
    scene.unset("ANTHROPIC_ADMIN_KEY");
    scene.configure(&format!(
        "[[prices.cursor]]\nfrom = \"2025-01-01\"\nplan = \"token\"\nseat_usd = \"{SEAT}\"\ncycle_day = 1\n"
    ));
    scene
}

fn synced() -> Scene {
    let scene = team();
    scene.run(&format!("sync --from {} --to {}", first(), day(9))).exits(0);
    scene
}

fn import(scene: &Scene, lines: &[&str], flags: &str) -> Ended {
    import_text(scene, &format!("{HEADER}\n{}\n", lines.join("\n")), flags)
}

fn import_text(scene: &Scene, text: &str, flags: &str) -> Ended {
    fs::write(scene.path("people.csv"), text).unwrap();
    scene.run(&format!("import people people.csv {flags}"))
}

/// What each of a column's values cost, in whole dollars, as the view has it; and that all of it is what was spent.
#[track_caller]
fn spent(scene: &Scene, by: &str) -> Vec<String> {
    let tables = scene.tables();
    let rows = tables.rows(&format!(
        "SELECT {by}, {by}_basis, SUM(cost_nano_usd) FROM ai_spend_by_{by}_nano GROUP BY 1, 2 ORDER BY 1, 2"
    ));
    let total = tables.one("SELECT SUM(cost_nano_usd) FROM ai_spend_daily_nano");
    let nanos = |text: &str| text.parse::<i64>().unwrap();
    assert_eq!(rows.iter().map(|row| nanos(&row[2])).sum::<i64>(), nanos(&total));
    assert_eq!(nanos(&total), 40_000_000_000, "four seats on ten days");
    rows.iter().map(|row| format!("{} {} {}", row[0], row[1], Decimal::new(nanos(&row[2]), 9).normalize())).collect()
}

fn effects(report: &Value) -> Vec<String> {
    let totals = report["preview"]["totals"].as_array().unwrap();
    let text = |total: &Value| {
        let cost: Decimal = total["cost_usd"].as_str().unwrap().parse().unwrap();
        format!("{} {} {}", total["effect"].as_str().unwrap(), total["people"], cost.normalize())
    };
    totals.iter().map(text).collect()
}

// What becomes of the sums

#[test]
fn each_dollar_goes_to_the_team_of_the_day_and_the_rest_is_unassigned() {
    let scene = synced();
    assert_eq!(spent(&scene, "team"), ["unassigned NULL 40"]);
    let change = [
        "Ada@Example.com,ada.l@example.com,Ada,Search,1,,2025-10-05",
        "ada@example.com,,Ada,Ads,2,2025-10-06,",
        "bob@example.com,,Bob,Ads,,2025-10-04,2025-10-05",
        "bob@example.com,,Bob,Ads,2,2025-10-10,",
        "cy@example.com,,Cy,,2,,",
    ];
    import(&scene, &change, "").exits(0);
    // Ada: two seats on three days, then on seven. Bob: two days, away for four, and back for three.
    assert_eq!(spent(&scene, "team"), ["Ads person 19", "Search person 6", "unassigned NULL 15"]);
    // Cy is in no team, and all of it in the cost center.
    assert_eq!(spent(&scene, "cost_center"), ["1 person 6", "2 person 27", "unassigned NULL 7"]);
    assert_eq!(
        spent(&scene, "person"),
        ["ada@example.com user 20", "bob@example.com user 10", "cy@example.com user 10"]
    );
    scene.run(&format!("reconcile --from {} --to {}", first(), day(9))).exits(0);
}

#[test]
fn a_later_file_rewrites_history_and_a_replay_of_everything_ends_in_the_same() {
    let scene = synced();
    import(&scene, &["ada@example.com,ada.l@example.com,,Search,,,", "bob@example.com,,,Ads,,,"], "").exits(0);
    assert_eq!(spent(&scene, "team"), ["Ads person 10", "Search person 20", "unassigned NULL 10"]);
    import(&scene, &["ada@example.com,,,Search,,2025-10-08,", "cy@example.com,,,Ads,,,"], "--yes").exits(0);
    let expected = ["Ads person 10", "Search person 5", "unassigned NULL 25"];
    assert_eq!(spent(&scene, "team"), expected);
    assert_eq!(
        spent(&scene, "person"),
        ["ada.l@example.com user 10", "ada@example.com user 10", "bob@example.com user 10", "cy@example.com user 10"]
    );
    scene.run("replay").exits(0).says(&["0 rows changed"]);
    fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    scene.run("replay").exits(0);
    assert_eq!(spent(&scene, "team"), expected);
}

#[test]
fn a_file_with_only_addresses_and_teams_is_enough() {
    let scene = synced();
    import_text(&scene, "team;email\r\nSearch;ADA@example.com\r\n;bob@example.com\r\nAds;cy@example.com\r\n", "")
        .exits(0);
    assert_eq!(spent(&scene, "team"), ["Ads person 10", "Search person 10", "unassigned NULL 20"]);
    assert_eq!(spent(&scene, "cost_center"), ["unassigned NULL 40"]);
}

#[test]
fn a_file_is_of_the_whole_company_whatever_accounts_there_are() {
    let mut scene = synced();
    scene.add("[[accounts]]\nid = \"acme\"\nvendor = \"anthropic\"\nkey_env = \"KEY\"\n");
    scene.add("[[accounts]]\nid = \"beta\"\nvendor = \"anthropic\"\nkey_env = \"KEY\"\n");
    scene.add("[[accounts]]\nid = \"default\"\nvendor = \"cursor\"\nkey_env = \"CURSOR_API_KEY\"\n");
    let lines = ["ada@example.com,,,Search,,,"];
    import(&scene, &lines, "--account acme").exits(2).says(&["--account: such a file is about the whole company"]);
    import(&scene, &lines, "").exits(0).says(&["people.csv: 1 line for the whole company"]);
    scene.run("accounts").exits(0).says_nothing_of(&["company"]);
    scene.run("report --account company").exits(2).says(&["known are: acme, beta, default\n"]);
    let checks = scene.run("reconcile --json").json();
    let strange = checks["failures"].as_array().unwrap().iter().filter(|one| one["check_id"] == "no_strange_account");
    assert_eq!(strange.count(), 0, "{checks}");
}

// What is shown before it counts

#[test]
fn what_a_file_changes_is_shown_in_people_and_in_money_and_counts_only_after_a_yes() {
    let scene = synced();
    let first = ["ada@example.com,,,Search,1,,", "bob@example.com,,,Search,1,,", "cy@example.com,,,Ads,2,,"];
    let report = import(&scene, &first, "--json").exits(0).json();
    assert_eq!(effects(&report), ["comes 3 30"]);
    let second =
        ["ada@example.com,,,Search,1,,2025-10-08", "ada@example.com,,,Ads,1,2025-10-09,", "cy@example.com,,,,2,,"];
    let report = import(&scene, &second, "--dry-run --json").exits(0).json();
    assert_eq!(effects(&report), ["goes 1 10", "loses_team 1 10", "changes_team 1 4"]);
    let preview = &report["preview"];
    assert_eq!((&preview["lines_before"], &preview["lines_after"]), (&3.into(), &3.into()));
    let moved: Vec<String> = preview["teams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| {
            let cost: Decimal = of["cost_usd"].as_str().unwrap().parse().unwrap();
            format!("{}>{} {} {}", of["from"], of["to"], of["people"], cost.normalize())
        })
        .collect();
    assert_eq!(moved, ["\"Ads\">null 1 10", "\"Search\">null 1 10", "\"Search\">\"Ads\" 1 4"]);
    let says = [
        "Amounts are US dollars of 2025-10-03 to 2025-10-12, all days that are loaded",
        "1 person goes, 10.00 becomes unassigned",
        "1 person loses the team, 10.00 moves",
        "1 person changes team, 4.00 moves",
        "of no team: 10.00 before, 30.00 after",
        "ada.l@example.com is in no line of the file and cost 10.00",
    ];
    let stored = scene.manifests("upload").len();
    import(&scene, &second, "--dry-run").exits(0).says(&says).says(&["nothing was imported (--dry-run)"]);
    import(&scene, &second, "")
        .exits(2)
        .says(&says)
        .says(&["people.csv was not imported, for it takes away what is known: "]);
    assert_eq!((scene.manifests("upload").len(), spent(&scene, "team").len()), (stored, 3));
    import(&scene, &second, "--yes").exits(0).says(&says).says(&["stored as raw/upload/people/company/"]);
    assert_eq!(spent(&scene, "team"), ["Ads person 4", "Search person 6", "unassigned NULL 30"]);
    import(&scene, &second, "").exits(0).says(&["2 people unchanged"]).says_nothing_of(&["Money that goes"]);
}

#[test]
fn a_file_that_loses_more_than_a_fifth_of_its_lines_says_so_loudly() {
    let scene = team();
    let lines: Vec<String> = (0..10).map(|number| format!("p{number}@example.com,,,Search,,,")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    import(&scene, &lines, "").exits(0).says(&["10 people come"]);
    import(&scene, &lines[..8], "--dry-run").exits(0).says(&["2 people go"]).says_nothing_of(&["LOOK"]);
    let loud = "✗ LOOK: 3 of 10 lines are gone, which is more than a fifth. Is the file whole?";
    import(&scene, &lines[..7], "--dry-run").exits(0).says(&[loud]);
    import(&scene, &lines[..7], "").exits(2).says(&["takes away what is known: 3 of 10 lines are gone; 3 people go"]);
}

#[test]
fn other_columns_and_two_spellings_of_a_team_are_named_once() {
    let scene = team();
    let text = "email\tteam\tPhone\toffice\nada@example.com\tData Science\t1\t2\nbob@example.com\tdata science\t\t\n";
    import_text(&scene, text, "").exits(0).says(&[
        "columns that are not read: phone, office",
        "teams that differ only in how they are written: Data Science, data science",
    ]);
    import_text(&scene, "email,name\nada@example.com,Ada\n", "--yes").exits(0).says(&["the file has no column `team`"]);
}

#[test]
fn a_faulty_file_is_refused_as_a_whole_and_leaves_what_was_there() {
    let scene = synced();
    import(&scene, &["ada@example.com,,,Search,,,"], "").exits(0);
    let faulty = [
        "ada@example.com,,,Search,,03/04/2025,",
        "bob@example.com,cy@example.com,,Ads,,,",
        "cy@example.com,,,Ads,,2025-01-01,",
        "dee,,,,,,",
    ];
    let ended = import(&scene, &faulty, "--yes").exits(2).says(&[
        "people.csv was not imported, for 3 faults in it:",
        "line 2, column 6 (valid_from): found `03/04/2025`, expected a day such as 2025-10-03; it may be 2025-03-04 or \
         2025-04-03",
        "line 4, column 1 (email): expected an address that one person has on a day; line 3 has this one as well, on all days",
        "line 5, column 1 (email): found `dee`, expected an address such as ada@example.com",
        "`everycent import people --template` prints a file that is right",
    ]);
    ended.says_nothing_of(&["bob@example.com", "cy@example.com"]);
    assert_eq!(spent(&scene, "team"), ["Search person 10", "unassigned NULL 30"]);
    import_text(&scene, "api_key_id,owner_email\napikey_01A,ada@example.com\n", "")
        .exits(2)
        .says(&["column 3 (email)", "it is a file of another kind: `everycent import api-key-owners` takes it"]);
}

// What a report shows

#[test]
fn a_report_shows_teams_and_what_is_not_known() {
    let scene = synced();
    scene
        .run("report")
        .exits(0)
        .says(&["Spend by team", "no team is known; `everycent import people FILE.csv` brings them"]);
    import(&scene, &["ada@example.com,,,Search,,,"], "").exits(0);
    scene.run("report").exits(0).says(&[
        "Search",
        "(unassigned)",
        "What is not known",
        "the team is unknown: nobody, or a person without one on the day",
    ]);
    let report = scene.run("report --json").exits(0).json();
    let teams = report["teams"].as_array().unwrap();
    let usd = |value: &Value| value.as_str().unwrap().parse::<Decimal>().unwrap();
    assert_eq!(teams.iter().map(|of| usd(&of["total_usd"])).collect::<Vec<_>>(), [10.into(), 30.into()]);
    assert_eq!(usd(&report["unknown"]["unassigned_usd"]), 30.into());
    assert_eq!(usd(&report["unknown"]["nobody_usd"]), 0.into());
    assert!(report["people"].as_array().unwrap().len() == 4);
}

#[test]
fn where_teams_alone_are_to_be_shown_a_report_names_nobody() {
    let mut scene = Scene::of(vendor_sim::worlds::company(41, day(9), 10)).with_every_source();
    scene.run(&format!("sync --from {} --to {}", first(), day(9)));
    import(&scene, &["grace@example.com,,Grace,Product,,,"], "").exits(0);
    scene.run("report").says(&["grace@example.com", "claude_code_key_", "Product"]);
    scene.add("[privacy]\npeople = \"teams\"\n");
    let shown = scene.run("report").says(&["Product", "Spend by team", "API keys that cost most"]);
    shown.says_nothing_of(&["@example.com", "People who cost most", "claude_code_key_"]);
    let ended = scene.run("report --json").says_nothing_of(&["@example.com", "claude_code_key_"]);
    let report = ended.json();
    assert!(report.get("people").is_none() && !report["teams"].as_array().unwrap().is_empty(), "{report}");
    scene.configure("[privacy]\npeople = \"nobody\"\n");
    scene.run("report").exits(2).says(&["expected \"names\" or \"teams\""]);
}
