//! A month of a company from every source at once: it reconciles, every system answers, and the views tell the world.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use rust_decimal::Decimal;
use support::Scene;
use support::month::{SPEND_NANOS, month, scene, sync, upload};
use vendor_sim::{Endpoint, Fault, FaultKind};

/// Everything that a finance or platform person was promised by name.
const SYSTEMS: [&str; 38] = [
    "ai_spend_by_cost_center",
    "ai_spend_by_person",
    "ai_spend_by_team",
    "ai_spend_daily",
    "ai_spend_owners",
    "api_usage_expenses",
    "charges",
    "claude_analytics_costs",
    "claude_analytics_usage",
    "claude_code_model_usage",
    "claude_code_usage_stats",
    "claude_costs",
    "claude_cost_totals",
    "claude_daily_cost",
    "claude_daily_summary",
    "claude_daily_tokens",
    "claude_expenses",
    "claude_total_expenses",
    "claude_imported_spend",
    "claude_usage_stats",
    "claude_usage_tokens",
    "coverage",
    "cursor_daily_user_usage",
    "cursor_expenses",
    "cursor_usage_events",
    "cursor_usage_stats",
    "api_key_owner_periods",
    "dim_api_key_owners",
    "dim_api_keys",
    "dim_cursor_members",
    "dim_workspaces",
    "people",
    "people_alias_periods",
    "people_aliases",
    "people_periods",
    "reconciliation",
    "spend_daily",
    "spend_monthly",
];

fn dollars(cents: Decimal) -> Decimal {
    (cents / Decimal::ONE_HUNDRED).normalize()
}

#[test]
fn a_month_with_every_source_and_spelling_reconciles_and_every_system_answers() {
    let scene = scene();
    scene.run(&sync()).exits(0);
    upload(&scene);
    let report = scene.run("reconcile --json").exits(0).json();
    assert_eq!(report["passed"], true, "{report}");
    let checks: Vec<&str> =
        report["checks"].as_array().unwrap().iter().map(|one| one["check_id"].as_str().unwrap()).collect();
    for check in [
        "grouped_equals_ungrouped",
        "tables_equal_coverage",
        "no_missing_bucket",
        "no_held_answer",
        "no_reject",
        "no_strange_account",
        "implied_price",
        "analytics_equals_cost_report",
        "analytics_within_bill",
        "keys_equal_analytics",
        "claude_code_within_bill",
        "cursor_events_equal_spend",
        "cursor_cycle_day",
    ] {
        assert!(checks.contains(&check), "{check} is not among {checks:?}");
    }
    let tables = scene.tables();
    for system in SYSTEMS {
        assert!(tables.count(&format!("SELECT COUNT(*) FROM {system}")) > 0, "{system} is empty");
    }
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records"), 0);
}

/// As where two keys of one line have two prices: the sums agree, and one key pays for the other.
#[test]
fn a_key_that_pays_for_another_one_does_not_reconcile() {
    let scene = scene();
    scene.run(&sync()).exits(0);
    let tables = scene.tables();
    let keys = "FROM claude_analytics_costs_nano WHERE cost_type = 'tokens' AND api_key_id IS NOT NULL AND amount_nano_usd > 1000000000";
    let largest =
        tables.rows(&format!("SELECT activity_date, api_key_id, row_id {keys} ORDER BY amount_nano_usd DESC LIMIT 1"));
    let [day, key, row] = &largest[0][..] else { panic!("{largest:?}") };
    let other =
        tables.one(&format!("SELECT MIN(api_key_id) {keys} AND activity_date = '{day}' AND api_key_id <> '{key}'"));
    let moved = format!(
        "UPDATE claude_analytics_costs_nano SET api_key_id = '{other}' WHERE row_id = '{row}' AND activity_date = '{day}'"
    );
    assert_eq!(tables.tamper(&moved), 1);
    let report = scene.run("reconcile --json").exits(1).json();
    let failures = report["failures"].as_array().unwrap();
    let [failed] = &failures.iter().filter(|one| one["check_id"] == "keys_equal_analytics").collect::<Vec<_>>()[..]
    else {
        panic!("{report}")
    };
    assert_eq!(failed["activity_date"], day.as_str());
    let words = failed["explanation"].as_str().unwrap();
    assert!(words.contains(key.as_str()) || words.contains(&other), "{words}");
}

