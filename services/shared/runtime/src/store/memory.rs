//! A store in memory, for tests. It survives nothing.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use everycent_domain::objects::ObjectName;

use super::{Created, Store, StoreError};

/// Clones share their objects.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<BTreeMap<ObjectName, Bytes>>>);

impl MemoryStore {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<ObjectName, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError> {
        let mut objects = self.objects();
        if objects.contains_key(name) {
            return Ok(Created::AlreadyThere);
        }
        objects.insert(name.clone(), body);
        Ok(Created::New)
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.objects().get(name).cloned().ok_or_else(|| StoreError::NotFound(name.clone()))
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StoreError> {
        self.objects().remove(name);
        Ok(())
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let objects = self.objects();
        let names = objects.range::<ObjectName, _>((from, Bound::Unbounded)).map(|(name, _)| name);
        Ok(names.filter(|name| name.as_str().starts_with(prefix)).take(limit).cloned().collect())
    }

    fn address(&self) -> String {
        "memory:".to_owned()
    }
}
