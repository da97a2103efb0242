//! Which lines of answers are no longer needed.
//!
//! Most answers about a day say what the one before them said. Some time after the day settled only the first and the last
//! of equal ones are kept. Judged again, they end as all of them did, so that a decision may still come; an answer whose
//! place is before the last one of then is judged no more, for those that it would be compared with may be gone.

use chrono::Duration;
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{AccountId, SnapshotId, Timestamp};

use super::known::Known;
use crate::bucket::BucketId;
use crate::source::Source;

/// How long lines stay after the day settled, and after the last answer about it came.
const KEPT: Duration = Duration::days(7);
/// How many days that became due are looked after by each merge that brings something of their account and source.
const LOOK_BACK_DAYS: u32 = 30;
/// How many days' lines one merge reads for this, and how many lines it takes out: all stand in one script.
pub(super) const MOST_BUCKETS: usize = 20;
pub(super) const MOST_LINES: usize = 5_000;

/// Why a late answer is not judged.
pub(super) const TOO_LATE: &str =
    "came more than seven days after the day settled, when its answers were judged for good";

/// The days that became due lately.
pub(super) fn due_lately(source: &str, account_id: &AccountId, now: Timestamp) -> Vec<BucketId> {
    let Ok(of) = source.parse::<Source>() else { return vec![] };
    let days_after = of.kind().settles_after_days() + 1;
    let last = now.plus(-KEPT).day().minus(days_after);
    let bucket = |activity_date| BucketId { source: source.to_owned(), account_id: account_id.clone(), activity_date };
    (0..LOOK_BACK_DAYS).map(|back| bucket(last.minus(back))).collect()
}

/// Whether lines of a day have become due since they were last thinned, as far as coverage says.
pub(super) fn is_due(known: &Known, now: Timestamp) -> bool {
    let (Some(state), Some(loaded)) = (&known.state, &known.loaded) else { return false };
    let is_quiet = |newest: Timestamp| is_past(newest, now) && is_past(loaded.normalized_at, now);
    state.sealed != state.newest && state.newest.as_ref().is_some_and(|newest| is_quiet(newest.fetched_at))
}

/// Whether what came then came so long ago.
pub(super) fn is_past(at: Timestamp, now: Timestamp) -> bool {
    at.plus(KEPT) <= now
}

/// The lines between the first and the last of each run of equal ones. `lines` are those that were judged, in order.
pub(super) fn between_equals(lines: &[&AnswerRow]) -> Vec<SnapshotId> {
    let says_nothing = |three: &&[&AnswerRow]| are_equal(three[0], three[1]) && are_equal(three[1], three[2]);
    lines.windows(3).filter(says_nothing).map(|three| three[1].snapshot_id.clone()).collect()
}

fn are_equal(one: &AnswerRow, other: &AnswerRow) -> bool {
    let judged = |row: &AnswerRow| (row.verdict, row.reason.clone(), row.decision.is_none());
    report_the_same(one, other) && judged(one) == judged(other) && one.decision.is_none()
}

/// Whether the vendor reported the same in both, as far as that is known.
pub(super) fn report_the_same(one: &AnswerRow, other: &AnswerRow) -> bool {
    let reported = |row: &AnswerRow| (row.reported_usd, row.reported_tokens, row.reported_count);
    one.content_hash.is_some() && one.content_hash == other.content_hash && reported(one) == reported(other)
}
