//! What a command is about: accounts, their sources, and days.

use std::collections::BTreeMap;

use anyhow::anyhow;
use everycent_domain::acceptance::State;
use everycent_domain::bucket::BucketId;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::wanted::DayState;
use everycent_domain::window::Window;
use everycent_runtime::config::{Account, Config};
use everycent_runtime::secret::Secret;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, CoverageState, Day};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The account of a vendor when none is configured.
const DEFAULT_ACCOUNT: &str = "default";

/// One source of one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feed {
    pub source: Source,
    pub account_id: AccountId,
}

impl Feed {
    /// Whether the row is of a day that is loaded of it.
    pub fn is_loaded_by(&self, row: &CoverageRow) -> bool {
        row.fetched_at.is_some() && row.source == self.source.name() && row.account_id == self.account_id
    }

    pub fn bucket(&self, activity_date: Day) -> BucketId {
        BucketId { source: self.source.name().to_owned(), account_id: self.account_id.clone(), activity_date }
    }
}

/// The configured feeds, all or those of the named sources. None at all is a mistake of the call.
pub fn feeds(config: &Config, sources: &[Source]) -> Result<Vec<Feed>, Failure> {
    let mut feeds = Vec::new();
    for account in &config.accounts {
        let wanted = account.sources.iter().filter(|source| sources.is_empty() || sources.contains(source));
        feeds.extend(wanted.map(|source| Feed { source: *source, account_id: account.id.clone() }));
    }
    feeds.sort();
    match (feeds.is_empty(), sources.first()) {
        (false, _) => Ok(feeds),
        (true, None) => Err(Failure::usage(anyhow!(
            "no account is configured: set ANTHROPIC_ADMIN_KEY or CURSOR_API_KEY (or ..._FILE), or write accounts into \
             a configuration file; `everycent demo` needs neither"
        ))),
        (true, Some(source)) if !source.is_asked() => {
            Err(Failure::usage(anyhow!("{source} is not asked of a vendor; `everycent import` brings it")))
        }
        (true, Some(source)) => Err(Failure::usage(anyhow!(
            "no configured account has source {source}; set the key of {} or configure an account",
            source.vendor()
        ))),
    }
}

/// The account that an import is for: the named one, or the only one there is of its vendor.
pub fn import_account(config: &Config, vendor: Vendor, named: Option<&AccountId>) -> Result<AccountId, Failure> {
    let accounts = config.accounts.iter().filter(|account| account.vendor == vendor);
    let known: Vec<&str> = accounts.map(|account| account.id.as_str()).collect();
    let known = if known.is_empty() { vec![DEFAULT_ACCOUNT] } else { known };
    let title = match vendor {
        Vendor::Anthropic => "Anthropic",
        Vendor::Cursor => "Cursor",
    };
    match (named, &known[..]) {
        (None, [only]) => Ok((*only).into()),
        (Some(named), _) if known.contains(&named.as_str()) => Ok(named.clone()),
        (None, _) => Err(Failure::usage(anyhow!("name the account of the file with --account: {}", known.join(", ")))),
        (Some(named), _) => Err(Failure::usage(anyhow!(
            "--account: no {title} account `{named}` is configured; expected {}",
            known.join(", ")
        ))),
    }
}

/// Every account that is to be asked has a key that can be read, and that no other account has.
pub fn check_keys(config: &Config, sources: &[Source]) -> Result<(), Failure> {
    let feeds = feeds(config, sources)?;
    let is_asked = |account: &&Account| {
        feeds.iter().any(|feed| (feed.source.vendor(), &feed.account_id) == (account.vendor, &account.id))
    };
    let mut keys: Vec<(&Account, Secret)> = Vec::new();
    for account in config.accounts.iter().filter(is_asked) {
        let key = account.key().map_err(Failure::usage)?;
        let same = |(of, known): &&(&Account, Secret)| of.vendor == account.vendor && known.expose() == key.expose();
        if let Some((other, _)) = keys.iter().find(same) {
            return Err(Failure::usage(anyhow!(
                "{} accounts `{}` and `{}` have the same key: the same money would be in the tables twice",
                account.vendor,
                other.id,
                account.id
            )));
        }
        keys.push((account, key));
    }
    Ok(())
}

/// The days that a person named, as far as they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Days {
    /// None: what is due since the start of history.
    Due {
        since: Day,
    },
    Named(Window),
}

impl Days {
    /// Checks what a person typed. `today` is not over, and may be named all the same; the future may not.
    pub fn parse(from: Option<Day>, to: Option<Day>, since: Day, today: Day) -> Result<Self, Failure> {
        let yesterday = today.minus(1);
        let (from, to) = match (from, to) {
            (None, None) => return Ok(Self::Due { since }),
            (Some(from), to) => (from, to.unwrap_or(yesterday.max(from))),
            (None, Some(to)) => (since.min(to), to),
        };
        if to > today {
            return Err(Failure::usage(anyhow!("{to} lies in the future; today is {today} (UTC)")));
        }
        Window::new(from, to).map(Self::Named).map_err(|e| Failure::usage(anyhow!("--from, --to: {e}")))
    }

    pub fn window(self, today: Day) -> Window {
        match self {
            Self::Named(window) => window,
            Self::Due { since } => {
                let last = today.minus(1).max(since);
                Window::new(since, last).expect("invariant: the later of two days is not before the other")
            }
        }
    }
}

