//! Buckets: what coverage says of each, against what was asked for and what the tables hold.

use everycent_schemas::Usd;

use super::{Check, Figure, Verdict};
use crate::bucket::BucketId;
use crate::source::Source;

/// What a batch said of a bucket, or what the tables hold of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BucketSums {
    pub rows: i64,
    pub rejects: i64,
    pub amount_usd: Usd,
    pub quantity: i64,
    /// What was odd and cost no row.
    pub remarks: i64,
}

/// One bucket, as coverage has it and as the tables have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketFact {
    pub id: BucketId,
    /// `None` when nothing was ever loaded.
    pub merged: Option<BucketSums>,
    /// What the tables hold now.
    pub stored: BucketSums,
    /// Why the last attempt failed, if it did.
    pub failure: Option<String>,
    /// What a later answer takes away, or what its rows wait for; `None` where the newest answer is the one that is loaded.
    pub held: Option<String>,
    /// It is a reading of how things stand, and a later one followed, loaded or not.
    pub is_superseded: bool,
    /// The vendor's words, where the report is not open to the key and never was.
    pub unavailable: Option<String>,
}

impl BucketFact {
    /// Whether it was ever loaded, or the tables hold rows of it.
    pub fn has_anything(&self) -> bool {
        self.merged.is_some() || self.stored != BucketSums::default()
    }

    fn verdict(&self, check: Check, expected: Figure, found: Figure, passed: bool, explanation: String) -> Verdict {
        let BucketId { source, account_id, activity_date } = &self.id;
        Verdict {
            check,
            source: source.clone(),
            account_id: account_id.clone(),
            activity_date: *activity_date,
            from_date: *activity_date,
            expected,
            found,
            passed,
            explanation: format!("{source} of {activity_date}: {explanation}"),
        }
    }
}

/// Every bucket that was wanted is loaded, and its last attempt did not fail. A reading of how things stand is as good as
/// the latest of its feed. A bucket that only has rows is judged by [`tables_equal_coverage`].
pub fn no_missing_bucket(buckets: &[BucketFact]) -> Vec<Verdict> {
    let only_has_rows = |bucket: &&BucketFact| {
        bucket.merged.is_none() && bucket.failure.is_none() && bucket.stored != BucketSums::default()
    };
    buckets.iter().filter(|bucket| !only_has_rows(bucket)).map(missing).collect()
}

fn missing(bucket: &BucketFact) -> Verdict {
    let is_closed = bucket.unavailable.is_some();
    let loaded = is_closed || bucket.is_superseded || bucket.merged.is_some() && bucket.failure.is_none();
    let explanation = match (&bucket.failure, bucket.merged) {
        _ if is_closed => {
            format!("not available to this key: {}", bucket.unavailable.as_deref().unwrap_or_default())
        }
        _ if bucket.is_superseded => "a later reading tells how things stand".into(),
        (Some(failure), _) => format!("the last attempt failed: {failure}. `everycent sync` asks again"),
        (None, None) => {
            let account = &bucket.id.account_id;
            format!(
                "it was never loaded. `everycent sync` asks for it if it is configured; of an account that is used no more \
                 `everycent accounts retire {account}` says so"
            )
        }
        (None, Some(_)) => "loaded".into(),
    };
    let found = Figure::Count(loaded.into());
    bucket.verdict(Check::NoMissingBucket, Figure::Count(1), found, loaded, explanation)
}

/// No answer of a loaded bucket waits for a person, for another answer or for its rows.
pub fn no_held_answer(buckets: &[BucketFact]) -> Vec<Verdict> {
    buckets.iter().filter(|bucket| bucket.merged.is_some()).map(held).collect()
}

fn held(bucket: &BucketFact) -> Verdict {
    let day = bucket.id.activity_date;
    let explanation = match &bucket.held {
        None => "no answer is held".to_owned(),
        Some(words) => format!("the newest answer is not loaded: {words}. `everycent history {day}` shows all of them"),
    };
    let found = Figure::Count(bucket.held.is_some().into());
    bucket.verdict(Check::NoHeldAnswer, Figure::Count(0), found, bucket.held.is_none(), explanation)
}

