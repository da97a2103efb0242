//! Importing sheets: what becomes of a file, and what is said of one that is wrong.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use support::{Scene, files, until};

const HEADER: &str = "date,email,conversations,projects,files,messages";

/// Three days of two people, the second of whom is away on the second.
const USAGE: &str = "\
date,email,conversations,projects,files,messages
2025-10-03,ada@example.com,4,1,2,31
2025-10-03,grace@example.com,2,,0,9
2025-10-04,Ada@Example.com,6,2,0,48
2025-10-05,grace@example.com,1,0,0,3
2025-10-05,ada@example.com,0,0,0,0
";

fn scene_with(file: &str, text: &str) -> Scene {
    let scene = Scene::october();
    fs::write(scene.path(file), text).unwrap();
    scene
}

/// Day, address and counts, as the table has them.
fn usage(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows(
        "SELECT activity_date, email, conversations, projects, files, messages FROM claude_usage_stats
         ORDER BY activity_date, email",
    )
}

/// The lines of a file, as the table is to have them.
fn lines(text: &str) -> Vec<Vec<String>> {
    let zero = |cell: &str| if cell.is_empty() { "0".to_owned() } else { cell.to_lowercase() };
    let mut lines: Vec<Vec<String>> = text.lines().skip(1).map(|line| line.split(',').map(zero).collect()).collect();
    lines.sort();
    lines
}

/// Everything of the tables that imports fill.
fn all_rows(scene: &Scene) -> [Vec<Vec<String>>; 2] {
    ["claude_usage_stats", "dim_api_key_owners"].map(|table| {
        let sql = format!("SELECT * FROM {table} ORDER BY 1, 2, 3");
        scene.tables().rows(&sql)
    })
}

fn covered(scene: &Scene, source: &str) -> Vec<Vec<String>> {
    scene.tables().rows(&format!(
        "SELECT account_id, activity_date, state, rows, rejects, quantity FROM coverage WHERE source = '{source}'
         ORDER BY account_id, activity_date"
    ))
}

#[track_caller]
fn content(path: &Path) -> String {
    String::from_utf8(zstd::decode_all(&fs::read(path).unwrap()[..]).unwrap()).unwrap()
}

// What becomes of a file

#[test]
fn a_sheet_of_use_becomes_a_row_for_each_person_and_day_and_covers_its_days() {
    let scene = scene_with("october.csv", USAGE);
    scene.run("import claude-usage october.csv").exits(0).says(&[
        "october.csv: 5 lines for account default, 2025-10-03 to 2025-10-05\n",
        "  added: 5 rows of 2025-10-03 to 2025-10-05 with 13 conversations, 3 projects, 2 files and 91 messages",
        "stored as raw/upload/claude_usage/default/",
        "claude_usage_stats: 5 rows written, 0 deleted",
    ]);
    assert_eq!(usage(&scene), lines(USAGE));
    assert_eq!(
        scene.tables().rows("SELECT DISTINCT organization_id, platform, platform_basis FROM claude_usage_stats"),
        [["default", "claude.ai", "upload"]]
    );
    let day =
        |day: &str, rows: &str, sum: &str| ["default", day, "settled", rows, "0", sum].map(str::to_owned).to_vec();
    // The sums of the counts above.
    assert_eq!(
        covered(&scene, "upload/claude_usage"),
        [day("2025-10-03", "2", "49"), day("2025-10-04", "1", "56"), day("2025-10-05", "2", "4")]
    );
    assert_eq!(scene.request_count(), 0, "no vendor is asked");
    scene.run("status").exits(0).says(&["upload/claude_usage", "empty"]);
    assert!(files(&scene.home().join("rows")).is_empty());
}

