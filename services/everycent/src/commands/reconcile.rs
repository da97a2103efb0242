//! `everycent reconcile`: facts from the warehouse, verdicts from the domain, stored and shown.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use everycent_domain::reconcile::{
    Check, Expectation, Verdict, Workspace, equals_expected, grouped_equals_ungrouped, no_missing_bucket, no_reject,
    no_strange_account, tables_equal_coverage,
};
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::Day;
use serde::Serialize;

use crate::cli::ReconcileArgs;
use crate::deployment::Deployment;
use crate::facts;
use crate::failure::Failure;
use crate::show::{self, Grid, heading};

/// Failures that are shown.
const SHOWN: usize = 20;

pub async fn reconcile(deployment: &Deployment, args: &ReconcileArgs, json: bool) -> Result<(), Failure> {
    let expectation = args.expect.as_deref().map(Expectation::parse).transpose().map_err(Failure::usage)?;
    let window = window(deployment, args).await?;
    let scope =
        facts::CostScope { account_id: args.account.clone(), workspace: Workspace::parse(args.workspace.as_deref()) };
    let question = Question {
        window,
        expected: expectation.map(|expectation| (expectation, scope)),
        wanted_from: args.from.map(|from| deployment.config.since.map_or(from, |since| since.max(from))),
    };
    let verdicts = check(deployment, &question).await?;
    if json {
        show::print_json(&Report::new(window, &verdicts));
    } else {
        show::print(&text(window, &verdicts));
    }
    if verdicts.iter().all(|verdict| verdict.passed) { Ok(()) } else { Err(Failure::Reported) }
}

/// What is to be checked.
pub struct Question {
    pub window: Window,
    /// A figure that a person read off the console, and what it is about.
    pub expected: Option<(Expectation, facts::CostScope)>,
    /// The day from which on every configured feed is to be loaded; its first covered day if not given.
    pub wanted_from: Option<Day>,
}

/// The range that was named, completed by what is covered or has rows.
async fn window(deployment: &Deployment, args: &ReconcileArgs) -> Result<Window, Failure> {
    let coverage = deployment.whole_coverage().await?;
    let stored = facts::stored_days(deployment.warehouse.as_ref()).await?;
    let days: BTreeSet<Day> = coverage.iter().map(|row| row.activity_date).chain(stored).collect();
    let nothing = || Failure::Failed(anyhow!("nothing is loaded yet; run `everycent sync` first"));
    let from = args.from.or_else(|| days.first().copied()).ok_or_else(nothing)?;
    let to = args.to.or_else(|| days.last().copied()).ok_or_else(nothing)?;
    Window::new(from, to).map_err(|e| Failure::usage(anyhow!("--from, --to: {e}")))
}

/// Runs every check on the range and stores the verdicts. When somebody merged meanwhile, the facts may not belong
/// together, so they are read again.
pub async fn check(deployment: &Deployment, question: &Question) -> Result<Vec<Verdict>, Failure> {
    let mut coverage = deployment.whole_coverage().await?;
    loop {
        let verdicts = judge(deployment, question, &coverage).await?;
        let after = deployment.whole_coverage().await?;
        if after == coverage {
            deployment.warehouse.store_verdicts(&verdicts, deployment.clock.now()).await?;
            return Ok(verdicts);
        }
        coverage = after;
    }
}

async fn judge(
    deployment: &Deployment,
    question: &Question,
    coverage: &[CoverageRow],
) -> Result<Vec<Verdict>, Failure> {
    let (warehouse, window) = (deployment.warehouse.as_ref(), question.window);
    let covered: Vec<CoverageRow> = coverage.iter().filter(|row| window.contains(row.activity_date)).cloned().collect();
    let buckets = facts::buckets(warehouse, window, &covered, wanted(deployment, question, coverage)).await?;
    let grouped = facts::daily_sums(warehouse, "claude_costs", window).await?;
    let ungrouped = facts::daily_sums(warehouse, "claude_cost_totals", window).await?;
    let accounts = &deployment.config.accounts;
    let configured: Vec<_> = accounts.iter().map(|account| (account.vendor, account.id.clone())).collect();
    let mut verdicts = grouped_equals_ungrouped(&told_twice(&covered), &grouped, &ungrouped);
    verdicts.extend(tables_equal_coverage(&buckets));
    verdicts.extend(no_missing_bucket(&buckets));
    verdicts.extend(no_reject(&buckets));
    verdicts.extend(no_strange_account(&buckets, &configured));
    if let Some((expectation, scope)) = &question.expected {
        let found = facts::claude_total(warehouse, window, scope).await?;
        let missing = days_without_cost(&covered, window);
        verdicts.push(equals_expected(window, &scope.workspace, *expectation, found, &missing));
    }
    Ok(verdicts)
}

/// Closed days that are to be loaded: of a configured feed from the wanted day on, of another one between its covered
/// days.
fn wanted(deployment: &Deployment, question: &Question, coverage: &[CoverageRow]) -> Vec<facts::Bucket> {
    let yesterday = deployment.clock.now().day().minus(1);
    let mut feeds: BTreeMap<(String, String), (Day, Day)> = BTreeMap::new();
    for row in coverage {
        let day = row.activity_date;
        let (first, last) = feeds.entry((row.source.clone(), row.account_id.clone())).or_insert((day, day));
        (*first, *last) = (day.min(*first), day.max(*last));
    }
    for feed in deployment.feeds() {
        let known = feeds.get(&(feed.source.name().to_owned(), feed.account_id.clone())).map(|(first, _)| *first);
        let first = question.wanted_from.or(known).unwrap_or(question.window.from());
        feeds.insert((feed.source.name().to_owned(), feed.account_id), (first, yesterday));
    }
    let mut wanted = Vec::new();
    for ((source, account_id), (first, last)) in feeds {
        let days = question.window.days().filter(|day| *day >= first && *day <= last.min(yesterday));
        wanted.extend(days.map(|day| (source.clone(), account_id.clone(), day)));
    }
    wanted
}

