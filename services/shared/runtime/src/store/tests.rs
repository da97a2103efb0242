#![allow(clippy::unwrap_used)]
use std::sync::{Arc, Mutex};

use super::conformance::conformance;
use super::file::FileStore;
use super::memory::MemoryStore;
use super::unreliable::UnreliableStore;
use super::*;
use crate::faults::Faults;

#[tokio::test(flavor = "multi_thread")]
async fn the_file_store_conforms() {
    let folders = Mutex::new(Vec::new());
    conformance(async || {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::open(folder.path().to_path_buf()).unwrap();
        folders.lock().unwrap().push(folder);
        Arc::new(store) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_store_conforms() {
    conformance(async || Arc::new(MemoryStore::default()) as Arc<dyn Store>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unreliable_store_conforms_while_nothing_fails() {
    conformance(async || {
        let inner = Arc::new(MemoryStore::default());
        Arc::new(UnreliableStore::new(inner, Faults::none())) as Arc<dyn Store>
    })
    .await;
}