#[test]
fn a_file_is_kept_byte_for_byte_with_a_manifest_that_says_what_it_is() {
    let text = format!("\u{feff}{}", USAGE.replace(',', ";").replace('\n', "\r\n"));
    let scene = scene_with("october.csv", &text);
    fs::create_dir(scene.path("sheets")).unwrap();
    fs::rename(scene.path("october.csv"), scene.path("sheets/october.csv")).unwrap();
    scene.run("import claude-usage sheets/october.csv").exits(0);
    assert_eq!(usage(&scene), lines(USAGE));

    let objects = scene.objects("raw/upload/claude_usage/default/2025-10-03_2025-10-05");
    let [manifest, _sums] = &objects[..] else { panic!("{objects:?}") };
    let pages = scene.objects("raw/upload/claude_usage/default/pages");
    let [page] = &pages[..] else { panic!("{pages:?}") };
    assert!(page.display().to_string().ends_with(".csv.zst"), "{}", page.display());
    assert_eq!(content(page), text);
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    assert_eq!(manifest["query"], serde_json::json!({ "file": "october.csv" }));
    assert_eq!(manifest["source"], "upload/claude_usage");
    assert_eq!(manifest["covered"], serde_json::json!(["2025-10-03", "2025-10-04", "2025-10-05"]));
    assert_eq!(manifest["pages"][0]["body_bytes"], text.len());
    let snapshot = scene.tables().one("SELECT DISTINCT snapshot_id FROM claude_usage_stats");
    assert_eq!(manifest["snapshot_id"], snapshot);
}

#[test]
fn the_same_file_again_changes_no_row() {
    let scene = scene_with("october.csv", USAGE);
    scene.run("import claude-usage october.csv").exits(0);
    let before = all_rows(&scene);
    scene.run("import claude-usage october.csv").exits(0).says(&["claude_usage_stats: 0 rows written, 0 deleted"]);
    assert_eq!(all_rows(&scene), before);
    assert_eq!(scene.manifests("upload/claude_usage").len(), 2, "each import is kept");
}

#[test]
fn a_later_file_is_the_truth_of_its_days_and_says_nothing_of_others() {
    let scene = scene_with("october.csv", USAGE);
    scene.run("sync --from 2025-10-03 --to 2025-10-06").exits(0);
    scene.run("import claude-usage october.csv").exits(0);
    let later = format!("{HEADER}\n2025-10-04,grace@example.com,7,0,0,7\n2025-10-06,ada@example.com,8,0,0,8\n");
    fs::write(scene.path("later.csv"), &later).unwrap();
    scene.run("import claude-usage later.csv --yes").exits(0).says(&["claude_usage_stats: 2 rows written, 3 deleted"]);
    let first_day = lines(USAGE).into_iter().filter(|row| row[0] == "2025-10-03");
    let expected: Vec<Vec<String>> = first_day.chain(lines(&later)).collect();
    assert_eq!(usage(&scene), expected, "the fifth has no line, and so is empty");
    scene.run("reconcile").exits(0);
}

#[test]
fn use_that_a_file_takes_away_is_added_up_and_counts_only_after_a_yes() {
    let scene = scene_with("october.csv", USAGE);
    scene.run("import claude-usage october.csv").exits(0);
    let before = all_rows(&scene);
    // The line of grace on the third and the only one of the fourth are gone, and one of the fifth, which counts nothing.
    let later = format!("{HEADER}\n2025-10-03,ada@example.com,4,1,2,30\n2025-10-05,grace@example.com,1,0,0,3\n");
    fs::write(scene.path("later.csv"), &later).unwrap();
    let gone = "2 rows of 2025-10-03 to 2025-10-04 with 8 conversations, 2 projects, 0 files and 57 messages";
    let changed = "changed: 1 row of 2025-10-03 with 4 conversations, 1 project, 2 files and 31 messages; they become 4, 1, \
                   2 and 30";
    for (flags, exit) in [("--dry-run", 0), ("", 2)] {
        scene
            .run(&format!("import claude-usage later.csv {flags}"))
            .exits(exit)
            .says(&[&format!("  taken away: {gone}"), changed, "unchanged: 1 row"])
            .says_nothing_of(&["@example.com"]);
        assert_eq!(all_rows(&scene), before);
    }
    let refused = scene.run("import claude-usage later.csv --json").exits(2);
    let preview = &refused.json()["preview"];
    assert_eq!((&preview["taken_away"]["rows"], &preview["taken_away"]["messages"]), (&2.into(), &57.into()));
    refused.says(&["it takes away what is known", "`--yes` imports it all the same"]);
    assert_eq!(scene.manifests("upload/claude_usage").len(), 1);

    scene.run("import claude-usage later.csv --yes").exits(0).says(&[gone]);
    assert_eq!(usage(&scene), lines(&later));
    let without_zeros = format!("{HEADER}\n2025-10-05,grace@example.com,1,0,0,3\n");
    fs::write(scene.path("same.csv"), without_zeros).unwrap();
    scene.run("import claude-usage same.csv").exits(0).says(&["unchanged: 1 row"]);
}

