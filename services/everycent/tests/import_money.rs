//! Importing files of money: what they add up to, what is not counted twice, and what is said of a file that is wrong.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use rust_decimal::Decimal;
use support::{Ended, Scene};

/// 31.00 billed (list 40.00): 10 + 1 + 20.
const SPEND: &str = "\
user_email,account_uuid,product,model,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd,total_gross_spend_usd
Ada@example.com,u-1,Claude Code,opus,30,3000,300,10.00,12.00
ada@example.com,u-1,Chat,opus,3,30,3,1.00,2.00
bob@example.com,u-2,Cowork,opus,6,60,6,20.00,26.00
";

/// 3.30 billed (list 4.00) in three lines, two of which are alike in all but the amount.
const COSTS: &str = "\
usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status
2025-10-03,Claude Sonnet 4.6,Default,nightly,message,\u{2264} 200k,output,2.00,2.40,token,global,,apikey_01A,active
2025-10-03,Claude Sonnet 4.6,Default,nightly,message,\u{2264} 200k,output,0.30,0.35,token,global,,apikey_01A,active
2025-10-04,\"Claude Opus 5, preview\",Default,\"Key, One\",message,\u{2264} 200k,output,1.00,1.25,token,global,fast,apikey_01B,archived
";

/// 0.80 on demand: 0.50 + 0.30; the rest is included, free or paid with an own key.
const EVENTS: &str = "\
Date,User,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost
2025-10-03T09:00:00.000Z,Ann@example.com,On-Demand,m1,No,100,10,5,1,116,0.50
2025-10-03T09:01:00.000Z,ann@example.com,Included,m2,No,1,2,3,4,10,Included
2025-10-03T09:02:00.000Z,bob@example.com,\"Errored, No Charge\",m1,Yes,,,,,,Free
2025-10-04T23:59:59.999Z,bob@example.com,On-Demand,m1,Yes,0,70,0,4,74,0.30
2025-10-04T23:59:59.999Z,,User API Key,m1,No,0,50,0,5,55,-
";

fn scene_with(files: &[(&str, &str)]) -> Scene {
    let scene = Scene::october();
    for (name, text) in files {
        fs::write(scene.path(name), text).unwrap();
    }
    scene
}

fn spend(scene: &Scene, file: &str, from: &str, to: &str) -> Ended {
    scene.run(&format!("import claude-spend {file} --from {from} --to {to}"))
}

/// Dollars of a sum of nano-dollars.
fn nanos(scene: &Scene, sql: &str) -> Decimal {
    (scene.tables().usd(sql) / Decimal::from(1_000_000_000)).normalize()
}

fn dec(text: &str) -> Decimal {
    text.parse::<Decimal>().unwrap().normalize()
}

/// What is billed by the spend files together.
fn net(scene: &Scene) -> Decimal {
    nanos(scene, "SELECT COALESCE(SUM(net_nano_usd), 0) FROM claude_imported_spend_nano")
}

// What a file adds up to

#[test]
fn a_spend_file_is_spread_over_its_period_and_its_days_add_up_to_it() {
    let scene = scene_with(&[("spend.csv", SPEND)]);
    spend(&scene, "spend.csv", "2025-10-01", "2025-10-30").exits(0).says(&[
        "spend.csv: 3 lines for account default, 2025-10-01 to 2025-10-30\n",
        "  billed: 31.00 USD, list cost 40.00, 2 people, 3399 tokens\n",
        "  added: 3 lines with 31.00 USD\n",
        "claude_imported_spend: 90 rows written, 0 deleted",
    ]);
    let rows = scene.tables().rows(
        "SELECT email, platform, COUNT(*), SUM(net_nano_usd), SUM(gross_nano_usd), SUM(requests),
           MAX(net_nano_usd) - MIN(net_nano_usd)
         FROM claude_imported_spend_nano GROUP BY email, platform ORDER BY 1, 2",
    );
    assert_eq!(
        rows,
        [
            ["ada@example.com", "claude.ai", "30", "1000000000", "2000000000", "3", "1"],
            ["ada@example.com", "claude_code", "30", "10000000000", "12000000000", "30", "1"],
            ["bob@example.com", "claude.ai", "30", "20000000000", "26000000000", "6", "1"],
        ]
    );
    let bases = "SELECT DISTINCT basis, period_from, period_to FROM claude_imported_spend";
    assert_eq!(scene.tables().rows(bases), [["even_share", "2025-10-01", "2025-10-30"]]);
    scene.run("reconcile --from 2025-10-01 --to 2025-10-30").says(&["every record became a row"]);
}

