//! How a replay ended, whoever did its work.

/// What came of a replay.
pub(super) struct Done {
    /// Rows written or deleted, where it was done here.
    pub(super) rows_changed: Option<u64>,
    /// Snapshots that services elsewhere have not merged.
    pub(super) not_merged: usize,
    pub(super) dead_letters: u64,
    pub(super) interrupted: bool,
}

impl Done {
    pub(super) fn is_whole(&self) -> bool {
        self.not_merged == 0 && self.dead_letters == 0 && !self.interrupted
    }
}
