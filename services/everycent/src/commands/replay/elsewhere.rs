//! A replay by services that work elsewhere: some snapshots at a time, and on from where it stopped.

use std::collections::BTreeMap;

use anyhow::anyhow;
use everycent_domain::bucket::BucketId;
use everycent_domain::future::after;
use everycent_domain::manifest::Manifest;
use everycent_domain::replay::stored;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, Day, Timestamp};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::days::named_days;
use super::made::last_made;
use super::outcome::Done;
use crate::begun::{Begun, Command};
use crate::cli::ReplayArgs;
use crate::deployment::Deployment;
use crate::elsewhere::{Merges, Order, until_merged};
use crate::failure::Failure;
use crate::progress::Watcher;

/// What a replay was asked for. Under other rules or prices it is another replay.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    from: Option<Day>,
    to: Option<Day>,
    sources: Vec<String>,
    #[serde(default)]
    account: Option<AccountId>,
    recipe: String,
}

pub(super) async fn replay(
    deployment: &Deployment,
    args: &ReplayArgs,
    (snapshots, known): (&[Manifest], &[CoverageRow]),
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Done, Failure> {
    let now = deployment.clock.now();
    let asked = Asked {
        from: args.from,
        to: args.to,
        sources: args.sources.iter().map(|source| source.name().to_owned()).collect(),
        account: args.account.clone(),
        recipe: deployment.config.recipe.fingerprint(),
    };
    let begin = if args.anew { Begun::begin_anew } else { Begun::begin };
    let last_made = last_made(known, snapshots, now);
    // A clock that went back since the last replay must not make this one lose.
    let begun = begin(deployment.home.data_dir(), Command::Replay, &asked, after(last_made, now))?;
    // The time of the first attempt, so that what is done twice is the same work and changes nothing.
    let published_at = begun.begun_at;
    let left = match begun.resumed {
        true => unmade(known, args, snapshots, published_at),
        false => snapshots.iter().collect(),
    };
    if begun.resumed {
        let done = snapshots.len() - left.len();
        watcher.say(&format!("going on with the replay of {published_at}; done: {done}; --anew starts it over"));
    }
    watcher.expect(left.len());
    let announced =
        left.into_iter().map(|manifest| stored(manifest, published_at, named_days(args, manifest))).collect();
    let order = Order { snapshots: announced, published_at, at_once: args.at_once };
    let Merges { not_merged, dead_letters } = until_merged(deployment, order, watcher, &stop).await?;
    watcher.end();
    let coverage = deployment.whole_coverage().await?;
    let recipe = &deployment.config.recipe;
    let is_ours = |row: &CoverageRow| {
        let ours = row.source.parse().map(|source: Source| source.fingerprint(recipe));
        ours.is_ok_and(|ours| row.recipe.as_ref() == Some(&ours))
    };
    let otherwise = made_otherwise(&coverage, published_at, is_ours);
    if otherwise > 0 {
        return Err(Failure::Failed(anyhow!(
            "the services made the rows of {otherwise} days by other rules or prices than this configuration has: bring it \
             to them (on Google Cloud: `terraform apply`), and replay with --anew"
        )));
    }
    // Of a snapshot that is merged some days may still wait for a price.
    let in_part =
        unmade(&coverage, args, snapshots, published_at).into_iter().filter(|manifest| decides_alone(manifest));
    let not_merged = not_merged.max(in_part.count());
    if not_merged == 0 {
        begun.end()?;
    }
    Ok(Done { rows_changed: None, not_merged, dead_letters, interrupted: stop.is_cancelled() && not_merged > 0 })
}

/// Days that this replay decided by rows of another recipe.
fn made_otherwise(coverage: &[CoverageRow], published_at: Timestamp, is_ours: impl Fn(&CoverageRow) -> bool) -> usize {
    let by_this_replay = coverage.iter().filter(|row| row.normalized_at == Some(published_at));
    by_this_replay.filter(|row| !is_ours(row)).count()
}

/// The snapshots that coverage does not show as merged.
fn unmade<'a>(
    coverage: &[CoverageRow],
    args: &ReplayArgs,
    snapshots: &'a [Manifest],
    published_at: Timestamp,
) -> Vec<&'a Manifest> {
    let known: BTreeMap<BucketId, &CoverageRow> = coverage.iter().map(|row| (BucketId::of(row), row)).collect();
    let is_merged = |manifest: &Manifest| {
        let bucket = |activity_date| {
            let (source, account_id) = (manifest.source.clone(), manifest.account_id.clone());
            BucketId { source, account_id, activity_date }
        };
        let only = named_days(args, manifest);
        decides_alone(manifest)
            && days(manifest, only)
                .all(|day| known.get(&bucket(day)).is_some_and(|row| reaches(row, manifest, published_at)))
    };
    snapshots.iter().filter(|manifest| !is_merged(manifest)).collect()
}

/// Whether coverage tells of every answer. Of one whose rows outlive it, or that is read for what is not unlearned, an
/// older answer leaves no trace there.
fn decides_alone(manifest: &Manifest) -> bool {
    manifest.source.parse().is_ok_and(|source: Source| !source.keeps_rows() && !source.remembers())
}

fn days(manifest: &Manifest, only: Option<Window>) -> impl Iterator<Item = Day> {
    manifest.covered.iter().copied().filter(move |day| only.is_none_or(|only| only.contains(*day)))
}

/// Whether the day was decided by this snapshot in this replay, or by a later answer.
fn reaches(row: &CoverageRow, manifest: &Manifest, published_at: Timestamp) -> bool {
    let recorded = (row.fetched_at, row.snapshot_id.as_ref(), row.normalized_at);
    recorded >= (Some(manifest.fetched_at), Some(&manifest.snapshot_id), Some(published_at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_schemas::CoverageState;

    use super::*;

    fn row(normalized_at: i64, recipe: &str) -> CoverageRow {
        let (at, day) = (Some(Timestamp::from_micros(normalized_at)), "2025-10-01".parse().unwrap());
        CoverageRow {
            settled: Some(true),
            fetched_at: at,
            snapshot_id: Some("a1".into()),
            normalized_at: at,
            recipe: Some(recipe.to_owned()),
            rows: Some(1),
            rejects: Some(0),
            quantity: Some(0),
            merged_at: at,
            ..CoverageRow::bare("anthropic/cost_report", &"acme".into(), day, CoverageState::Settled)
        }
    }

    #[test]
    fn days_of_this_replay_that_have_rows_of_other_rules_are_counted_and_no_others() {
        let coverage = [row(7, "ours"), row(7, "theirs"), row(7, "theirs"), row(6, "theirs"), row(8, "theirs")];
        let is_ours = |row: &CoverageRow| row.recipe.as_deref() == Some("ours");
        assert_eq!(made_otherwise(&coverage, Timestamp::from_micros(7), is_ours), 2);
    }
}
