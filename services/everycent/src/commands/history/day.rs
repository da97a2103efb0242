//! All answers about one day.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::acceptance::Measure;
use everycent_domain::bucket::BucketId;
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{AnswerVerdict, Day, SnapshotId};
use serde::Serialize;

use super::figures::{change, figure, measure, rank, reported, role, shown, shown_change, unit};
use crate::show::{self, Grid, count};

#[derive(Debug, Serialize)]
struct History {
    day: Day,
    reports: Vec<OfBucket>,
}

#[derive(Debug, Serialize)]
struct OfBucket {
    source: String,
    account_id: String,
    /// `USD`, `tokens` or `count`.
    unit: &'static str,
    #[serde(skip)]
    measure: Measure,
    answers: Vec<Line>,
}

/// Answers in a row that report the same.
#[derive(Debug, Serialize)]
struct Line {
    /// When the first of them was fetched.
    fetched_at: String,
    /// How many later ones said the same, and when the last of them was fetched.
    repeated: usize,
    last_fetched_at: String,
    reported: String,
    change: String,
    rows: Option<i64>,
    verdict: String,
    reason: Option<String>,
    /// How many of them can't be read again, for their pages were pruned.
    pruned: usize,
    /// The first of them.
    snapshot_id: String,
    #[serde(skip)]
    is_accepted: bool,
    /// What was reported, and by how much that is more than the line before says.
    #[serde(skip)]
    amounts: (i128, i128),
}

pub(super) fn show(day: Day, answers: BTreeMap<BucketId, Vec<AnswerRow>>, pruned: &BTreeSet<SnapshotId>, json: bool) {
    let mut reports: Vec<OfBucket> =
        answers.into_iter().map(|(bucket, rows)| of_bucket(&bucket, &rows, pruned)).collect();
    reports.sort_by(|a, b| (rank(&a.source), &a.account_id).cmp(&(rank(&b.source), &b.account_id)));
    let history = History { day, reports };
    if json { show::print_json(&history) } else { show::print(&text(&history)) }
}

fn of_bucket(bucket: &BucketId, rows: &[AnswerRow], pruned: &BTreeSet<SnapshotId>) -> OfBucket {
    let measure = measure(rows);
    let mut answers: Vec<Line> = Vec::new();
    let mut before: Option<&AnswerRow> = None;
    // A line that only a decision has written is no answer yet.
    for row in rows.iter().filter(|row| row.normalized_at.is_some()) {
        match (before, answers.last_mut()) {
            (Some(before), Some(line)) if is_repeated(before, row) => line.repeat(row),
            (before, _) => answers.push(line(measure, before, row)),
        }
        if let Some(line) = answers.last_mut() {
            line.pruned += usize::from(pruned.contains(&row.snapshot_id));
        }
        before = Some(row);
    }
    let (source, account_id) = (bucket.source.clone(), bucket.account_id.to_string());
    OfBucket { source, account_id, unit: unit(measure), measure, answers }
}

fn is_repeated(before: &AnswerRow, row: &AnswerRow) -> bool {
    let content = |row: &AnswerRow| (reported(row), row.content_hash.clone(), row.rows, row.decision);
    let is_held = |row: &AnswerRow| row.verdict == AnswerVerdict::Held;
    content(before) == content(row) && is_held(before) == is_held(row)
}

fn line(measure: Measure, before: Option<&AnswerRow>, row: &AnswerRow) -> Line {
    let amount = |row: &AnswerRow| measure.amount(&reported(row));
    let more = before.map_or(0, |before| amount(row) - amount(before));
    Line {
        fetched_at: row.fetched_at.to_string(),
        repeated: 0,
        last_fetched_at: row.fetched_at.to_string(),
        reported: figure(measure, amount(row)),
        change: change(measure, more),
        rows: row.rows,
        verdict: row.verdict.to_string(),
        reason: row.reason.clone(),
        pruned: 0,
        snapshot_id: row.snapshot_id.to_string(),
        is_accepted: row.verdict == AnswerVerdict::Accepted,
        amounts: (amount(row), more),
    }
}

impl Line {
    fn repeat(&mut self, row: &AnswerRow) {
        self.repeated += 1;
        self.last_fetched_at = row.fetched_at.to_string();
        if row.verdict != AnswerVerdict::Superseded {
            self.verdict = row.verdict.to_string();
            self.is_accepted = row.verdict == AnswerVerdict::Accepted;
        }
    }

    fn remark(&self) -> String {
        let repeated = (self.repeated > 0)
            .then(|| format!("{} more until {} reported the same", self.repeated, minute(&self.last_fetched_at)));
        let pruned = match (self.pruned, self.repeated) {
            (0, _) => None,
            (_, 0) => Some("its pages were pruned".to_owned()),
            (pruned, _) => Some(format!("pages of {pruned} of them were pruned")),
        };
        self.reason.iter().cloned().chain(repeated).chain(pruned).collect::<Vec<_>>().join("; ")
    }
}

/// To the minute, as people read it.
fn minute(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}

fn text(history: &History) -> String {
    if history.reports.is_empty() {
        return format!("no answer about {} is known; `everycent status` shows what is loaded\n", history.day);
    }
    let mut text = format!("What was reported about {} (UTC)\n", history.day);
    for report in &history.reports {
        let answers: usize = report.answers.iter().map(|line| 1 + line.repeated).sum();
        let OfBucket { source, account_id, measure, .. } = report;
        text += &show::heading(&format!("{source} of {account_id}, {}{}", count(answers, "answer"), role(source)));
        let mut grid = Grid::new(&["fetched", &format!(">{}", report.unit), ">change", ">rows", "became", "remark"]);
        for line in &report.answers {
            let (reported, more) = line.amounts;
            grid.row([
                minute(&line.fetched_at),
                shown(*measure, reported),
                shown_change(*measure, more),
                line.rows.map(|rows| rows.to_string()).unwrap_or_default(),
                if line.is_accepted { "loaded".to_owned() } else { line.verdict.clone() },
                line.remark(),
            ]);
        }
        text += &grid.text();
    }
    text
}
