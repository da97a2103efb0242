//! Where the sentences get their warehouses.

use std::sync::Arc;

use async_trait::async_trait;

use crate::warehouse::Warehouse;

/// Makes warehouses, each empty, migrated, and apart from the others.
#[async_trait]
pub trait Fixture: Send + Sync {
    async fn warehouse(&self) -> Arc<dyn Warehouse>;
}
