//! Trying attribution rules on history before they are applied to it.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;
use support::{OCTOBER, Scene, company_days};
use vendor_sim::worlds::CLAUDE_CODE_WORKSPACE;
use vendor_sim::{CostRow, Workspace};

const FIRST: &str = "2025-09-01";

/// Rules of every kind that the cost report alone can meet, of which some would take what others take first.
const RULES: &str = r#"
[[attribution.rules]]
id = "searches"
platform = "claude.ai"
description_contains = "web search"

[[attribution.rules]]
id = "terminal"
platform = "claude_code"
workspace_id = "wrkspc_01ClaudeCodeCompany"

[[attribution.rules]]
id = "haiku-batches"
platform = "claude_api"
model_prefix = "claude-haiku"
service_tier = "batch"

[[attribution.rules]]
id = "default-tokens"
platform = "claude_api"
workspace_id = "default"
cost_type = "tokens"

[[attribution.rules]]
id = "idle"
platform = "cursor"
workspace_id = "wrkspc_01Nobody"
"#;

/// The same rules over a row of the simulated world.
fn taken_by(row: &CostRow) -> Option<&'static str> {
    let model = row.model.as_deref().unwrap_or_default();
    if row.cost_type == "web_search" {
        Some("searches")
    } else if row.workspace_id.as_deref() == Some("wrkspc_01ClaudeCodeCompany") {
        Some("terminal")
    } else if model.starts_with("claude-haiku") && row.service_tier.as_deref() == Some("batch") {
        Some("haiku-batches")
    } else if row.workspace_id.is_none() && row.cost_type == "tokens" {
        Some("default-tokens")
    } else {
        None
    }
}

type Sums = BTreeMap<Option<String>, Decimal>;

fn company() -> Scene {
    let scene = Scene::company();
    let (_, last) = company_days();
    scene.run(&format!("sync --from {FIRST} --to {last} --source anthropic/cost_report")).exits(0);
    scene
}

/// What each rule takes of the world's days, in dollars; under no name what none takes.
fn truth(scene: &Scene, first: &str, last: &str) -> Sums {
    let (first, last): (NaiveDate, NaiveDate) = (first.parse().unwrap(), last.parse().unwrap());
    let mut sums = Sums::new();
    scene.simulator.with_world(|world| {
        for row in first.iter_days().take_while(|day| *day <= last).flat_map(|day| world.cost_rows(day)) {
            *sums.entry(taken_by(row).map(str::to_owned)).or_default() += row.amount_cents / Decimal::ONE_HUNDRED;
        }
    });
    sums
}

/// What the tables say that each rule took.
fn tables(scene: &Scene) -> Sums {
    sums(&scene.tables().rows("SELECT platform_basis, SUM(amount_nano_usd) FROM claude_costs_nano GROUP BY 1"))
}

