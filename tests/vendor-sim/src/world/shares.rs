//! Who is behind a cost row: the API keys of its workspace and the people at the console.
//!
//! Owns the split of rows, from which every other report about Claude is told. Tokens are those that cost the row's
//! amount at list price, so a restated row has other tokens. The shares of a row sum to its amount exactly; a credit has none.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::draw::draw;
use super::prices::Line;
use super::{Actor, ApiKey, CostRow, CostShare, World};

/// What a web search costs.
const WEB_SEARCH_CENTS: Decimal = Decimal::ONE;
/// Of a cent, as the vendor tells them: `41280.000000`.
pub(crate) const SHARE_DECIMALS: u32 = 6;

impl World {
    /// The shares of a day's cost rows, in the order of the rows. Nobody has caused a credit.
    pub fn cost_shares(&self, day: NaiveDate) -> Vec<CostShare> {
        let used = self.cost_rows(day).iter().filter(|row| !row.is_credit());
        used.flat_map(|row| self.shares_of(day, row)).collect()
    }

    /// What an amount of the bill was before the organization's discount.
    pub(crate) fn undiscounted(&self, cents: Decimal) -> Decimal {
        match self.options.discount_percent {
            0 => cents,
            percent => cents * Decimal::ONE_HUNDRED / Decimal::from(100 - percent),
        }
    }

    fn shares_of(&self, day: NaiveDate, row: &CostRow) -> Vec<CostShare> {
        let units = self.units(row);
        let takers = self.takers(day, row);
        let whole: u64 = takers.iter().map(|taker| taker.weight).sum();
        if units == 0 || whole == 0 {
            let place = self.draw_for(day, row, "one") % takers.len().max(1) as u64;
            let taker = takers.get(place as usize).copied().unwrap_or(Taker::NOBODY);
            let units = if row.cost_type == "web_search" { self.searches(row) } else { units };
            return vec![self.share(day, row, taker, units, row.amount_cents)];
        }
        let mut shares: Vec<CostShare> = Vec::new();
        let (mut units_left, mut cents_left) = (units, row.amount_cents);
        let taking: Vec<Taker<'_>> = takers.into_iter().filter(|taker| taker.weight > 0).collect();
        for (place, taker) in taking.iter().enumerate() {
            let is_last = place + 1 == taking.len();
            let mine = if is_last { units_left } else { part(units, taker.weight, whole) };
            let cents = if is_last { cents_left } else { part_of_cents(row.amount_cents, mine, units) };
            units_left -= mine;
            cents_left -= cents;
            shares.push(self.share(day, row, *taker, mine, cents));
        }
        shares
    }

    /// What the row is split by: its tokens, or where the world shares out other costs as well, searches or time.
    fn units(&self, row: &CostRow) -> u64 {
        let list = self.undiscounted(row.amount_cents);
        match (Line::of(row), row.cost_type.as_str()) {
            (Some(line), _) => line.tokens_for(list),
            (None, "web_search") if self.options.other_costs_are_shared => self.searches(row),
            (None, "session_usage") if self.options.other_costs_are_shared => rounded(list * Decimal::ONE_HUNDRED),
            _ => 0,
        }
    }

    fn searches(&self, row: &CostRow) -> u64 {
        rounded(self.undiscounted(row.amount_cents) / WEB_SEARCH_CENTS)
    }

