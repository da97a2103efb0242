//! What of the raw store is announced again, so that the warehouse holds what was decided, made anew.
//!
//! Of a day that the warehouse knows, the accepted answer is read again. Of one that it does not know, every answer is
//! judged again, by its sums, or by its pages where an earlier release left none; the loader then asks for the rows of the
//! accepted one itself. What a person decided is announced again for every day.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::future::horizon;
use everycent_domain::manifest::{InvalidManifest, Manifest};
use everycent_domain::objects::{ManifestName, ObjectName, RawObject, raw_prefix};
use everycent_domain::replay::{self, Answered, Knowing, ReplayPlan};
use everycent_domain::source::Source;
use everycent_domain::sums::{InvalidSums, Sums};
use everycent_domain::window::Window;
use everycent_schemas::events::{AnswerDecided, BatchNormalized};
use everycent_schemas::stored::CoverageRow;
use everycent_schemas::{Day, Timestamp};

use crate::store::{Names, Store, StoreError};

/// The raw store can't be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{object}: {reason}")]
    Manifest { object: ObjectName, reason: InvalidManifest },
    #[error("{object}: {reason}")]
    Sums { object: ObjectName, reason: InvalidSums },
    #[error("{object}: it is no decision: {reason}")]
    Decision { object: ObjectName, reason: serde_json::Error },
}

/// What lies in the raw store of one source and account.
#[derive(Debug, Default)]
pub struct RawAccount {
    pub manifests: Vec<ManifestName>,
    /// By the manifest that they lie beside.
    sums: Vec<(ManifestName, ObjectName)>,
    decisions: Vec<(Day, ObjectName)>,
}

impl RawAccount {
    /// The days from the first window to the last; none, where nothing was ever asked for.
    pub fn days(&self) -> Option<Window> {
        self.manifests.iter().map(|manifest| manifest.window).reduce(Window::union)
    }
}

/// What is to be announced.
#[derive(Debug, Default)]
pub struct Announcements {
    /// Snapshots whose pages are read again.
    pub snapshots: Vec<Manifest>,
    /// Answers that are judged again, without their rows.
    pub judged: Vec<BatchNormalized>,
    pub decided: Vec<AnswerDecided>,
    /// Why objects were left out: one that does not read keeps no other from being announced.
    pub unread: Vec<ReplayError>,
}

/// What lies in the raw store of a source, by account as names spell it.
pub async fn list(store: &dyn Store, source: Source) -> Result<BTreeMap<String, RawAccount>, StoreError> {
    let mut accounts: BTreeMap<String, RawAccount> = BTreeMap::new();
    let mut listed = Names::new(store, raw_prefix(source.name()));
    while let Some(names) = listed.next().await? {
        for name in &names {
            match RawObject::of(name) {
                RawObject::Manifest(manifest) => {
                    accounts.entry(manifest.account.clone()).or_default().manifests.push(manifest);
                }
                RawObject::Sums(manifest) => {
                    accounts.entry(manifest.account.clone()).or_default().sums.push((manifest, name.clone()));
                }
                RawObject::Decision { account, day } => {
                    accounts.entry(account).or_default().decisions.push((day, name.clone()));
                }
                RawObject::Page(_) | RawObject::Other => {}
            }
        }
    }
    Ok(accounts)
}

