//! Cursor's prices as they are written: which keys belong to which plan.

use std::collections::BTreeSet;

use everycent_domain::prices::{CursorPrice, CursorPrices, CycleDay, Plan};
use everycent_domain::vendor::Vendor;
use everycent_schemas::{AccountId, Day, Usd};
use toml::Spanned;

use super::error::ConfigError;
use super::file::{Document, name};
use super::plan_name::PlanName;
use super::tables::CursorPriceTable;
use super::text::{Dollars, Text};

/// The only account when none is configured.
const DEFAULT_ACCOUNT: &str = "default";

impl Document {
    pub(super) fn cursor_prices(&self) -> Result<CursorPrices, ConfigError> {
        let mut seen: BTreeSet<(Option<&str>, Day)> = BTreeSet::new();
        let mut prices = Vec::new();
        for table in &self.tables.prices.cursor {
            let account = self.priced_account(table)?;
            let Text(from) = table.from.get_ref();
            if !seen.insert((account, *from)) {
                let of_account = account.map(|account| format!(" of account `{account}`")).unwrap_or_default();
                let message = format!("found a second price{of_account} from {from}, expected one");
                return Err(self.wrong(table.from.span(), message));
            }
            prices.push((account.map(AccountId::from), self.cursor_price(table)?));
        }
        Ok(CursorPrices::overridden(prices))
    }

    /// The account that the price is for; one that is not configured would never pay it.
    fn priced_account<'t>(&self, table: &'t CursorPriceTable) -> Result<Option<&'t str>, ConfigError> {
        let Some(account) = &table.account else { return Ok(None) };
        let configured = self.tables.accounts.iter().filter(|account| matches!(account.vendor, Text(Vendor::Cursor)));
        let mut known: Vec<&str> = configured.map(|account| name(&account.id)).collect();
        if self.tables.accounts.is_empty() {
            known.push(DEFAULT_ACCOUNT);
        }
        if known.contains(&account.get_ref().as_str()) {
            return Ok(Some(account.get_ref()));
        }
        let expected = match &known[..] {
            [] => "no `account`, for no Cursor account is configured".to_owned(),
            [one] => format!("the Cursor account `{one}`, or no `account` at all"),
            many => format!("one of the Cursor accounts {}, or no `account` for all", many.join(", ")),
        };
        Err(self.wrong(account.span(), format!("found `{}`, expected {expected}", account.get_ref().escape_debug())))
    }

    fn cursor_price(&self, table: &CursorPriceTable) -> Result<CursorPrice, ConfigError> {
        let cycle_day = match &table.cycle_day {
            Some(day) => CycleDay::new(*day.get_ref()).map_err(|error| self.wrong(day.span(), error.to_string()))?,
            None => CycleDay::FIRST,
        };
        let plan = match table.plan.get_ref() {
            Text(PlanName::Request) => self.request_plan(table)?,
            Text(PlanName::Token) => self.token_plan(table)?,
        };
        let (Text(from), Text(Dollars(seat_usd))) = (table.from.get_ref(), &table.seat_usd);
        let premium_seat_usd = dollars(&table.premium_seat_usd);
        Ok(CursorPrice { from: *from, seat_usd: *seat_usd, premium_seat_usd, cycle_day, plan })
    }

    fn request_plan(&self, table: &CursorPriceTable) -> Result<Plan, ConfigError> {
        self.without(&table.included_usage_usd, "included_usage_usd", "request")?;
        self.without(&table.token_fee_usd_per_million, "token_fee_usd_per_million", "request")?;
        let missing =
            |key: &str| self.wrong(table.plan.span(), format!("found no {key}, expected it beside plan = \"request\""));
        let included_requests = table.included_requests.as_ref().ok_or_else(|| missing("included_requests"))?;
        let request_usd = dollars(&table.request_usd).ok_or_else(|| missing("request_usd"))?;
        Ok(Plan::Request { included_requests: i64::from(*included_requests.get_ref()), request_usd })
    }

    fn token_plan(&self, table: &CursorPriceTable) -> Result<Plan, ConfigError> {
        self.without(&table.included_requests, "included_requests", "token")?;
        self.without(&table.request_usd, "request_usd", "token")?;
        Ok(Plan::Token {
            included_usage_usd: dollars(&table.included_usage_usd),
            token_fee_usd_per_million: dollars(&table.token_fee_usd_per_million),
        })
    }

    /// Refuses a key of the other plan.
    fn without<T>(&self, value: &Option<Spanned<T>>, key: &str, plan: &str) -> Result<(), ConfigError> {
        let keys = if plan == "token" {
            "included_usage_usd and token_fee_usd_per_million"
        } else {
            "included_requests and request_usd"
        };
        let refuse = |value: &Spanned<T>| {
            Err(self.wrong(value.span(), format!("found {key} on a {plan} plan, expected only {keys} there")))
        };
        value.as_ref().map_or(Ok(()), refuse)
    }
}

fn dollars(value: &Option<Spanned<Text<Dollars>>>) -> Option<Usd> {
    value.as_ref().map(|value| {
        let Text(Dollars(amount)) = value.get_ref();
        *amount
    })
}
