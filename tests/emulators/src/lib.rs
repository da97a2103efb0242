//! Google's Pub/Sub, Cloud Storage and BigQuery as emulators on this machine, without Docker.
//!
//! It owns their processes, ports and folders. It knows nothing of what is stored in them, and depends on nothing of
//! ours. `install.sh` beside it puts the packages where this looks for them.

mod afterwards;
mod bigquery;
mod installed;
mod process;
mod project;
mod pubsub;
mod shared;
mod storage;

use std::path::Path;

use anyhow::Context;

pub use bigquery::BigQuery;
pub use installed::Installed;
pub use project::PROJECT;
pub use pubsub::PubSub;
pub use shared::Shared;
pub use storage::Storage;

/// All three, running. Dropping it ends them.
#[derive(Debug)]
pub struct Emulators {
    pub pubsub: PubSub,
    pub storage: Storage,
    pub bigquery: BigQuery,
}

/// The ports to listen on; 0 is any free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    pub pubsub: u16,
    pub storage: u16,
    pub bigquery: u16,
    pub bigquery_grpc: u16,
}

impl Ports {
    /// Where people look for them, with and without Docker.
    pub const USUAL: Self = Self { pubsub: 8085, storage: 4443, bigquery: 9050, bigquery_grpc: 9060 };
}

impl Emulators {
    /// Starts all three and waits until they answer. What they store and log lies in the folder.
    pub fn start(installed: &Installed, folder: &Path, ports: Ports) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let storage = Storage::start(installed, folder, ports.storage)?;
        let bigquery = BigQuery::start(installed, folder, ports.bigquery, ports.bigquery_grpc, &storage)?;
        let pubsub = PubSub::start(installed, folder, ports.pubsub)?;
        storage.wait()?;
        pubsub.wait()?;
        bigquery.wait()?;
        Ok(Self { pubsub, storage, bigquery })
    }

    /// The variables that lead a client to them.
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("PUBSUB_EMULATOR_HOST", self.pubsub.host()),
            ("STORAGE_EMULATOR_HOST", self.storage.url()),
            ("BIGQUERY_EMULATOR_HOST", self.bigquery.url()),
        ]
    }
}
