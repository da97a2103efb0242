//! What can be added to a world by name: each shows where it should, and the reports still tell one truth.
#![allow(clippy::unwrap_used)]

mod harness;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use harness::analytics::{FIVE, asking};
use harness::{ANALYTICS, Harness, USAGE, cents, day, results, sum};
use rust_decimal::Decimal;
use serde_json::Value;
use vendor_sim::worlds::Behaviour;
use vendor_sim::{ChargeKind, Payer, World, worlds};

const FIRST: &str = "2026-10-01";
const LAST: &str = "2026-10-31";

fn company(behaviours: &[Behaviour]) -> World {
    worlds::company(7, day(LAST), 31).behaving(behaviours)
}

fn october() -> impl Iterator<Item = NaiveDate> {
    day(FIRST).iter_days().take(31)
}

async fn told(behaviours: &[Behaviour]) -> (Harness, Vec<Value>) {
    let harness = Harness::start(company(behaviours)).await;
    let seven = [&FIVE[..], &["cost_type", "token_type"]].concat();
    let rows = harness.records(ANALYTICS, &asking(&seven, &[("limit", "1000")])).await;
    (harness, rows)
}

fn amount(row: &Value) -> Decimal {
    cents(row["cost"]["amount"].as_str().unwrap())
}

/// Of analytics and bill alike: day, workspace, model, cost type and token type.
type Pools = BTreeMap<[String; 5], Decimal>;

/// Credits are of no pool.
async fn billed(harness: &Harness) -> Pools {
    let mut pools = Pools::new();
    let default = harness.simulator.with_world(|world| world.options.default_workspace_id.clone());
    for bucket in harness.buckets(FIRST, LAST, &["workspace_id", "description"], "31").await {
        for row in bucket["results"].as_array().unwrap() {
            let amount = cents(row["amount"].as_str().unwrap());
            if amount > Decimal::ZERO {
                let workspace = row["workspace_id"].as_str().unwrap_or(&default).to_owned();
                let names = ["model", "cost_type", "token_type"].map(|name| row[name].to_string());
                let [model, cost_type, token_type] = names;
                let pool = [bucket["starting_at"].to_string(), workspace, model, cost_type, token_type];
                *pools.entry(pool).or_default() += amount;
            }
        }
    }
    pools
}

fn used(rows: &[Value]) -> Pools {
    let mut pools = Pools::new();
    for row in rows {
        let group = &row["group"];
        let [model, cost_type, token_type] = ["model", "cost_type", "token_type"].map(|name| group[name].to_string());
        let workspace = group["workspace_id"].as_str().unwrap().to_owned();
        let pool = [row["starting_at"].to_string(), workspace, model, cost_type, token_type];
        *pools.entry(pool).or_default() += amount(row);
    }
    pools
}

#[tokio::test]
async fn the_analytics_add_up_to_each_pool_of_the_bill_before_credits_whatever_the_organization_does() {
    let (harness, rows) = told(Behaviour::OF_CONSOLE).await;
    let billed = billed(&harness).await;
    assert!(billed.len() > 500, "{}", billed.len());
    assert_eq!(used(&rows), billed);
}

