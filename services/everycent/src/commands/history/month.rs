//! How the figure of a month changed since a day.

use std::collections::BTreeMap;

use everycent_domain::acceptance::{Answer, AnswerId, Figures, Measure, Opinion, State, step};
use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::Acceptance;
use everycent_domain::window::Window;
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{Day, Timestamp};
use serde::Serialize;

use super::figures::{change, figure, measure, rank, reported, role, shown, shown_change, unit};
use crate::show::{self, Grid, count};

#[derive(Debug, Serialize)]
struct History {
    from: Day,
    to: Day,
    since: Day,
    reports: Vec<OfReport>,
}

#[derive(Debug, Serialize)]
struct OfReport {
    source: String,
    account_id: String,
    unit: &'static str,
    #[serde(skip)]
    measure: Measure,
    /// What was known when the day named began, and of how many days.
    before: String,
    days_before: usize,
    changes: Vec<Change>,
    now: String,
    #[serde(skip)]
    totals: Totals,
}

/// What was known of the month then, and what is known now.
#[derive(Debug)]
struct Totals {
    before: i128,
    now: i128,
}

/// What became known on one day.
#[derive(Debug, Serialize)]
struct Change {
    fetched_on: Day,
    total: String,
    change: String,
    /// The days of the month whose figure changed, each by how much.
    days: Vec<DayChange>,
    /// The total, and by how much it is more than before.
    #[serde(skip)]
    amounts: (i128, i128),
}

#[derive(Debug, Serialize)]
struct DayChange {
    day: Day,
    change: String,
    /// Nothing was known of the day before.
    is_first: bool,
    #[serde(skip)]
    amount: i128,
}

/// The answers about one day.
type OfBucket = (BucketId, Vec<AnswerRow>);

pub(super) fn show(
    acceptance: &Acceptance,
    month: Window,
    since: Day,
    answers: BTreeMap<BucketId, Vec<AnswerRow>>,
    json: bool,
) {
    let mut by_report: BTreeMap<(String, String), Vec<OfBucket>> = BTreeMap::new();
    for (bucket, rows) in answers {
        by_report.entry((bucket.source.clone(), bucket.account_id.to_string())).or_default().push((bucket, rows));
    }
    let reports = by_report.into_iter().map(|((source, account_id), buckets)| {
        let measure = measure(buckets.iter().flat_map(|(_, rows)| rows));
        let believed = buckets.iter().flat_map(|(bucket, rows)| believed(acceptance, measure, bucket, rows));
        of_report(source, account_id, measure, since, believed.collect())
    });
    let mut reports: Vec<OfReport> = reports.collect();
    reports.sort_by(|a, b| (rank(&a.source), &a.account_id).cmp(&(rank(&b.source), &b.account_id)));
    let history = History { from: month.from(), to: month.to(), since, reports };
    if json { show::print_json(&history) } else { show::print(&text(&history)) }
}

/// A figure of a day, from the moment on at which it was believed.
struct Believed {
    at: Timestamp,
    day: Day,
    amount: i128,
}

/// The figures of a day, in the order in which they were believed.
fn believed(acceptance: &Acceptance, measure: Measure, bucket: &BucketId, rows: &[AnswerRow]) -> Vec<Believed> {
    let (limits, turns) = (acceptance.limits(&bucket.source), Acceptance::turns(&bucket.source, bucket.activity_date));
    let (mut state, mut believed) = (State::default(), Vec::new());
    for row in rows.iter().filter(|row| row.normalized_at.is_some()) {
        let answer = Answer {
            id: AnswerId { fetched_at: row.fetched_at, snapshot_id: row.snapshot_id.clone() },
            figures: row.sums.as_deref().map(Figures::from_text).unwrap_or_default(),
            decision: row.decision,
        };
        let (next, opinion) = step(state, &answer, &limits, turns);
        state = next;
        if matches!(opinion, Opinion::Accepted { .. }) {
            // A person who accepts an answer believes it from then on.
            let at = row.decided_at.unwrap_or(row.fetched_at).max(row.fetched_at);
            believed.push(Believed { at, day: bucket.activity_date, amount: measure.amount(&reported(row)) });
        }
    }
    believed
}

