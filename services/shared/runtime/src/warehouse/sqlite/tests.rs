#![allow(clippy::unwrap_used)]

mod analytics;
mod charges;
mod cursor_money;
mod files;
mod imported;
mod inserted;
mod money;
mod people;
mod seats;
mod shares;
mod teams;
mod views;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tempfile::TempDir;

use super::SqliteWarehouse;
use crate::warehouse::Warehouse;
use crate::warehouse::conformance::Fixture;

/// Warehouses in one folder that goes away with the fixture.
struct Folder(TempDir, Mutex<usize>);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap(), Mutex::new(0))
    }
}

#[async_trait]
impl Fixture for Folder {
    async fn warehouse(&self) -> Arc<dyn Warehouse> {
        let number = {
            let mut count = self.1.lock().unwrap();
            *count += 1;
            *count
        };
        let warehouse = SqliteWarehouse::open(&self.0.path().join(format!("{number}.sqlite"))).unwrap();
        warehouse.migrate().await.unwrap();
        Arc::new(warehouse)
    }
}

crate::warehouse_conformance!(Folder::new());