#[tokio::test]
async fn a_fast_mode_is_a_line_of_its_own_that_only_a_question_for_the_speed_tells_apart() {
    let harness = Harness::start(company(&[Behaviour::FastMode])).await;
    let buckets = harness.buckets("2026-10-07", "2026-10-07", &["workspace_id", "description"], "1").await;
    let rows = results(&buckets);
    let fast: Vec<_> = rows.iter().filter(|row| row["description"].as_str().unwrap().contains("(Fast)")).collect();
    assert!(!fast.is_empty());
    for line in fast {
        let alike = |other: &&&Value| {
            let names = ["workspace_id", "model", "token_type", "service_tier", "context_window", "inference_geo"];
            other["description"] != line["description"] && names.iter().all(|name| other[name] == line[name])
        };
        assert!(rows.iter().any(|other| alike(&other)), "{line}");
    }
    let asked = |group_by: &'static str| {
        let range = [("starting_at", "2026-10-07T00:00:00Z"), ("ending_at", "2026-10-08T00:00:00Z")];
        range.into_iter().chain([("group_by[]", group_by)]).collect::<Vec<_>>()
    };
    let by_speed = harness.get(USAGE, &asked("speed")).header("anthropic-beta", "fast-mode-2026-02-01");
    let by_speed = harness::told(by_speed).await.body;
    let speeds: BTreeSet<_> =
        results(by_speed["data"].as_array().unwrap()).iter().map(|row| row["speed"].to_string()).collect();
    assert_eq!(speeds.len(), 2, "{by_speed}");
    let by_tier = harness.read(USAGE, &asked("service_tier")).await;
    assert!(results(by_tier["data"].as_array().unwrap()).iter().all(|row| row.get("speed").is_none_or(Value::is_null)));
}

