//! What a dead letter is about: others than this command publish to the same topics.

use std::collections::BTreeSet;

use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::bus::{DeadLetter, Topic};
use everycent_runtime::worker::decode;
use everycent_schemas::events::{AnswerDecided, BatchNormalized, FetchFailed, FetchRequested, SnapshotStored};
use everycent_schemas::{AccountId, Day, SnapshotId};

use crate::scope::Feed;

/// What a message says of itself.
pub struct About {
    pub source: String,
    /// Every account of the vendor, if none is named.
    pub account_id: Option<AccountId>,
    pub days: Option<(Day, Day)>,
    pub snapshot_id: Option<SnapshotId>,
}

/// Whether the letter is about one of these windows. One that does not read is about nobody's; `status` shows it.
pub fn is_about(letter: &DeadLetter, windows: &BTreeSet<(Feed, Window)>) -> bool {
    let Some(about) = about(letter) else { return false };
    windows.iter().any(|(feed, window)| {
        about.source == feed.source.name()
            && about.account_id.as_ref().is_none_or(|account_id| *account_id == feed.account_id)
            && about.days.is_none_or(|(from, to)| from <= window.to() && window.from() <= to)
    })
}

/// Whether the letter is about this account of the vendor, and no other.
pub fn is_about_account(letter: &DeadLetter, vendor: Vendor, account_id: &AccountId) -> bool {
    let is_of_vendor = |source: &str| source.parse::<Source>().is_ok_and(|source| source.vendor() == vendor);
    about(letter).is_some_and(|about| is_of_vendor(&about.source) && about.account_id.as_ref() == Some(account_id))
}

/// Whether the letter is about one of these snapshots.
pub fn is_of(letter: &DeadLetter, snapshots: &BTreeSet<SnapshotId>) -> bool {
    about(letter).and_then(|about| about.snapshot_id).is_some_and(|id| snapshots.contains(&id))
}

/// What the letter is about; none, where its message does not read.
pub fn about(letter: &DeadLetter) -> Option<About> {
    let message = &letter.message;
    let of_window = |source, account_id, days, snapshot_id| About {
        source,
        account_id: Some(account_id),
        days: Some(days),
        snapshot_id,
    };
    match letter.topic {
        Topic::FetchRequested => {
            let event: FetchRequested = decode(message).ok()?;
            let days = event.from_date.zip(event.to_date);
            Some(About { source: event.source, account_id: event.account_id, days, snapshot_id: None })
        }
        Topic::SnapshotStored => {
            let event: SnapshotStored = decode(message).ok()?;
            let days = (event.from_date, event.to_date);
            Some(of_window(event.source, event.account_id, days, Some(event.snapshot_id)))
        }
        Topic::BatchNormalized => {
            let event: BatchNormalized = decode(message).ok()?;
            let days = (event.from_date, event.to_date);
            Some(of_window(event.source, event.account_id, days, Some(event.snapshot_id)))
        }
        Topic::FetchFailed => {
            let event: FetchFailed = decode(message).ok()?;
            Some(of_window(event.source, event.account_id, (event.from_date, event.to_date), None))
        }
        Topic::AnswerDecided => {
            let event: AnswerDecided = decode(message).ok()?;
            let day = event.activity_date;
            Some(of_window(event.source, event.account_id, (day, day), Some(event.snapshot_id)))
        }
        Topic::BatchMerged => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_runtime::bus::Message;
    use everycent_schemas::Timestamp;
    use everycent_schemas::events::{Event, encode};

    use super::*;
    use everycent_domain::vendors::anthropic;

    fn day(number: u32) -> Day {
        format!("2026-10-{number:02}").parse().unwrap()
    }

    fn letter<E: Event>(topic: Topic, event: &E) -> DeadLetter {
        let encoded = encode(event);
        let attributes = [("schema".to_owned(), encoded.fingerprint.to_owned())].into();
        let message = Message { payload: encoded.payload.into(), attributes };
        let (message_id, reason) = ("1".to_owned(), "no room".to_owned());
        DeadLetter { topic, message, message_id, attempts: 20, reason, at: Timestamp::from_micros(0) }
    }

    fn failed(source: Source, account_id: &str, from: u32, to: u32) -> DeadLetter {
        let (source, account_id, reason) = (source.name().to_owned(), account_id.into(), String::new());
        let (from_date, to_date, failed_at) = (day(from), day(to), Timestamp::from_micros(0));
        letter(
            Topic::FetchFailed,
            &FetchFailed { source, account_id, from_date, to_date, reason, failed_at, unavailable: false },
        )
    }

    fn requested(account_id: Option<&str>, days: Option<(u32, u32)>) -> DeadLetter {
        let event = FetchRequested {
            source: anthropic::cost_report::SOURCE.name().to_owned(),
            account_id: account_id.map(AccountId::from),
            from_date: days.map(|(from, _)| day(from)),
            to_date: days.map(|(_, to)| day(to)),
            trailing_days: 7,
            requested_at: None,
        };
        letter(Topic::FetchRequested, &event)
    }

    fn ours() -> BTreeSet<(Feed, Window)> {
        let feed = Feed { source: anthropic::cost_report::SOURCE, account_id: "acme".into() };
        [(feed, Window::new(day(10), day(12)).unwrap())].into()
    }

    #[test]
    fn a_letter_is_about_a_window_of_its_feed_that_shares_a_day_with_it() {
        for (from, to) in [(10, 12), (12, 20), (1, 10), (1, 31), (11, 11)] {
            assert!(is_about(&failed(anthropic::cost_report::SOURCE, "acme", from, to), &ours()), "{from} to {to}");
        }
        for (from, to) in [(1, 9), (13, 13)] {
            assert!(!is_about(&failed(anthropic::cost_report::SOURCE, "acme", from, to), &ours()), "{from} to {to}");
        }
        assert!(!is_about(&failed(anthropic::cost_totals::SOURCE, "acme", 10, 12), &ours()));
        assert!(!is_about(&failed(anthropic::cost_report::SOURCE, "other", 10, 12), &ours()));
    }

    #[test]
    fn a_request_that_names_no_account_or_no_days_is_about_all_of_them() {
        for ours_too in [(None, None), (Some("acme"), None), (None, Some((12, 13)))] {
            assert!(is_about(&requested(ours_too.0, ours_too.1), &ours()), "{ours_too:?}");
        }
        for of_others in [(Some("other"), None), (None, Some((13, 14)))] {
            assert!(!is_about(&requested(of_others.0, of_others.1), &ours()), "{of_others:?}");
        }
    }

    #[test]
    fn a_letter_that_does_not_read_is_about_nobodys_window() {
        let mut unreadable = failed(anthropic::cost_report::SOURCE, "acme", 10, 12);
        unreadable.message.payload = "{".into();
        assert!(!is_about(&unreadable, &ours()));
    }

    #[test]
    fn a_letter_of_a_snapshot_is_found_by_its_id() {
        let at = Timestamp::from_micros(0);
        let batch = BatchNormalized {
            snapshot_id: "a1".into(),
            source: anthropic::cost_report::SOURCE.name().to_owned(),
            account_id: "acme".into(),
            from_date: day(10),
            to_date: day(12),
            fetched_at: at,
            normalized_at: at,
            recipe: "r".to_owned(),
            normalizer: None,
            rows_omitted: false,
            buckets: Vec::new(),
            files: Vec::new(),
        };
        let batch = letter(Topic::BatchNormalized, &batch);
        let is_of = |id: &str| is_of(&batch, &[id.into()].into());
        assert!(is_of("a1") && !is_of("b2"));
        assert!(is_about(&batch, &ours()));
    }
}
