//! Why a snapshot gives no rows.

use everycent_schemas::SnapshotId;

use crate::prices::PriceError;

/// Why a snapshot gives no batch.
#[derive(Debug, thiserror::Error)]
pub enum NormalizeError {
    /// Its pages are not what its manifest says. Trying again does not help.
    #[error("page {page} of snapshot {snapshot_id}: {reason}")]
    NotWhole { snapshot_id: SnapshotId, page: u32, reason: String },
    /// The configured prices reach none of its days. Nothing is lost; it goes on once a person completed it.
    #[error(transparent)]
    Unpriced(PriceError),
    #[error("snapshot {snapshot_id} is of source `{source_name}`, which this program does not know; upgrade it")]
    UnknownSource { snapshot_id: SnapshotId, source_name: String },
}
