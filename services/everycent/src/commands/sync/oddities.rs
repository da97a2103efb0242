//! What the answers of a sync say that is believed, and that a person should look at.

use std::collections::BTreeMap;

use everycent_domain::acceptance::{AnswerId, Figures, State};
use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::Acceptance;
use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, CoverageState, Day};

/// Days that rose more than tenfold between two looks at coverage.
pub(super) fn rises(before: &[CoverageRow], after: &[CoverageRow]) -> Vec<String> {
    let rise = |row: &CoverageRow| row.judgement.as_deref().and_then(State::rise_in);
    let known: BTreeMap<BucketId, _> = before.iter().filter_map(|row| Some((BucketId::of(row), rise(row)?))).collect();
    let new = |row: &CoverageRow| {
        let (by, words) = rise(row)?;
        let is_known = known.get(&BucketId::of(row)).is_some_and(|(known, _)| *known == by);
        let (source, account_id, day) = (&row.source, &row.account_id, row.activity_date);
        (!is_known).then(|| format!("{source} of {account_id}: {day} {words}; see `everycent history {day}`"))
    };
    after.iter().filter_map(new).collect()
}

/// Days that had settled, and of which the vendor says something else now. A reading of how things stand, and a file that a
/// person imports, restate nothing.
pub(super) fn restated(before: &[CoverageRow], after: &[CoverageRow]) -> Vec<String> {
    let is_of_days = |row: &CoverageRow| {
        let source = row.source.parse::<Source>();
        source.is_ok_and(|source| source.is_asked() && matches!(source.kind(), Kind::Days(_)))
    };
    let is_settled = |row: &&CoverageRow| row.state == CoverageState::Settled && is_of_days(row);
    let known: BTreeMap<BucketId, &CoverageRow> =
        before.iter().filter(is_settled).map(|row| (BucketId::of(row), row)).collect();
    let change = |row: &CoverageRow| {
        let earlier = known.get(&BucketId::of(row)).filter(|earlier| earlier.fetched_at < row.fetched_at)?;
        let (measure, was, is) = figures(earlier)?.change_to(&figures(row)?)?;
        let (source, account_id, day) = (&row.source, &row.account_id, row.activity_date);
        let (was, is) = (measure.text(was), measure.text(is));
        Some(format!("{source} of {account_id}: {day} was {was} and is {is}; see `everycent history {day}`"))
    };
    after.iter().filter_map(change).collect()
}

/// The vendor's figures of the day as they are loaded.
fn figures(row: &CoverageRow) -> Option<Figures> {
    let loaded = AnswerId { fetched_at: row.fetched_at?, snapshot_id: row.snapshot_id.clone()? };
    let state = State::from_text(row.judgement.as_deref()?, Some(loaded), None, None)?;
    state.accepted.map(|accepted| accepted.figures)
}

/// Reports whose vendor has forgotten days that are in the tables, as far as it had forgotten none before.
pub(super) fn forgetful(before: &[CoverageRow], after: &[CoverageRow]) -> Vec<String> {
    let known = forgotten(before);
    let new = forgotten(after).into_iter().filter(|(of, _)| !known.contains_key(of));
    let words = |((source, account_id), last): (ReadingOf<'_>, Day)| {
        format!("{source} of {account_id}: nothing up to {last} any more; what is in the tables stays")
    };
    new.map(words).chain(begun_within_a_day(before, after)).collect()
}

/// Empty days at the beginning that are more than a holiday.
const A_WEEK: usize = 7;

/// Feeds of events that were loaded for the first time and begin within the days that were asked for. Whether that is where
/// their use begins, or where the vendor's memory does and the rest of that day is missing, a person may know.
fn begun_within_a_day(before: &[CoverageRow], after: &[CoverageRow]) -> Vec<String> {
    let mut loaded: BTreeMap<ReadingOf<'_>, Vec<&CoverageRow>> = BTreeMap::new();
    for row in after.iter().filter(|row| row.fetched_at.is_some()) {
        loaded.entry((&row.source, &row.account_id)).or_default().push(row);
    }
    let is_known = |of: ReadingOf<'_>| {
        before.iter().any(|row| row.fetched_at.is_some() && (row.source.as_str(), &row.account_id) == of)
    };
    let new = loaded.into_iter().filter(|(of, _)| !is_known(*of));
    let words = |((source, account_id), mut rows): (ReadingOf<'_>, Vec<&CoverageRow>)| {
        rows.sort_by_key(|row| row.activity_date);
        let place = rows.iter().position(|row| row.rows.unwrap_or_default() > 0).filter(|place| *place >= A_WEEK)?;
        let (day, (_, reported)) = (rows[place].activity_date, figures(rows[place])?.latest()?);
        let first_at = reported.first_at.filter(|_| reported.before_first)?;
        Some(format!(
            "{source} of {account_id}: nothing before {first_at}; unless use began then, {day} is only a part of a day"
        ))
    };
    new.filter_map(words).collect()
}

/// Of each report the last of the days that its vendor has forgotten.
fn forgotten(coverage: &[CoverageRow]) -> BTreeMap<ReadingOf<'_>, Day> {
    let is_forgotten = |row: &&CoverageRow| row.judgement.as_deref().is_some_and(State::is_forgotten_in);
    let mut forgotten: BTreeMap<ReadingOf<'_>, Day> = BTreeMap::new();
    for row in coverage.iter().filter(is_forgotten) {
        let last = forgotten.entry((&row.source, &row.account_id)).or_insert(row.activity_date);
        *last = row.activity_date.max(*last);
    }
    forgotten
}

/// Lists whose last reading is much shorter than the one that was the last before.
pub(super) fn shorter_lists(before: &[CoverageRow], after: &[CoverageRow], acceptance: &Acceptance) -> Vec<String> {
    let before = last_readings(before);
    let shorter = |(of, now): (ReadingOf<'_>, &CoverageRow)| {
        let earlier = before.get(&of).filter(|earlier| earlier.fetched_at < now.fetched_at)?;
        let (earlier, rows) = (earlier.rows?, now.rows?);
        let limits = acceptance.by_source.get(of.0).unwrap_or(&acceptance.default);
        let (source, account_id) = of;
        limits.is_much_shorter(earlier, rows).then(|| {
            format!(
                "{source} of {account_id} lists {rows} where the reading before had {earlier}; what is not listed stays"
            )
        })
    };
    last_readings(after).into_iter().filter_map(shorter).collect()
}

type ReadingOf<'a> = (&'a str, &'a AccountId);

/// Of each list the reading that was loaded last.
fn last_readings(coverage: &[CoverageRow]) -> BTreeMap<ReadingOf<'_>, &CoverageRow> {
    let is_list = |row: &&CoverageRow| {
        let source = row.source.parse::<Source>();
        source.is_ok_and(|source| source.kind() == Kind::PointInTime && source.keeps_rows()) && row.rows.is_some()
    };
    let mut last: BTreeMap<ReadingOf<'_>, &CoverageRow> = BTreeMap::new();
    for row in coverage.iter().filter(is_list) {
        let known = last.entry((&row.source, &row.account_id)).or_insert(row);
        if known.fetched_at < row.fetched_at {
            *known = row;
        }
    }
    last
}
