//! The check of units: what tokens cost, against the public list price of so many tokens.
//!
//! It finds the mistake that no sum finds: when all amounts are a hundred times too high, they still agree with each
//! other. Cost lines decide what is judged: tokens that no line bills, such as those of refused requests, are left out.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::{AccountId, Day, Usd};
use rust_decimal::Decimal;

use super::list_prices::{self, Kind};
use crate::reconcile::{AccountDay, Check, Figure, Slip, Verdict, is_near};
use crate::vendors::anthropic::cost_report;

/// Models and prices that an explanation names.
const NAMED: usize = 3;
/// Where the model runs only in the United States; a tenth dearer.
const DEAR_GEO: &str = "us";

/// One kind of tokens on a day, in the words of the cost report. Empty where the vendor says null.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenLine {
    pub account_id: AccountId,
    pub day: Day,
    pub workspace_id: String,
    pub model: String,
    pub token_type: String,
    pub service_tier: String,
    pub context_window: String,
}

/// What tokens of one kind cost, in one geography.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineCost {
    pub line: TokenLine,
    pub inference_geo: String,
    pub amount_usd: Usd,
}

/// Each compared day, model by model: cost against tokens at list price, within so many percent and a cent.
pub fn implied_price(
    compared: &[AccountDay],
    costs: &[LineCost],
    tokens: &BTreeMap<TokenLine, i64>,
    percent: Decimal,
) -> Vec<Verdict> {
    let mut days: BTreeMap<AccountDay, Compared> =
        compared.iter().map(|bucket| (bucket.clone(), Compared::default())).collect();
    for (line, cost) in by_line(costs) {
        if let Some(day) = days.get_mut(&(line.account_id.clone(), line.day)) {
            day.add(line, cost, tokens.get(line).copied().unwrap_or_default());
        }
    }
    days.iter().map(|(bucket, day)| day.verdict(bucket, percent)).collect()
}

/// The cost of one line, by price.
#[derive(Debug, Clone, Copy, Default)]
struct GeoCost {
    dear: Usd,
    plain: Usd,
}

fn by_line(costs: &[LineCost]) -> BTreeMap<&TokenLine, GeoCost> {
    let mut lines: BTreeMap<&TokenLine, GeoCost> = BTreeMap::new();
    for LineCost { line, inference_geo, amount_usd } in costs {
        let cost = lines.entry(line).or_default();
        let part = if inference_geo == DEAR_GEO { &mut cost.dear } else { &mut cost.plain };
        *part = *part + *amount_usd;
    }
    lines
}

/// What a day's lines say of a model.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    found: Usd,
    expected: Usd,
}

impl Totals {
    fn plus(self, other: Self) -> Self {
        Self { found: self.found + other.found, expected: self.expected + other.expected }
    }

    fn distance(&self) -> i128 {
        (self.found - self.expected).nanos().saturating_abs()
    }

    fn text(&self) -> String {
        let Self { found, expected } = self;
        match expected.nanos() {
            0 => format!("cost {} without tokens", found.short()),
            whole => {
                let tenths = found.nanos().saturating_mul(10) / whole;
                let times = format!("{}.{} times", tenths / 10, (tenths % 10).abs());
                format!("cost {}, its tokens {} by the list ({times})", found.short(), expected.short())
            }
        }
    }
}

/// A day of an account.
#[derive(Debug, Default)]
struct Compared {
    models: BTreeMap<String, Totals>,
    /// What has no list price.
    unlisted: BTreeSet<String>,
}

impl Compared {
    fn add(&mut self, line: &TokenLine, cost: GeoCost, tokens: i64) {
        let TokenLine { model, token_type, service_tier, context_window, .. } = line;
        match list_prices::per_million(Kind { model, token_type, service_tier, context_window }, line.day) {
            Some(price) => {
                let said = Totals { found: cost.dear + cost.plain, expected: expected(price, tokens, cost) };
                let model = self.models.entry(model.clone()).or_default();
                *model = model.plus(said);
            }
            None => {
                self.unlisted.insert(if model.is_empty() { "no model".to_owned() } else { model.clone() });
            }
        }
    }

