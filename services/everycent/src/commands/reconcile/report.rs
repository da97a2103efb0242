//! The verdicts, for people and for machines.

use everycent_domain::reconcile::{Check, Figure, Verdict};
use everycent_domain::window::Window;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use crate::remarks::{self, RemarkRow};
use crate::show::{Grid, heading, word};

/// Failures that are shown.
const SHOWN: usize = 20;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    from: Day,
    to: Day,
    passed: bool,
    checks: Vec<CheckSummary>,
    failures: Vec<FailureRow>,
    /// What was odd and fails nothing.
    notes: Vec<FailureRow>,
    /// The same by field and reason, of all days together.
    remarks: Vec<RemarkRow>,
}

#[derive(Debug, Serialize)]
struct CheckSummary {
    check_id: &'static str,
    passed: usize,
    failed: usize,
}

#[derive(Debug, Serialize)]
struct FailureRow {
    check_id: &'static str,
    source: String,
    account_id: AccountId,
    /// The first day of a check of a range; else the day itself.
    from_date: Day,
    activity_date: Day,
    expected: String,
    found: String,
    difference: String,
    unit: &'static str,
    explanation: String,
}

impl Report {
    pub(super) fn new(window: Window, verdicts: &[Verdict], remarks: Vec<RemarkRow>) -> Self {
        Self {
            from: window.from(),
            to: window.to(),
            passed: verdicts.iter().all(|verdict| verdict.passed),
            checks: summaries(verdicts),
            failures: verdicts.iter().filter(|verdict| !verdict.passed).map(FailureRow::of).collect(),
            notes: verdicts.iter().filter(is_note).map(FailureRow::of).collect(),
            remarks,
        }
    }
}

impl FailureRow {
    fn of(verdict: &Verdict) -> Self {
        Self {
            check_id: verdict.check.id(),
            source: verdict.source.clone(),
            account_id: verdict.account_id.clone(),
            from_date: verdict.from_date,
            activity_date: verdict.activity_date,
            expected: verdict.expected.text(),
            found: verdict.found.text(),
            difference: verdict.difference().text(),
            unit: verdict.expected.unit(),
            explanation: verdict.explanation.clone(),
        }
    }
}

fn summaries(verdicts: &[Verdict]) -> Vec<CheckSummary> {
    let of = |check: Check, passed: bool| {
        verdicts.iter().filter(|verdict| verdict.check == check && verdict.passed == passed).count()
    };
    Check::ALL
        .iter()
        .copied()
        .map(|check| CheckSummary { check_id: check.id(), passed: of(check, true), failed: of(check, false) })
        .filter(|summary| summary.passed + summary.failed > 0)
        .collect()
}

/// The verdicts as a table, each failure with its explanation, and what was odd by field and reason.
pub fn text(window: Window, verdicts: &[Verdict], remarks: &[RemarkRow]) -> String {
    let mut grid = Grid::new(&["check", ">passed", ">failed", ""]);
    for (summary, check) in summaries(verdicts).iter().zip(shown_checks(verdicts)) {
        let mark = match (summary.failed, check) {
            (0, Check::Remarks) => "note",
            (0, _) => "✓",
            _ => "✗ does not reconcile",
        };
        grid.row([check.title().to_owned(), summary.passed.to_string(), summary.failed.to_string(), mark.to_owned()]);
    }
    let mut text = heading(&format!("Reconciliation of {} to {}", window.from(), window.to()));
    text += &grid.text();
    text + &failures_text(verdicts) + &remarks_text(remarks)
}

fn is_note(verdict: &&Verdict) -> bool {
    verdict.passed && verdict.check == Check::Remarks
}

fn remarks_text(remarks: &[RemarkRow]) -> String {
    if remarks.is_empty() {
        return String::new();
    }
    let (shown, more) = remarks.split_at(remarks.len().min(SHOWN));
    let text = heading("Odd beside the money, and kept: no figure is missing by it") + &remarks::text(shown);
    match more.len() {
        0 => text,
        more => format!("{text}  and {more} more; the table remarks has all\n"),
    }
}

fn days_text(verdict: &Verdict) -> String {
    let (first, last) = (verdict.from_date, verdict.activity_date);
    if first == last { last.to_string() } else { format!("{first} to {last}") }
}

fn shown_checks(verdicts: &[Verdict]) -> impl Iterator<Item = Check> {
    Check::ALL.iter().copied().filter(|check| verdicts.iter().any(|verdict| verdict.check == *check))
}