/// What is to be announced of the days of `range`, where coverage says so much of this source and account. Rows that were
/// made before `now`, and are not loaded yet, are made again as well.
pub async fn announcements<'a>(
    store: &dyn Store,
    source: Source,
    raw: &RawAccount,
    range: Window,
    coverage: impl IntoIterator<Item = &'a CoverageRow>,
    now: Timestamp,
) -> Result<Announcements, ReplayError> {
    let mut announcements = Announcements::default();
    if source.keeps_rows() {
        let plan = ReplayPlan::new(range, raw.manifests.iter().cloned(), now).of_every_answer();
        announcements.snapshots = deciding(store, plan, &mut announcements.unread).await?;
        return Ok(announcements);
    }
    let known: BTreeMap<Day, Answered> =
        coverage.into_iter().filter_map(|row| Some((row.activity_date, Answered::of(row)?))).collect();
    let unknown: BTreeSet<Day> = range.days().filter(|day| !known.contains_key(day)).collect();
    let wanted = |day: &Day| unknown.contains(day);
    for (manifest, object) in &raw.sums {
        if manifest.window.days().any(|day| wanted(&day)) {
            let Some(sums) = left_out(read_sums(store, object).await, &mut announcements.unread)? else { continue };
            let judged = sums.announced(|day| wanted(&day));
            announcements.judged.extend(judged.map(|batch| BatchNormalized { normalized_at: now, ..batch }));
        }
    }
    // Also of days that are known: a decision may be stored whose message was lost.
    for (_, object) in raw.decisions.iter().filter(|(day, _)| range.contains(*day)) {
        let decided = left_out(read_decision(store, object).await, &mut announcements.unread)?;
        announcements.decided.extend(decided);
    }
    let unread = &mut announcements.unread;
    announcements.snapshots = snapshots(store, raw, (range, now), (&known, &unknown), unread).await?;
    if source.remembers() {
        let more = knowing_more(store, raw, (range, now), &known, unread).await?;
        let chosen: BTreeSet<_> = announcements.snapshots.iter().map(|of| of.snapshot_id.clone()).collect();
        announcements.snapshots.extend(more.into_iter().filter(|of| !chosen.contains(&of.snapshot_id)));
    }
    Ok(announcements)
}

/// The snapshots to read again: the accepted ones, those that came after whatever coverage knows, and, of days that it does
/// not know, all without sums, for only their pages say how they are judged.
async fn snapshots(
    store: &dyn Store,
    raw: &RawAccount,
    (range, now): (Window, Timestamp),
    (known, unknown): (&BTreeMap<Day, Answered>, &BTreeSet<Day>),
    unread: &mut Vec<ReplayError>,
) -> Result<Vec<Manifest>, ReplayError> {
    let with_sums: BTreeSet<&ObjectName> = raw.sums.iter().map(|(manifest, _)| &manifest.object).collect();
    let is_known = |manifest: &ManifestName| {
        let days = manifest.window.days().filter(|day| range.contains(*day));
        days.filter_map(|day| known.get(&day)).any(|answered| {
            answered.accepted == manifest.version
                || (answered.newest < manifest.version && !manifest.is_fetched_since(horizon(now)))
        })
    };
    let chosen: BTreeSet<ObjectName> =
        raw.manifests.iter().filter(|of| is_known(of)).map(|of| of.object.clone()).collect();
    let without_sums = raw.manifests.iter().filter(|manifest| !with_sums.contains(&manifest.object)).cloned();
    let mut plan = ReplayPlan::of_days(unknown.iter().copied(), without_sums, now).of_every_answer();
    let mut manifests = Vec::new();
    while let Some(candidate) = plan.next_candidate() {
        let Some(manifest) = left_out(read(store, &candidate.object).await, unread)? else { continue };
        if plan.decide(&manifest.covered) && !chosen.contains(&candidate.object) {
            manifests.push(manifest);
        }
    }
    for object in &chosen {
        manifests.extend(left_out(read(store, object).await, unread)?);
    }
    Ok(manifests)
}

