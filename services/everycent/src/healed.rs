//! Dead letters whose work was done after all: by a later answer, a replay, or the same message sent again.
//!
//! Decided by coverage, by the lines of answers, and by the manifest where a letter is about a snapshot. What is in doubt
//! stays a letter.

mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use everycent_domain::manifest::Manifest;
use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_runtime::bus::{DeadLetter, Topic};
use everycent_runtime::store::Store;
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::decode;
use everycent_schemas::events::{BatchNormalized, FetchFailed, FetchRequested, SnapshotStored};
use everycent_schemas::{AccountId, CoverageState, Day, SnapshotId, Timestamp};

use crate::deployment::Deployment;
use read::{Read, rows_read};

/// What coverage shows when the work of a message is done.
struct Work {
    source: String,
    account_id: AccountId,
    /// Every day that the work would have loaded or marked.
    days: Vec<Day>,
    /// The days are decided by this version or a later one: `fetched_at`, `snapshot_id`, `normalized_at`.
    version: (Timestamp, SnapshotId, Timestamp),
    /// Whether a reading of a later day does it too, for the vendor can't be asked how things stood.
    later_reading: bool,
    /// Whether no other answer does it: rows that stay when they are no longer reported may be in this one alone.
    this_alone: bool,
    /// Whether its own rows have to be read all the same: people may be named in this one alone.
    is_read: bool,
}

/// The letters whose work is done, and the others.
pub async fn split(
    deployment: &Deployment,
    letters: Vec<DeadLetter>,
    coverage: &[CoverageRow],
) -> anyhow::Result<(Vec<DeadLetter>, Vec<DeadLetter>)> {
    let read = rows_read(deployment.warehouse.as_ref(), &letters).await?;
    Ok(split_by(letters, coverage, &read, deployment.store.as_ref()).await)
}

async fn split_by(
    letters: Vec<DeadLetter>,
    coverage: &[CoverageRow],
    read: &Read,
    store: &dyn Store,
) -> (Vec<DeadLetter>, Vec<DeadLetter>) {
    let (mut healed, mut others) = (Vec::new(), Vec::new());
    for letter in letters {
        let is_healed = match work(&letter) {
            // The manifest is read only where it may excuse a day.
            Some(work) => {
                work.is_done(coverage, read) || work.within(covered(&letter, store).await).is_done(coverage, read)
            }
            None => false,
        };
        if is_healed { &mut healed } else { &mut others }.push(letter);
    }
    (healed, others)
}

impl Work {
    /// Without the days of which the answer says nothing, unless it says nothing at all.
    fn within(self, covered: Option<Vec<Day>>) -> Self {
        let Some(covered) = covered else { return self };
        let days: Vec<Day> = self.days.iter().copied().filter(|day| covered.contains(day)).collect();
        if days.is_empty() { self } else { Self { days, ..self } }
    }

    /// Whether each of its days is loaded, and by nothing older than the letter.
    fn is_done(&self, coverage: &[CoverageRow], read: &Read) -> bool {
        let is_read = |row: &CoverageRow| !self.is_read || read.contains(&(self.version.1.clone(), row.activity_date));
        let done = coverage.iter().filter(|row| self.is_about(row) && self.is_loaded(row) && is_read(row));
        let done: BTreeSet<Day> = done.map(|row| row.activity_date).collect();
        let is_done = |day: &Day| done.contains(day) || (self.later_reading && done.last() > Some(day));
        !self.days.is_empty() && self.days.iter().all(is_done)
    }

    fn is_about(&self, row: &CoverageRow) -> bool {
        row.source == self.source && row.account_id == self.account_id
    }

    fn is_loaded(&self, row: &CoverageRow) -> bool {
        let (fetched_at, snapshot_id, normalized_at) = &self.version;
        let loaded = (row.fetched_at, row.snapshot_id.as_ref(), row.normalized_at);
        if self.this_alone && row.snapshot_id.as_ref() != Some(snapshot_id) {
            return false;
        }
        row.state != CoverageState::Failed && loaded >= (Some(*fetched_at), Some(snapshot_id), Some(*normalized_at))
    }
}

