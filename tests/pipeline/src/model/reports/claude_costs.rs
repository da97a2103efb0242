//! What Claude costs: the lines of the bill, and the control total of a day.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use vendor_sim::{CostRow, World};

use crate::model::calendar::days;
use crate::model::columns::{dollars, record};
use crate::model::report::{Absence, Covers, Harm, Question, Report, Spoil, Time, Told};
use crate::model::weight::{Scale, Unit};
use crate::tables::Record;

const TIME: Time = Time::Days { settling_days: 30, covers: Covers::Known };

pub(crate) static COSTS: Report = Report {
    source: "anthropic/cost_report",
    tables: &["claude_costs"],
    time: TIME,
    absence: Absence::Deleted,
    money: &["amount_usd"],
    counts: &[],
    weighs: &[Scale { unit: Unit::Dollars, table: "claude_costs", columns: Some(&["amount_usd"]) }],
    spoiled_by: &[
        (Spoil::Amount, Harm::Refused("amount_cents")),
        (Spoil::AmountNumber, Harm::Sets(&[("amount_cents", "12"), ("amount_usd", "0.12")])),
    ],
    told: costs,
};

pub(crate) static TOTALS: Report = Report {
    source: "anthropic/cost_totals",
    tables: &["claude_cost_totals"],
    time: TIME,
    absence: Absence::Deleted,
    money: &["amount_usd"],
    counts: &[],
    weighs: &[Scale { unit: Unit::Dollars, table: "claude_cost_totals", columns: Some(&["amount_usd"]) }],
    spoiled_by: &[
        (Spoil::Amount, Harm::Refused("amount_cents")),
        (Spoil::AmountNumber, Harm::Sets(&[("amount_cents", "12"), ("amount_usd", "0.12")])),
    ],
    told: totals,
};

fn costs(world: &World, question: &Question, to: NaiveDate) -> Vec<Told> {
    let rows = |day| world.cost_rows(day).iter().map(move |row| (day, row));
    let told = |(day, row)| Told::row(day, "claude_costs", cost(&question.account, day, row));
    days(question.from, to).flat_map(rows).map(told).collect()
}

fn totals(world: &World, question: &Question, to: NaiveDate) -> Vec<Told> {
    let days = days(question.from, to).filter(|day| !world.cost_rows(*day).is_empty());
    let told = |day| Told::row(day, "claude_cost_totals", total(&question.account, day, world.cost_cents(day, day)));
    days.map(told).collect()
}

fn cost(account: &str, day: NaiveDate, row: &CostRow) -> Record {
    record([
        ("organization_id", Some(account.to_owned())),
        ("activity_date", Some(day.to_string())),
        ("workspace_id", row.workspace_id.clone()),
        ("description", Some(row.description.clone())),
        ("cost_type", Some(row.cost_type.clone())),
        ("model", row.model.clone()),
        ("token_type", row.token_type.clone()),
        ("service_tier", row.service_tier.clone()),
        ("context_window", row.context_window.clone()),
        ("inference_geo", row.inference_geo.clone()),
        ("currency", Some("USD".to_owned())),
        ("amount_cents", Some(row.amount_cents.to_string())),
        ("amount_usd", Some(dollars(row.amount_cents))),
    ])
}

fn total(account: &str, day: NaiveDate, cents: Decimal) -> Record {
    record([
        ("organization_id", Some(account.to_owned())),
        ("activity_date", Some(day.to_string())),
        ("currency", Some("USD".to_owned())),
        ("amount_cents", Some(cents.to_string())),
        ("amount_usd", Some(dollars(cents))),
    ])
}
