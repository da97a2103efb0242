//! The figure that a person read off a console: what it is about, and what the tables have of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::anyhow;
use everycent_domain::reconcile::Verdict;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::vendors::anthropic;
use everycent_domain::vendors::expected::{Expectation, Expected, Subject, Total, Workspace, equals_expected};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Warehouse};
use everycent_runtime::workspaces::WorkspaceLog;
use everycent_schemas::{AccountId, Day};

use super::Question;
use super::wanted::wanted;
use crate::cli::{ExpectedVendor, ReconcileArgs};
use crate::deployment::Deployment;
use crate::facts::{claude, cursor};
use crate::failure::Failure;
use crate::scope;

/// What a person asked to compare, if anything.
pub(super) fn asked(
    deployment: &Deployment,
    args: &ReconcileArgs,
    coverage: &[CoverageRow],
) -> Result<Option<Expected>, Failure> {
    let Some(text) = &args.expect else { return Ok(None) };
    let figure = Expectation::parse(text).map_err(|e| Failure::usage(anyhow!("--expect: {e}")))?;
    let subject = subject(args, coverage)?;
    refuse_an_unknown_account(deployment, args, coverage)?;
    Ok(Some(Expected { figure, subject, account_id: args.account.clone() }))
}

/// Claude, unless another vendor is named or nothing but Cursor was ever loaded.
fn subject(args: &ReconcileArgs, coverage: &[CoverageRow]) -> Result<Subject, Failure> {
    let workspace = Workspace::parse(args.workspace.as_deref());
    match (args.vendor, &args.workspace) {
        (Some(ExpectedVendor::Cursor | ExpectedVendor::All), Some(_)) => Err(Failure::usage(anyhow!(
            "--workspace: only Claude has workspaces; leave --vendor out or take one of the two"
        ))),
        (Some(ExpectedVendor::Cursor), None) => Ok(Subject::Cursor),
        (Some(ExpectedVendor::All), None) => Ok(Subject::Both),
        (None, None) if has_only_cursor(coverage) => Ok(Subject::Cursor),
        (None | Some(ExpectedVendor::Anthropic), _) => Ok(Subject::Claude(workspace)),
    }
}

fn has_only_cursor(coverage: &[CoverageRow]) -> bool {
    let loaded = coverage.iter().filter(|row| row.fetched_at.is_some());
    let vendors: BTreeSet<Vendor> =
        loaded.filter_map(|row| row.source.parse().ok()).map(|source: Source| source.vendor()).collect();
    vendors.into_iter().eq([Vendor::Cursor])
}

/// The total of a mistyped account is not zero.
fn refuse_an_unknown_account(
    deployment: &Deployment,
    args: &ReconcileArgs,
    coverage: &[CoverageRow],
) -> Result<(), Failure> {
    let Some(account_id) = &args.account else { return Ok(()) };
    let configured = deployment.config.accounts.iter().map(|account| account.id.as_str());
    let known: BTreeSet<&str> = coverage.iter().map(|row| row.account_id.as_str()).chain(configured).collect();
    if known.contains(account_id.as_str()) {
        return Ok(());
    }
    let known = Vec::from_iter(known).join(", ");
    Err(Failure::usage(anyhow!("--account: no account `{account_id}` is configured or loaded; known are: {known}")))
}

/// The verdict on the figure, if there is one.
pub(super) async fn verdicts(
    deployment: &Deployment,
    question: &Question,
    coverage: &[CoverageRow],
) -> Result<Vec<Verdict>, Failure> {
    let Some(expected) = &question.expected else { return Ok(Vec::new()) };
    let expected = &default_by_null(deployment, expected).await?;
    let total = total(deployment.warehouse.as_ref(), question.window, expected).await?;
    let missing = missing(deployment, question, coverage, expected);
    Ok(vec![equals_expected(question.window, expected, &total, &missing)])
}

/// The default workspace by its own id is the default workspace, which the tables have as null.
async fn default_by_null(deployment: &Deployment, expected: &Expected) -> Result<Expected, Failure> {
    let expected = expected.clone();
    let Subject::Claude(Workspace::Id(id)) = &expected.subject else { return Ok(expected) };
    let log = WorkspaceLog::new(Arc::clone(&deployment.store), anthropic::workspaces::SOURCE.name());
    let accounts = deployment.config.accounts.iter().filter(|account| account.vendor == Vendor::Anthropic);
    for account in accounts {
        if log.latest(&account.id).await?.is_some_and(|(_, known)| known.is_default(id)) {
            return Ok(Expected { subject: Subject::Claude(Workspace::Default), ..expected });
        }
    }
    Ok(expected)
}

async fn total(warehouse: &dyn Warehouse, window: Window, expected: &Expected) -> anyhow::Result<Total> {
    let account_id = expected.account_id.as_ref();
    let claude = async |workspace: &Workspace| claude::claude_total(warehouse, window, account_id, workspace).await;
    let cursor = async || cursor::cursor_total(warehouse, window, account_id).await;
    match &expected.subject {
        Subject::Claude(workspace) => Ok(Total { found: claude(workspace).await?, parts: Vec::new() }),
        Subject::Cursor => {
            let cost = cursor().await?;
            let parts = vec![("use", cost.total_usd - cost.seat_usd), ("seats", cost.seat_usd)];
            Ok(Total { found: cost.total_usd, parts })
        }
        Subject::Both => {
            let (claude, cursor) = (claude(&Workspace::All).await?, cursor().await?);
            let without_seats = claude + cursor.total_usd - cursor.seat_usd;
            let parts = vec![
                ("Claude", claude),
                ("Cursor", cursor.total_usd),
                ("Claude and Cursor's use without seats", without_seats),
            ];
            Ok(Total { found: claude + cursor.total_usd, parts })
        }
    }
}

/// Days of the range that the total lacks: of which nothing is loaded, and those of a report of any of the accounts that
/// are to be loaded and are not.
fn missing(deployment: &Deployment, question: &Question, coverage: &[CoverageRow], expected: &Expected) -> Vec<Day> {
    let sources = expected.subject.sources();
    let is_about = |source: &str, account_id: &AccountId| {
        sources.contains(&source) && expected.account_id.as_ref().is_none_or(|asked| asked == account_id)
    };
    let is_loaded = |row: &&CoverageRow| row.fetched_at.is_some() && is_about(&row.source, &row.account_id);
    let loaded: BTreeSet<(&str, &AccountId, Day)> = coverage
        .iter()
        .filter(is_loaded)
        .map(|row| (row.source.as_str(), &row.account_id, row.activity_date))
        .collect();
    let vendors: BTreeSet<&str> = sources.iter().map(|source| vendor(source)).collect();
    let has = |of: &str, day: Day| loaded.iter().any(|(source, _, loaded)| vendor(source) == of && *loaded == day);
    let empty = question.window.days().filter(|day| vendors.iter().any(|vendor| !has(vendor, *day)));
    let closed = scope::unavailable(coverage);
    let wanted = wanted(deployment, question, coverage);
    let not_loaded = wanted.iter().filter(|bucket| {
        let is_loaded = loaded.contains(&(&bucket.source, &bucket.account_id, bucket.activity_date));
        let is_closed = closed.contains_key(&(bucket.source.clone(), bucket.account_id.clone()));
        is_about(&bucket.source, &bucket.account_id) && !is_loaded && !is_closed
    });
    let days: BTreeSet<Day> = empty.chain(not_loaded.map(|bucket| bucket.activity_date)).collect();
    days.into_iter().collect()
}

fn vendor(source: &str) -> &str {
    source.split('/').next().unwrap_or_default()
}