/// What is known of each feed's days, in order of day.
pub fn known_days(coverage: &[CoverageRow]) -> BTreeMap<(String, AccountId), Vec<DayState>> {
    let mut known: BTreeMap<(String, AccountId), Vec<DayState>> = BTreeMap::new();
    for row in coverage {
        known.entry((row.source.clone(), row.account_id.clone())).or_default().push(DayState {
            day: row.activity_date,
            fetched_at: row.newest().0,
            accepted_at: row.fetched_at,
            settled: row.state == CoverageState::Settled,
            empty: row.rows.unwrap_or_default() == 0 && row.rejects.unwrap_or_default() == 0,
            forgotten: row.judgement.as_deref().is_some_and(State::is_forgotten_in),
            failed: row.state == CoverageState::Failed,
        });
    }
    for days in known.values_mut() {
        days.sort_by_key(|state| state.day);
    }
    known
}

/// The reports that are not open to the key of their account, with the vendor's words: they were refused last, and never
/// answered.
pub fn unavailable(coverage: &[CoverageRow]) -> BTreeMap<(String, AccountId), String> {
    let mut feeds: BTreeMap<(String, AccountId), Option<&CoverageRow>> = BTreeMap::new();
    for row in coverage {
        let last = feeds.entry((row.source.clone(), row.account_id.clone())).or_insert(Some(row));
        *last = match *last {
            Some(last) if row.fetched_at.is_none() && last.fetched_at.is_none() => {
                Some(if last.failed_at < row.failed_at { row } else { last })
            }
            _ => None,
        };
    }
    let refused = feeds.into_iter().filter_map(|(feed, last)| {
        let last = last.filter(|row| row.state == CoverageState::Unavailable)?;
        Some((feed, last.failure.clone().unwrap_or_default()))
    });
    refused.collect()
}

/// Accounts that no report of money is open to, among those that are asked for one.
pub fn without_money(feeds: &[Feed], coverage: &[CoverageRow]) -> Vec<(Vendor, AccountId)> {
    let closed = unavailable(coverage);
    without_open_money(feeds, |feed| closed.contains_key(&(feed.source.name().to_owned(), feed.account_id.clone())))
}

/// The same, where somebody else knows which reports are closed.
pub fn without_open_money(feeds: &[Feed], is_closed: impl Fn(&Feed) -> bool) -> Vec<(Vendor, AccountId)> {
    let mut open: BTreeMap<(Vendor, AccountId), bool> = BTreeMap::new();
    for feed in feeds.iter().filter(|feed| feed.source.has_money()) {
        *open.entry((feed.source.vendor(), feed.account_id.clone())).or_default() |= !is_closed(feed);
    }
    open.into_iter().filter(|(_, is_open)| !is_open).map(|(account, _)| account).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn row(source: &str, number: u32, state: CoverageState, (loaded, failed): (bool, i64)) -> CoverageRow {
        let at = everycent_schemas::Timestamp::from_micros;
        CoverageRow {
            fetched_at: loaded.then(|| at(5)),
            failed_at: Some(at(failed)),
            failure: Some("not for you".into()),
            ..CoverageRow::bare(source, &"acme".into(), Day::new(2025, 10, number).unwrap(), state)
        }
    }

    #[test]
    fn a_report_is_not_available_while_it_was_refused_last_and_never_answered() {
        use CoverageState::{Failed, Open, Unavailable};
        let (cost, users) = ("anthropic/cost_report", "anthropic/users");
        let closed = |rows: &[CoverageRow]| unavailable(rows).into_keys().map(|(source, _)| source).collect::<Vec<_>>();
        let refused = row(cost, 3, Unavailable, (false, 7));
        assert_eq!(closed(std::slice::from_ref(&refused)), [cost]);
        assert_eq!(closed(&[refused.clone(), row(cost, 4, Failed, (false, 6))]), [cost], "refused after a failure");
        assert!(closed(&[refused.clone(), row(cost, 4, Failed, (false, 8))]).is_empty(), "failed since");
        for rows in [[refused.clone(), row(cost, 4, Open, (true, 1))], [row(cost, 2, Open, (true, 1)), refused.clone()]]
        {
            assert!(closed(&rows).is_empty(), "it answered");
        }
        assert_eq!(closed(&[refused, row(users, 4, Open, (true, 1))]), [cost]);
    }

    #[test]
    fn an_account_without_a_report_of_money_is_named() {
        let feed = |source: &str| Feed { source: source.parse().unwrap(), account_id: "acme".into() };
        let refused = |source| row(source, 3, CoverageState::Unavailable, (false, 7));
        let feeds = ["anthropic/cost_report", "anthropic/analytics_cost", "anthropic/users"].map(feed);
        let one = [refused("anthropic/cost_report")];
        assert!(without_money(&feeds, &one).is_empty());
        let both = [refused("anthropic/cost_report"), refused("anthropic/analytics_cost")];
        assert_eq!(without_money(&feeds, &both), [(Vendor::Anthropic, AccountId::from("acme"))]);
        assert!(without_money(&feeds[2..], &both).is_empty(), "no money was asked for");
    }

    #[test]
    fn days_are_completed_and_checked() {
        let (since, today) = (day("2025-09-01"), day("2025-11-20"));
        let parse = |from: &str, to: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| day(text));
            match Days::parse(some(from), some(to), since, today) {
                Ok(Days::Due { since }) => format!("due since {since}"),
                Ok(Days::Named(window)) => window.to_string(),
                Err(failure) => failure.message().unwrap(),
            }
        };
        assert_eq!(parse("", ""), "due since 2025-09-01");
        assert_eq!(parse("2025-11-01", ""), "2025-11-01..2025-11-19");
        assert_eq!(parse("2025-11-20", ""), "2025-11-20..2025-11-20");
        assert_eq!(parse("", "2025-10-01"), "2025-09-01..2025-10-01");
        assert!(parse("2025-11-01", "2025-11-21").contains("future"));
        assert!(parse("2025-11-02", "2025-11-01").contains("ends before it begins"));
    }
}