/// Every record of a loaded bucket became a row.
pub fn no_reject(buckets: &[BucketFact]) -> Vec<Verdict> {
    buckets.iter().filter(|bucket| bucket.merged.is_some()).map(rejected).collect()
}

fn rejected(bucket: &BucketFact) -> Verdict {
    let rejects = bucket.stored.rejects;
    let explanation = match rejects {
        0 => "every record became a row".to_owned(),
        1 => "a record could not become a row; `everycent status` shows where and why".to_owned(),
        _ => format!("{rejects} records could not become rows; `everycent status` shows where and why"),
    };
    let found = Figure::Count(rejects);
    bucket.verdict(Check::NoReject, Figure::Count(0), found, rejects == 0, explanation)
}

/// What was odd in a loaded bucket and cost no row: a note that never fails.
pub fn remarked(buckets: &[BucketFact]) -> Vec<Verdict> {
    let noted = buckets.iter().filter(|bucket| bucket.merged.is_some() && bucket.stored.remarks > 0);
    noted.map(note).collect()
}

fn note(bucket: &BucketFact) -> Verdict {
    let remarks = bucket.stored.remarks;
    let explanation = match remarks {
        1 => "one thing was odd and cost no row; `everycent status` shows what".to_owned(),
        _ => format!("{remarks} things were odd and cost no row; `everycent status` shows what"),
    };
    let found = Figure::Count(remarks);
    bucket.verdict(Check::Remarks, found, found, true, explanation)
}

/// The tables hold what was merged into them: as many rows, as much money, the same counts. What was never merged has no
/// row. Tables that keep their rows hold those of many answers, so their sources are not judged.
pub fn tables_equal_coverage(buckets: &[BucketFact]) -> Vec<Verdict> {
    let keeps_rows = |bucket: &BucketFact| bucket.id.source.parse().is_ok_and(Source::keeps_rows);
    buckets
        .iter()
        .filter(|bucket| bucket.has_anything())
        .filter(|bucket| !keeps_rows(bucket))
        .map(|bucket| untouched(bucket, bucket.merged.unwrap_or_default()))
        .collect()
}

fn untouched(bucket: &BucketFact, merged: BucketSums) -> Verdict {
    let stored = bucket.stored;
    let (what, expected, found) = first_difference(merged, stored);
    let explanation = if expected == found {
        "the tables hold what was merged".to_owned()
    } else {
        let day = bucket.id.activity_date;
        format!(
            "{what} changed after the merge: somebody edited the tables. \
             `everycent replay --from {day} --to {day}` puts back what the vendor said"
        )
    };
    bucket.verdict(Check::TablesEqualCoverage, expected, found, merged == stored, explanation)
}