#[test]
fn a_cost_file_keeps_twins_and_a_usage_file_charges_what_is_on_demand() {
    let scene = scene_with(&[("cost.csv", COSTS), ("events.csv", EVENTS)]);
    scene.run("import claude-console-cost cost.csv").exits(0).says(&[
        "cost.csv: 3 lines for account default, 2025-10-03 to 2025-10-04\n",
        "  billed: 3.30 USD, list cost 4.00\n",
        "claude_imported_costs: 3 rows written, 0 deleted",
    ]);
    scene.run("import cursor-usage events.csv").exits(0).says(&[
        "events.csv: 5 lines for account default, 2025-10-03 to 2025-10-04\n",
        "  billed: 0.80 USD, 2 people, 255 tokens\n",
        "cursor_imported_events: 5 rows written, 0 deleted",
    ]);
    let sums = "SELECT SUM(amount_nano_usd), SUM(list_amount_nano_usd), COUNT(*) FROM claude_imported_costs_nano";
    assert_eq!(scene.tables().rows(sums), [["3300000000", "4000000000", "3"]]);
    let events = "SELECT billing, COUNT(*), SUM(cost_nano_usd), SUM(total_tokens) FROM cursor_imported_events_nano
                  GROUP BY billing ORDER BY billing";
    assert_eq!(
        scene.tables().rows(events),
        [
            ["included", "1", "NULL", "10"],
            ["not_charged", "1", "NULL", "NULL"],
            ["on_demand", "2", "800000000", "190"],
            ["own_key", "1", "NULL", "55"],
        ]
    );
    assert_eq!(scene.tables().rows("SELECT SUM(rejects) FROM coverage WHERE source LIKE 'upload/%'"), [["0"]]);
}

// The same money once

#[test]
fn the_same_file_again_changes_no_row_and_another_of_the_same_period_replaces_it() {
    let corrected =
        SPEND.replace("20.00,26.00", "5.00,6.00").replace("ada@example.com,u-1,Chat,opus,3,30,3,1.00,2.00\n", "");
    let scene = scene_with(&[("spend.csv", SPEND), ("corrected.csv", &corrected)]);
    spend(&scene, "spend.csv", "2025-10-01", "2025-10-30").exits(0);
    spend(&scene, "spend.csv", "2025-10-01", "2025-10-30")
        .exits(0)
        .says(&["  unchanged: 3 lines with 31.00 USD", "claude_imported_spend: 0 rows written, 0 deleted"]);
    spend(&scene, "corrected.csv", "2025-10-01", "2025-10-30").exits(2).says(&[
        "  taken away: 1 line with 1.00 USD\n",
        "  changed: 1 line with 20.00 USD; it becomes 5.00\n",
        "`--yes`",
    ]);
    assert_eq!(net(&scene), dec("31"));
    scene.run("import claude-spend corrected.csv --from 2025-10-01 --to 2025-10-30 --yes").exits(0);
    assert_eq!(net(&scene), dec("15"));
    // The same from what is stored, also in a new home.
    fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    scene.run("replay --source upload/claude_spend").exits(0);
    assert_eq!(net(&scene), dec("15"));
}

