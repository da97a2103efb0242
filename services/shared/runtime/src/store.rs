//! The object store: raw pages, manifests and row files.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod file;
#[cfg(feature = "google")]
pub mod gcs;
pub mod memory;
mod names;
#[cfg(test)]
mod tests;
pub mod unreliable;

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;
use everycent_domain::objects::ObjectName;

use crate::failure::{Reason, Retryability, Retryable};

pub use names::Names;

/// What became of a create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    New,
    /// An object of this name was there; it was left as it is.
    AlreadyThere,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("object {0} does not exist")]
    NotFound(ObjectName),
    /// Trying again may help: the store is full, busy or out of reach. A write may have happened.
    #[error("store: {action} {name}: {reason}")]
    Unavailable {
        action: &'static str,
        name: String,
        #[source]
        reason: Reason,
    },
    /// Trying again does not help until a person did something.
    #[error("store: {action} {name}: {reason}")]
    Refused {
        action: &'static str,
        name: String,
        #[source]
        reason: Reason,
    },
    /// An object is there and can't be what its name says. It is the object that is wrong, and nothing around it.
    #[error("store: read {name}: {reason}")]
    Damaged {
        name: ObjectName,
        #[source]
        reason: Reason,
    },
}

/// No object of ours is larger: a page, as compressed as it gets, or a row file that holds one record of its size. More than
/// that is not taken into memory.
pub const MAX_OBJECT_BYTES: u64 = 256 << 20;

impl StoreError {
    /// Of an object that is not taken into memory.
    fn too_large(name: &ObjectName, bytes: u64, limit: u64) -> Self {
        let reason = format!("it has {bytes} bytes or more, and no object of ours more than {limit}; move it away");
        Self::Damaged { name: name.clone(), reason: reason.into() }
    }
}

impl Retryable for StoreError {
    fn retryability(&self) -> Retryability {
        match self {
            Self::Unavailable { .. } => Retryability::Transient,
            Self::Refused { .. } => Retryability::Permanent,
            // Objects are stored before the event that points to them, so it will not appear later.
            Self::NotFound(_) | Self::Damaged { .. } => Retryability::Impossible,
        }
    }
}

/// A store of immutable objects.
///
/// Contract, which `conformance` checks for every body:
/// - An object is seen whole or not at all; nobody ever reads half of one, whenever the writer dies.
/// - An object never changes. Of several creates under one name, also at the same time, exactly one is
///   [`Created::New`]; the others are [`Created::AlreadyThere`] and change nothing.
/// - A create that returned is durable: it survives the process and, where the medium allows, the machine.
/// - A create that failed may have happened. Names come from content or from an id that is used once, so doing
///   it again is right.
/// - An object that was deleted is not there, and its name is free. Only what can be made again is ever deleted.
/// - A list is in order of name, begins after `after`, and shows every object whose create returned before it began.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError>;

    /// The whole of it, if it has no more than [`MAX_OBJECT_BYTES`].
    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError>;

    /// The bytes of an object, as they are stored.
    async fn size(&self, name: &ObjectName) -> Result<u64, StoreError> {
        Ok(self.read(name).await?.len() as u64)
    }

    /// Forgets an object that nobody needs any more; one that is not there is forgotten already.
    async fn delete(&self, name: &ObjectName) -> Result<(), StoreError>;

    /// Names that begin with `prefix`, at most `limit` of them, in order, after `after`.
    async fn list(&self, prefix: &str, after: Option<&ObjectName>, limit: usize)
    -> Result<Vec<ObjectName>, StoreError>;

    /// The store's address, as a person would write it.
    fn address(&self) -> String;
}
