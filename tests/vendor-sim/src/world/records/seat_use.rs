//! What one person did with claude.ai on one day.
//!
//! Owns the counts. It must never make them up or encode them.

/// What a person of an Enterprise organization did on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeatUse {
    /// The id of the person.
    pub user_id: String,
    pub messages: u64,
    pub conversations: u64,
    pub projects_used: u64,
    pub files_uploaded: u64,
    pub cowork_sessions: u64,
    pub code_sessions: u64,
    pub commits: u64,
    pub pull_requests: u64,
    pub lines_added: u64,
    pub lines_removed: u64,
}