#[test]
fn owners_are_kept_by_key_and_the_last_file_that_names_a_key_decides() {
    let first = "api_key_id,owner_email,team,note\napikey_01A,Ada@example.com,Search,\"batch, nightly\"\napikey_01B,grace@example.com,,\n";
    let scene = scene_with("owners.csv", first);
    scene.run("import api-key-owners owners.csv").exits(0).says(&["dim_api_key_owners: 2 rows written, 0 deleted"]);
    fs::write(
        scene.path("others.csv"),
        "owner_email;api_key_id\nedsger@example.com;apikey_01B\nada@example.com;apikey_01C\n",
    )
    .unwrap();
    scene.run("import api-key-owners others.csv --yes").exits(0).says(&["2 lines for account default"]);
    let owners =
        "SELECT organization_id, api_key_id, owner_email, team, note FROM dim_api_key_owners ORDER BY api_key_id";
    let expected = [
        ["default", "apikey_01A", "ada@example.com", "Search", "batch, nightly"],
        ["default", "apikey_01B", "edsger@example.com", "NULL", "NULL"],
        ["default", "apikey_01C", "ada@example.com", "NULL", "NULL"],
    ];
    assert_eq!(scene.tables().rows(owners), expected);
    assert_eq!(
        scene.tables().count("SELECT COUNT(*) FROM dim_api_key_owners WHERE last_seen_at = fetched_at"),
        3,
        "each row says when a file last named its key"
    );
    assert_eq!(
        scene.tables().count(
            "SELECT COUNT(*) FROM dim_api_key_owners AS other, dim_api_key_owners AS gone
             WHERE gone.api_key_id = 'apikey_01A' AND other.last_seen_at > gone.last_seen_at"
        ),
        2
    );
}

#[test]
fn a_replay_makes_the_same_rows_from_the_files_that_were_kept() {
    let scene = scene_with("october.csv", USAGE);
    scene.run("import claude-usage october.csv").exits(0);
    for (file, key) in [("search.csv", "apikey_01A"), ("support.csv", "apikey_01B")] {
        fs::write(scene.path(file), format!("api_key_id,owner_email\n{key},ada@example.com\n")).unwrap();
        scene.run(&format!("import api-key-owners {file} --yes")).exits(0);
        fs::remove_file(scene.path(file)).unwrap();
    }
    fs::remove_file(scene.path("october.csv")).unwrap();
    let content = |scene: &Scene| {
        let owners =
            "SELECT api_key_id, owner_email, last_seen_at, fetched_at, snapshot_id FROM dim_api_key_owners ORDER BY 1";
        let use_of = "SELECT row_id, email, messages, fetched_at, snapshot_id FROM claude_usage_stats ORDER BY 1, 3";
        [owners, use_of].map(|sql| scene.tables().rows(sql))
    };
    let before = content(&scene);
    scene.run("replay --dry-run").exits(0).says(&["3 snapshots would be replayed"]);
    scene.run("replay --source upload/claude_usage").exits(0).says(&["1 snapshot replayed; 0 rows changed"]);
    scene.run("replay").exits(0).says(&["3 snapshots replayed"]);
    assert_eq!(content(&scene), before);
    fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    scene.run("replay").exits(0);
    assert_eq!(content(&scene), before);
    assert_eq!(scene.request_count(), 0);
}

