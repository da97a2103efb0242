//! Stamps in the future, by report and account. They win by no version and settle no day, yet a time comes when they lie in
//! the past, and a replay after it would take their answer for the newest.

use std::collections::BTreeMap;

use everycent_schemas::stored::CoverageRow;
use everycent_schemas::{AccountId, Timestamp};

use super::{Check, Figure, Verdict};
use crate::future::is_future;
use crate::window::Window;

/// What of one report of one account carries a stamp of the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FutureStamps {
    /// Days in coverage.
    pub days: usize,
    /// Stored answers.
    pub answers: usize,
    /// The latest of the stamps.
    pub latest: Option<Timestamp>,
}

/// By source and account.
pub type StampsByFeed = BTreeMap<(String, AccountId), FutureStamps>;

/// What a person does about them.
pub const ADVICE: &str = "a clock was ahead when they were made, or this machine's is behind now. If it is right, \
                          `everycent repair-clock` dates them anew";

impl FutureStamps {
    /// In a few words, without the advice.
    pub fn words(&self) -> String {
        let Self { days, answers, latest } = self;
        let latest = latest.map_or_else(String::new, |at| format!(", up to {at}"));
        format!("stamps in the future: {days} days, {answers} stored answers{latest}")
    }
}

/// Every feed of coverage, with the stamps of its days that lie in the future.
pub fn future_stamps(coverage: &[CoverageRow], now: Timestamp) -> StampsByFeed {
    let mut found = StampsByFeed::new();
    for row in coverage {
        let stamps = found.entry((row.source.clone(), row.account_id.clone())).or_default();
        let ahead = [row.fetched_at, row.normalized_at, row.failed_at].into_iter().flatten();
        if let Some(latest) = ahead.filter(|at| is_future(*at, now)).max() {
            stamps.days += 1;
            stamps.latest = stamps.latest.max(Some(latest));
        }
    }
    found
}

/// No report of an account carries a stamp of the future.
pub fn no_future_stamp(window: Window, stamps: &StampsByFeed) -> Vec<Verdict> {
    stamps.iter().map(|((source, account_id), stamps)| verdict(window, source, account_id, stamps)).collect()
}

fn verdict(window: Window, source: &str, account_id: &AccountId, stamps: &FutureStamps) -> Verdict {
    let found = stamps.days + stamps.answers;
    let explanation = match found {
        0 => format!("{source} of account `{account_id}`: no stamp lies in the future"),
        _ => format!("{source} of account `{account_id}`: {}: {ADVICE}", stamps.words()),
    };
    Verdict {
        check: Check::NoFutureStamp,
        source: source.to_owned(),
        account_id: account_id.clone(),
        activity_date: window.to(),
        from_date: window.from(),
        expected: Figure::Count(0),
        found: Figure::Count(i64::try_from(found).unwrap_or(i64::MAX)),
        passed: found == 0,
        explanation,
    }
}
