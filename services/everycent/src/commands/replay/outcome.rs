//! How a replay ended, whoever did its work.

/// What came of a replay.
pub(in crate::commands) struct Done {
    /// Rows written or deleted, where it was done here.
    pub(super) rows_changed: Option<u64>,
    /// Snapshots that services elsewhere have not merged.
    pub(super) not_merged: usize,
    pub(in crate::commands) dead_letters: u64,
    pub(super) interrupted: bool,
}

impl Done {
    pub(super) fn is_whole(&self) -> bool {
        !self.is_cut_short() && self.dead_letters == 0
    }

    /// Whether some of it was not tried.
    pub(in crate::commands) fn is_cut_short(&self) -> bool {
        self.not_merged > 0 || self.interrupted
    }
}
