//! The stored answers of an account: counted, copied under another id, deleted.

use anyhow::Context;
use bytes::Bytes;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, ObjectName, RawObject, account_prefix};
use everycent_domain::source::Source;
use everycent_domain::sums::Sums;
use everycent_domain::vendor::Vendor;
use everycent_runtime::store::{Names, Store, StoreError};
use everycent_schemas::AccountId;
use everycent_schemas::events::AnswerDecided;

/// All stored objects of an account, and how many of them are answers.
pub(super) struct Stored {
    pub objects: Vec<ObjectName>,
    pub answers: usize,
}

pub(super) async fn stored(store: &dyn Store, vendor: Vendor, account_id: &AccountId) -> Result<Stored, StoreError> {
    let mut objects = Vec::new();
    for source in Source::ALL.iter().filter(|source| source.vendor() == vendor) {
        let prefix = account_prefix(source.name(), account_id);
        let mut listed = Names::new(store, prefix);
        while let Some(names) = listed.next().await? {
            objects.extend(names);
        }
    }
    let answers = objects.iter().filter(|name| is_manifest(name)).count();
    Ok(Stored { objects, answers })
}

/// Deletes the objects, manifests first: without one, pages are no answer.
pub(super) async fn delete(store: &dyn Store, stored: &Stored) -> Result<(), StoreError> {
    let (manifests, pages): (Vec<_>, Vec<_>) = stored.objects.iter().partition(|name| is_manifest(name));
    for name in manifests.into_iter().chain(pages) {
        store.delete(name).await?;
    }
    Ok(())
}

/// Copies the objects under another id, manifests last. What was copied before is left as it is.
pub(super) async fn copy(
    store: &dyn Store,
    stored: &Stored,
    from: &AccountId,
    to: &AccountId,
) -> Result<(), anyhow::Error> {
    let (manifests, others): (Vec<_>, Vec<_>) = stored.objects.iter().partition(|name| is_manifest(name));
    for name in others.into_iter().chain(manifests) {
        let copy = copied(name, &store.read(name).await?, from, to);
        store.create(&under(name, from, to), copy.with_context(|| name.to_string())?).await?;
    }
    Ok(())
}

/// The object, as one of the other account: what names the account names the other, and a page stays as it came.
fn copied(name: &ObjectName, object: &Bytes, from: &AccountId, to: &AccountId) -> anyhow::Result<Bytes> {
    match RawObject::of(name) {
        RawObject::Manifest(_) => renamed(object, from, to),
        RawObject::Sums(_) => {
            let mut sums = Sums::from_json(object)?;
            sums.account_id = to.clone();
            Ok(sums.to_json().into())
        }
        RawObject::Decision { .. } => {
            let decided = AnswerDecided { account_id: to.clone(), ..serde_json::from_slice(object)? };
            Ok(serde_json::to_vec(&decided)?.into())
        }
        RawObject::Page(_) | RawObject::Other => Ok(object.clone()),
    }
}

/// The manifest, as one of the other account.
fn renamed(manifest: &Bytes, from: &AccountId, to: &AccountId) -> anyhow::Result<Bytes> {
    let mut manifest = Manifest::from_json(manifest)?;
    manifest.account_id = to.clone();
    for page in &mut manifest.pages {
        page.object = under(&page.object, from, to);
    }
    manifest.workspaces = manifest.workspaces.map(|known| under(&known, from, to));
    Ok(manifest.to_json().into())
}

/// The name that the object has under the other id.
fn under(name: &ObjectName, from: &AccountId, to: &AccountId) -> ObjectName {
    let source = name.as_str().split('/').skip(1).take(2).collect::<Vec<_>>().join("/");
    let (old, new) = (account_prefix(&source, from), account_prefix(&source, to));
    let rest = name.as_str().strip_prefix(&old);
    rest.and_then(|rest| format!("{new}{rest}").parse().ok()).unwrap_or_else(|| name.clone())
}

fn is_manifest(name: &ObjectName) -> bool {
    ManifestName::parse(name).is_some()
}
