//! Claude cost by product, person, key, workspace and model: the shares of the bill, added up.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::json;
use vendor_sim::{CostShare, World};

use super::claude_analytics::{Group, Place};
use crate::model::calendar::days;
use crate::model::columns::{dollars, record};
use crate::model::report::{Absence, Covers, Harm, Question, Report, Spoil, Time, Told};
use crate::model::weight::{Scale, Unit};
use crate::tables::Record;

const TABLE: &str = "claude_analytics_costs";

pub(crate) static COSTS: Report = Report {
    source: "anthropic/analytics_cost",
    tables: &[TABLE],
    time: Time::Days { settling_days: 30, covers: Covers::OverSince2026 },
    absence: Absence::Deleted,
    money: &["amount_usd", "list_amount_usd"],
    counts: &["requests"],
    weighs: &[Scale { unit: Unit::Dollars, table: TABLE, columns: Some(&["amount_usd"]) }],
    spoiled_by: &[
        (Spoil::Amount, Harm::Refused("amount_cents")),
        (Spoil::AmountNumber, Harm::Sets(&[("amount_cents", "12"), ("amount_usd", "0.12")])),
        (Spoil::Date, Harm::Refused("activity_date")),
    ],
    told,
};

fn told(world: &World, question: &Question, to: NaiveDate) -> Vec<Told> {
    let of_day = |day| {
        let lines = lines(world, day).into_iter();
        lines.flat_map(move |line| line.rows(world, &question.account, day))
    };
    days(question.from, to).flat_map(of_day).collect()
}

/// Shares that have everything in common that is asked for.
struct Line {
    group: Group,
    cost_type: String,
    token_type: Option<String>,
    cents: Decimal,
}

/// In the vendor's order: the group that costs most first, and within it by the JSON of the two types.
fn lines(world: &World, day: NaiveDate) -> Vec<Line> {
    let mut lines: BTreeMap<(Place, [String; 2]), Line> = BTreeMap::new();
    let mut groups: BTreeMap<Place, Decimal> = BTreeMap::new();
    for share in world.cost_shares(day) {
        let types = [json!(share.cost_type), json!(share.token_type)].map(|value| value.to_string());
        let cents = share.amount_cents;
        let line = Line::nothing_of(share);
        let place = line.group.place(world);
        *groups.entry(place.clone()).or_default() += cents;
        lines.entry((place, types)).or_insert(line).cents += cents;
    }
    let mut lines: Vec<((Place, _), Line)> = lines.into_iter().collect();
    lines.sort_by_key(|((place, _), _)| Reverse(groups[place]));
    lines.into_iter().map(|(_, line)| line).collect()
}

impl Line {
    fn nothing_of(share: CostShare) -> Self {
        let CostShare { product, actor, api_key_id, workspace_id, model, cost_type, token_type, .. } = share;
        let group = Group { product, actor, api_key_id, workspace_id, model };
        Self { group, cost_type, token_type, cents: Decimal::ZERO }
    }

    fn rows(&self, world: &World, account: &str, day: NaiveDate) -> Vec<Told> {
        let count = self.group.rows(world);
        let piece = (self.cents / Decimal::from(count)).round_dp(6);
        let first = self.cents - piece * Decimal::from(count - 1);
        let amounts = (0..count).map(|place| if place == 0 { first } else { piece });
        amounts.map(|cents| Told::row(day, TABLE, self.row(world, account, day, cents))).collect()
    }

    fn row(&self, world: &World, account: &str, day: NaiveDate, cents: Decimal) -> Record {
        let percent = 100 + i64::from(world.options.analytics_list_markup_percent);
        let list_cents = (cents * Decimal::new(percent, 2)).round_dp(6);
        let mut row = self.group.columns(world, account, day);
        row.extend(record([
            ("cost_type", Some(self.cost_type.clone())),
            ("token_type", self.token_type.clone()),
            ("currency", Some("USD".to_owned())),
            ("amount_cents", Some(cents.to_string())),
            ("amount_usd", Some(dollars(cents))),
            ("list_amount_cents", Some(list_cents.to_string())),
            ("list_amount_usd", Some(dollars(list_cents))),
        ]));
        row
    }
}
