//! `everycent replay`: publishes stored snapshots again, through the ordinary path.

mod days;
mod elsewhere;
mod made;
mod outcome;

use anyhow::anyhow;
use everycent_domain::future::after;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::in_names;
use everycent_domain::replay::stored;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::replay::{self, Announcements, RawAccount};
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::publish;
use everycent_schemas::{AccountId, Day, SnapshotId};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::cli::ReplayArgs;
use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::pipeline::{self, Part};
use crate::progress::Watcher;
use crate::show::{self, Grid, count, given_up_text};
use days::named_days;
use made::last_made;
pub(super) use outcome::Done;

/// Snapshots that services elsewhere have at once.
const AT_ONCE: usize = 32;

pub async fn replay(
    deployment: &Deployment,
    args: &ReplayArgs,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    if let (Some(from), Some(to)) = (args.from, args.to) {
        Window::new(from, to).map_err(|e| Failure::usage(anyhow!("--from, --to: {e}")))?;
    }
    let coverage = deployment.whole_coverage().await?;
    let announced = announcements(deployment, args, &coverage).await?;
    if args.dry_run {
        return show_report(&Report::new(&announced, None), json);
    }
    let watcher = Watcher::new(!json);
    if announced.snapshots.is_empty() && announced.judged.is_empty() {
        watcher.say("no stored answer covers these days; `everycent sync` fetches them");
    }
    let done = make_rows_again(deployment, args, (&announced, &coverage), &watcher, stop).await?;
    let report = Report::new(&announced, Some(&done));
    show_report(&report, json)?;
    if done.is_whole() && report.unread.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}

