//! How the figure of a month changed since a day.

use std::collections::BTreeMap;

use everycent_domain::acceptance::{Answer, AnswerId, Figures, Measure, Opinion, State, step};
use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::Acceptance;
use everycent_domain::window::Window;
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{Day, Timestamp};
use serde::Serialize;

use super::figures::{change, figure, measure, reported, unit};
use crate::show::{self, Grid};

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
    /// What was known when the day named began.
    before: String,
    changes: Vec<Change>,
    now: String,
}

/// What became known on one day.
#[derive(Debug, Serialize)]
struct Change {
    fetched_on: Day,
    total: String,
    change: String,
    /// The days of the month whose figure changed, each by how much.
    days: Vec<DayChange>,
}

#[derive(Debug, Serialize)]
struct DayChange {
    day: Day,
    change: String,
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
    let history = History { from: month.from(), to: month.to(), since, reports: reports.collect() };
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
    let before = total(&known);
    let mut by_day: BTreeMap<Day, Vec<Believed>> = BTreeMap::new();
    for believed in later {
        by_day.entry(believed.at.day()).or_default().push(believed);
    }
    let mut changes = Vec::new();
    for (fetched_on, believed) in by_day {
        let earlier = known.clone();
        known.extend(believed.into_iter().map(|believed| (believed.day, believed.amount)));
        let amounts = known.iter().map(|(day, now)| (*day, now - earlier.get(day).copied().unwrap_or(0)));
        let days: Vec<DayChange> = amounts
            .filter(|(_, amount)| *amount != 0)
            .map(|(day, amount)| DayChange { day, change: change(measure, amount) })
            .collect();
        if !days.is_empty() {
            let (now, was) = (total(&known), total(&earlier));
            changes.push(Change { fetched_on, total: figure(measure, now), change: change(measure, now - was), days });
        }
    }
    let now = figure(measure, total(&known));
    OfReport { source, account_id, unit: unit(measure), before: figure(measure, before), changes, now }
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
        text += &show::heading(&format!("{} of {}", report.source, report.account_id));
        let mut grid = Grid::new(&["known on", &format!(">{}", report.unit), ">change", "days"]);
        grid.row([format!("before {since}"), report.before.clone(), String::new(), String::new()]);
        for change in &report.changes {
            grid.row([change.fetched_on.to_string(), change.total.clone(), change.change.clone(), named(&change.days)]);
        }
        if report.changes.is_empty() {
            grid.row(["now".to_owned(), report.now.clone(), String::new(), "nothing changed".to_owned()]);
        }
        text += &grid.text();
    }
    text
}

fn named(days: &[DayChange]) -> String {
    let named = days.iter().take(NAMED).map(|of| format!("{} {}", of.day, of.change));
    let more = days.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {more} more"));
    named.chain(more).collect::<Vec<_>>().join(", ")
}