/// Days on which both the grouped and the ungrouped report are loaded.
fn told_twice(covered: &[CoverageRow]) -> Vec<(String, Day)> {
    let loaded = |source: Source| {
        let rows = covered.iter().filter(move |row| row.source == source.name() && row.fetched_at.is_some());
        rows.map(|row| (row.account_id.clone(), row.activity_date)).collect::<BTreeSet<_>>()
    };
    let totals = loaded(Source::AnthropicCostTotals);
    loaded(Source::AnthropicCostReport).intersection(&totals).cloned().collect()
}

fn days_without_cost(covered: &[CoverageRow], window: Window) -> Vec<Day> {
    let loaded: BTreeSet<Day> = covered
        .iter()
        .filter(|row| row.source == Source::AnthropicCostReport.name() && row.fetched_at.is_some())
        .map(|row| row.activity_date)
        .collect();
    window.days().filter(|day| !loaded.contains(day)).collect()
}

#[derive(Debug, Serialize)]
struct Report {
    from: Day,
    to: Day,
    passed: bool,
    checks: Vec<CheckSummary>,
    failures: Vec<FailureRow>,
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
    account_id: String,
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
    fn new(window: Window, verdicts: &[Verdict]) -> Self {
        Self {
            from: window.from(),
            to: window.to(),
            passed: verdicts.iter().all(|verdict| verdict.passed),
            checks: summaries(verdicts),
            failures: verdicts.iter().filter(|verdict| !verdict.passed).map(FailureRow::of).collect(),
        }
    }
}

impl FailureRow {
    fn of(verdict: &Verdict) -> Self {
        Self {
            check_id: verdict.check.id(),
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
        .into_iter()
        .map(|check| CheckSummary { check_id: check.id(), passed: of(check, true), failed: of(check, false) })
        .filter(|summary| summary.passed + summary.failed > 0)
        .collect()
}

/// The verdicts as a table, and each failure with its explanation.
pub fn text(window: Window, verdicts: &[Verdict]) -> String {
    let mut grid = Grid::new(&["check", ">passed", ">failed", ""]);
    for (summary, check) in summaries(verdicts).iter().zip(shown_checks(verdicts)) {
        let mark = if summary.failed == 0 { "✓" } else { "✗ does not reconcile" };
        grid.row([check.title().to_owned(), summary.passed.to_string(), summary.failed.to_string(), mark.to_owned()]);
    }
    let mut text = heading(&format!("Reconciliation of {} to {}", window.from(), window.to()));
    text += &grid.text();
    text + &failures_text(verdicts)
}

fn days_text(verdict: &Verdict) -> String {
    let (first, last) = (verdict.from_date, verdict.activity_date);
    if first == last { last.to_string() } else { format!("{first} to {last}") }
}

fn shown_checks(verdicts: &[Verdict]) -> impl Iterator<Item = Check> {
    Check::ALL.into_iter().filter(|check| verdicts.iter().any(|verdict| verdict.check == *check))
}

fn failures_text(verdicts: &[Verdict]) -> String {
    let runs = failed_runs(verdicts);
    let mut text = String::new();
    for run in runs.iter().take(SHOWN) {
        let verdict = run.first;
        text += &format!(
            "\n  ✗ {} {}: expected {}, found {} (difference {}{}){}\n    {}\n",
            verdict.check.id(),
            days_text(verdict),
            verdict.expected.text(),
            verdict.found.text(),
            verdict.difference().text(),
            if verdict.expected.unit() == "usd" { " usd" } else { "" },
            run.more(),
            verdict.explanation
        );
    }
    if runs.len() > SHOWN {
        text += &format!("\n  and {} more; --json lists all\n", runs.len() - SHOWN);
    }
    text
}

/// A failure, and the days right after it that fail alike.
struct FailedRun<'v> {
    first: &'v Verdict,
    last_day: Day,
    days: usize,
}

impl FailedRun<'_> {
    fn takes(&self, verdict: &Verdict) -> bool {
        let first = self.first;
        (first.check, &first.source, &first.account_id) == (verdict.check, &verdict.source, &verdict.account_id)
            && (first.expected, first.found) == (verdict.expected, verdict.found)
            && self.last_day.next() == verdict.activity_date
    }

    fn more(&self) -> String {
        match self.days {
            1 => String::new(),
            days => format!("; so is every day to {}, {days} days in all", self.last_day),
        }
    }
}

fn failed_runs(verdicts: &[Verdict]) -> Vec<FailedRun<'_>> {
    let mut runs: Vec<FailedRun<'_>> = Vec::new();
    for verdict in verdicts.iter().filter(|verdict| !verdict.passed) {
        match runs.last_mut() {
            Some(run) if run.takes(verdict) => (run.last_day, run.days) = (verdict.activity_date, run.days + 1),
            _ => runs.push(FailedRun { first: verdict, last_day: verdict.activity_date, days: 1 }),
        }
    }
    runs
}