#[test]
fn a_period_that_overlaps_another_is_refused_with_both_until_that_is_taken_back() {
    let scene = scene_with(&[("spend.csv", SPEND)]);
    spend(&scene, "spend.csv", "2025-10-01", "2025-10-15").exits(0);
    for (from, to) in [("2025-10-15", "2025-10-20"), ("2025-09-20", "2025-10-01"), ("2025-10-03", "2025-10-04")] {
        spend(&scene, "spend.csv", from, to).exits(2).says(&[
            &format!("the period {from} to {to} overlaps that of 2025-10-01 to 2025-10-15"),
            "import claude-spend --withdraw --from 2025-10-01 --to 2025-10-15",
        ]);
    }
    spend(&scene, "spend.csv", "2025-10-16", "2025-10-20").exits(0);
    assert_eq!(net(&scene), dec("62"));
    scene
        .run("import claude-spend --withdraw --from 2025-10-02 --to 2025-10-15")
        .exits(2)
        .says(&["overlaps that of 2025-10-01 to 2025-10-15"]);
    scene
        .run("import claude-spend --withdraw --from 2025-10-01 --to 2025-10-15")
        .exits(2)
        .says(&["31.00 USD would be gone"]);
    scene.run("import claude-spend --withdraw --from 2025-10-01 --to 2025-10-15 --yes").exits(0);
    assert_eq!(net(&scene), dec("31"));
    scene
        .run("import claude-spend --withdraw --from 2025-10-01 --to 2025-10-15 --yes")
        .exits(2)
        .says(&["nothing is imported of 2025-10-01 to 2025-10-15"]);
    spend(&scene, "spend.csv", "2025-10-10", "2025-10-15").exits(0);
    assert_eq!(net(&scene), dec("62"));
}

/// October, with Cursor's events besides the bill.
fn scene_with_events(files: &[(&str, &str)]) -> Scene {
    let mut scene = scene_with(files).with_sources("cursor", &["cursor/usage_events"]);
    scene.configure("[[prices.cursor]]\nfrom = \"2025-01-01\"\nplan = \"token\"\nseat_usd = \"0\"\ncycle_day = 1\n");
    scene
}

#[test]
fn a_file_beside_an_api_that_reports_the_same_days_is_refused_with_both() {
    let earlier = COSTS.replace("2025-10-03", "2025-09-03").replace("2025-10-04", "2025-09-04");
    let files = [("cost.csv", COSTS), ("earlier.csv", &earlier), ("events.csv", EVENTS), ("spend.csv", SPEND)];
    let scene = scene_with_events(&files);
    scene.run("sync --from 2025-10-04 --to 2025-10-06").exits(0);
    scene.run("import claude-console-cost cost.csv").exits(2).says(&[
        "the file is of 2025-10-03 to 2025-10-04, and anthropic/cost_report of account `default` reports the same money for \
         2025-10-04",
    ]);
    scene.run("import claude-console-cost earlier.csv").exits(0);
    scene
        .run("import cursor-usage events.csv")
        .exits(2)
        .says(&["cursor/usage_events of account `default`", "2025-10-04"]);
    // No product of claude.ai is reported on these days.
    spend(&scene, "spend.csv", "2025-10-04", "2025-10-06").exits(0);
    scene.run("import claude-spend --withdraw --from 2025-10-04 --to 2025-10-06 --yes").exits(0);
    scene.tables().tamper(
        "INSERT INTO claude_analytics_costs_nano (organization_id, activity_date, row_id, product, currency, amount_cents,
           amount_nano_usd, platform, snapshot_id, fetched_at, ingestion_timestamp)
         VALUES ('default', '2025-10-05', 'r', 'chat', 'USD', '100', 1000000000, 'claude.ai', 's',
           '2025-10-06T00:00:00.000000Z', '2025-10-06T00:00:00.000000Z')",
    );
    spend(&scene, "spend.csv", "2025-10-04", "2025-10-06").exits(2).says(&[
        "the file is of 2025-10-04 to 2025-10-06, and anthropic/analytics_cost of account `default` reports money of \
         claude.ai for 2025-10-05",
    ]);
    spend(&scene, "spend.csv", "2025-10-06", "2025-10-06").exits(0);
}