    /// The people at the console and the keys of the row's workspace, with what they weigh for this kind of use.
    fn takers(&self, day: NaiveDate, row: &CostRow) -> Vec<Taker<'_>> {
        let is_batch = row.service_tier.as_deref() == Some("batch");
        let at_console = |person: u64| {
            let weight = 1 + self.draw_for(day, row, &word("console", person)) % 8;
            Taker { key: None, person, weight: if is_batch { 0 } else { weight } }
        };
        let mut takers: Vec<Taker<'_>> = (0..self.options.console_people.max(1)).map(at_console).collect();
        let keys = self.api_keys.iter().filter(|key| key.workspace_id == row.workspace_id && key.created_on <= day);
        takers.extend(keys.map(|key| Taker { key: Some(key), person: 0, weight: self.weight(day, row, key) }));
        if row.is_fast {
            let fast: Vec<Taker<'_>> = takers.iter().copied().filter(|taker| self.is_in_a_hurry(*taker)).collect();
            if fast.iter().any(|taker| taker.weight > 0) {
                return fast;
            }
        }
        takers
    }

    /// Half of all use the fast mode, and use it always.
    fn is_in_a_hurry(&self, taker: Taker<'_>) -> bool {
        let name = taker.key.map_or_else(|| word("console", taker.person), |key| key.id.clone());
        draw(self.activity.seed, &["fast", &name]).is_multiple_of(2)
    }

    /// Keys rest on some days, and differ in what they use more of.
    fn weight(&self, day: NaiveDate, row: &CostRow, key: &ApiKey) -> u64 {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let words = [day.to_string(), key.id.clone(), text(&row.model), text(&row.service_tier)];
        let base = draw(self.activity.seed, &words.each_ref().map(String::as_str)) % 100;
        if base < 15 { 0 } else { base + self.draw_for(day, row, &key.id) % 25 }
    }

    fn draw_for(&self, day: NaiveDate, row: &CostRow, word: &str) -> u64 {
        let workspace = row.workspace_id.as_deref().unwrap_or_default();
        draw(self.activity.seed, &[&day.to_string(), workspace, &row.description, word])
    }

    fn share(&self, day: NaiveDate, row: &CostRow, taker: Taker<'_>, units: u64, cents: Decimal) -> CostShare {
        CostShare {
            workspace_id: row.workspace_id.clone(),
            api_key_id: taker.key.map(|key| key.id.clone()),
            actor: self.actor(day, row, taker),
            product: product(row, taker.key).to_owned(),
            cost_type: row.cost_type.clone(),
            model: row.model.clone(),
            token_type: row.token_type.clone(),
            context_window: row.context_window.clone(),
            service_tier: row.service_tier.clone(),
            inference_geo: row.inference_geo.clone(),
            is_fast: row.is_fast,
            tokens: if row.cost_type == "tokens" { units } else { 0 },
            web_searches: if row.cost_type == "web_search" { units } else { 0 },
            amount_cents: cents,
        }
    }

    /// A person for the console and for a key of Claude Code with a creator; nobody for code execution, and now and then for
    /// the console where the world says so.
    fn actor(&self, day: NaiveDate, row: &CostRow, taker: Taker<'_>) -> Option<Actor> {
        if row.cost_type == "code_execution" {
            return None;
        }
        let Some(key) = taker.key else {
            let unnamed = |every| self.draw_for(day, row, &word("unnamed", taker.person)).is_multiple_of(every);
            if self.options.unnamed_every.is_some_and(unnamed) {
                return None;
            }
            let place = self.draw_for(day, row, &word("person", taker.person)) % self.users.len().max(1) as u64;
            return self.users.get(place as usize).map(|user| Actor::User(user.id.clone()));
        };
        let user = key.created_by.as_ref().filter(|_| key.is_for_claude_code);
        Some(user.map_or_else(|| Actor::ApiKey(key.id.clone()), |id| Actor::User(id.clone())))
    }
}

/// Who may have caused a part of a row.
#[derive(Clone, Copy)]
struct Taker<'a> {
    /// None is the console.
    key: Option<&'a ApiKey>,
    /// Which of the people at the console.
    person: u64,
    weight: u64,
}

impl Taker<'_> {
    const NOBODY: Taker<'static> = Taker { key: None, person: 0, weight: 0 };
}

/// A word to draw by; the first of several has no number.
fn word(word: &str, number: u64) -> String {
    if number == 0 { word.to_owned() } else { format!("{word} {number}") }
}

fn product(row: &CostRow, key: Option<&ApiKey>) -> &'static str {
    match key {
        _ if row.cost_type == "session_usage" => "managed_agents_api",
        None => "claude_console",
        Some(key) if key.is_for_claude_code => "claude_code",
        Some(_) if row.service_tier.as_deref() == Some("batch") => "message_batches_api",
        Some(_) => "messages_api",
    }
}

fn part(tokens: u64, weight: u64, whole: u64) -> u64 {
    let part = u128::from(tokens) * u128::from(weight) / u128::from(whole);
    u64::try_from(part).expect("invariant: a part is no more than the whole")
}

fn part_of_cents(cents: Decimal, tokens: u64, whole: u64) -> Decimal {
    (cents * Decimal::from(tokens) / Decimal::from(whole)).round_dp(SHARE_DECIMALS)
}

fn rounded(number: Decimal) -> u64 {
    number.round().to_u64().unwrap_or_default()
}
