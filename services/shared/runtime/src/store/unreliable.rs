//! A store that fails when it is told to, before or after the work was done.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use everycent_domain::objects::ObjectName;

use super::{Created, Store, StoreError};
use crate::faults::Faults;

/// Asks its faults about `create`, `read`, `delete` and `list`.
#[derive(Debug, Clone)]
pub struct UnreliableStore {
    inner: Arc<dyn Store>,
    faults: Faults,
}

impl UnreliableStore {
    pub fn new(inner: Arc<dyn Store>, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
impl Store for UnreliableStore {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError> {
        self.faults.apply("create", self.inner.create(name, body), unavailable("create", name.as_str())).await
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.faults.apply("read", self.inner.read(name), unavailable("read", name.as_str())).await
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StoreError> {
        self.faults.apply("delete", self.inner.delete(name), unavailable("delete", name.as_str())).await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, StoreError> {
        self.faults.apply("list", self.inner.list(prefix, after, limit), unavailable("list", prefix)).await
    }

    fn address(&self) -> String {
        format!("unreliable {}", self.inner.address())
    }
}

fn unavailable(action: &'static str, name: &str) -> impl FnOnce(String) -> StoreError {
    let name = name.to_owned();
    move |reason| StoreError::Unavailable { action, name, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::faults::Fault;
    use crate::store::memory::MemoryStore;

    async fn create_under(fault: Fault) -> (Result<Created, StoreError>, MemoryStore) {
        let inner = MemoryStore::default();
        let store = UnreliableStore::new(Arc::new(inner.clone()), Faults::new(move |_| fault));
        (store.create(&name(), Bytes::from_static(b"body")).await, inner)
    }

    #[tokio::test]
    async fn a_fault_before_the_work_leaves_nothing() {
        let (result, inner) = create_under(Fault::Before).await;
        assert!(matches!(result, Err(StoreError::Unavailable { action: "create", .. })));
        assert!(matches!(inner.read(&name()).await, Err(StoreError::NotFound(_))));
    }

    #[tokio::test]
    async fn a_fault_after_the_work_loses_only_the_reply() {
        let (result, inner) = create_under(Fault::After).await;
        assert!(matches!(result, Err(StoreError::Unavailable { action: "create", .. })));
        assert_eq!(inner.read(&name()).await.unwrap(), "body");
    }

    fn name() -> ObjectName {
        "raw/x".parse().unwrap()
    }
}
