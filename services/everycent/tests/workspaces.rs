//! Workspaces: the default one is one thing in every report, and rules may go by a name.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use chrono::{Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use support::{OCTOBER, Scene};
use vendor_sim::{
    ApiKey, ApiKeyShape, CostRow, DefaultWorkspace, Endpoint, Fault, FaultKind, Workspace, World, worlds,
};

const OF_WORKSPACES: [&str; 6] = [
    "anthropic/cost_report",
    "anthropic/usage_messages",
    "anthropic/analytics_cost",
    "anthropic/analytics_usage",
    "anthropic/workspaces",
    "anthropic/api_keys",
];

const BY_DEFAULT: &str = "[[attribution.rules]]\nid = \"d\"\nplatform = \"claude.ai\"\nworkspace_id = \"default\"\n";

/// The tables of facts with a workspace and a basis.
const ATTRIBUTED: [&str; 4] =
    ["claude_costs", "claude_usage_tokens", "claude_analytics_costs", "claude_analytics_usage"];

fn by_name(id: &str, name: &str) -> String {
    format!("[[attribution.rules]]\nid = \"{id}\"\nplatform = \"claude_code\"\nworkspace_name = \"{name}\"\n")
}

fn by_id(id: &str, workspace: &str) -> String {
    format!("[[attribution.rules]]\nid = \"{id}\"\nplatform = \"claude_code\"\nworkspace_id = \"{workspace}\"\n")
}

/// Three days of a company, up to yesterday, for the analytics answer no older ones than of a year.
fn recent() -> (Scene, String) {
    let yesterday = Utc::now().date_naive() - Days::new(1);
    let mut world = worlds::company(7, yesterday, 3);
    world.options.today = yesterday + Days::new(3);
    world.options.api_key_shape = ApiKeyShape::Scope;
    let mut scene = Scene::of(world).with_sources("anthropic", &OF_WORKSPACES);
    scene.unset("CURSOR_API_KEY");
    (scene, format!("sync --from {} --to {yesterday}", yesterday - Days::new(2)))
}

fn default_id(scene: &Scene) -> String {
    scene.simulator.with_world(|world| world.options.default_workspace_id.clone())
}

/// Rows of the default workspace by its id, by null, and by null without the rule; of all tables of facts.
fn default_rows(scene: &Scene) -> Vec<[i64; 3]> {
    let tables = scene.tables();
    let id = default_id(scene);
    let count = |table: &str, condition: &str| tables.count(&format!("SELECT COUNT(*) FROM {table} WHERE {condition}"));
    let of = |table: &&str| {
        let unruled = "workspace_id IS NULL AND COALESCE(platform_basis, '') <> 'd'";
        [count(table, &format!("workspace_id = '{id}'")), count(table, "workspace_id IS NULL"), count(table, unruled)]
    };
    ATTRIBUTED.iter().map(of).collect()
}

/// No row has the id, and the rule takes every row of the default workspace.
#[track_caller]
fn assert_one_thing(scene: &Scene, what: &str) {
    for (table, [by_id, by_null, unruled]) in ATTRIBUTED.iter().zip(default_rows(scene)) {
        assert!(by_id == 0 && by_null > 0 && unruled == 0, "{what}: {table} {by_id} {by_null} {unruled}");
    }
    let keys = format!("SELECT COUNT(*) FROM dim_api_keys WHERE workspace_id = '{}'", default_id(scene));
    assert_eq!(scene.tables().count(&keys), 0, "{what}");
}

/// All facts without what says when.
fn facts(scene: &Scene) -> Vec<Vec<Vec<String>>> {
    let tables = scene.tables();
    let rows = |table: &&str| {
        let columns = "organization_id, activity_date, row_id, workspace_id, platform, platform_basis, platform_rank";
        tables.rows(&format!("SELECT {columns} FROM {table} ORDER BY 1, 2, 3"))
    };
    ATTRIBUTED.iter().map(rows).collect()
}