/// Replays all of an account.
pub(super) async fn of_account(
    deployment: &Deployment,
    vendor: Vendor,
    account_id: &AccountId,
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Done, Failure> {
    let sources = Source::ALL.iter().copied().filter(|source| source.vendor() == vendor).collect();
    let account = Some(account_id.clone());
    let args = ReplayArgs { from: None, to: None, sources, account, at_once: AT_ONCE, anew: true, dry_run: false };
    let coverage = deployment.whole_coverage().await?;
    let announced = announcements(deployment, &args, &coverage).await?;
    make_rows_again(deployment, &args, (&announced, &coverage), watcher, stop).await
}

async fn make_rows_again(
    deployment: &Deployment,
    args: &ReplayArgs,
    (announced, coverage): (&Announcements, &[CoverageRow]),
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Done, Failure> {
    let Announcements { snapshots, judged, decided, .. } = announced;
    if !judged.is_empty() {
        watcher.say(&format!("judging {} by their sums", count(judged.len(), "answer")));
    }
    for event in judged {
        publish(deployment.bus.as_ref(), event).await?;
    }
    for event in decided {
        publish(deployment.bus.as_ref(), event).await?;
    }
    watcher.say(&format!("replaying {}", count(snapshots.len(), "snapshot")));
    match deployment.services {
        Services::Here => here(deployment, args, (snapshots, coverage), watcher, stop).await,
        Services::Elsewhere => elsewhere::replay(deployment, args, (snapshots, coverage), watcher, stop).await,
    }
}

async fn here(
    deployment: &Deployment,
    args: &ReplayArgs,
    (snapshots, coverage): (&[Manifest], &[CoverageRow]),
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Done, Failure> {
    let now = deployment.clock.now();
    // Also after a clock that went back, rows that are made now are later than those that are there.
    let published_at = after(last_made(coverage, snapshots, now), now);
    for manifest in snapshots {
        publish(deployment.bus.as_ref(), &stored(manifest, published_at, named_days(args, manifest))).await?;
    }
    pipeline::drain(deployment, Part::FromStored, watcher.observer(), stop.clone()).await?;
    watcher.end();
    let changed = watcher.tally().tables.values().map(|(written, deleted)| written + deleted).sum();
    let dead_letters = pipeline::dead_letters_since(deployment, now, |_| true).await?;
    Ok(Done { rows_changed: Some(changed), not_merged: 0, dead_letters, interrupted: stop.is_cancelled() })
}

/// What is announced of the range, of every source and account asked for.
async fn announcements(
    deployment: &Deployment,
    args: &ReplayArgs,
    coverage: &[CoverageRow],
) -> Result<Announcements, Failure> {
    let (store, now) = (deployment.store.as_ref(), deployment.clock.now());
    let sources = if args.sources.is_empty() { Source::ALL.to_vec() } else { args.sources.clone() };
    let mut all = Announcements::default();
    for source in sources {
        for (account, raw) in replay::list(store, source).await? {
            if args.account.as_ref().is_some_and(|meant| in_names(meant) != account) {
                continue;
            }
            let Some(range) = range(args, &raw) else { continue };
            let is_about = |row: &&CoverageRow| row.source == source.name() && in_names(&row.account_id) == account;
            let found = replay::announcements(store, source, &raw, range, coverage.iter().filter(is_about), now).await;
            let Announcements { snapshots, judged, decided, unread } = found.map_err(anyhow::Error::from)?;
            all.unread.extend(unread);
            all.snapshots.extend(snapshots);
            all.judged.extend(judged);
            all.decided.extend(decided);
        }
    }
    Ok(all)
}

fn range(args: &ReplayArgs, raw: &RawAccount) -> Option<Window> {
    let all = raw.days()?;
    Window::new(args.from.unwrap_or(all.from()), args.to.unwrap_or(all.to())).ok()
}

#[derive(Debug, Serialize)]
struct Report {
    snapshots: Vec<SnapshotRow>,
    /// Nothing was done, as was asked.
    dry_run: bool,
    /// Rows written or deleted, where the services work in this process.
    rows_changed: Option<u64>,
    /// Snapshots that services elsewhere have not merged.
    not_merged: usize,
    /// Messages that were given up.
    dead_letters: u64,
    /// Stored objects that do not read, and were left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread: Vec<String>,
    interrupted: bool,
}

#[derive(Debug, Serialize)]
struct SnapshotRow {
    source: String,
    account_id: AccountId,
    from: Day,
    to: Day,
    fetched_at: String,
    snapshot_id: SnapshotId,
    pages: usize,
}

impl Report {
    /// Of a dry run, if nothing was done.
    fn new(announced: &Announcements, done: Option<&Done>) -> Self {
        Self {
            unread: announced.unread.iter().map(ToString::to_string).collect(),
            snapshots: announced.snapshots.iter().map(SnapshotRow::of).collect(),
            dry_run: done.is_none(),
            rows_changed: done.and_then(|done| done.rows_changed),
            not_merged: done.map_or(0, |done| done.not_merged),
            dead_letters: done.map_or(0, |done| done.dead_letters),
            interrupted: done.is_some_and(|done| done.interrupted),
        }
    }
}

impl SnapshotRow {
    fn of(manifest: &Manifest) -> Self {
        Self {
            source: manifest.source.clone(),
            account_id: manifest.account_id.clone(),
            from: manifest.window.from(),
            to: manifest.window.to(),
            fetched_at: manifest.fetched_at.to_string(),
            snapshot_id: manifest.snapshot_id.clone(),
            pages: manifest.pages.len(),
        }
    }
}

fn show_report(report: &Report, json: bool) -> Result<(), Failure> {
    if json {
        show::print_json(report);
    } else {
        show::print(&text(report));
    }
    Ok(())
}

fn text(report: &Report) -> String {
    outcome_text(report) + &unread_text(&report.unread)
}

/// Days whose answer does not read are asked for again by name.
fn unread_text(unread: &[String]) -> String {
    if unread.is_empty() {
        return String::new();
    }
    let lines: String = unread.iter().map(|reason| format!("  ✗ {}\n", show::word(reason))).collect();
    let objects = count(unread.len(), "stored object");
    format!(
        "\n{objects} left out, for they do not read; put back what a backup has, or fetch their days again with \
         `everycent sync --from DAY --to DAY`\n{lines}"
    )
}

fn outcome_text(report: &Report) -> String {
    let snapshots = count(report.snapshots.len(), "snapshot");
    if report.dry_run {
        return format!("{}\n{snapshots} would be replayed; nothing was done\n", listed(report));
    }
    let changed = report.rows_changed.map_or_else(String::new, |changed| format!("; {changed} rows changed"));
    let given_up = match report.dead_letters {
        0 => String::new(),
        letters => given_up_text(letters),
    };
    match (report.rows_changed, report.interrupted) {
        (Some(_), true) => "interrupted; the next command finishes what is in the queue\n".to_owned(),
        (None, true) => {
            let left = report.not_merged;
            format!("interrupted; left: {left} of {snapshots}. The same command goes on where it stopped\n")
        }
        _ if report.not_merged > 0 => format!(
            "not all of {snapshots} replayed, left: {}. The same command goes on where it stopped\n{given_up}",
            report.not_merged
        ),
        _ if report.dead_letters > 0 => format!("not all of {snapshots} replayed{changed}\n{given_up}"),
        _ => format!("{snapshots} replayed{changed}\n"),
    }
}

fn listed(report: &Report) -> String {
    let mut grid = Grid::new(&["source", "account", "from", "to", "fetched at", "snapshot", ">pages"]);
    for row in &report.snapshots {
        grid.row([
            row.source.clone(),
            row.account_id.to_string(),
            row.from.to_string(),
            row.to.to_string(),
            row.fetched_at.clone(),
            row.snapshot_id.to_string(),
            row.pages.to_string(),
        ]);
    }
    grid.text()
}