fn failures_text(verdicts: &[Verdict]) -> String {
    let runs = failed_runs(verdicts);
    let mut text = String::new();
    for run in runs.iter().take(SHOWN) {
        let verdict = run.first;
        text += &format!(
            "\n  ✗ {} {}, account {}: expected {}, found {} (difference {}{}){}\n    {}\n",
            verdict.check.id(),
            days_text(verdict),
            verdict.account_id,
            verdict.expected.text(),
            verdict.found.text(),
            verdict.difference().text(),
            difference_unit(verdict),
            run.more(),
            word(&verdict.explanation)
        );
    }
    if runs.len() > SHOWN {
        text += &format!("\n  and {} more; --json lists all\n", runs.len() - SHOWN);
    }
    text
}

fn difference_unit(verdict: &Verdict) -> &'static str {
    match verdict.expected {
        Figure::Usd(_) => " usd",
        Figure::Day(_) => " days",
        Figure::Count(_) => "",
    }
}

/// A failure, and the days right after it that fail alike: by the same figures, or by the same mistake of units.
struct FailedRun<'v> {
    first: &'v Verdict,
    last_day: Day,
    days: usize,
    /// Whether all days have the figures of the first.
    is_equal: bool,
}

impl<'v> FailedRun<'v> {
    fn new(first: &'v Verdict) -> Self {
        Self { first, last_day: first.activity_date, days: 1, is_equal: true }
    }

    fn takes(&self, verdict: &Verdict) -> bool {
        let first = self.first;
        (first.check, &first.source, &first.account_id) == (verdict.check, &verdict.source, &verdict.account_id)
            && (self.has_figures_of(verdict) || first.slip().is_some() && first.slip() == verdict.slip())
            && self.last_day.next() == verdict.activity_date
    }

    fn has_figures_of(&self, verdict: &Verdict) -> bool {
        (self.first.expected, self.first.found) == (verdict.expected, verdict.found)
    }

    fn take(&mut self, verdict: &Verdict) {
        self.is_equal &= self.has_figures_of(verdict);
        self.last_day = verdict.activity_date;
        self.days += 1;
    }

    fn more(&self) -> String {
        match (self.days, self.is_equal) {
            (1, _) => String::new(),
            (days, true) => format!("; so is every day to {}, {days} days in all", self.last_day),
            (days, false) => format!("; alike is every day to {}, {days} days in all", self.last_day),
        }
    }
}

fn failed_runs(verdicts: &[Verdict]) -> Vec<FailedRun<'_>> {
    let mut runs: Vec<FailedRun<'_>> = Vec::new();
    for verdict in verdicts.iter().filter(|verdict| !verdict.passed) {
        match runs.last_mut() {
            Some(run) if run.takes(verdict) => run.take(verdict),
            _ => runs.push(FailedRun::new(verdict)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use everycent_schemas::Usd;

    fn failure(day: u32, expected: i128, found: i128) -> Verdict {
        let day = Day::new(2025, 10, day).unwrap();
        let dollars = |dollars: i128| Figure::Usd(Usd::from_nanos(dollars * Usd::NANOS_PER_DOLLAR));
        Verdict {
            check: Check::ImpliedPrice,
            source: "anthropic/cost_report".into(),
            account_id: "acme".into(),
            activity_date: day,
            from_date: day,
            expected: dollars(expected),
            found: dollars(found),
            passed: false,
            explanation: String::new(),
        }
    }

    /// How many days each run has, and what it says of those after the first.
    fn runs(verdicts: &[Verdict]) -> Vec<(usize, String)> {
        failed_runs(verdicts).iter().map(|run| (run.days, run.more())).collect()
    }

    #[test]
    fn days_that_fail_by_the_same_figures_are_one_run() {
        let found = runs(&[failure(3, 1, 2), failure(4, 1, 2), failure(5, 1, 3), failure(7, 1, 3)]);
        assert_eq!(found[0], (2, "; so is every day to 2025-10-04, 2 days in all".into()));
        assert_eq!(found[1..], [(1, String::new()), (1, String::new())]);
    }

    #[test]
    fn days_that_fail_by_the_same_mistake_of_units_are_one_run() {
        let found = runs(&[failure(3, 1, 100), failure(4, 2, 210), failure(5, 100, 1), failure(6, 1, 2)]);
        assert_eq!(found[0], (2, "; alike is every day to 2025-10-04, 2 days in all".into()));
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn another_account_or_source_is_another_run() {
        let other = Verdict { account_id: "other".into(), ..failure(4, 1, 2) };
        let source = Verdict { source: "anthropic/claude_code".into(), ..failure(4, 1, 2) };
        assert_eq!(runs(&[failure(3, 1, 2), other]).len(), 2);
        assert_eq!(runs(&[failure(3, 1, 2), source]).len(), 2);
    }
}