#[test]
fn the_default_workspace_is_one_thing_in_every_report_however_the_vendor_reports_it() {
    for named in [BY_DEFAULT.to_owned(), BY_DEFAULT.replace("\"default\"", "\"wrkspc_01Default\"")] {
        for behaviour in [DefaultWorkspace::AsDocumented, DefaultWorkspace::ByIdEverywhere] {
            let (mut scene, sync) = recent();
            scene.simulator.with_world(|world| world.options.default_workspace = behaviour);
            scene.configure(&named);
            scene.run(&sync).exits(0);
            assert_one_thing(&scene, &format!("{behaviour:?}, {named}"));
            let default = scene.tables().rows("SELECT workspace_id, name FROM dim_workspaces WHERE is_default");
            assert_eq!(default, [[default_id(&scene), "Default".to_owned()]]);
            let names = "SELECT DISTINCT workspace_name FROM claude_expenses WHERE workspace_id IS NULL";
            assert_eq!(scene.tables().rows(names), [["Default"]]);
        }
    }
}

#[test]
fn where_the_list_leaves_the_default_workspace_out_the_one_that_it_lacks_is_it() {
    let (mut scene, sync) = recent();
    scene.simulator.with_world(|world| world.options.default_workspace = DefaultWorkspace::Unlisted);
    scene.configure(BY_DEFAULT);
    scene.run(&sync).exits(0);
    for (table, [by_id, by_null, unruled]) in ATTRIBUTED.iter().zip(default_rows(&scene)) {
        assert!(by_id == 0 && by_null > 0 && unruled == 0, "{table} {by_id} {by_null} {unruled}");
    }
    let said = scene.tables().one("SELECT reason FROM remarks WHERE field = 'workspace_id' LIMIT 1");
    assert!(said.contains("is taken for the default workspace"), "{said}");
}

#[test]
fn a_workspace_that_somebody_called_default_is_another_one() {
    let (mut scene, sync) = recent();
    let day = Utc::now().date_naive() - Days::new(1);
    scene.simulator.with_world(|world| {
        let row = world.cost_rows(day)[0].clone();
        let workspace = Workspace { created_on: day - Days::new(9), ..Workspace::named("wrkspc_0", "Default") };
        world.add_workspace(workspace);
        world.add_cost_row(day, CostRow { workspace_id: Some("wrkspc_0".to_owned()), ..row });
    });
    scene.configure(BY_DEFAULT);
    scene.run(&sync).exits(0);
    assert_one_thing(&scene, "beside a workspace of the same name");
    let theirs = scene.tables().rows("SELECT platform FROM claude_costs WHERE workspace_id = 'wrkspc_0'");
    assert_eq!(theirs, [["unattributed"]]);
}

#[test]
fn a_replay_makes_the_same_rows_whatever_is_listed_by_then() {
    let (mut scene, sync) = recent();
    scene.configure(&(BY_DEFAULT.to_owned() + &by_name("named", "Claude Code")));
    scene.run(&sync).exits(0);
    let before = facts(&scene);
    let bases = scene.tables().rows("SELECT DISTINCT platform_basis FROM claude_costs ORDER BY 1");
    assert!(bases.contains(&vec!["named (workspace_name)".to_owned()]), "{bases:?}");
    scene.simulator.with_world(|world| {
        world.options.default_workspace = DefaultWorkspace::Unlisted;
        rename(world, "Claude Code", "Terminals");
    });
    scene.run("sync --source anthropic/workspaces").exits(0);
    scene.run("replay").exits(0);
    assert_eq!(facts(&scene), before);
}

/// Gives the workspace of the one name the other one.
fn rename(world: &mut World, from: &str, to: &str) {
    let found = world.workspaces().iter().find(|known| known.name == from);
    let id = found.and_then(|known| known.id.clone()).unwrap();
    world.rename_workspace(&id, to);
}