/// What is billed in all, by how it is known.
fn billed(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows("SELECT basis, SUM(cost_nano_usd) FROM ai_spend_daily_nano GROUP BY basis ORDER BY basis")
}

#[test]
fn files_are_charged_until_an_api_reports_their_days_and_a_report_names_what_counts_no_more() {
    let scene = scene_with_events(&[("cost.csv", COSTS), ("events.csv", EVENTS), ("spend.csv", SPEND)]);
    spend(&scene, "spend.csv", "2025-10-03", "2025-10-05").exits(0);
    scene.run("import claude-console-cost cost.csv").exits(0);
    scene.run("import cursor-usage events.csv").exits(0);
    let of = |basis: &str, nanos: &str| vec![basis.to_owned(), nanos.to_owned()];
    let before = [of("console_file", "3300000000"), of("spend_file", "31000000000"), of("usage_file", "800000000")];
    assert_eq!(billed(&scene), before);
    scene
        .run("report --from 2025-10-03 --to 2025-10-05")
        .exits(0)
        .says(&["spend_file", "console_file", "on_demand", "35.10"])
        .says_nothing_of(&["is not counted"]);
    // The API's day has both; of the file only the day before is left: 2.30 of the keys, and 0.50 of Cursor.
    scene.run("sync --from 2025-10-04 --to 2025-10-05").exits(0);
    let bill = scene.simulator.with_world(|world| {
        let day = |day| chrono::NaiveDate::from_ymd_opt(2025, 10, day).unwrap();
        world.cost_cents(day(4), day(5))
    });
    let bill = (bill * Decimal::from(10_000_000)).normalize().to_string();
    let files = |all: Vec<Vec<String>>| all.into_iter().filter(|row| !row[0].starts_with("events")).collect::<Vec<_>>();
    let after = [
        of("console_file", "2300000000"),
        of("cost_report", &bill),
        of("spend_file", "31000000000"),
        of("usage_file", "500000000"),
    ];
    assert_eq!(files(billed(&scene)), after);
    let rows = ["claude_imported_costs", "cursor_imported_events"];
    let kept = rows.map(|table| scene.tables().one(&format!("SELECT COUNT(*) FROM {table}")));
    assert_eq!(kept, ["3", "5"], "the rows of the files stay");
    scene.run("report --from 2025-10-03 --to 2025-10-05").says(&[
        "upload/claude_console_cost of account `default`: the file's money of 1 day is not counted, for the vendor's API \
         reports it too (2025-10-04): 1.00 USD; see anthropic/cost_report and anthropic/analytics_cost",
        "upload/cursor_usage of account `default`: the file's money of 1 day is not counted",
        "0.30 USD; see cursor/usage_events",
    ]);
    scene.run("reconcile --from 2025-10-03 --to 2025-10-05").says(&["charges and their sums are what the facts make"]);
    let failures = scene.run("reconcile --from 2025-10-03 --to 2025-10-05 --json").json();
    let failed = |check: &str| failures["failures"].as_array().unwrap().iter().any(|one| one["check_id"] == check);
    assert!(!failed("charges_equal_facts"), "{failures}");
    // All of it again from what is stored, in whatever order that is.
    let charges = |scene: &Scene| {
        scene.tables().rows("SELECT charge_id, activity_date, cost_nano_usd FROM charges_nano ORDER BY 1, 2")
    };
    let before = charges(&scene);
    fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    scene.run("replay").exits(0);
    assert_eq!(charges(&scene), before);
    scene.run("rebuild --all").exits(0);
    assert_eq!(charges(&scene), before);
}

