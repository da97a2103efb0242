//! Taking stored answers out of the raw store that no day rests on any more.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, ObjectName, RawObject, raw_prefix};
use everycent_domain::prune::{self, Known, Standing};
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_schemas::{AccountId, Day, Timestamp};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::replay::{ReplayError, manifests_knowing_more, read};
use crate::store::{Names, Store, StoreError};

/// Objects that are asked for at once.
const AT_ONCE: usize = 16;

/// What goes of one source and account, and what stays of it.
#[derive(Debug)]
pub struct AccountPrune {
    pub source: Source,
    pub account_id: AccountId,
    /// The windows of the answers that go.
    pub windows: Vec<Window>,
    /// The objects that go, in this order, with their bytes.
    pub objects: Vec<(ObjectName, u64)>,
    /// Answers that are old enough, and stay.
    pub kept: Kept,
    /// Days of old answers that the tables do not know. As long as there are any, nothing may go.
    pub unknown_days: BTreeSet<Day>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Kept {
    /// A day rests on them.
    pub needed: usize,
    /// They can't be judged again without their pages.
    pub without_sums: usize,
    /// They were never judged: their rows were given up, or wait.
    pub not_judged: usize,
    /// Of a report whose rows stay when it no longer tells them, every answer is a part of the tables.
    pub readings: usize,
}

/// What goes of a source: answers that were fetched before then, by what the tables know of each account.
pub async fn plan(
    store: &dyn Store,
    source: Source,
    known: &BTreeMap<AccountId, Known>,
    before: Timestamp,
    now: Timestamp,
) -> Result<Vec<AccountPrune>, ReplayError> {
    let nothing = Known::default();
    let mut plans = Vec::new();
    for (account_id, stored) in accounts(store, source).await? {
        let known = known.get(&account_id).unwrap_or(&nothing);
        plans.push(of_account(store, (source, account_id), &stored, known, (before, now)).await?);
    }
    Ok(plans)
}

/// Deletes the objects, in their order. Whoever dies here leaves pages without a manifest, which the next plan takes.
pub async fn carry_out(store: &dyn Store, objects: &[(ObjectName, u64)]) -> Result<(), StoreError> {
    let is_manifest = |name: &ObjectName| ManifestName::parse(name).is_some();
    let (manifests, pages): (Vec<_>, Vec<_>) = objects.iter().map(|(name, _)| name).partition(|name| is_manifest(name));
    for objects in [manifests, pages] {
        stream::iter(objects).map(Ok).try_for_each_concurrent(AT_ONCE, |name| store.delete(name)).await?;
    }
    Ok(())
}

/// All objects of the source, by account.
async fn accounts(store: &dyn Store, source: Source) -> Result<BTreeMap<AccountId, Vec<ObjectName>>, StoreError> {
    let mut accounts: BTreeMap<AccountId, Vec<ObjectName>> = BTreeMap::new();
    let mut listed = Names::new(store, raw_prefix(source.name()));
    while let Some(names) = listed.next().await? {
        for name in names {
            if let Some((account_id, _)) = everycent_domain::objects::account_of(&name) {
                accounts.entry(account_id).or_default().push(name);
            }
        }
    }
    Ok(accounts)
}

async fn of_account(
    store: &dyn Store,
    (source, account_id): (Source, AccountId),
    stored: &[ObjectName],
    known: &Known,
    (before, now): (Timestamp, Timestamp),
) -> Result<AccountPrune, ReplayError> {
    let (mut names, mut with_sums, mut sums) = (Vec::new(), BTreeSet::new(), Vec::new());
    for object in stored {
        match RawObject::of(object) {
            RawObject::Manifest(name) => names.push(name),
            RawObject::Sums(name) => {
                with_sums.insert(name.object.clone());
                sums.push((name, object.clone()));
            }
            _ => {}
        }
    }
    // Tables that are lost are filled again from the answers that name more people than the accepted one.
    let (mut named, mut unread) = (BTreeSet::new(), Vec::new());
    if source.remembers() {
        named = manifests_knowing_more(store, &sums, |_| true, |day| known.accepted(day), (now, &mut unread)).await?;
    }
    // What can't be read may name more people than all that can.
    if let Some(error) = unread.pop() {
        return Err(error);
    }
    let (mut gone, mut used, mut windows) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let (mut kept, mut unknown_days) = (Kept::default(), BTreeSet::new());
    for (name, manifest) in manifests(store, names).await? {
        let standing = known.standing(&name, &manifest.covered, with_sums.contains(&name.object), before);
        match standing {
            Standing::Recent => {}
            _ if source.keeps_rows() => kept.readings += 1,
            Standing::Needed => kept.needed += 1,
            Standing::Superseded if named.contains(&name.object) => kept.needed += 1,
            Standing::WithoutSums => kept.without_sums += 1,
            Standing::NotJudged => kept.not_judged += 1,
            Standing::UnknownDay(day) => drop(unknown_days.insert(day)),
            Standing::Superseded => {
                windows.push(name.window);
                gone.insert(name.object);
                continue;
            }
        }
        used.extend(manifest.pages.into_iter().map(|page| page.object));
    }
    let objects = with_bytes(store, prune::objects(stored, &gone, &used, now)).await?;
    Ok(AccountPrune { source, account_id, windows, objects, kept, unknown_days })
}

async fn manifests(store: &dyn Store, names: Vec<ManifestName>) -> Result<Vec<(ManifestName, Manifest)>, ReplayError> {
    let read = stream::iter(names).map(|name| async move {
        let manifest = read(store, &name.object).await?;
        Ok((name, manifest))
    });
    read.buffered(AT_ONCE).try_collect().await
}

async fn with_bytes(store: &dyn Store, objects: Vec<ObjectName>) -> Result<Vec<(ObjectName, u64)>, StoreError> {
    let sizes = stream::iter(objects).map(|name| async move {
        let bytes = store.size(&name).await?;
        Ok((name, bytes))
    });
    sizes.buffered(AT_ONCE).try_collect().await
}