#[test]
fn imports_stand_beside_what_the_vendors_tell_and_a_sync_leaves_them_alone() {
    let scene = scene_with("october.csv", USAGE);
    scene.run("sync --from 2025-10-03 --to 2025-10-05").exits(0);
    scene.run("import claude-usage october.csv").exits(0);
    let (before, asked) = (all_rows(&scene), scene.request_count());
    scene.run("sync --from 2025-10-03 --to 2025-10-05").exits(0);
    assert_eq!(all_rows(&scene), before);
    assert_eq!(scene.request_count(), asked * 2);
    scene.run("reconcile").exits(0);
    assert!(scene.tables().tamper("UPDATE claude_usage_stats SET messages = 30 WHERE messages = 31") == 1);
    scene.run("reconcile").exits(1).says(&["tables_equal_coverage 2025-10-03"]);
    scene.run("replay --from 2025-10-03 --to 2025-10-03").exits(0);
    assert_eq!(all_rows(&scene)[0].len(), before[0].len());
    assert_eq!(usage(&scene), lines(USAGE));
    scene.run("reconcile").exits(0);
}

#[test]
fn the_report_for_machines_says_what_was_stored_and_written() {
    let scene = scene_with("october.csv", USAGE);
    let report = scene.run("import claude-usage october.csv --json").exits(0).json();
    for (field, value) in [
        ("source", "upload/claude_usage"),
        ("account_id", "default"),
        ("file", "october.csv"),
        ("from", "2025-10-03"),
        ("to", "2025-10-05"),
    ] {
        assert_eq!(report[field], value, "{field}");
    }
    assert_eq!((&report["days"], &report["lines"]), (&3.into(), &5.into()));
    assert_eq!(report["body_bytes"], USAGE.len());
    let table = serde_json::json!([{"table": "claude_usage_stats", "rows_written": 5, "rows_deleted": 0}]);
    assert_eq!((&report["tables"], &report["interrupted"]), (&table, &false.into()));
    assert!(scene.home().join(report["object"].as_str().unwrap()).is_file());
}

// Templates and examples

#[test]
fn the_template_of_each_sheet_imports_as_it_is_printed() {
    let scene = Scene::october();
    for (words, sheet, table) in [
        ("import claude-usage --template", "claude-usage", "claude_usage_stats"),
        ("import --template api-key-owners", "api-key-owners", "dim_api_key_owners"),
        ("import people --template", "people", "people"),
    ] {
        let template = scene.run(&format!("{words} --config nowhere.toml --home nowhere")).exits(0);
        assert_eq!(template.stderr, "");
        fs::write(scene.path("template.csv"), &template.stdout).unwrap();
        scene.run(&format!("import {sheet} template.csv")).exits(0).says(&["1 line for", "1 row written"]);
        assert_eq!(scene.tables().count(&format!("SELECT COUNT(*) FROM {table}")), 1);
    }
    assert!(!scene.path("nowhere").exists());
}

#[test]
fn the_examples_of_the_documentation_import() {
    let scene = Scene::october();
    let examples = fs::canonicalize("../../docs/examples").unwrap();
    for (sheet, rows) in [("claude-usage", 5), ("api-key-owners", 3), ("people", 4)] {
        let file = examples.join(format!("{sheet}.csv"));
        let says = format!("{rows} rows written, 0 deleted");
        scene.run(&format!("import {sheet} {}", file.display())).exits(0).says(&[&says]);
    }
}

#[test]
fn the_help_of_each_sheet_teaches_its_columns() {
    let scene = Scene::october();
    scene.run("import claude-usage --help").exits(0).says(&[
        "Where it comes from",
        "conversations, projects, files, messages",
        "everycent import claude-usage --template",
        "--account <ID>",
    ]);
    scene.run("import api-key-owners --help").exits(0).says(&["owner_email", "never the key itself"]);
    scene.run("import people --help").exits(0).says(&["valid_from, valid_to", "`unassigned`"]);
}

// What is refused