// What is said of a file that is wrong

#[test]
fn a_period_is_named_and_lies_in_the_past() {
    let scene = scene_with(&[("spend.csv", SPEND)]);
    scene.run("import claude-spend spend.csv").exits(2).says(&["--from and --to", "there is no date in it"]);
    spend(&scene, "spend.csv", "2125-10-01", "2125-10-30").exits(2).says(&["2125-10-30 has not begun"]);
    spend(&scene, "spend.csv", "2025-10-30", "2025-10-01").exits(2).says(&["--from, --to"]);
    assert!(scene.manifests("upload").is_empty());
}

#[test]
fn a_file_of_another_kind_is_called_by_its_name_though_its_lines_are_wrong() {
    let scene =
        scene_with(&[("spend.csv", SPEND), ("cost.csv", COSTS), ("events.csv", EVENTS), ("odd.csv", "a,b\n1,2\n")]);
    let wrong = EVENTS.replace("0.50", "soon");
    fs::write(scene.path("wrong.csv"), wrong).unwrap();
    for (call, kind) in [
        ("import claude-console-cost spend.csv", "claude-spend"),
        ("import claude-spend cost.csv --from 2025-10-01 --to 2025-10-02", "claude-console-cost"),
        ("import claude-console-cost events.csv", "cursor-usage"),
        ("import claude-usage wrong.csv", "cursor-usage"),
        ("import api-key-owners spend.csv", "claude-spend"),
    ] {
        let says = format!("it is a file of another kind: `everycent import {kind}` takes it");
        scene.run(call).exits(2).says(&[&says]);
    }
    scene.run("import cursor-usage odd.csv").exits(2).says(&["`everycent import cursor-usage --template`"]);
    assert!(scene.manifests("upload").is_empty());
}

#[test]
fn the_template_of_each_kind_is_imported_as_it_is_and_an_empty_file_is_refused() {
    for (kind, more) in
        [("claude-spend", " --from 2025-10-01 --to 2025-10-02"), ("claude-console-cost", ""), ("cursor-usage", "")]
    {
        let scene = scene_with(&[("empty.csv", "")]);
        let template = scene.run(&format!("import {kind} --template")).exits(0).stdout.clone();
        fs::write(scene.path("template.csv"), &template).unwrap();
        fs::write(scene.path("header.csv"), template.lines().next().unwrap()).unwrap();
        scene
            .run(&format!("import {kind} empty.csv{more}"))
            .exits(2)
            .says(&["line 1: found nothing, expected the header"]);
        scene
            .run(&format!("import {kind} header.csv{more}"))
            .exits(2)
            .says(&["line 2: found nothing, expected a line"]);
        scene.run(&format!("import {kind} template.csv{more} --dry-run")).exits(0).says(&["nothing was imported"]);
        assert!(scene.manifests("upload").is_empty());
        scene.run(&format!("import {kind} template.csv{more}")).exits(0).says(&[" written, 0 deleted"]);
    }
}

#[test]
fn the_help_of_each_kind_teaches_its_columns_and_the_example_of_the_documentation_imports() {
    let scene = Scene::october();
    scene.run("import claude-spend --help").exits(0).says(&[
        "Where it comes from",
        "total_net_spend_usd",
        "--withdraw",
    ]);
    scene.run("import claude-console-cost --help").exits(0).says(&[
        "Where it comes from",
        "list_price_usd",
        "-- is none",
    ]);
    scene.run("import cursor-usage --help").exits(0).says(&["Where it comes from", "Included, Free or -"]);
    let example = fs::canonicalize("../../docs/examples/claude-spend.csv").unwrap();
    spend(&scene, example.to_str().unwrap(), "2025-10-01", "2025-10-31")
        .exits(0)
        .says(&["  billed: 58.05 USD, list cost 64.50, 2 people, 1710000 tokens\n", "93 rows written"]);
}