#[test]
fn answers_of_an_earlier_release_are_replayed_by_what_is_known_first() {
    let (mut scene, sync) = recent();
    scene.configure(BY_DEFAULT);
    scene.simulator.inject(Fault::on(Endpoint::AnthropicWorkspaces, FaultKind::MissingScope));
    let sources = OF_WORKSPACES.iter().filter(|source| **source != "anthropic/workspaces");
    let sync = sources.fold(sync, |words, source| format!("{words} --source {source}"));
    scene.run(&sync).exits(0);
    let [cost, _, analytics, usage] = default_rows(&scene)[..] else { panic!("four tables") };
    assert!(cost[0] == 0 && analytics[0] > 0 && usage[0] > 0, "nothing is known: {cost:?} {analytics:?} {usage:?}");
    for source in OF_WORKSPACES {
        for manifest in scene.manifests(source) {
            let manifest: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
            assert!(manifest.get("workspaces").is_none(), "it is as an earlier release wrote it");
        }
    }
    scene.simulator.clear_faults();
    scene.run("sync --source anthropic/workspaces").exits(0);
    scene.run("replay").exits(0);
    assert_one_thing(&scene, "after a replay");
}

#[test]
fn a_list_that_fails_costs_nothing_once_it_was_read_and_fails_the_window_before() {
    let (mut scene, sync) = recent();
    scene.configure(BY_DEFAULT);
    let sync = format!("{sync} --source anthropic/analytics_cost");
    scene.simulator.inject(Fault::on(Endpoint::AnthropicWorkspaces, FaultKind::Status(500)));
    scene.run(&sync).exits(1).says(&["/v1/organizations/workspaces"]);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_analytics_costs"), 0);
    scene.simulator.clear_faults();
    scene.run(&sync).exits(0);
    let before = default_rows(&scene)[2];
    assert!(before[0] == 0 && before[1] > 0, "{before:?}");
    scene.simulator.inject(Fault::on(Endpoint::AnthropicWorkspaces, FaultKind::Status(500)));
    scene.run(&sync).exits(0);
    assert_eq!(default_rows(&scene)[2], before);
}

#[test]
fn an_account_that_is_renamed_takes_what_is_known_of_its_workspaces_along() {
    let (mut scene, sync) = recent();
    scene.configure(BY_DEFAULT);
    scene.run(&sync).exits(0);
    scene.run("accounts rebind default main --vendor anthropic --yes").exits(0);
    assert_one_thing(&scene, "under the new id");
    let known = scene.objects("raw/anthropic/workspaces").into_iter().map(|path| path.display().to_string());
    let known: Vec<String> = known.filter(|path| path.contains("/known/")).collect();
    assert!(known.len() == 1 && known[0].contains("/main/known/"), "{known:?}");
}

/// A workspace of this name and id, with a line of the bill on this day.
fn add_workspace(scene: &Scene, day: &str, id: &str, name: &str, cents: i64) {
    scene.simulator.with_world(|world| {
        world.add_workspace(Workspace::named(id, name));
        add_cost(world, day, id, cents);
    });
}

fn add_cost(world: &mut World, day: &str, id: &str, cents: i64) {
    let day: NaiveDate = day.parse().unwrap();
    let row = world.cost_rows(day)[0].clone();
    world.add_cost_row(day, CostRow { workspace_id: Some(id.to_owned()), amount_cents: cents.into(), ..row });
}

fn october(sources: &[&str]) -> Scene {
    let mut scene = Scene::october().with_sources("anthropic", sources);
    scene.unset("CURSOR_API_KEY");
    scene
}

fn taken(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows(
        "SELECT platform_basis, workspace_id, cost_usd FROM
         (SELECT platform_basis, workspace_id, SUM(cost_usd) AS cost_usd FROM claude_expenses GROUP BY 1, 2)
         WHERE workspace_id LIKE 'wrkspc_a%' ORDER BY 2",
    )
}

