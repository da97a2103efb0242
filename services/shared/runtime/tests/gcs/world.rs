//! The emulator, which all tests share.

use everycent_emulators::{Shared, Storage};
use everycent_runtime::google::endpoints::{Endpoints, install_tls};
use everycent_runtime::store::gcs::GcsStore;

static SHARED: Shared<World> = Shared::new();

#[derive(Debug)]
pub struct World {
    storage: Storage,
}

pub fn world() -> &'static World {
    SHARED.get(|installed, folder| {
        let storage = Storage::start(installed, folder, 0).unwrap();
        storage.wait().unwrap();
        World { storage }
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