#[test]
fn a_place_of_inference_is_dearer_by_a_tenth_and_a_fast_mode_six_times() {
    let tokens = |behaviour: Behaviour, is_meant: fn(&vendor_sim::CostShare) -> bool| {
        let world = company(&[behaviour]);
        let shares = october().flat_map(move |day| world.cost_shares(day)).filter(is_meant);
        let output = shares.filter(|share| share.token_type.as_deref() == Some("output_tokens"));
        output.fold((Decimal::ZERO, 0), |(cents, tokens), share| (cents + share.amount_cents, tokens + share.tokens))
    };
    // Opus puts out a million tokens for 25 dollars.
    for (behaviour, is_meant, dollars) in [
        (Behaviour::FastMode, (|share| share.is_fast) as fn(&vendor_sim::CostShare) -> bool, "150"),
        (Behaviour::UsInference, |share| share.inference_geo.as_deref() == Some("us"), "27.5"),
    ] {
        let (cents_of, count) = tokens(behaviour, is_meant);
        let per_million = (cents_of * Decimal::from(10_000) / Decimal::from(count)).round_dp(3);
        assert_eq!(per_million, cents(dollars), "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_discount_is_in_the_bill_and_not_in_the_list_amount_nor_the_tokens() {
    let (plain, _) = told(&[]).await;
    let (harness, rows) = told(&[Behaviour::Discount]).await;
    let whole = plain.simulator.with_world(|world| world.cost_cents(day(FIRST), day(LAST)));
    let paid = harness.simulator.with_world(|world| world.cost_cents(day(FIRST), day(LAST)));
    assert_eq!(paid, whole * cents("0.8"));
    let list: Decimal = rows.iter().map(|row| cents(row["cost"]["list_amount"].as_str().unwrap())).sum();
    assert!((list - whole).abs() < cents("0.1"), "{list} of {whole}");
    let tokens = |world: &mut World| -> u64 {
        october().flat_map(|day| world.claude_usage(day)).map(|(_, counts)| counts.total_tokens()).sum()
    };
    let [before, after] = [&plain, &harness].map(|harness| harness.simulator.with_world(tokens));
    assert!(before.abs_diff(after) < 1_000, "{before} {after}");
}

#[tokio::test]
async fn a_credit_is_on_the_bill_and_in_nothing_else() {
    let (harness, rows) = told(&[Behaviour::Credits]).await;
    assert!(rows.iter().all(|row| row["group"]["cost_type"] != "promotional_credit" && amount(row) >= Decimal::ZERO));
    let buckets = harness.buckets(FIRST, LAST, &["workspace_id", "description"], "31").await;
    let is_credit = |row: &&&Value| row["cost_type"] == "promotional_credit";
    let rows_of = results(&buckets);
    let credits: Vec<&Value> = rows_of.iter().filter(is_credit).copied().collect();
    assert_eq!(credits.len(), 6);
    assert!(sum(&credits) < Decimal::ZERO);
    assert_eq!(rows.iter().map(amount).sum::<Decimal>() + sum(&credits), sum(&rows_of));
}

#[tokio::test]
async fn several_take_part_in_searches_and_sessions_and_several_people_in_the_console() {
    let (_, rows) = told(&[Behaviour::WebSearch, Behaviour::ManagedAgents, Behaviour::SharedConsole]).await;
    let takers = |cost_type: &str| {
        let mut takers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row["group"]["cost_type"] == cost_type) {
            let pool = format!("{} {}", row["starting_at"], row["group"]["workspace_id"]);
            takers.entry(pool).or_default().insert(row["group"]["api_key_id"].to_string());
        }
        takers.values().filter(|keys| keys.len() > 1).count()
    };
    assert!(takers("web_search") > 50 && takers("session_usage") > 50);
    let console =
        rows.iter().filter(|row| row["group"]["product"] == "claude_console" && row["group"]["cost_type"] == "tokens");
    let mut people: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in console {
        let group = &row["group"];
        let line =
            format!("{} {} {} {}", row["starting_at"], group["workspace_id"], group["model"], group["token_type"]);
        people.entry(line).or_default().insert(group["actor"].to_string());
    }
    assert!(people.values().filter(|people| people.len() > 1).count() > people.len() / 2);
}

#[tokio::test]
async fn keys_act_for_service_accounts_and_identities_and_some_use_is_of_nobody() {
    let (_, rows) = told(&[Behaviour::MachineActors, Behaviour::UnnamedActors]).await;
    let types: BTreeSet<String> = rows.iter().map(|row| row["group"]["actor"]["type"].to_string()).collect();
    let named =
        ["api_actor", "federated_actor", "service_account_actor", "user_actor"].map(|name| format!("\"{name}\""));
    assert_eq!(types, named.into_iter().chain(["null".to_owned()]).collect());
    let service = rows.iter().find(|row| row["group"]["actor"]["type"] == "service_account_actor").unwrap();
    assert!(service["group"]["actor"]["service_account_id"].as_str().unwrap().starts_with("svac_"));
    assert!(service["group"]["api_key_id"].is_string());
    let nobody =
        rows.iter().filter(|row| row["group"]["actor"].is_null() && row["group"]["product"] == "claude_console");
    assert!(nobody.count() > 10);
}

/// By account and kind, in cents.
fn sums(world: &World, day: NaiveDate) -> BTreeMap<(Payer, ChargeKind), Decimal> {
    let mut sums = BTreeMap::new();
    for charge in world.charges(day) {
        *sums.entry((charge.payer, charge.kind)).or_default() += charge.amount_cents;
    }
    sums
}

#[test]
fn charges_are_the_bill_credits_included_and_what_claude_ai_and_cursor_cost() {
    let world = company(&[Behaviour::OF_CONSOLE, &[Behaviour::Enterprise]].concat());
    let mut credited = 0;
    for day in october() {
        let sums = sums(&world, day);
        let of = |payer, kind| sums.get(&(payer, kind)).copied().unwrap_or_default();
        let (used, credit) = (of(Payer::Console, ChargeKind::Usage), of(Payer::Console, ChargeKind::Credit));
        assert_eq!(used + credit, world.cost_cents(day, day), "{day}");
        credited += u32::from(credit < Decimal::ZERO);
        let seats: Decimal = world.enterprise_shares(day).iter().map(|share| share.amount_cents).sum();
        assert_eq!(of(Payer::Enterprise, ChargeKind::Usage), seats);
        let cursor: Decimal = world
            .members()
            .iter()
            .map(|member| world.cursor_charged_cents(member.user_id, day, day))
            .map(|(on_demand, included)| on_demand + included)
            .sum();
        assert_eq!(of(Payer::Cursor, ChargeKind::Usage), cursor, "{day}");
    }
    assert_eq!(credited, 6);
}
