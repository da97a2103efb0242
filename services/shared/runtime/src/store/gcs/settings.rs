//! What a store in a bucket can be set to.

use std::time::Duration;

use crate::store::MAX_OBJECT_BYTES;

/// How patient the store is, and what it sends in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcsSettings {
    /// How long a call is made again while the service is out of reach.
    pub retry_for: Duration,
    /// When a call ends that got no answer, whatever it waits for.
    pub patience: Duration,
    /// Bodies of this many bytes are sent in parts, so that a lost connection costs a part only.
    pub parts_from_bytes: usize,
    /// Larger objects are not read.
    pub max_object_bytes: u64,
}

impl Default for GcsSettings {
    fn default() -> Self {
        Self {
            retry_for: Duration::from_secs(30),
            patience: Duration::from_secs(120),
            parts_from_bytes: 8 << 20,
            max_object_bytes: MAX_OBJECT_BYTES,
        }
    }
}
