//! `everycent accept`: what a person decides about an answer that takes away what was known.

use std::time::Duration;

use anyhow::anyhow;
use everycent_domain::objects::decision;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::publish;
use everycent_schemas::events::AnswerDecided;
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{AnswerVerdict, CoverageState, Decision};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::answers::{self, Of};
use crate::cli::AcceptArgs;
use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::pipeline::{self, Part};
use crate::progress::Watcher;
use crate::show;

/// How often coverage is looked at where the services work elsewhere.
const LOOK: Duration = Duration::from_secs(2);
/// How often at most: a loader that is at work takes seconds.
const LOOKS: usize = 90;

pub async fn accept(
    deployment: &Deployment,
    args: &AcceptArgs,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let row = bucket(deployment, args).await?;
    let answer = answer(deployment, args, &row).await?;
    let decided = AnswerDecided {
        source: row.source.clone(),
        account_id: row.account_id.clone(),
        activity_date: row.activity_date,
        snapshot_id: answer.snapshot_id.clone(),
        fetched_at: answer.fetched_at,
        decision: if args.keep { Decision::Keep } else { Decision::Accept }.to_string(),
        decided_at: deployment.clock.now(),
        note: args.note.clone(),
    };
    if args.dry_run {
        return show_report(&Report::new(&row, answer.reason.as_ref(), &decided, None), json);
    }
    store(deployment, &decided).await?;
    publish(deployment.bus.as_ref(), &decided).await?;
    let after = match deployment.services {
        Services::Here => here(deployment, &row, json, stop).await?,
        Services::Elsewhere => elsewhere(deployment, &row, &decided, stop).await?,
    };
    show_report(&Report::new(&row, answer.reason.as_ref(), &decided, Some(&after)), json)?;
    if is_done(&row, &decided, &after) { Ok(()) } else { Err(Failure::Reported) }
}

/// Whether coverage shows what was decided. Of an answer that was not held it only shows the rows.
fn is_done(before: &CoverageRow, decided: &AnswerDecided, after: &CoverageRow) -> bool {
    let is_shown = before.held.is_some() || after.fetched_at >= Some(decided.fetched_at);
    is_shown && !matches!(after.state, CoverageState::Held | CoverageState::Replaying)
}

/// The bucket that is decided about: of the one that is meant an answer is held, unless the answer is named. There is just
/// one.
async fn bucket(deployment: &Deployment, args: &AcceptArgs) -> Result<CoverageRow, Failure> {
    let mut rows = deployment.warehouse.coverage(args.day, args.day).await?;
    rows.retain(|row| {
        row.source == args.source.name() && args.account.as_ref().is_none_or(|account| row.account_id == *account)
    });
    let (source, day) = (args.source, args.day);
    if rows.is_empty() {
        return Err(Failure::usage(anyhow!(
            "{source} has no answer about {day}; `everycent status` shows what is loaded"
        )));
    }
    let states: Vec<String> = rows.iter().map(|row| format!("{} is {}", row.account_id, row.state)).collect();
    rows.retain(|row| row.held.is_some() || args.answer.is_some());
    match rows.len() {
        0 => Err(Failure::usage(anyhow!(
            "no answer of {source} about {day} is held ({}); `everycent history {day}` shows all of them",
            states.join(", ")
        ))),
        1 => Ok(rows.remove(0)),
        _ => {
            let accounts: Vec<&str> = rows.iter().map(|row| row.account_id.as_str()).collect();
            Err(Failure::usage(anyhow!(
                "several accounts have such answers: name one of {} with --account",
                accounts.join(", ")
            )))
        }
    }
}