#[test]
fn a_faulty_file_is_refused_as_a_whole_with_each_fault_at_its_place() {
    let scene = Scene::october();
    let today = chrono::Utc::now().date_naive();
    let tomorrow = today.succ_opt().unwrap();
    let cases: [(&str, String, &[&str]); 8] = [
        (
            "claude-usage",
            format!("{HEADER}\n2025-10-03,ada@example.com,1,1,1,1\n03/10/2025,grace@example.com,x,1,1,1\n"),
            &[
                "file.csv was not imported, for 2 faults in it:",
                "  line 3, column 1 (date): found `03/10/2025`, expected a day such as 2025-10-03",
                "  line 3, column 3 (conversations): found `x`, expected a whole number up to 1000000000",
                "`everycent import claude-usage --template`",
            ],
        ),
        (
            "claude-usage",
            format!("{HEADER}\n2025-10-03,ada@example.com,1,1,1,1\n2025-10-03,ADA@example.com,1,1,1,1\n"),
            &["line 3, column 2 (email): expected each person once a day; line 2 has this one"],
        ),
        (
            "claude-usage",
            format!("{HEADER}\n{tomorrow}T,ada@example.com,1,1,1,1\n"),
            &["line 2, column 1 (date): found `20"],
        ),
        (
            "claude-usage",
            format!("{HEADER}\n2999-01-01,ada@example.com,1,1,1,1\n"),
            &["found `2999-01-01`, expected a day that has begun; today is"],
        ),
        (
            "claude-usage",
            format!("{HEADER}\n2001-01-01,ada@example.com,1,1,1,1\n2025-10-03,ada@example.com,1,1,1,1\n"),
            &["line 2, column 1 (date): found `2001-01-01`, expected a range of at most 1500 days"],
        ),
        (
            "claude-usage",
            "api_key_id,owner_email\napikey_01A,ada@example.com\n".to_owned(),
            &[
                "line 1, column 1: found `api_key_id`, expected one of the columns date, email, conversations",
                "line 1, column 3 (date): found nothing, expected this column, which is missing",
                "it is a file of another kind: `everycent import api-key-owners` takes it",
            ],
        ),
        (
            "api-key-owners",
            "api_key_id,owner_mail\napikey_01A,ada@example.com\n".to_owned(),
            &[
                "line 1, column 2: found `owner_mail`, expected one of the columns api_key_id, owner_email, team, note, \
                 valid_from; owner_email may be meant",
            ],
        ),
        (
            "api-key-owners",
            "api_key_id,owner_email\nsk-ant-api03-hidden,ada@example.com\n".to_owned(),
            &["line 2, column 1 (api_key_id): expected the id of the key, as apikey_01..., and never the key itself"],
        ),
    ];
    for (sheet, text, says) in cases {
        fs::write(scene.path("file.csv"), text).unwrap();
        let ended = scene.run(&format!("import {sheet} file.csv")).exits(2).says(says);
        let ended = ended.says_nothing_of(&["ada@example.com", "hidden"]);
        assert_eq!(ended.stdout, "", "{ended}");
    }
    assert!(!scene.home().exists(), "a file that is refused leaves no trace");
}

#[test]
fn of_many_faults_the_first_twenty_are_told() {
    let scene = scene_with("file.csv", &format!("{HEADER}\n{}", "2025-10-03,ada,1,1,1,1\n".repeat(25)));
    scene
        .run("import claude-usage file.csv")
        .exits(2)
        .says(&["for 25 faults in it", "  line 2, column 2", "  line 21, column 2", "  and 5 more\n"])
        .says_nothing_of(&["line 22"]);
}

#[test]
fn a_file_that_is_refused_leaves_what_was_imported_before() {
    let scene = scene_with("october.csv", USAGE);
    scene.run("import claude-usage october.csv").exits(0);
    let before = all_rows(&scene);
    fs::write(scene.path("october.csv"), USAGE.replace(",48", ",many")).unwrap();
    scene.run("import claude-usage october.csv").exits(2).says(&["line 4, column 6 (messages): found `many`"]);
    assert_eq!(all_rows(&scene), before);
    assert_eq!(scene.manifests("upload/claude_usage").len(), 1);
}

