//! The October that was shown a hundredfold: exact totals, again and again, and after the vendor restated it.
#![allow(clippy::unwrap_used)]

mod support;

use rust_decimal::Decimal;
use support::{OCTOBER, Scene, assert_tells};
use vendor_sim::worlds::CLAUDE_CODE_WORKSPACE;

fn usd(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn synced() -> Scene {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    scene
}

#[test]
fn october_costs_223_dollars_and_33_cents() {
    let scene = synced();
    let tables = scene.tables();
    assert_eq!(tables.usd("SELECT cost_usd FROM claude_total_expenses"), usd("223.33"));
    assert_eq!(tables.usd("SELECT amount_usd FROM claude_cost_totals"), usd("223.33"));
    assert_eq!(tables.usd("SELECT cost_usd FROM claude_daily_cost"), usd("223.33"));
    assert_eq!(
        tables.one("SELECT month_to_date_usd FROM claude_daily_cost WHERE expense_date = '2025-10-17'"),
        "223.33"
    );
    assert_eq!(tables.one("SELECT SUM(amount_nano_usd) FROM claude_costs_nano"), "223330000000");
    assert_tells(&scene, "2025-10-03", "2025-10-17");
}

#[test]
fn the_default_workspace_and_the_named_one_have_their_shares() {
    let scene = synced();
    let tables = scene.tables();
    for view in ["cost_usd FROM claude_expenses", "total_usd FROM claude_daily_summary"] {
        assert_eq!(tables.usd(&format!("SELECT {view} WHERE workspace_id IS NULL")), usd("139.02"));
        let named = format!("SELECT {view} WHERE workspace_id = '{CLAUDE_CODE_WORKSPACE}'");
        assert_eq!(tables.usd(&named), usd("84.31"));
    }
}

#[test]
fn every_day_equals_its_ungrouped_control_total() {
    let scene = synced();
    let tables = scene.tables();
    let days = tables.rows("SELECT activity_date, SUM(amount_nano_usd) FROM claude_costs_nano GROUP BY 1 ORDER BY 1");
    let control =
        tables.rows("SELECT activity_date, SUM(amount_nano_usd) FROM claude_cost_totals_nano GROUP BY 1 ORDER BY 1");
    assert_eq!(days.len(), 15);
    assert_eq!(days, control);
}

#[test]
fn a_second_sync_asks_again_and_changes_no_row() {
    let scene = synced();
    let before = scene.tables().facts();
    let asked = scene.request_count();
    let report = scene.run(&format!("sync {OCTOBER} --json")).exits(0).json();
    assert_eq!((&report["rows_written"], &report["rows_deleted"]), (&0.into(), &0.into()));
    assert_eq!(report["rows"], 256);
    assert_eq!(scene.request_count(), 2 * asked);
    assert_eq!(scene.tables().facts(), before);
}

#[test]
fn restated_days_end_as_the_vendor_now_tells_them() {
    let scene = synced();
    let day = |text: &str| text.parse().unwrap();
    let vanished = scene.simulator.with_world(|world| {
        world.restate_day(day("2025-10-05"));
        world.set_cost_amount(day("2025-10-06"), 0, "0.123456".parse().unwrap());
        world.add_late_cost_rows(day("2025-10-12"), 3);
        let gone = world.remove_cost_row(day("2025-10-09"), 2).unwrap();
        for _ in 0..world.cost_rows(day("2025-10-11")).len() {
            world.remove_cost_row(day("2025-10-11"), 0);
        }
        gone
    });
    let report = scene.run(&format!("sync {OCTOBER} --json")).exits(1).json();
    assert!(report["rows_deleted"].as_u64().unwrap() > 0, "{report}");
    // A day that lost all its cost waits for a person, in both reports of cost.
    assert_eq!(scene.accept_held(), 2);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    let tables = scene.tables();
    let of_vanished = format!(
        "SELECT COUNT(*) FROM claude_costs WHERE activity_date = '2025-10-09' AND description = '{}' AND workspace_id {}",
        vanished.description,
        vanished.workspace_id.map_or("IS NULL".to_owned(), |id| format!("= '{id}'"))
    );
    assert_eq!(tables.count(&of_vanished), 0);
    assert_eq!(tables.count("SELECT COUNT(*) FROM claude_costs WHERE activity_date = '2025-10-11'"), 0);
    assert_eq!(tables.count("SELECT COUNT(*) FROM coverage WHERE activity_date = '2025-10-11'"), 3);
    scene.run("reconcile").exits(0);
}

#[test]
fn keys_in_the_environment_are_all_the_configuration_it_needs() {
    let mut scene = Scene::october();
    scene.unset("EVERYCENT_CONFIG");
    scene.unset("CURSOR_API_KEY");
    scene.set("EVERYCENT_HOME", scene.path("elsewhere").display().to_string());
    let words = format!("sync {OCTOBER}");
    support::Ended::of(&words, &mut scene.bare_command(&words)).exits(0);
    let tables = support::Tables::open(&scene.path("elsewhere"));
    assert_eq!(tables.usd("SELECT cost_usd FROM claude_total_expenses"), usd("223.33"));
    assert_eq!(tables.rows("SELECT DISTINCT organization_id FROM claude_costs"), [["default"]]);
    assert_eq!(tables.count("SELECT COUNT(*) FROM coverage WHERE source = 'cursor/daily_usage'"), 0);
}

#[test]
fn a_key_in_a_file_is_as_good() {
    let mut scene = Scene::october();
    std::fs::write(scene.path("key"), format!("{}\n", scene.simulator.anthropic_key())).unwrap();
    scene.unset("ANTHROPIC_ADMIN_KEY");
    scene.set("ANTHROPIC_ADMIN_KEY_FILE", scene.path("key").display().to_string());
    scene.run(&format!("sync {OCTOBER} --source anthropic/cost_report")).exits(0);
    assert_eq!(scene.tables().usd("SELECT cost_usd FROM claude_total_expenses"), usd("223.33"));
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_cost_totals"), 0);
}

#[test]
fn a_sync_leaves_raw_answers_and_no_row_file() {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    let names = |folder: &str| files(&scene.home().join(folder));
    assert_eq!(names("rows"), Vec::<std::path::PathBuf>::new());
    assert!(names("raw").iter().any(|path| path.ends_with("manifest.json")));
}

/// Every file below a folder.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