fn of_report(
    source: String,
    account_id: String,
    measure: Measure,
    since: Day,
    mut believed: Vec<Believed>,
) -> OfReport {
    believed.sort_by_key(|believed| (believed.at, believed.day));
    let mut known: BTreeMap<Day, i128> = BTreeMap::new();
    let total = |known: &BTreeMap<Day, i128>| known.values().sum::<i128>();
    let (earlier, later): (Vec<Believed>, Vec<Believed>) =
        believed.into_iter().partition(|believed| believed.at < since.start());
    known.extend(earlier.into_iter().map(|believed| (believed.day, believed.amount)));
    let (before, days_before) = (total(&known), known.len());
    let mut by_day: BTreeMap<Day, Vec<Believed>> = BTreeMap::new();
    for believed in later {
        by_day.entry(believed.at.day()).or_default().push(believed);
    }
    let mut changes = Vec::new();
    for (fetched_on, believed) in by_day {
        let earlier = known.clone();
        known.extend(believed.into_iter().map(|believed| (believed.day, believed.amount)));
        let days: Vec<DayChange> =
            known.iter().filter_map(|(day, now)| day_change(measure, *day, earlier.get(day).copied(), *now)).collect();
        if !days.is_empty() {
            let (now, more) = (total(&known), total(&known) - total(&earlier));
            changes.push(Change {
                fetched_on,
                total: figure(measure, now),
                change: change(measure, more),
                days,
                amounts: (now, more),
            });
        }
    }
    let now = total(&known);
    OfReport {
        source,
        account_id,
        unit: unit(measure),
        measure,
        before: figure(measure, before),
        days_before,
        changes,
        now: figure(measure, now),
        totals: Totals { before, now },
    }
}

/// What changed about a day, if anything did.
fn day_change(measure: Measure, day: Day, earlier: Option<i128>, now: i128) -> Option<DayChange> {
    let amount = now - earlier.unwrap_or(0);
    (amount != 0).then(|| DayChange { day, change: change(measure, amount), is_first: earlier.is_none(), amount })
}

/// Days that one line names.
const NAMED: usize = 4;

fn text(history: &History) -> String {
    let History { from, to, since, reports } = history;
    if reports.is_empty() {
        return format!("no answer about {from} to {to} is known; `everycent status` shows what is loaded\n");
    }
    let mut text = format!("What was reported about {from} to {to} (UTC), since {since}\n");
    for report in reports {
        text += &show::heading(&format!("{} of {}{}", report.source, report.account_id, role(&report.source)));
        text += &table(report, *since);
    }
    text
}

fn table(report: &OfReport, since: Day) -> String {
    let measure = report.measure;
    let mut grid = Grid::new(&["known on", &format!(">{}", report.unit), ">change", "days that changed"]);
    let before = if report.days_before == 0 { "nothing".to_owned() } else { shown(measure, report.totals.before) };
    grid.row([format!("before {since}"), before, String::new(), String::new()]);
    for change in &report.changes {
        let (total, more) = change.amounts;
        let cells = [shown(measure, total), shown_change(measure, more), named(measure, &change.days)];
        grid.row([change.fetched_on.to_string()].into_iter().chain(cells));
    }
    if report.changes.is_empty() {
        grid.row(["now".to_owned(), shown(measure, report.totals.now), String::new(), "none".to_owned()]);
    }
    grid.text()
}

/// How many days are new, and by how much each other one changed.
fn named(measure: Measure, days: &[DayChange]) -> String {
    let (first, restated): (Vec<&DayChange>, Vec<&DayChange>) = days.iter().partition(|of| of.is_first);
    let first = (!first.is_empty()).then(|| format!("{} reported for the first time", count(first.len(), "day")));
    let more = restated.len().saturating_sub(NAMED);
    let named = restated.iter().take(NAMED).map(|of| format!("{} {}", of.day, shown_change(measure, of.amount)));
    let more = (more > 0).then(|| format!("and {more} more"));
    first.into_iter().chain(named).chain(more).collect::<Vec<_>>().join(", ")
}
