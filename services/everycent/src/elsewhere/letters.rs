//! What a dead letter is about: others than this command publish to the same topics.

use std::collections::BTreeSet;

use everycent_domain::window::Window;
use everycent_runtime::bus::{DeadLetter, Topic};
use everycent_runtime::worker::decode;
use everycent_schemas::Day;
use everycent_schemas::events::{BatchNormalized, FetchFailed, FetchRequested, SnapshotStored};

use crate::scope::Feed;

/// What a message says of itself.
struct About {
    source: String,
    /// Every account of the vendor, if none is named.
    account_id: Option<String>,
    days: Option<(Day, Day)>,
    snapshot_id: Option<String>,
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

/// Whether the letter is about one of these snapshots.
pub(super) fn is_of(letter: &DeadLetter, snapshots: &BTreeSet<String>) -> bool {
    about(letter).and_then(|about| about.snapshot_id).is_some_and(|id| snapshots.contains(&id))
}

fn about(letter: &DeadLetter) -> Option<About> {
    let message = &letter.message;
    match letter.topic {
        Topic::FetchRequested => {
            let event: FetchRequested = decode(message).ok()?;
            let days = event.from_date.zip(event.to_date);
            Some(About { source: event.source, account_id: event.account_id, days, snapshot_id: None })
        }
        Topic::SnapshotStored => {
            let event: SnapshotStored = decode(message).ok()?;
            Some(About {
                source: event.source,
                account_id: Some(event.account_id),
                days: Some((event.from_date, event.to_date)),
                snapshot_id: Some(event.snapshot_id),
            })
        }
        Topic::BatchNormalized => {
            let event: BatchNormalized = decode(message).ok()?;
            Some(About {
                source: event.source,
                account_id: Some(event.account_id),
                days: Some((event.from_date, event.to_date)),
                snapshot_id: Some(event.snapshot_id),
            })
        }
        Topic::FetchFailed => {
            let event: FetchFailed = decode(message).ok()?;
            Some(About {
                source: event.source,
                account_id: Some(event.account_id),
                days: Some((event.from_date, event.to_date)),
                snapshot_id: None,
            })
        }
        Topic::BatchMerged => None,
    }
}
