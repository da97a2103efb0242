//! Dead letters whose work was done after all: by a later answer, a replay, or the same message sent again.
//!
//! Decided by coverage alone. A letter that does not say what it is about is never taken for healed.

use everycent_runtime::bus::{DeadLetter, Topic};
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::decode;
use everycent_schemas::events::{BatchNormalized, FetchFailed, FetchRequested, SnapshotStored};
use everycent_schemas::{AccountId, CoverageState, Day, SnapshotId, Timestamp};

/// What coverage shows when the work of a message is done.
struct Work {
    source: String,
    account_id: AccountId,
    from: Day,
    to: Day,
    /// The days are decided by this version or a later one: `fetched_at`, `snapshot_id`, `normalized_at`.
    version: (Timestamp, SnapshotId, Timestamp),
}

/// Whether every day that coverage knows of the letter's days is loaded, and by nothing older than the letter.
pub fn is_healed(letter: &DeadLetter, coverage: &[CoverageRow]) -> bool {
    let Some(work) = work(letter) else { return false };
    let mut days = coverage.iter().filter(|row| work.is_about(row)).peekable();
    days.peek().is_some() && days.all(|row| work.is_done(row))
}

impl Work {
    fn is_about(&self, row: &CoverageRow) -> bool {
        row.source == self.source
            && row.account_id == self.account_id
            && (self.from..=self.to).contains(&row.activity_date)
    }

    fn is_done(&self, row: &CoverageRow) -> bool {
        let (fetched_at, snapshot_id, normalized_at) = &self.version;
        let loaded = (row.fetched_at, row.snapshot_id.as_ref(), row.normalized_at);
        row.state != CoverageState::Failed && loaded >= (Some(*fetched_at), Some(snapshot_id), Some(*normalized_at))
    }
}

fn work(letter: &DeadLetter) -> Option<Work> {
    let message = &letter.message;
    // Whatever was fetched since, whichever snapshot it is.
    let since = |at: Timestamp| (at, SnapshotId::from(""), Timestamp::from_micros(i64::MIN));
    match letter.topic {
        Topic::FetchRequested => {
            let FetchRequested { source, account_id, from_date, to_date, .. } = decode(message).ok()?;
            let (account_id, from, to) = (account_id?, from_date?, to_date?);
            Some(Work { source, account_id, from, to, version: since(letter.at) })
        }
        Topic::SnapshotStored => {
            let event: SnapshotStored = decode(message).ok()?;
            let version = (event.fetched_at, event.snapshot_id, event.published_at);
            let (from, to) = (event.only_from.unwrap_or(event.from_date), event.only_to.unwrap_or(event.to_date));
            Some(Work { source: event.source, account_id: event.account_id, from, to, version })
        }
        Topic::BatchNormalized => {
            let event: BatchNormalized = decode(message).ok()?;
            let version = (event.fetched_at, event.snapshot_id, event.normalized_at);
            let (from, to) = (event.from_date, event.to_date);
            Some(Work { source: event.source, account_id: event.account_id, from, to, version })
        }
        Topic::FetchFailed => {
            let FetchFailed { source, account_id, from_date, to_date, failed_at, .. } = decode(message).ok()?;
            Some(Work { source, account_id, from: from_date, to: to_date, version: since(failed_at) })
        }
        Topic::BatchMerged => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_runtime::bus::Message;
    use everycent_schemas::events::{Event, encode};

    use super::*;

    fn day(number: u32) -> Day {
        Day::new(2026, 10, number).unwrap()
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn letter<E: Event>(topic: Topic, event: &E) -> DeadLetter {
        let encoded = encode(event);
        let attributes = [("schema".to_owned(), encoded.fingerprint.to_owned())].into();
        let message = Message { payload: encoded.payload.into(), attributes };
        let (message_id, reason) = ("1".to_owned(), "no price".to_owned());
        DeadLetter { topic, message, message_id, attempts: 1, reason, at: at(50) }
    }

    /// The snapshot `s1` of 10 to 12 October, fetched at 10 and published at 20.
    fn snapshot() -> DeadLetter {
        let event = SnapshotStored {
            snapshot_id: "s1".into(),
            source: "cursor/daily_usage".to_owned(),
            account_id: "acme".into(),
            from_date: day(10),
            to_date: day(12),
            fetched_at: at(10),
            manifest: String::new(),
            pages: 1,
            body_bytes: 1,
            published_at: at(20),
            only_from: None,
            only_to: None,
        };
        letter(Topic::SnapshotStored, &event)
    }

    fn requested(account_id: Option<&str>) -> DeadLetter {
        let event = FetchRequested {
            source: "cursor/daily_usage".to_owned(),
            trailing_days: 0,
            account_id: account_id.map(AccountId::from),
            from_date: Some(day(10)),
            to_date: Some(day(12)),
            requested_at: None,
        };
        letter(Topic::FetchRequested, &event)
    }

    fn loaded(number: u32, fetched_at: i64, snapshot_id: &str, normalized_at: i64) -> CoverageRow {
        CoverageRow {
            source: "cursor/daily_usage".to_owned(),
            account_id: "acme".into(),
            activity_date: day(number),
            state: CoverageState::Open,
            settled: Some(false),
            fetched_at: Some(at(fetched_at)),
            snapshot_id: Some(snapshot_id.into()),
            normalized_at: Some(at(normalized_at)),
            recipe: None,
            rows: Some(1),
            rejects: Some(0),
            amount_usd: None,
            quantity: None,
            merged_at: Some(at(normalized_at)),
            failed_at: None,
            failure: None,
        }
    }

    #[test]
    fn a_snapshot_is_healed_by_its_own_rows_a_replay_of_it_or_a_later_answer() {
        for healed in [loaded(10, 10, "s1", 20), loaded(11, 10, "s1", 99), loaded(12, 60, "s2", 61)] {
            assert!(is_healed(&snapshot(), std::slice::from_ref(&healed)), "{healed:?}");
        }
        for older in [loaded(10, 9, "s0", 9), loaded(10, 10, "s1", 19)] {
            assert!(!is_healed(&snapshot(), std::slice::from_ref(&older)), "{older:?}");
        }
    }

    #[test]
    fn nothing_is_healed_by_other_days_other_accounts_or_a_failure() {
        let healed = loaded(10, 60, "s2", 61);
        assert!(!is_healed(&snapshot(), &[]));
        assert!(!is_healed(&snapshot(), &[loaded(13, 60, "s2", 61)]));
        let other = CoverageRow { account_id: "other".into(), ..healed.clone() };
        assert!(!is_healed(&snapshot(), &[other]));
        let failed = CoverageRow { activity_date: day(11), state: CoverageState::Failed, ..healed.clone() };
        assert!(!is_healed(&snapshot(), &[healed, failed]));
    }

    #[test]
    fn a_request_is_healed_by_what_was_fetched_after_it_was_given_up() {
        assert!(is_healed(&requested(Some("acme")), &[loaded(10, 60, "s2", 61)]));
        assert!(!is_healed(&requested(Some("acme")), &[loaded(10, 49, "s1", 61)]));
        assert!(!is_healed(&requested(None), &[loaded(10, 60, "s2", 61)]), "nobody knows of which account it was");
    }
}
