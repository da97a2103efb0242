//! What was found out about figures.

use everycent_schemas::{AccountId, Timestamp};
use serde::Serialize;

use super::gap::Gap;
use crate::remarks::RemarkRow;

/// What the figures rest on.
#[derive(Debug, Serialize)]
pub struct Completeness {
    /// Whether nothing is known to be missing.
    pub complete: bool,
    pub synced: Vec<Synced>,
    /// What is known to be missing or not to be believed yet.
    pub lacks: Vec<Gap>,
    /// What is to be known and takes nothing away.
    pub notes: Vec<Gap>,
    /// What was odd beside the money and cost no row, by field and reason.
    pub remarks: Vec<RemarkRow>,
}

/// When an account was read last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Synced {
    pub vendor: &'static str,
    pub account_id: AccountId,
    /// When its newest answer was fetched, of any report and about any day; `None` where none ever was.
    pub last_answer_at: Option<Timestamp>,
}
