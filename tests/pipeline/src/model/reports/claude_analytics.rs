//! Claude cost by product, person, key, workspace and model: the shares of the bill, added up.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use vendor_sim::{Actor, CostShare, World};

use crate::model::calendar::days;
use crate::model::columns::{dollars, record};
use crate::model::report::{Absence, Covers, Question, Report, Spoil, Time, Told};
use crate::tables::Record;

const TABLE: &str = "claude_analytics_costs";

pub(crate) static COSTS: Report = Report {
    source: "anthropic/analytics_cost",
    tables: &[TABLE],
    time: Time::Days { settling_days: 30, covers: Covers::OverSince2026 },
    absence: Absence::Deleted,
    money: &["amount_usd", "list_amount_usd"],
    counts: &["requests"],
    spoiled_by: &[(Spoil::Amount, "amount_cents"), (Spoil::Date, "activity_date")],
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
    share: CostShare,
    cents: Decimal,
}

/// The place of a line among those of its day.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The JSON of the five dimensions that make a group.
    group: [String; 5],
    /// That of the two by which a group fans out.
    within: [String; 2],
}

/// In the vendor's order: the group that costs most first.
fn lines(world: &World, day: NaiveDate) -> Vec<Line> {
    let mut lines: BTreeMap<Place, Line> = BTreeMap::new();
    let mut groups: BTreeMap<[String; 5], Decimal> = BTreeMap::new();
    for share in world.cost_shares(day) {
        let place = place(world, &share);
        *groups.entry(place.group.clone()).or_default() += share.amount_cents;
        let line = lines.entry(place).or_insert_with(|| Line { cents: Decimal::ZERO, share: share.clone() });
        line.cents += share.amount_cents;
    }
    let mut lines: Vec<(Place, Line)> = lines.into_iter().collect();
    lines.sort_by_key(|(place, _)| (Reverse(groups[&place.group]), place.clone()));
    lines.into_iter().map(|(_, line)| line).collect()
}

fn place(world: &World, share: &CostShare) -> Place {
    let group = [
        json!(share.product),
        share.actor.as_ref().map_or(Value::Null, |actor| actor_json(world, actor)),
        json!(share.api_key_id),
        json!(workspace(world, share)),
        json!(share.model),
    ];
    let within = [json!(share.cost_type), json!(share.token_type)];
    Place { group: group.map(|value| value.to_string()), within: within.map(|value| value.to_string()) }
}

fn actor_json(world: &World, actor: &Actor) -> Value {
    match actor {
        Actor::ApiKey(id) => json!({"type": "api_actor", "api_key_id": id}),
        Actor::User(id) => {
            let user = world.user(id);
            let address = if world.options.analytics_email_is_older { "email" } else { "email_address" };
            json!({
                "type": "user_actor",
                "user_id": id,
                "name": user.map(|user| &user.name),
                address: user.map(|user| &user.email),
                "deleted": user.is_none(),
            })
        }
    }
}

/// Here the default workspace has an id.
fn workspace(world: &World, share: &CostShare) -> String {
    share.workspace_id.clone().unwrap_or_else(|| world.options.default_workspace_id.clone())
}

impl Line {
    /// One row, or several that look alike where nobody can be named.
    fn rows(&self, world: &World, account: &str, day: NaiveDate) -> Vec<Told> {
        let count = if self.share.actor.is_none() { world.options.analytics_nobody_rows } else { 1 };
        let piece = (self.cents / Decimal::from(count)).round_dp(6);
        let first = self.cents - piece * Decimal::from(count - 1);
        let amounts = (0..count).map(|place| if place == 0 { first } else { piece });
        amounts.map(|cents| Told::row(day, TABLE, self.row(world, account, day, cents))).collect()
    }

    fn row(&self, world: &World, account: &str, day: NaiveDate, cents: Decimal) -> Record {
        let share = &self.share;
        let percent = 100 + i64::from(world.options.analytics_list_markup_percent);
        let list_cents = (cents * Decimal::new(percent, 2)).round_dp(6);
        let mut row = record([
            ("organization_id", Some(account.to_owned())),
            ("activity_date", Some(day.to_string())),
            ("product", Some(share.product.clone())),
            ("api_key_id", share.api_key_id.clone()),
            ("workspace_id", Some(workspace(world, share))),
            ("model", share.model.clone()),
            ("cost_type", Some(share.cost_type.clone())),
            ("token_type", share.token_type.clone()),
            ("currency", Some("USD".to_owned())),
            ("amount_cents", Some(cents.to_string())),
            ("amount_usd", Some(dollars(cents))),
            ("list_amount_cents", Some(list_cents.to_string())),
            ("list_amount_usd", Some(dollars(list_cents))),
        ]);
        row.extend(share.actor.as_ref().map(|actor| named(world, actor)).unwrap_or_default());
        row
    }
}

/// The columns of who it was.
fn named(world: &World, actor: &Actor) -> Record {
    let (kind, id) = match actor {
        Actor::User(id) => ("user_actor", id),
        Actor::ApiKey(id) => ("api_actor", id),
    };
    let user = world.user(id).filter(|_| kind == "user_actor");
    record([
        ("actor_type", Some(kind.to_owned())),
        ("actor_id", Some(id.clone())),
        ("actor_email", user.map(|user| user.email.to_lowercase())),
        ("actor_name", user.map(|user| user.name.clone())),
    ])
}