    fn verdict(&self, (account_id, day): &AccountDay, percent: Decimal) -> Verdict {
        let is_far = |model: &Totals| !is_near(model.found, model.expected, percent);
        let mut far: Vec<(&String, &Totals)> = self.models.iter().filter(|(_, model)| is_far(model)).collect();
        far.sort_by_key(|(_, model)| std::cmp::Reverse(model.distance()));
        let judged: Vec<&Totals> =
            if far.is_empty() { self.models.values().collect() } else { far.iter().map(|(_, model)| *model).collect() };
        let totals = judged.into_iter().fold(Totals::default(), |sum, model| sum.plus(*model));
        let outcome = match far.first() {
            None => format!("{} within {percent} %", count(self.models.len(), "model")),
            Some((_, worst)) => format!("{}. {}", named(&far), cause(worst, *day)),
        };
        Verdict {
            check: Check::ImpliedPrice,
            source: cost_report::SOURCE.name().to_owned(),
            account_id: account_id.clone(),
            activity_date: *day,
            from_date: *day,
            expected: Figure::Usd(totals.expected),
            found: Figure::Usd(totals.found),
            passed: far.is_empty(),
            explanation: format!(
                "claude_costs of {day} against tokens of claude_usage_tokens at the public list price: {outcome}{}",
                unlisted_text(&self.unlisted)
            ),
        }
    }
}

/// What so many tokens cost by the list. Of which geography they were no report tells, so they are shared out as the
/// cost says.
fn expected(price: Usd, tokens: i64, cost: GeoCost) -> Usd {
    let plain = price.nanos().saturating_mul(tokens.into()) / 1_000_000;
    let (dear_cost, plain_cost) = (cost.dear.nanos(), cost.plain.nanos());
    let weight = dear_cost.saturating_mul(10).saturating_add(plain_cost.saturating_mul(11));
    if dear_cost <= 0 || plain_cost < 0 {
        return Usd::from_nanos(plain);
    }
    Usd::from_nanos(plain.saturating_mul(dear_cost + plain_cost).saturating_mul(11) / weight)
}

fn named(far: &[(&String, &Totals)]) -> String {
    let named: Vec<String> =
        far.iter().take(NAMED).map(|(model, totals)| format!("{model} {}", totals.text())).collect();
    let more = match far.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {}", count(more, "more model")),
    };
    named.join("; ") + &more
}

fn cause(worst: &Totals, day: Day) -> String {
    let sync = format!("`everycent sync --from {day} --to {day}`");
    match (Slip::of(worst.found, worst.expected), worst.found.cmp(&worst.expected)) {
        (Some(slip), _) => format!(
            "Likely {}; `everycent replay --from {day} --to {day}` makes the rows anew from the vendor's own cents",
            slip.words()
        ),
        (None, _) if worst.expected == Usd::ZERO => format!("Likely tokens are missing; {sync} reads them again"),
        (None, std::cmp::Ordering::Greater) => format!(
            "Likely a fast mode or another feature with a price of its own, or tokens are missing; {sync} reads both \
             reports again"
        ),
        (None, _) => format!(
            "Likely a discount of your contract, for which `price_percent` in [reconcile] can be raised, or cost lines \
             are missing; {sync} reads both reports again"
        ),
    }
}

fn unlisted_text(unlisted: &BTreeSet<String>) -> String {
    if unlisted.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = unlisted.iter().take(NAMED).map(String::as_str).collect();
    let more = if unlisted.len() > NAMED { " and others" } else { "" };
    format!("; {} not judged for want of a list price: {}{more}", count(unlisted.len(), "model"), names.join(", "))
}

fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests;
