//! Reading a page so that one bad record never costs its neighbours.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::NormalizeError;
use crate::manifest::Manifest;
use crate::objects::ObjectName;

/// Which page is read.
#[derive(Debug, Clone, Copy)]
pub struct PageContext<'a> {
    /// From 1.
    pub number: u32,
    pub object: &'a ObjectName,
    pub manifest: &'a Manifest,
}

impl PageContext<'_> {
    pub fn not_whole(&self, reason: impl ToString) -> NormalizeError {
        NormalizeError::NotWhole {
            snapshot_id: self.manifest.snapshot_id.clone(),
            page: self.number,
            reason: reason.to_string(),
        }
    }
}

/// Where a record stands in its page; displayed as a JSON pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    InData(usize),
    InBucket(usize, usize),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InData(index) => write!(f, "/data/{index}"),
            Self::InBucket(bucket, index) => write!(f, "/data/{bucket}/results/{index}"),
        }
    }
}

/// Reads one record of a page that does not read as a whole; the error says why this one does not.
pub fn read_alone<'a, R: Deserialize<'a>>(raw: &'a RawValue) -> Result<R, String> {
    serde_json::from_str(raw.get()).map_err(|e| e.to_string())
}
