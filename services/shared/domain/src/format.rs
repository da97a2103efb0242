//! Stored objects in JSON that say which version of their format they have.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why such an object is not read.
pub(crate) enum Unread {
    NotOne(serde_json::Error),
    /// A later release wrote it in this format.
    TooNew(u32),
}

/// Reads an object in a format up to the `newest` one.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8], newest: u32) -> Result<T, Unread> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let Version { format } = serde_json::from_slice(json).map_err(Unread::NotOne)?;
    if format > newest {
        return Err(Unread::TooNew(format));
    }
    serde_json::from_slice(json).map_err(Unread::NotOne)
}