/// The snapshots to read again for what they report that is not unlearned, beside those that decide a day. One that was
/// pruned is no more.
async fn knowing_more(
    store: &dyn Store,
    raw: &RawAccount,
    (range, now): (Window, Timestamp),
    known: &BTreeMap<Day, Answered>,
    unread: &mut Vec<ReplayError>,
) -> Result<Vec<Manifest>, ReplayError> {
    let accepted = |day| known.get(&day).map(|answered| answered.accepted.as_str());
    let mut damaged = Vec::new();
    let is_wanted = |day| range.contains(day);
    let knowing = manifests_knowing_more(store, &raw.sums, is_wanted, accepted, (now, &mut damaged)).await?;
    let is_new = |error: &ReplayError, unread: &[ReplayError]| {
        let words = error.to_string();
        unread.iter().all(|said| said.to_string() != words)
    };
    damaged.retain(|error| is_new(error, unread));
    unread.extend(damaged);
    let mut manifests = Vec::new();
    for manifest in raw.manifests.iter().filter(|manifest| knowing.contains(&manifest.object)) {
        manifests.extend(left_out(read(store, &manifest.object).await, unread)?);
    }
    Ok(manifests)
}

/// The manifests of the answers that know more of a wanted day than the accepted one, as far as that is known. Sums that do
/// not read are left out.
pub(crate) async fn manifests_knowing_more<'a>(
    store: &dyn Store,
    sums: &[(ManifestName, ObjectName)],
    is_wanted: impl Fn(Day) -> bool,
    accepted: impl Fn(Day) -> Option<&'a str>,
    (now, unread): (Timestamp, &mut Vec<ReplayError>),
) -> Result<BTreeSet<ObjectName>, ReplayError> {
    let mut days: BTreeMap<Day, BTreeMap<String, Knowing>> = BTreeMap::new();
    // In order of name, so that of the sums of one snapshot those of the newest normalizer are the last.
    for (manifest, object) in sums.iter().filter(|(manifest, _)| manifest.window.days().any(&is_wanted)) {
        let Some(sums) = left_out(read_sums(store, object).await, unread)? else { continue };
        for filled in sums.filled().filter(|filled| is_wanted(filled.day)) {
            let of_day = days.entry(filled.day).or_default();
            of_day.insert(manifest.version.clone(), Knowing { manifest: manifest.clone(), filled });
        }
    }
    let of_day = |(day, answers): (Day, BTreeMap<String, Knowing>)| {
        replay::knowing_more(answers.into_values().collect(), accepted(day), now)
    };
    Ok(days.into_iter().flat_map(of_day).map(|manifest| manifest.object).collect())
}

async fn read_sums(store: &dyn Store, object: &ObjectName) -> Result<Sums, ReplayError> {
    let sums = store.read(object).await?;
    Sums::from_json(&sums).map_err(|reason| ReplayError::Sums { object: object.clone(), reason })
}

async fn read_decision(store: &dyn Store, object: &ObjectName) -> Result<AnswerDecided, ReplayError> {
    let decided = store.read(object).await?;
    serde_json::from_slice(&decided).map_err(|reason| ReplayError::Decision { object: object.clone(), reason })
}

/// What was read; or nothing, and why, where an object is gone or is not what its name says. A store that does not answer is
/// an error: nobody knows what it has.
fn left_out<T>(read: Result<T, ReplayError>, unread: &mut Vec<ReplayError>) -> Result<Option<T>, ReplayError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(ReplayError::Store(error)) if !matches!(error, StoreError::NotFound(_) | StoreError::Damaged { .. }) => {
            Err(error.into())
        }
        Err(error) => {
            unread.push(error);
            Ok(None)
        }
    }
}

async fn deciding(
    store: &dyn Store,
    mut plan: ReplayPlan,
    unread: &mut Vec<ReplayError>,
) -> Result<Vec<Manifest>, ReplayError> {
    let mut manifests = Vec::new();
    while let Some(candidate) = plan.next_candidate() {
        let Some(manifest) = left_out(read(store, &candidate.object).await, unread)? else { continue };
        if plan.decide(&manifest.covered) {
            manifests.push(manifest);
        }
    }
    Ok(manifests)
}

pub(crate) async fn read(store: &dyn Store, object: &ObjectName) -> Result<Manifest, ReplayError> {
    let json = store.read(object).await?;
    Manifest::from_json(&json).map_err(|reason| ReplayError::Manifest { object: object.clone(), reason })
}
