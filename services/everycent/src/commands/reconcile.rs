//! `everycent reconcile`: facts from the warehouse, verdicts from the domain, stored and shown.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use everycent_domain::reconcile::{
    Check, Expectation, Verdict, Workspace, equals_expected, grouped_equals_ungrouped, no_missing_bucket, no_reject,
    tables_equal_coverage,
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
    let window = window(args, &deployment.whole_coverage().await?)?;
    let workspace = Workspace::parse(args.workspace.as_deref());
    let expected = expectation.map(|expectation| (expectation, workspace));
    let verdicts = check(deployment, window, expected).await?;
    if json {
        show::print_json(&Report::new(window, &verdicts));
    } else {
        show::print(&text(window, &verdicts));
    }
    if verdicts.iter().all(|verdict| verdict.passed) { Ok(()) } else { Err(Failure::Reported) }
}

/// The range that was named, completed by what is covered.
fn window(args: &ReconcileArgs, coverage: &[CoverageRow]) -> Result<Window, Failure> {
    let days = || coverage.iter().map(|row| row.activity_date);
    let nothing = || Failure::Failed(anyhow!("nothing is loaded yet; run `everycent sync` first"));
    let from = args.from.or_else(|| days().min()).ok_or_else(nothing)?;
    let to = args.to.or_else(|| days().max()).ok_or_else(nothing)?;
    Window::new(from, to).map_err(|e| Failure::usage(anyhow!("--from, --to: {e}")))
}

/// Runs every check on the range and stores the verdicts. When somebody merged meanwhile, the facts may not belong
/// together, so they are read again.
pub async fn check(
    deployment: &Deployment,
    window: Window,
    expected: Option<(Expectation, Workspace)>,
) -> Result<Vec<Verdict>, Failure> {
    let mut coverage = deployment.whole_coverage().await?;
    loop {
        let verdicts = judge(deployment, window, &coverage, expected.clone()).await?;
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
    window: Window,
    coverage: &[CoverageRow],
    expected: Option<(Expectation, Workspace)>,
) -> Result<Vec<Verdict>, Failure> {
    let warehouse = deployment.warehouse.as_ref();
    let covered: Vec<CoverageRow> = coverage.iter().filter(|row| window.contains(row.activity_date)).cloned().collect();
    let wanted = wanted(deployment, window, coverage);
    let buckets = facts::buckets(warehouse, window, &covered, wanted).await?;
    let grouped = facts::daily_sums(warehouse, "claude_costs", window).await?;
    let ungrouped = facts::daily_sums(warehouse, "claude_cost_totals", window).await?;
    let mut verdicts = grouped_equals_ungrouped(&told_twice(&covered), &grouped, &ungrouped);
    verdicts.extend(tables_equal_coverage(&buckets));
    verdicts.extend(no_missing_bucket(&buckets));
    verdicts.extend(no_reject(&buckets));
    if let Some((expectation, workspace)) = expected {
        let found = facts::claude_total(warehouse, window, &workspace).await?;
        let missing = days_without_cost(&covered, window);
        verdicts.push(equals_expected(window, &workspace, expectation, found, &missing));
    }
    Ok(verdicts)
}

/// Closed days of every feed that is configured or was ever loaded, from its first covered day on.
fn wanted(deployment: &Deployment, window: Window, coverage: &[CoverageRow]) -> Vec<facts::Bucket> {
    let today = deployment.clock.now().day();
    let mut feeds: BTreeMap<(String, String), Day> = BTreeMap::new();
    for row in coverage {
        let first = feeds.entry((row.source.clone(), row.account_id.clone())).or_insert(row.activity_date);
        *first = row.activity_date.min(*first);
    }
    for feed in deployment.feeds() {
        feeds.entry((feed.source.name().to_owned(), feed.account_id)).or_insert(window.from());
    }
    let mut wanted = Vec::new();
    for ((source, account_id), first) in feeds {
        let days = window.days().filter(|day| *day >= first && *day < today);
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
    let failed: Vec<&Verdict> = verdicts.iter().filter(|verdict| !verdict.passed).collect();
    let mut text = String::new();
    for verdict in failed.iter().take(SHOWN) {
        text += &format!(
            "\n  ✗ {} {}: expected {}, found {} (difference {} {})\n    {}\n",
            verdict.check.id(),
            days_text(verdict),
            verdict.expected.text(),
            verdict.found.text(),
            verdict.difference().text(),
            verdict.expected.unit(),
            verdict.explanation
        );
    }
    if failed.len() > SHOWN {
        text += &format!("\n  and {} more; --json lists all\n", failed.len() - SHOWN);
    }
    text
}
