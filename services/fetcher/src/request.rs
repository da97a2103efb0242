//! From a `FetchRequested` to the windows that it asks for.

use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::wanted::plan;
use everycent_domain::window::Window;
use everycent_schemas::events::FetchRequested;
use everycent_schemas::{AccountId, Day};

use crate::FetchAccount;

/// One window of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowTask {
    pub source: Source,
    pub account_id: AccountId,
    pub window: Window,
}

/// The request can't be meant. Asking again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    #[error(transparent)]
    UnknownSource(#[from] everycent_domain::catalog::UnknownSource),
    #[error("no account `{account_id}` of {vendor} is configured")]
    UnknownAccount { vendor: Vendor, account_id: AccountId },
    #[error("no account of {vendor} is configured")]
    NoAccount { vendor: Vendor },
    #[error("it names no days: give from_date and to_date, or trailing_days")]
    NoDays,
    #[error(transparent)]
    EmptyWindow(#[from] everycent_domain::window::EmptyWindow),
    #[error("{0} lies in the future")]
    Future(Day),
    #[error("{report} does not answer for {range}")]
    OutOfReach { report: Source, range: Window },
    #[error("{0} is no vendor's: a person brings it with `everycent import`")]
    Imported(Source),
}

/// The windows of a request that was made `today`, for each account that it means.
pub fn resolve<'a>(
    event: &FetchRequested,
    accounts: impl Iterator<Item = &'a FetchAccount>,
    today: Day,
) -> Result<Vec<WindowTask>, InvalidRequest> {
    let source: Source = event.source.parse()?;
    let wanted = wanted(source, event, today)?;
    let windows = plan(source, wanted);
    let accounts = meant(event, source, accounts)?;
    let task = |account_id: &AccountId, window| WindowTask { source, account_id: account_id.clone(), window };
    Ok(accounts.iter().flat_map(|account_id| windows.iter().map(move |window| task(account_id, *window))).collect())
}

/// The days that are meant and that the source answers.
fn wanted(source: Source, event: &FetchRequested, today: Day) -> Result<Vec<Day>, InvalidRequest> {
    match source.kind() {
        Kind::Upload => Err(InvalidRequest::Imported(source)),
        Kind::PointInTime => Ok(vec![event.to_date.unwrap_or(today)]),
        Kind::Days(_) => {
            let range = days(event, today)?;
            let days: Vec<Day> = range.days().filter(|day| source.reaches(*day, today)).collect();
            if days.is_empty() { Err(InvalidRequest::OutOfReach { report: source, range }) } else { Ok(days) }
        }
    }
}

fn days(event: &FetchRequested, today: Day) -> Result<Window, InvalidRequest> {
    let window = match (event.from_date, event.to_date, u32::try_from(event.trailing_days)) {
        (Some(from), Some(to), _) => Window::new(from, to)?,
        (None, None, Ok(days)) if days > 0 => Window::new(today.minus(days), today.minus(1))?,
        _ => return Err(InvalidRequest::NoDays),
    };
    if window.to() > today { Err(InvalidRequest::Future(window.to())) } else { Ok(window) }
}

