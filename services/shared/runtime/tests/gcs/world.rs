//! The emulator, shared by the tests that run at the same time and ended with the last of them.

use std::sync::Arc;

use everycent_emulators::{Shared, Storage};
use everycent_runtime::google::endpoints::{Endpoints, install_tls};
use everycent_runtime::store::gcs::GcsStore;
use tempfile::TempDir;

static SHARED: Shared<World> = Shared::new();

#[derive(Debug)]
pub struct World {
    storage: Storage,
    _folder: TempDir,
}

/// The emulator; nothing where none is installed and none is required.
pub fn world() -> Option<Arc<World>> {
    SHARED.get(|installed| {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::start(installed, folder.path(), 0).unwrap();
        storage.wait().unwrap();
        World { storage, _folder: folder }
    })
}

impl World {
    pub fn url(&self) -> String {
        self.storage.url()
    }

    /// A new bucket of a name that no other test has.
    pub async fn bucket(&self) -> String {
        install_tls();
        let name = format!("bucket-{:08x}", rand::random::<u32>());
        let url = format!("{}/storage/v1/b?project=test", self.url());
        let made = reqwest::Client::new().post(url).json(&serde_json::json!({ "name": name })).send().await;
        made.unwrap().error_for_status().unwrap();
        name
    }
}

/// A store that reaches the bucket by this URL.
pub fn store_at(url: &str, bucket: &str, prefix: Option<&str>) -> GcsStore {
    install_tls();
    let endpoints = Endpoints { storage: Some(url.to_owned()), ..Endpoints::default() };
    GcsStore::new(bucket.to_owned(), prefix.map(|prefix| prefix.parse().unwrap()), &endpoints)
}