#[test]
fn every_total_of_claude_is_the_bill_of_the_world_whatever_it_is_split_by() {
    let scene = scene();
    scene.run(&sync()).exits(0);
    upload(&scene);
    let tables = scene.tables();
    let (first, last) = month();
    for day in first.iter_days().take_while(|day| *day <= last) {
        let bill = dollars(scene.simulator.with_world(|world| world.cost_cents(day, day)));
        let nanos = (bill * Decimal::from(1_000_000_000)).normalize().to_string();
        for exact in ["claude_expenses_nano", "api_usage_expenses_nano"] {
            let sql = format!("SELECT COALESCE(SUM(cost_nano_usd), 0) FROM {exact} WHERE expense_date = '{day}'");
            assert_eq!(tables.one(&sql), nanos, "{exact} of {day}");
        }
        for view in ["ai_spend_daily", "ai_spend_by_person", "ai_spend_by_team", "ai_spend_by_cost_center"] {
            let sql = format!(
                "SELECT COALESCE(SUM(cost_nano_usd), 0) FROM {view}_nano \
                 WHERE expense_date = '{day}' AND vendor = 'anthropic' AND basis <> 'spend_file'"
            );
            assert_eq!(tables.one(&sql), nanos, "{view} of {day}");
        }
    }
    let of_file =
        "SELECT platform, SUM(cost_nano_usd) FROM ai_spend_daily_nano WHERE basis = 'spend_file' GROUP BY platform";
    assert_eq!(tables.rows(of_file), [["claude.ai".to_owned(), SPEND_NANOS.to_string()]]);
}

#[test]
fn what_cursor_is_said_to_cost_is_what_its_events_were_charged_and_its_seats() {
    let scene = scene();
    scene.run(&sync()).exits(0);
    let tables = scene.tables();
    let (first, last) = month();
    for day in first.iter_days().take_while(|day| *day <= last) {
        let (on_demand, included) = scene.simulator.with_world(|world| {
            let members: Vec<u64> = world.members().iter().map(|member| member.user_id).collect();
            members.into_iter().fold((Decimal::ZERO, Decimal::ZERO), |(on_demand, included), user| {
                let (more_on_demand, more_included) = world.cursor_charged_cents(user, day, day);
                (on_demand + more_on_demand, included + more_included)
            })
        });
        let sum = |column: &str| {
            let nanos = tables.one(&format!(
                "SELECT COALESCE(SUM({column}), 0) FROM cursor_expenses_nano WHERE expense_date = '{day}'"
            ));
            nanos.parse::<Decimal>().unwrap() / Decimal::from(1_000_000_000)
        };
        assert_eq!(sum("on_demand_nano_usd"), dollars(on_demand), "on demand on {day}");
        assert_eq!(sum("included_usage_nano_usd"), dollars(included), "included on {day}");
        assert_eq!(sum("total_nano_usd"), sum("seat_nano_usd") + dollars(on_demand), "total on {day}");
        let both = format!(
            "SELECT COALESCE(SUM(cost_nano_usd), 0) FROM ai_spend_daily_nano WHERE vendor = 'cursor' AND expense_date = '{day}'"
        );
        assert_eq!(tables.one(&both).parse::<Decimal>().unwrap() / Decimal::from(1_000_000_000), sum("total_nano_usd"));
    }
}

#[test]
fn a_report_that_is_not_open_to_the_key_fails_nothing_until_it_has_answered() {
    for kind in [FaultKind::MissingScope, FaultKind::ClosedReport, FaultKind::Status(404)] {
        let scene = scene();
        let closed = Fault::on(Endpoint::AnthropicUsageMessages, kind.clone());
        scene.simulator.inject(closed.clone());
        scene.run(&sync()).exits(0).says(&["Not available to the key", "anthropic/usage_messages", "`sources`"]);
        let of_state = |state: &str| {
            let sql = format!("SELECT COUNT(DISTINCT source) FROM coverage WHERE state = '{state}'");
            scene.tables().count(&sql)
        };
        assert_eq!((of_state("unavailable"), of_state("failed")), (1, 0), "{kind:?}");
        scene.run("status").exits(0).says(&["Not available to the key", "anthropic/usage_messages"]);
        scene.run("reconcile").exits(0);

        // Each sync asks once whether that has changed.
        let asked = |scene: &Scene| {
            let requests = scene.simulator.requests();
            requests.iter().filter(|request| request.endpoint == Some(Endpoint::AnthropicUsageMessages)).count()
        };
        let before = asked(&scene);
        scene.run("sync").exits(0);
        assert_eq!(asked(&scene), before + 1);

        scene.simulator.clear_faults();
        scene.run("sync").exits(0);
        assert_eq!(of_state("unavailable"), 0, "all its days were asked for at once");
        scene.run("reconcile").exits(0);

        // It answered: now it is a permission that was lost.
        scene.simulator.inject(closed);
        scene.run("sync").exits(1).says(&["anthropic/usage_messages", "leave anthropic/usage_messages out"]);
        assert_eq!((of_state("unavailable"), of_state("failed")), (0, 1));
    }
}