#[test]
fn a_file_that_can_not_be_read_is_named() {
    let scene = Scene::october();
    fs::create_dir(scene.path("folder")).unwrap();
    fs::write(scene.path("sheet.xlsx"), b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xb5\x55").unwrap();
    fs::File::create(scene.path("large.csv")).unwrap().set_len((64 << 20) + 1).unwrap();
    for (words, says) in [
        ("import claude-usage", "name the file to import; `everycent import claude-usage --template`"),
        ("import claude-usage nowhere.csv", "nowhere.csv is not there; check the path"),
        ("import claude-usage folder", "folder is a folder; name the CSV file in it"),
        ("import claude-usage sheet.xlsx", "line 1: expected text in UTF-8; export the sheet as CSV in UTF-8"),
        ("import claude-usage large.csv", "large.csv has more than 64 MiB; split it by days"),
        ("import claude-code file.csv", "unrecognized subcommand 'claude-code'"),
        ("import", "claude-usage"),
        (
            "sync --source upload/claude_usage",
            "upload/claude_usage is not asked of a vendor; `everycent import` brings it",
        ),
    ] {
        scene.run(words).exits(2).says(&[says]);
    }
    assert!(!scene.home().exists());
}

#[test]
fn the_account_of_a_file_is_the_only_one_or_has_to_be_named() {
    let mut scene = scene_with("october.csv", USAGE);
    let accounts = |scene: &Scene| {
        scene.tables().rows("SELECT DISTINCT organization_id FROM claude_usage_stats ORDER BY 1").concat()
    };
    let account =
        |id: &str, vendor: &str| format!("[[accounts]]\nid = \"{id}\"\nvendor = \"{vendor}\"\nkey_env = \"KEY\"\n");
    scene
        .run("import claude-usage october.csv --account acme")
        .exits(2)
        .says(&["--account: no Anthropic account `acme` is configured; expected default"]);

    scene.configure(&[account("acme", "anthropic"), account("beta", "anthropic"), account("gamma", "cursor")].concat());
    scene
        .run("import claude-usage october.csv")
        .exits(2)
        .says(&["name the account of the file with --account: acme, beta"]);
    for wrong in ["gamma", "default"] {
        let words = format!("import claude-usage october.csv --account {wrong}");
        scene.run(&words).exits(2).says(&[&format!("`{wrong}` is configured; expected acme, beta")]);
    }
    assert!(!scene.home().exists());
    scene.run("import claude-usage october.csv --account beta").exits(0);
    assert_eq!(accounts(&scene), ["beta"]);

    scene.configure(&[account("acme", "anthropic"), account("gamma", "cursor")].concat());
    scene.run("import claude-usage october.csv").exits(0);
    assert_eq!(accounts(&scene), ["acme", "beta"]);

    scene.configure("");
    scene.unset("ANTHROPIC_ADMIN_KEY");
    scene.run("import claude-usage october.csv").exits(0);
    assert_eq!(accounts(&scene), ["acme", "beta", "default"]);
}

#[test]
fn an_import_waits_for_no_other_process_and_stores_nothing_beside_it() {
    let scene = scene_with("october.csv", USAGE);
    let running = scene.start("run --every 1d");
    until("the first to ask", || (scene.request_count() > 0).then_some(()));
    scene
        .run("import claude-usage october.csv")
        .exits(2)
        .says(&["everycent is already running on", "use another --home"]);
    running.signal("TERM");
    running.end();
    assert!(scene.manifests("upload").is_empty());
    scene.run("import claude-usage october.csv").exits(0);
}

#[test]
fn addresses_are_written_into_no_log() {
    let mut scene = scene_with("october.csv", USAGE);
    scene.set("EVERYCENT_LOG", "trace");
    let imported = scene.run("import claude-usage october.csv").exits(0).says(&["snapshot normalized"]);
    imported.says_nothing_of(&["ada@", "grace@"]);
}