/// The days of which the snapshot says something, if its manifest can be read.
async fn covered(letter: &DeadLetter, store: &dyn Store) -> Option<Vec<Day>> {
    if letter.topic != Topic::SnapshotStored {
        return None;
    }
    let event: SnapshotStored = decode(&letter.message).ok()?;
    let manifest = store.read(&event.manifest.parse().ok()?).await.ok()?;
    Some(Manifest::from_json(&manifest).ok()?.covered)
}

fn work(letter: &DeadLetter) -> Option<Work> {
    let message = &letter.message;
    // Whatever was fetched since, whichever snapshot it is.
    let since = |at: Timestamp| (at, SnapshotId::from(""), Timestamp::from_micros(i64::MIN));
    match letter.topic {
        Topic::FetchRequested => {
            let event: FetchRequested = decode(message).ok()?;
            let (days, later_reading) = (asked_days(&event)?, is_reading(&event.source));
            let (source, account_id) = (event.source, event.account_id?);
            let version = since(letter.at);
            Some(Work { source, account_id, days, version, later_reading, this_alone: false, is_read: false })
        }
        Topic::SnapshotStored => {
            let event: SnapshotStored = decode(message).ok()?;
            let version = (event.fetched_at, event.snapshot_id, event.published_at);
            // The days that were named may reach beyond those of the snapshot.
            let from = event.only_from.map_or(event.from_date, |only| only.max(event.from_date));
            let to = event.only_to.map_or(event.to_date, |only| only.min(event.to_date));
            let (source, account_id, days) = (event.source, event.account_id, from.through(to).collect());
            let (this_alone, is_read) = (keeps_rows(&source), remembers(&source));
            Some(Work { source, account_id, days, version, later_reading: false, this_alone, is_read })
        }
        Topic::BatchNormalized => {
            let event: BatchNormalized = decode(message).ok()?;
            let version = (event.fetched_at, event.snapshot_id, event.normalized_at);
            let (source, account_id) = (event.source, event.account_id);
            let covered = Some(event.buckets.iter().map(|bucket| bucket.activity_date).collect());
            let days = event.from_date.through(event.to_date).collect();
            let this_alone = keeps_rows(&source);
            // Sums alone name nobody.
            let is_read = remembers(&source) && !event.rows_omitted;
            let work = Work { source, account_id, days, version, later_reading: false, this_alone, is_read };
            Some(work.within(covered))
        }
        Topic::FetchFailed => {
            let event: FetchFailed = decode(message).ok()?;
            let (version, later_reading) = (since(event.failed_at), is_reading(&event.source));
            let days = event.from_date.through(event.to_date).collect();
            Some(Work {
                source: event.source,
                account_id: event.account_id,
                days,
                version,
                later_reading,
                this_alone: false,
                is_read: false,
            })
        }
        // A decision is made again by the person who made it.
        Topic::AnswerDecided | Topic::BatchMerged => None,
    }
}

/// The days that a request meant, if it says: the vendor was asked for no others.
fn asked_days(event: &FetchRequested) -> Option<Vec<Day>> {
    let (from, to) = (event.from_date?, event.to_date?);
    if is_reading(&event.source) {
        return Some(vec![to]);
    }
    let source: Option<Source> = event.source.parse().ok();
    let reaches = |day: &Day| match (source, event.requested_at) {
        (Some(source), Some(at)) => source.reaches(*day, at.day()),
        _ => true,
    };
    Some(from.through(to).filter(reaches).collect())
}

fn keeps_rows(source: &str) -> bool {
    source.parse().is_ok_and(Source::keeps_rows)
}

fn remembers(source: &str) -> bool {
    source.parse().is_ok_and(Source::remembers)
}

fn is_reading(source: &str) -> bool {
    source.parse().is_ok_and(|source: Source| source.kind() == Kind::PointInTime)
}