/// The named account, or every one that is asked for the source, which may be none.
fn meant<'a>(
    event: &FetchRequested,
    source: Source,
    accounts: impl Iterator<Item = &'a FetchAccount>,
) -> Result<Vec<AccountId>, InvalidRequest> {
    let vendor = source.vendor();
    let mut of_vendor = accounts.filter(|account| account.vendor == vendor).peekable();
    let id = |account: &FetchAccount| account.account_id.clone();
    match &event.account_id {
        Some(account_id) => of_vendor
            .find(|account| account.account_id == *account_id)
            .map(|account| vec![id(account)])
            .ok_or_else(|| InvalidRequest::UnknownAccount { vendor, account_id: account_id.clone() }),
        None if of_vendor.peek().is_none() => Err(InvalidRequest::NoAccount { vendor }),
        None => Ok(of_vendor.filter(|account| account.sources.contains(&source)).map(id).collect()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use everycent_domain::vendors::{anthropic, cursor, upload};

    fn accounts() -> [FetchAccount; 3] {
        let account = |vendor, id: &str, sources: &[Source]| FetchAccount {
            vendor,
            account_id: id.into(),
            sources: sources.to_vec(),
            are_chosen: false,
            client: Err("no key".into()),
        };
        let (cost, usage) = (anthropic::cost_report::SOURCE, anthropic::usage_messages::SOURCE);
        [
            account(Vendor::Anthropic, "acme", &[cost, usage]),
            account(Vendor::Anthropic, "beta", &[cost]),
            account(Vendor::Cursor, "acme", &[cursor::daily_usage::SOURCE]),
        ]
    }

    fn event(source: &str) -> FetchRequested {
        FetchRequested {
            source: source.into(),
            trailing_days: 0,
            account_id: None,
            from_date: None,
            to_date: None,
            requested_at: None,
        }
    }

    fn resolved(event: &FetchRequested) -> Result<Vec<String>, InvalidRequest> {
        let today = "2025-11-20".parse().unwrap();
        let tasks = resolve(event, accounts().iter(), today)?;
        Ok(tasks.iter().map(|task| format!("{} {} {}", task.source, task.account_id, task.window)).collect())
    }

    #[test]
    fn trailing_days_are_the_closed_days_of_every_account() {
        let event = FetchRequested { trailing_days: 7, ..event("anthropic/cost_report") };
        assert_eq!(
            resolved(&event).unwrap(),
            ["anthropic/cost_report acme 2025-11-13..2025-11-19", "anthropic/cost_report beta 2025-11-13..2025-11-19"]
        );
    }

    #[test]
    fn a_request_of_no_account_means_those_that_are_asked_for_the_source() {
        let usage = FetchRequested { trailing_days: 1, ..event("anthropic/usage_messages") };
        assert_eq!(resolved(&usage).unwrap(), ["anthropic/usage_messages acme 2025-11-19..2025-11-19"]);
        let nobody = FetchRequested { trailing_days: 1, ..event("cursor/usage_events") };
        assert_eq!(resolved(&nobody), Ok(Vec::new()));
        let named = FetchRequested { account_id: Some("beta".into()), ..usage };
        assert_eq!(resolved(&named).unwrap(), ["anthropic/usage_messages beta 2025-11-19..2025-11-19"]);
    }

    #[test]
    fn a_range_longer_than_a_window_becomes_several() {
        let event = FetchRequested {
            account_id: Some("acme".into()),
            from_date: Some("2025-10-01".parse().unwrap()),
            to_date: Some("2025-11-01".parse().unwrap()),
            ..event("cursor/daily_usage")
        };
        assert_eq!(
            resolved(&event).unwrap(),
            ["cursor/daily_usage acme 2025-10-01..2025-10-30", "cursor/daily_usage acme 2025-10-31..2025-11-01"]
        );
    }

    #[test]
    fn a_request_that_cannot_be_meant_says_why() {
        let future = FetchRequested {
            from_date: Some("2025-11-20".parse().unwrap()),
            to_date: Some("2025-11-21".parse().unwrap()),
            ..event("cursor/daily_usage")
        };
        let unknown =
            FetchRequested { account_id: Some("gamma".into()), trailing_days: 1, ..event("cursor/daily_usage") };
        let cases = [
            (event("cursor/daily_usage"), "names no days"),
            (event("openai/cost"), "unknown source"),
            (future, "future"),
            (unknown, "no account `gamma`"),
            (FetchRequested { trailing_days: -3, ..event("cursor/daily_usage") }, "names no days"),
        ];
        for (event, words) in cases {
            let error = resolved(&event).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_directory_is_read_for_today_whatever_days_are_named() {
        let wanted = |event: &FetchRequested, source| wanted(source, event, "2025-11-20".parse().unwrap());
        let scheduled = FetchRequested { trailing_days: 7, ..event("anthropic/workspaces") };
        assert_eq!(wanted(&scheduled, anthropic::workspaces::SOURCE).unwrap(), ["2025-11-20".parse().unwrap()]);
        let late = FetchRequested { to_date: Some("2025-11-19".parse().unwrap()), ..scheduled };
        assert_eq!(wanted(&late, anthropic::workspaces::SOURCE).unwrap(), ["2025-11-19".parse().unwrap()]);
    }

    #[test]
    fn days_out_of_reach_are_left_out_and_a_request_of_nothing_else_is_refused() {
        let ask = |from: &str, today: &str| {
            let (from_date, to_date) = (Some(from.parse().unwrap()), Some("2026-01-02".parse().unwrap()));
            let event = FetchRequested { from_date, to_date, ..event("anthropic/analytics_cost") };
            wanted(anthropic::analytics_cost::SOURCE, &event, today.parse().unwrap()).map(|days| days.len())
        };
        assert_eq!(ask("2025-12-30", "2026-02-01"), Ok(2));
        assert!(matches!(ask("2025-12-30", "2027-02-01"), Err(InvalidRequest::OutOfReach { .. })));
        let imported = FetchRequested { trailing_days: 1, ..event("upload/claude_usage") };
        let today = "2026-02-01".parse().unwrap();
        assert!(matches!(wanted(upload::claude_usage::SOURCE, &imported, today), Err(InvalidRequest::Imported(_))));
    }
}