fn first_difference(merged: BucketSums, stored: BucketSums) -> (&'static str, Figure, Figure) {
    if merged.amount_usd != stored.amount_usd {
        return ("the money", Figure::Usd(merged.amount_usd), Figure::Usd(stored.amount_usd));
    }
    if merged.rows != stored.rows {
        return ("the number of rows", Figure::Count(merged.rows), Figure::Count(stored.rows));
    }
    if merged.rejects != stored.rejects {
        return ("the number of rejects", Figure::Count(merged.rejects), Figure::Count(stored.rejects));
    }
    if merged.remarks != stored.remarks {
        return ("the number of remarks", Figure::Count(merged.remarks), Figure::Count(stored.remarks));
    }
    ("a count", Figure::Count(merged.quantity), Figure::Count(stored.quantity))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use everycent_schemas::Day;

    fn of(source: &str) -> BucketId {
        let activity_date = Day::new(2025, 10, 5).unwrap();
        BucketId { source: source.into(), account_id: "acme".into(), activity_date }
    }

    fn bucket() -> BucketFact {
        let sums = BucketSums { rows: 3, rejects: 0, amount_usd: Usd::from_nanos(7), quantity: 9, remarks: 0 };
        BucketFact {
            id: of("anthropic/cost_report"),
            merged: Some(sums),
            stored: sums,
            failure: None,
            held: None,
            is_superseded: false,
            unavailable: None,
        }
    }

    #[test]
    fn a_held_answer_fails_with_what_it_takes_away_and_what_to_look_at() {
        let held = BucketFact { held: Some("fell from 6.00 dollars to 2.00 dollars".into()), ..bucket() };
        let verdict = no_held_answer(&[held]).remove(0);
        assert!(!verdict.passed && verdict.explanation.contains("fell from 6.00 dollars"), "{verdict:?}");
        assert!(verdict.explanation.contains("`everycent history 2025-10-05`"), "{verdict:?}");
    }

    #[test]
    fn an_untouched_loaded_bucket_passes_every_check() {
        for check in [no_missing_bucket, no_held_answer, no_reject, tables_equal_coverage] {
            let verdicts = check(&[bucket()]);
            assert!(verdicts.len() == 1 && verdicts[0].passed, "{verdicts:?}");
        }
    }

    #[test]
    fn a_bucket_that_was_never_loaded_is_missing_and_nothing_else() {
        let absent = BucketFact { merged: None, stored: BucketSums::default(), ..bucket() };
        let verdict = no_missing_bucket(std::slice::from_ref(&absent)).remove(0);
        assert!(!verdict.passed && verdict.explanation.contains("2025-10-05"));
        assert!(no_reject(std::slice::from_ref(&absent)).is_empty());
        assert!(tables_equal_coverage(&[absent]).is_empty());
    }

    #[test]
    fn a_failed_bucket_says_what_it_failed_of() {
        let failed = BucketFact { failure: Some("HTTP 500".into()), ..bucket() };
        let verdict = no_missing_bucket(&[failed]).remove(0);
        assert!(!verdict.passed && verdict.explanation.contains("HTTP 500"), "{}", verdict.explanation);
    }

    #[test]
    fn a_bucket_of_a_report_that_is_not_open_to_the_key_is_not_missing() {
        let closed = BucketFact {
            merged: None,
            stored: BucketSums::default(),
            unavailable: Some("missing scope".into()),
            ..bucket()
        };
        let verdict = no_missing_bucket(&[closed]).remove(0);
        assert!(verdict.passed && verdict.explanation.contains("missing scope"), "{verdict:?}");
    }

    #[test]
    fn what_was_odd_is_a_note_that_passes() {
        assert!(remarked(&[bucket()]).is_empty());
        let stored = BucketSums { remarks: 3, ..bucket().stored };
        let verdict = remarked(&[BucketFact { stored, ..bucket() }]).remove(0);
        assert!(verdict.passed && verdict.explanation.contains("3 things were odd"), "{verdict:?}");
    }

    #[test]
    fn a_reading_that_failed_is_healed_by_a_later_one() {
        let failed = BucketFact { id: of("cursor/members"), failure: Some("HTTP 500".into()), ..bucket() };
        assert!(!no_missing_bucket(std::slice::from_ref(&failed))[0].passed);
        let never_loaded = BucketFact { merged: None, is_superseded: true, ..failed };
        let verdict = no_missing_bucket(&[never_loaded]).remove(0);
        assert!(verdict.passed && verdict.explanation.contains("a later reading"), "{verdict:?}");
    }

    #[test]
    fn a_table_that_keeps_its_rows_is_not_compared_with_one_answer() {
        for source in ["cursor/members", "cursor/spend", "anthropic/workspaces", "upload/api_key_owners"] {
            let kept = BucketFact { id: of(source), stored: BucketSums::default(), ..bucket() };
            assert!(tables_equal_coverage(&[kept]).is_empty(), "{source}");
        }
    }

    #[test]
    fn rows_that_no_answer_brought_are_seen() {
        let smuggled = BucketFact { merged: None, ..bucket() };
        let verdict = tables_equal_coverage(&[smuggled]).remove(0);
        assert!(!verdict.passed && verdict.expected == Figure::Usd(Usd::ZERO), "{verdict:?}");
    }

    #[test]
    fn each_kind_of_tampering_is_seen() {
        let stored = bucket().stored;
        let tampered = [
            BucketSums { amount_usd: Usd::from_nanos(8), ..stored },
            BucketSums { rows: 2, ..stored },
            BucketSums { rejects: 1, ..stored },
            BucketSums { quantity: 8, ..stored },
            BucketSums { remarks: 1, ..stored },
        ];
        for stored in tampered {
            let verdict = tables_equal_coverage(&[BucketFact { stored, ..bucket() }]).remove(0);
            assert!(!verdict.passed && verdict.found != verdict.expected, "{verdict:?}");
        }
    }
}