#[test]
fn a_rule_by_name_takes_every_workspace_of_the_name_and_follows_one_that_is_made_again() {
    let mut scene = october(&["anthropic/cost_report", "anthropic/cost_totals"]);
    add_workspace(&scene, "2025-10-05", "wrkspc_a1", "Terminals", 1000);
    scene.simulator.with_world(|world| {
        world.recreate_workspace("wrkspc_a1", "wrkspc_a2", "2025-10-06".parse().unwrap());
        add_cost(world, "2025-10-06", "wrkspc_a2", 2000);
        add_cost(world, "2025-10-07", "wrkspc_a2", 3000);
    });
    let (sync, reconcile) = (format!("sync {OCTOBER}"), format!("reconcile {OCTOBER}"));
    scene.configure(&by_id("t", "wrkspc_a1"));
    let words = "50.00 dollars of 2025-10-06 to 2025-10-07 lie in other workspaces of this name, which no rule names: \
                 wrkspc_a2 (50.00)";
    scene.run(&sync).exits(0).says(&[words]);
    scene.run(&reconcile).exits(1).says(&["rules_name_what_there_is", words]);
    assert_eq!(taken(&scene), [["t", "wrkspc_a1", "10"], ["NULL", "wrkspc_a2", "50"]]);

    scene.configure(&by_name("t", "terminals"));
    let trial = scene.run("attribution test --json").exits(0).json();
    let row = &trial["costs"][0];
    assert_eq!([&row["rule"], &row["decided_by"]], ["t", "rule"]);
    assert_eq!(row["would_usd"].as_str().unwrap().parse::<Decimal>().unwrap(), Decimal::from(60));
    scene.run("replay").exits(0);
    let basis = "t (workspace_name)";
    assert_eq!(taken(&scene), [[basis, "wrkspc_a1", "10"], [basis, "wrkspc_a2", "50"]]);
    let after = scene.run("attribution test --json").exits(0).json();
    assert_eq!(after["costs"][0]["now_usd"], after["costs"][0]["would_usd"]);
    scene.run(&sync).exits(0).says_nothing_of(&["may not mean"]);
    scene.run(&reconcile).exits(0);
}

#[test]
fn a_name_that_none_has_any_more_is_told_with_the_name_that_it_has_now() {
    let mut scene = october(&["anthropic/cost_report", "anthropic/cost_totals"]);
    add_workspace(&scene, "2025-10-05", "wrkspc_a1", "Terminals", 1000);
    let (sync, reconcile) = (format!("sync {OCTOBER}"), format!("reconcile {OCTOBER}"));
    scene.configure(&by_name("t", "Terminals"));
    scene.run(&sync).exits(0).says_nothing_of(&["may not mean"]);
    scene.simulator.with_world(|world| world.rename_workspace("wrkspc_a1", "Consoles"));
    let words = "rule `t` names a workspace called `Terminals`, which none is called any more: wrkspc_a1 is called \
                 `Consoles` now";
    scene.run(&sync).exits(0).says(&[words]);
    scene.run(&reconcile).exits(1).says(&["rules_name_what_there_is", words]);
    for (rule, words) in [
        (by_name("t", "wrkspc_a1"), "names a workspace called `wrkspc_a1`, which is an id; its name is `Consoles`"),
        (by_name("t", "Nothing"), "names a workspace called `Nothing`, which is in no list"),
        (by_id("t", "Consoles"), "is a name and matches nothing; the id is wrkspc_a1"),
        (by_id("t", "Terminals"), "is a name and matches nothing; the id is wrkspc_a1"),
    ] {
        scene.configure(&rule);
        scene.run(&reconcile).exits(1).says(&[words]);
    }
}

#[test]
fn a_key_an_account_and_a_product_are_told_by_the_id_that_was_meant() {
    let mut scene = october(&["anthropic/cost_report", "anthropic/cost_totals", "anthropic/api_keys"]);
    scene.simulator.with_world(|world| world.add_api_key(ApiKey::new("apikey_9", "nightly", None, None)));
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    let organization = scene.simulator.with_world(|world| world.options.anthropic_organization_id.clone());
    let rule = |condition: &str| format!("[[attribution.rules]]\nid = \"r\"\nplatform = \"claude_api\"\n{condition}\n");
    for (condition, words) in [
        (
            "api_key_id = \"Nightly\"".to_owned(),
            "names API key `Nightly`, which is a name and matches nothing; the id is apikey_9",
        ),
        (format!("account = \"{organization}\""), "is a name and matches nothing; the id is default"),
        (
            "product = \"Claude Code\"".to_owned(),
            "names product `Claude Code`, which is a name and matches nothing; the id is claude_code",
        ),
        ("product = \"dreams\"".to_owned(), "names product `dreams`, which is in no list"),
    ] {
        scene.configure(&rule(&condition));
        scene.run(&format!("reconcile {OCTOBER}")).exits(1).says(&[words]);
        scene.run(&format!("sync {OCTOBER}")).exits(0).says(&[words]);
    }
}
