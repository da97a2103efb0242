//! What was known of the workspaces of an account, as objects in the store: a number more whenever it is something else.
//!
//! An answer names the one that it was fetched with, so that its rows come out the same whenever they are made.

use std::sync::Arc;

use everycent_domain::objects::{ObjectName, known_workspaces, known_workspaces_number, known_workspaces_prefix};
use everycent_domain::workspaces::Workspaces;
use everycent_schemas::AccountId;

use crate::failure::Reason;
use crate::store::{Created, Names, Store, StoreError};

/// Reads and adds them, for one report that lists workspaces.
#[derive(Debug, Clone)]
pub struct WorkspaceLog {
    store: Arc<dyn Store>,
    /// The source of the list.
    source: &'static str,
}

impl WorkspaceLog {
    pub fn new(store: Arc<dyn Store>, source: &'static str) -> Self {
        Self { store, source }
    }

    /// The one of this name.
    pub async fn read(&self, name: &ObjectName) -> Result<Workspaces, StoreError> {
        let unreadable = |error| StoreError::Damaged { name: name.clone(), reason: Reason::of(error) };
        Workspaces::from_json(&self.store.read(name).await?).map_err(unreadable)
    }

    /// The first that was known: for answers that were fetched before anything was.
    pub async fn first(&self, account_id: &AccountId) -> Result<Option<Workspaces>, StoreError> {
        match self.read(&known_workspaces(self.source, account_id, 1)).await {
            Ok(known) => Ok(Some(known)),
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All of them, from old to new.
    pub async fn all(&self, account_id: &AccountId) -> Result<Vec<Workspaces>, StoreError> {
        let mut all = Vec::new();
        for name in self.names(account_id).await? {
            all.push(self.read(&name).await?);
        }
        Ok(all)
    }

    /// The one that was known last.
    pub async fn latest(&self, account_id: &AccountId) -> Result<Option<(ObjectName, Workspaces)>, StoreError> {
        let Some(name) = self.names(account_id).await?.pop() else { return Ok(None) };
        let known = self.read(&name).await?;
        Ok(Some((name, known)))
    }

    /// Adds what is listed now to what was known, if that makes a difference, and gives its name. Where another writer is
    /// faster, it is compared with what that one wrote.
    pub async fn add(&self, account_id: &AccountId, listed: &Workspaces) -> Result<ObjectName, StoreError> {
        loop {
            let (number, next) = match self.latest(account_id).await? {
                Some((name, known)) => {
                    let next = listed.clone().after(&known);
                    if next.is_same(&known) {
                        return Ok(name);
                    }
                    (known_workspaces_number(&name).unwrap_or_default() + 1, next)
                }
                None => (1, listed.clone()),
            };
            let name = known_workspaces(self.source, account_id, number);
            if self.store.create(&name, next.to_json().into()).await? == Created::New {
                return Ok(name);
            }
        }
    }

    async fn names(&self, account_id: &AccountId) -> Result<Vec<ObjectName>, StoreError> {
        let mut all = Vec::new();
        let mut listed = Names::new(self.store.as_ref(), known_workspaces_prefix(self.source, account_id));
        while let Some(names) = listed.next().await? {
            all.extend(names.into_iter().filter(|name| known_workspaces_number(name).is_some()));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_schemas::Timestamp;

    use super::*;
    use crate::store::memory::MemoryStore;

    fn listed(at: i64, default_id: Option<&str>, names: &[(&str, &str)]) -> Workspaces {
        let names = names.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect();
        Workspaces::new(Timestamp::from_micros(at), default_id.map(str::to_owned), names)
    }

    fn log() -> WorkspaceLog {
        WorkspaceLog::new(Arc::new(MemoryStore::default()), "anthropic/workspaces")
    }

    #[tokio::test]
    async fn what_is_the_same_is_stored_once_and_what_is_new_under_the_next_number() {
        let (log, acme) = (log(), AccountId::from("acme"));
        assert_eq!((log.first(&acme).await.unwrap(), log.latest(&acme).await.unwrap()), (None, None));
        let one = log.add(&acme, &listed(1, Some("w0"), &[("w1", "A")])).await.unwrap();
        assert_eq!(one.as_str(), "raw/anthropic/workspaces/acme/known/00000001.json");
        assert_eq!(log.add(&acme, &listed(2, None, &[("w1", "A")])).await.unwrap(), one);
        let two = log.add(&acme, &listed(3, None, &[("w1", "B")])).await.unwrap();
        assert_eq!(two.as_str(), "raw/anthropic/workspaces/acme/known/00000002.json");
        assert_eq!(log.read(&two).await.unwrap(), listed(3, Some("w0"), &[("w1", "B")]));
        assert_eq!(log.first(&acme).await.unwrap(), Some(listed(1, Some("w0"), &[("w1", "A")])));
        assert_eq!(log.all(&acme).await.unwrap().len(), 2);
        assert_eq!(log.latest(&"other".into()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn two_writers_end_with_what_both_have_seen() {
        let (log, acme) = (log(), AccountId::from("acme"));
        let (a, b) = (listed(1, None, &[("w1", "A")]), listed(1, None, &[("w2", "B")]));
        let (one, other) = tokio::join!(log.add(&acme, &a), log.add(&acme, &b));
        assert_ne!(one.unwrap(), other.unwrap());
        assert_eq!(log.latest(&acme).await.unwrap().unwrap().1.names.len(), 2);
    }

    #[tokio::test]
    async fn one_that_does_not_read_is_named() {
        let store = Arc::new(MemoryStore::default());
        let name = known_workspaces("anthropic/workspaces", &"acme".into(), 1);
        store.create(&name, "{}".into()).await.unwrap();
        let error = WorkspaceLog::new(store, "anthropic/workspaces").first(&"acme".into()).await.unwrap_err();
        assert!(error.to_string().contains(name.as_str()), "{error}");
    }
}
