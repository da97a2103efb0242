//! An answer about one bucket that was announced.

use super::answer::Answer;
use super::heard::Announced;

#[derive(Debug)]
pub(super) struct Known<'a> {
    pub announced: &'a Announced,
    pub answer: &'a Answer,
    /// When it was announced last, for the tables that there are now.
    pub published_at: Option<i64>,
}