#[test]
fn a_report_that_a_person_chose_and_a_key_that_no_report_of_money_is_open_to_fail() {
    let chosen = scene().with_sources("anthropic", &["anthropic/cost_report", "anthropic/users"]);
    chosen.simulator.inject(Fault::on(Endpoint::AnthropicUsers, FaultKind::MissingScope));
    chosen.run(&sync()).exits(1).says(&["anthropic/users of default", "(403)"]);

    let closed = scene();
    closed.simulator.inject(Fault::anywhere(FaultKind::MissingScope));
    closed.run(&sync()).exits(1).says(&["No report of money of anthropic account default", "cursor account default"]);
}

#[test]
fn every_field_beside_identity_and_money_may_be_odd_and_no_cent_and_no_record_is_lost() {
    let scene = scene();
    scene.simulator.inject(Fault::anywhere(FaultKind::OddFields));
    scene.run(&sync()).exits(0).says(&["Remarked: "]);
    let tables = scene.tables();
    assert_eq!(tables.rows("SELECT source, position, reason FROM rejected_records"), Vec::<Vec<String>>::new());
    let remarked = tables.rows("SELECT DISTINCT source FROM remarks ORDER BY 1");
    let asked = tables.rows("SELECT DISTINCT source FROM coverage ORDER BY 1");
    assert_eq!(
        remarked.len(),
        asked.len() - 1,
        "of each report but the ungrouped one, which has nothing beside: {remarked:?}"
    );
    let (first, last) = month();
    let bill = dollars(scene.simulator.with_world(|world| world.cost_cents(first, last)));
    let found: Decimal = tables.one("SELECT SUM(amount_nano_usd) FROM claude_costs_nano").parse().unwrap();
    assert_eq!(found / Decimal::from(1_000_000_000), bill);
    let fields = tables.rows("SELECT DISTINCT field FROM remarks");
    for field in ["group.actor.name", "core_metrics.num_sessions", "inference_geo", "tokenUsage.inputTokens"] {
        assert!(fields.contains(&vec![field.to_owned()]), "{field}: {fields:?}");
    }
    scene.run("status").exits(0).says(&["Remarks: odd beside the money"]);
}

#[test]
fn fields_that_nobody_knows_yet_change_nothing() {
    let plain = scene();
    plain.run(&sync()).exits(0);
    let odd = scene();
    odd.simulator.inject(Fault::anywhere(FaultKind::UnknownFields));
    odd.run(&sync()).exits(0);
    odd.run("reconcile").exits(0);
    let views = ["ai_spend_daily", "api_usage_expenses", "claude_code_model_usage", "cursor_expenses"];
    for view in views {
        let rows = |scene: &Scene| scene.tables().count(&format!("SELECT COUNT(*) FROM {view}"));
        assert_eq!(rows(&odd), rows(&plain), "{view}");
    }
}

#[test]
fn values_that_nobody_knows_yet_pass_through_and_no_money_is_lost() {
    let scene = scene();
    scene.simulator.inject(Fault::anywhere(FaultKind::UnknownValues));
    scene.run(&sync()).exits(0);
    let tables = scene.tables();
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records"), 0);
    let (first, last) = month();
    let bill = dollars(scene.simulator.with_world(|world| world.cost_cents(first, last)));
    assert_eq!(
        tables.one("SELECT SUM(cost_nano_usd) FROM claude_expenses_nano"),
        (bill * Decimal::from(1_000_000_000)).normalize().to_string()
    );
}

#[test]
fn a_replay_of_everything_changes_nothing() {
    let scene = scene();
    scene.run(&sync()).exits(0);
    upload(&scene);
    let rows = |table: &str| {
        let tables = scene.tables();
        tables.content_of(table)
    };
    let all = [
        "claude_costs_nano",
        "claude_usage_tokens",
        "claude_code_usage_stats",
        "claude_code_model_usage_nano",
        "claude_analytics_costs_nano",
        "claude_analytics_usage",
        "claude_usage_stats",
        "claude_imported_spend_nano",
        "charges_nano",
        "cursor_usage_stats_nano",
        "cursor_usage_events_nano",
        "cursor_spend_nano",
        "dim_workspaces",
        "dim_api_keys",
        "dim_users",
        "dim_cursor_members",
        "dim_api_key_owners",
        "dim_api_key_earlier_owners",
        "people",
        "people_aliases",
    ];
    let before = all.map(rows);
    scene.run("replay").exits(0);
    assert_eq!(all.map(rows), before);
    fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    scene.run("replay").exits(0);
    assert_eq!(all.map(rows), before);
}