/// Rows of a rule's name and nano-dollars.
fn sums(rows: &[Vec<String>]) -> Sums {
    let dollars = |nanos: &str| Decimal::from_i128_with_scale(nanos.parse().unwrap(), 9);
    let name = |basis: &str| (basis != "NULL").then(|| basis.to_owned());
    rows.iter().map(|row| (name(&row[0]), dollars(&row[1]))).collect()
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// One column of the report, of the rules that take anything at all.
fn told(report: &Value, column: &str) -> Sums {
    let rows = report["costs"].as_array().unwrap().iter();
    let sums = rows.map(|row| (row["rule"].as_str().map(str::to_owned), decimal(&row[column])));
    sums.filter(|(_, sum)| !sum.is_zero()).collect()
}

#[test]
fn the_trial_is_what_a_replay_then_does_and_changes_nothing_itself() {
    let mut scene = company();
    let (_, last) = company_days();
    let (facts, asked) = (scene.tables().facts(), scene.request_count());
    let expected = truth(&scene, FIRST, last);
    assert_eq!(expected.len(), 5, "each rule but the idle one takes something, and something is left: {expected:?}");
    scene.configure(RULES);

    let before = scene.run("attribution test --json").exits(0).json();
    assert_eq!(told(&before, "would_usd"), expected);
    let all: Decimal = expected.values().sum();
    assert_eq!(told(&before, "now_usd"), Sums::from([(None, all)]));
    assert_eq!(scene.tables().facts(), facts);

    scene.run("replay").exits(0);
    assert_eq!(tables(&scene), expected);
    let after = scene.run("attribution test --json").exits(0).json();
    assert_eq!((told(&after, "would_usd"), told(&after, "now_usd")), (expected.clone(), expected));
    assert_eq!(scene.request_count(), asked);
    scene.run("attribution test").exits(0).says(&["5 configured rules", "takes nothing: `idle`", "all days"]);
}

#[test]
fn rules_on_keys_are_tried_as_the_views_then_share_the_cost_out() {
    let sources = ["anthropic/cost_report", "anthropic/usage_messages"];
    let mut scene = Scene::company().with_sources("anthropic", &sources);
    scene
        .run("sync --from 2025-09-20 --to 2025-09-30 --source anthropic/cost_report --source anthropic/usage_messages")
        .exits(0);
    let keys: Vec<String> = scene.simulator.with_world(|world| {
        let keys = world.api_keys().iter().filter(|key| key.name == "product-backend" || key.name == "support-bot");
        keys.map(|key| key.id.clone()).collect()
    });
    let [one, other] = &keys[..] else { panic!("{keys:?}") };
    let rule = |id: &str, key: &str| {
        format!("[[attribution.rules]]\nid = \"{id}\"\nplatform = \"claude_api\"\napi_key_id = \"{key}\"\n")
    };
    let by_model = "[[attribution.rules]]\nid = \"haiku\"\nplatform = \"claude.ai\"\nmodel_prefix = \"claude-haiku\"\n";
    scene.configure(&[rule("one", one), by_model.to_owned(), rule("other", other), RULES.to_owned()].concat());

    let before = told(&scene.run("attribution test --json").exits(0).json(), "would_usd");
    scene.run("replay").exits(0);
    let rows = scene.tables().rows("SELECT platform_basis, SUM(cost_nano_usd) FROM claude_cost_shares_nano GROUP BY 1");
    assert_eq!(sums(&rows), before);
    for id in ["one", "haiku", "terminal"] {
        assert!(before.contains_key(&Some(id.to_owned())), "{id} takes nothing of {before:?}");
    }
    let after = scene.run("attribution test --json").exits(0).json();
    assert_eq!((told(&after, "would_usd"), told(&after, "now_usd")), (before.clone(), before));
}

#[test]
fn the_largest_groups_that_no_rule_takes_come_first() {
    let mut scene = company();
    let (_, last) = company_days();
    scene.configure(RULES);
    let report = scene.run("attribution test --json").exits(0).json();
    let (first, last): (NaiveDate, NaiveDate) = (FIRST.parse().unwrap(), last.parse().unwrap());
    let mut expected: BTreeMap<[Option<String>; 3], Decimal> = BTreeMap::new();
    scene.simulator.with_world(|world| {
        let rows = first.iter_days().take_while(|day| *day <= last).flat_map(|day| world.cost_rows(day));
        for row in rows.filter(|row| taken_by(row).is_none()) {
            let group = [row.workspace_id.clone(), row.model.clone(), Some(row.cost_type.clone())];
            *expected.entry(group).or_default() += row.amount_cents / Decimal::ONE_HUNDRED;
        }
    });
    let groups = report["unattributed"].as_array().unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let found: BTreeMap<[Option<String>; 3], Decimal> = groups
        .iter()
        .map(|group| {
            (["workspace_id", "model", "cost_type"].map(|name| text(&group[name])), decimal(&group["would_usd"]))
        })
        .collect();
    assert_eq!(found, expected);
    let amounts: Vec<Decimal> = groups.iter().map(|group| decimal(&group["would_usd"])).collect();
    assert!(amounts.is_sorted_by(|larger, smaller| larger >= smaller), "{amounts:?}");
}

#[test]
fn days_can_be_named() {
    let mut scene = company();
    scene.configure(RULES);
    for (words, first, last) in [
        ("--from 2025-09-10 --to 2025-09-12", "2025-09-10", "2025-09-12"),
        ("--from 2025-09-29", "2025-09-29", "2025-09-30"),
        ("--to 2025-09-02", FIRST, "2025-09-02"),
    ] {
        let report = scene.run(&format!("attribution test {words} --json")).exits(0).json();
        assert_eq!(told(&report, "would_usd"), truth(&scene, first, last), "{words}");
    }
    scene.run("attribution test --from 2025-09-02 --to 2025-09-01").exits(2).says(&["ends before it begins"]);
}

#[test]
fn without_rules_it_shows_how_to_write_one_and_that_one_works() {
    let mut scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    let ended = scene.run("attribution test").exits(0).says(&[
        "0 configured rules",
        "No rule is configured, so everything stays unattributed",
        "223.33",
        "claude-sonnet-4-5",
    ]);
    let lines = ended.stdout.lines().skip_while(|line| !line.contains("[[attribution.rules]]")).take(4);
    let rule: String = lines.map(|line| format!("{line}\n")).collect();
    scene.configure(&rule);
    let report = scene.run("attribution test --json").exits(0).json();
    // The largest group is of one workspace, and the rule takes all of that workspace.
    let group = scene.tables().rows(
        "SELECT workspace_id, SUM(amount_nano_usd) FROM claude_costs_nano GROUP BY workspace_id, model, cost_type
         ORDER BY 2 DESC LIMIT 1",
    );
    let expected = if group[0][0] == CLAUDE_CODE_WORKSPACE { "84.31" } else { "139.02" };
    assert_eq!(told(&report, "would_usd")[&Some("my-rule".to_owned())], expected.parse::<Decimal>().unwrap());
}

#[test]
fn a_rule_that_is_gone_is_still_told_where_the_tables_have_it() {
    let mut scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    let rule = |id: &str, platform: &str, workspace: &str| {
        format!("[[attribution.rules]]\nid = \"{id}\"\nplatform = \"{platform}\"\nworkspace_id = \"{workspace}\"\n")
    };
    scene.configure(&rule("old", "claude_api", "default"));
    scene.run("replay").exits(0);
    scene.configure(&rule("new", "claude_code", CLAUDE_CODE_WORKSPACE));
    let report = scene.run("attribution test --json").exits(0).json();
    let rows: Vec<_> = report["costs"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(
        rows,
        [
            "rule new claude_code 84.31 0",
            "not_configured old claude_api 0 139.02",
            "nobody - unattributed 139.02 84.31",
        ]
    );
    scene.run("attribution test").exits(0).says(&["old (not configured)", "everycent replay"]);
}

fn row(row: &Value) -> String {
    let platforms: Vec<&str> = row["platforms"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let usd = |name: &str| decimal(&row[name]).normalize();
    format!(
        "{} {} {} {} {}",
        row["decided_by"].as_str().unwrap(),
        row["rule"].as_str().unwrap_or("-"),
        platforms.join("+"),
        usd("would_usd"),
        usd("now_usd")
    )
}

#[test]
fn cost_by_analytics_is_tried_by_product_beside_the_cost_and_never_added_to_it() {
    let mut scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    for (id, product, key, nanos, platform, basis) in [
        ("a", "'claude_code'", "'apikey_1'", 5_000_000_000_i64, "claude_code", "'product'"),
        ("b", "'messages_api'", "'apikey_2'", 7_250_000_000, "claude_api", "'product'"),
        ("c", "'messages_api'", "NULL", 1_000_000_000, "claude_api", "'product'"),
        ("d", "'something_new'", "NULL", 2_000_000_000, "unattributed", "NULL"),
    ] {
        scene.tables().tamper(&format!(
            "INSERT INTO claude_analytics_costs_nano (organization_id, activity_date, row_id, product, api_key_id, currency,
             amount_cents, amount_nano_usd, list_amount_cents, list_amount_nano_usd, platform, platform_basis, snapshot_id,
             fetched_at, ingestion_timestamp) VALUES ('default', '2025-10-05', '{id}', {product}, {key}, 'USD', '0', {nanos},
             '0', {nanos}, '{platform}', {basis}, 's', '2025-11-25T00:00:00.000000Z', '2025-11-25T00:00:00.000000Z')"
        ));
    }
    scene.configure(
        "[[attribution.rules]]\nid = \"key\"\nplatform = \"claude_code\"\napi_key_id = \"apikey_2\"\n
         [[attribution.rules]]\nid = \"new\"\nplatform = \"claude.ai\"\nproduct = \"something_new\"\n",
    );
    let report = scene.run("attribution test --json").exits(0).json();
    let rows = report["analytics"].as_array().unwrap();
    let rows: Vec<String> =
        rows.iter().map(|told| format!("{}: {}", told["product"].as_str().unwrap(), row(told))).collect();
    assert_eq!(
        rows,
        [
            "claude_code: product - claude_code 5 5",
            "messages_api: rule key claude_code 7.25 0",
            "messages_api: product - claude_api 1 8.25",
            "something_new: rule new claude.ai 2 0",
            "something_new: nobody - unattributed 0 2",
        ]
    );
    assert_eq!(told(&report, "would_usd"), Sums::from([(None, "223.33".parse().unwrap())]));
    scene.run("attribution test").exits(0).says(&["(the vendor's product)", "7.25", "never added"]);
}

/// A day on which two uses explain one cost line of the default workspace, three to one, and a third one its searches.
const SHARED_DAY: &str = "2025-10-04";

fn used(scene: &Scene, key: &str, model: &str, input_tokens: i64, searches: i64) {
    scene.tables().tamper(&format!(
        "INSERT INTO claude_usage_tokens (organization_id, activity_date, row_id, api_key_id, model, service_tier,
         context_window, uncached_input_tokens, cache_read_input_tokens, cache_creation_ephemeral_5m_input_tokens,
         cache_creation_ephemeral_1h_input_tokens, output_tokens, web_search_requests, platform, snapshot_id, fetched_at,
         ingestion_timestamp) VALUES ('default', '{SHARED_DAY}', 'row-{key}', '{key}', '{model}', 'standard', '0-200k',
         {input_tokens}, 0, 0, 0, 0, {searches}, 'unattributed', 's', '2025-11-25T00:00:00.000000Z',
         '2025-11-25T00:00:00.000000Z')"
    ));
}

/// The amount in dollars of the only line of the shared day that is alike.
fn line(scene: &Scene, is_meant: impl Fn(&CostRow) -> bool) -> CostRow {
    scene.simulator.with_world(|world| {
        let rows = world.cost_rows(SHARED_DAY.parse().unwrap()).iter();
        let mut rows = rows.filter(|row| row.workspace_id.is_none() && is_meant(row));
        let row = rows.next().unwrap().clone();
        assert!(rows.next().is_none(), "another one like {row:?}");
        row
    })
}

#[test]
fn a_rule_on_a_key_takes_the_shares_of_its_cost_unless_an_earlier_one_takes_the_line() {
    let mut scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    let is_input = |row: &CostRow| {
        let model = row.model.as_deref().unwrap_or_default();
        model.contains("sonnet") && row.token_type.as_deref() == Some("uncached_input_tokens")
    };
    let input = line(&scene, is_input);
    let search = line(&scene, |row| row.cost_type == "web_search").amount_cents / Decimal::ONE_HUNDRED;
    let model = input.model.as_deref().unwrap();
    used(&scene, "apikey_most", model, 3, 0);
    used(&scene, "apikey_some", model, 1, 0);
    used(&scene, "apikey_searches", "claude-of-searches", 0, 5);
    scene.run("rebuild --all").exits(0);
    let share = input.amount_cents / Decimal::from(400);
    let total: Decimal = "223.33".parse().unwrap();
    let by_key = "[[attribution.rules]]\nid = \"key\"\nplatform = \"claude_code\"\napi_key_id = \"apikey_some\"\n";
    let by_model =
        "[[attribution.rules]]\nid = \"model\"\nplatform = \"claude.ai\"\nmodel_prefix = \"claude-of-searches\"\n";
    let by_workspace =
        "[[attribution.rules]]\nid = \"default\"\nplatform = \"claude_api\"\nworkspace_id = \"default\"\n";
    let would = |scene: &mut Scene, rules: &[&str]| {
        scene.configure(&rules.concat());
        told(&scene.run("attribution test --json").exits(0).json(), "would_usd")
    };
    let of = |name: &str| Some(name.to_owned());

    let default: Decimal = "139.02".parse().unwrap();
    let expected = [(of("default"), default - share), (of("key"), share), (None, total - default)];
    assert_eq!(would(&mut scene, &[by_key, by_workspace]), Sums::from(expected));
    let expected = [(of("default"), default), (None, total - default)];
    assert_eq!(would(&mut scene, &[by_workspace, by_key, by_model]), Sums::from(expected));
    // A line of searches names no model; the use that explains it does.
    let expected = [(of("key"), share), (of("model"), search), (None, total - share - search)];
    assert_eq!(would(&mut scene, &[by_key, by_model]), Sums::from(expected.clone()));

    for (id, place, platform, key) in
        [("key", 1, "claude_code", "apikey_some"), ("model", 2, "claude.ai", "apikey_searches")]
    {
        scene.tables().tamper(&format!(
            "UPDATE claude_usage_tokens SET platform = '{platform}', platform_basis = '{id}', platform_rank = {place}
             WHERE api_key_id = '{key}'"
        ));
    }
    scene.run("rebuild --all").exits(0);
    let report = scene.run("attribution test --json").exits(0).json();
    assert_eq!(told(&report, "now_usd"), Sums::from(expected));
}

#[test]
fn where_nothing_is_loaded_there_is_nothing_to_try() {
    let scene = Scene::october();
    scene.run("attribution test").exits(2);
    scene.run("sync --from 2024-01-01 --to 2024-01-02").exits(0);
    scene.run("attribution test").exits(0).says(&["total", "0.00"]);
}

/// A workspace of this name and id, with a line of the bill on the last day.
fn add_workspace(scene: &Scene, id: &str, name: &str, cents: i64) {
    scene.simulator.with_world(|world| {
        let day: NaiveDate = "2025-10-17".parse().unwrap();
        let row = world.cost_rows(day)[0].clone();
        world.add_workspace(Workspace::named(id, name));
        world.add_cost_row(day, CostRow { workspace_id: Some(id.to_owned()), amount_cents: cents.into(), ..row });
    });
}

#[test]
fn a_workspace_that_was_made_again_under_another_id_is_told_by_sync_and_fails_reconcile() {
    let mut scene = Scene::october()
        .with_sources("anthropic", &["anthropic/cost_report", "anthropic/cost_totals", "anthropic/workspaces"]);
    for (id, name, cents) in
        [("wrkspc_1", "Terminals", 1000), ("wrkspc_2", "terminals ", 2000), ("wrkspc_3", "Other", 50)]
    {
        add_workspace(&scene, id, name, cents);
    }
    let rule = |id: &str, workspace: &str| {
        format!("[[attribution.rules]]\nid = \"{id}\"\nplatform = \"claude_code\"\nworkspace_id = \"{workspace}\"\n")
    };
    let (sync, reconcile) = (format!("sync {OCTOBER}"), format!("reconcile {OCTOBER}"));
    scene.configure(&rule("terminals", "wrkspc_1"));
    let words = "rule `terminals` is of workspace `Terminals` (wrkspc_1) of account `default`, and 20.00 dollars of \
                 2025-10-17 lie in \
                 other workspaces of this name, which no rule names: wrkspc_2 (20.00)";
    scene.run(&sync).exits(0).says(&[words]);
    scene.run(&reconcile).exits(1).says(&["rules_name_what_there_is", words]);
    scene.configure(&(rule("terminals", "wrkspc_1") + &rule("terminals-again", "wrkspc_2")));
    scene.run(&sync).exits(0).says_nothing_of(&["may not mean"]);
    scene.run(&reconcile).exits(0).says(&["attribution rules name what there is"]);
    scene.configure(&(rule("by-name", "terminals") + &rule("nowhere", "wrkspc_9")));
    let misses = [
        "names workspace `terminals`, which is a name and matches nothing; the id is wrkspc_1 or wrkspc_2",
        "rule `nowhere` names workspace `wrkspc_9`, which is in no list",
    ];
    scene.run(&sync).exits(0).says(&misses);
    scene.run(&reconcile).exits(1).says(&misses);
    let json = scene.run(&format!("{sync} --json")).exits(0).json();
    assert_eq!(json["rules"].as_array().unwrap().len(), 2);
}