/// The answer that is decided about: the newest that is held, or the one that was named. That one may be any that came
/// after the accepted one: held, kept out by a person, or of a time that no longer remembered the day.
async fn answer(deployment: &Deployment, args: &AcceptArgs, row: &CoverageRow) -> Result<AnswerRow, Failure> {
    let of = Of { source: Some(&row.source), account_id: Some(&row.account_id) };
    let all = answers::about(deployment.warehouse.as_ref(), Window::of(args.day), of).await?;
    let mut answers: Vec<AnswerRow> = all.into_values().flatten().collect();
    match &args.answer {
        None => answers
            .into_iter()
            .rfind(|answer| answer.verdict == AnswerVerdict::Held)
            .ok_or_else(|| Failure::Failed(anyhow!("the held answer is gone; run the command again"))),
        Some(named) => {
            let accepted = answers.iter().rposition(|answer| answer.verdict == AnswerVerdict::Accepted);
            answers.drain(..accepted.map_or(0, |accepted| accepted + 1));
            let known: Vec<String> = answers.iter().map(|answer| answer.snapshot_id.to_string()).collect();
            let found = answers.into_iter().find(|answer| answer.snapshot_id == *named);
            found.ok_or_else(|| {
                let later = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Failure::usage(anyhow!("no answer after the accepted one is `{named}`; those are {later}"))
            })
        }
    }
}

/// Into the raw store first: by it the decision is made again when the tables are.
async fn store(deployment: &Deployment, decided: &AnswerDecided) -> Result<(), Failure> {
    let AnswerDecided { source, account_id, activity_date, snapshot_id, decided_at, .. } = decided;
    let object = decision(source, account_id, *activity_date, *decided_at, snapshot_id);
    let json = serde_json::to_vec(decided)?;
    deployment.store.create(&object, json.into()).await?;
    Ok(())
}

async fn here(
    deployment: &Deployment,
    row: &CoverageRow,
    json: bool,
    stop: CancellationToken,
) -> Result<CoverageRow, Failure> {
    let watcher = Watcher::new(!json);
    pipeline::drain(deployment, Part::FromStored, watcher.observer(), stop).await?;
    watcher.end();
    now(deployment, row).await
}

async fn elsewhere(
    deployment: &Deployment,
    row: &CoverageRow,
    decided: &AnswerDecided,
    stop: CancellationToken,
) -> Result<CoverageRow, Failure> {
    for _ in 0..LOOKS {
        let after = now(deployment, row).await?;
        if is_done(row, decided, &after) {
            return Ok(after);
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    now(deployment, row).await
}

async fn now(deployment: &Deployment, row: &CoverageRow) -> Result<CoverageRow, Failure> {
    let rows = deployment.warehouse.coverage(row.activity_date, row.activity_date).await?;
    let same = |now: &CoverageRow| (&now.source, &now.account_id) == (&row.source, &row.account_id);
    rows.into_iter().find(same).ok_or_else(|| Failure::Failed(anyhow!("coverage no longer has the day")))
}

#[derive(Debug, Serialize)]
struct Report {
    source: String,
    account_id: String,
    day: String,
    /// What was held, or why the answer did not count.
    held: String,
    snapshot_id: String,
    decision: String,
    /// Of the day afterwards; none in a dry run.
    state: Option<String>,
}

impl Report {
    fn new(row: &CoverageRow, reason: Option<&String>, decided: &AnswerDecided, after: Option<&CoverageRow>) -> Self {
        Self {
            source: row.source.clone(),
            account_id: row.account_id.to_string(),
            day: row.activity_date.to_string(),
            held: row.held.clone().or(reason.cloned()).unwrap_or_default(),
            snapshot_id: decided.snapshot_id.to_string(),
            decision: decided.decision.clone(),
            state: after.map(|after| after.state.to_string()),
        }
    }
}

fn show_report(report: &Report, json: bool) -> Result<(), Failure> {
    if json {
        show::print_json(report);
        return Ok(());
    }
    let Report { source, account_id, day, held, snapshot_id, decision, state } = report;
    let what = match decision.as_str() {
        "keep" => "the earlier rows stay",
        _ => "its rows replace the earlier ones",
    };
    let done = match state {
        None => "nothing was done".to_owned(),
        Some(state) => format!("the day is now {state}"),
    };
    show::print(&format!(
        "{source} of {account_id} on {day}: {held}\nanswer {snapshot_id}: {decision}, {what}; {done}\n"
    ));
    Ok(())
}
