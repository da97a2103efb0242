//! What the services did, told to whoever shows or counts it.

use std::fmt;
use std::sync::Arc;

use chrono::Duration;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_schemas::AccountId;

use crate::warehouse::TableChange;

/// One step of the work. Ids, counts and lengths only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A vendor is asked for a window.
    Asking { source: Source, account_id: AccountId, window: Window },
    /// A page of it came.
    PageKept { source: Source, body_bytes: u64 },
    /// All of it is stored.
    Stored { source: Source, account_id: AccountId, window: Window, pages: u32 },
    /// It could not be fetched.
    Failed { source: Source, account_id: AccountId, window: Window, reason: String },
    /// The vendor's clock is so much ahead of this machine's, negative for behind. Told once for each account.
    ClockIsOff { source: Source, account_id: AccountId, offset: Duration },
    /// Rows were made of a snapshot.
    Normalized { source: String, rows: i64, rejects: i64, remarks: i64 },
    /// The vendor refuses the report to this key, and never answered it for this account.
    Unavailable { source: Source, account_id: AccountId, window: Window },
    /// Batches were merged.
    Merged { batches: usize, tables: Vec<TableChange> },
}

/// Is told of progress. It must be quick.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Progress) + Send + Sync>);

impl Observer {
    pub fn new(observe: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    /// Nobody looks.
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    pub fn tell(&self, progress: Progress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
