//! `everycent import`: a file of a person becomes a stored snapshot, and goes the way of every answer.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use chrono::Duration;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, raw_prefix};
use everycent_domain::replay::stored;
use everycent_domain::report::{Contents, Faults, Import};
use everycent_domain::source::Source;
use everycent_domain::vendors::upload;
use everycent_fetcher::{Upload, store_upload};
use everycent_runtime::clock::{Clock, SystemClock};
use everycent_runtime::store::{Names, Store};
use everycent_runtime::threads;
use everycent_runtime::worker::publish;
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp, tables};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::cli::{DEFAULT_HOME, Global, ImportArgs, Sheet, SheetArgs};
use crate::deployment::{Deployment, Services};
use crate::elsewhere::{Merges, Order, until_merged};
use crate::failure::Failure;
use crate::opening::config;
use crate::pipeline::{self, Part};
use crate::progress::{Tally, Watcher};
use crate::scope;
use crate::show::{self, count, given_up_text};

pub async fn import(global: &Global, args: &ImportArgs, stop: CancellationToken) -> Result<(), Failure> {
    let (source, SheetArgs { file }) = sheet(&args.sheet);
    if args.template {
        show::print(checker(source).template);
        return Ok(());
    }
    let name = word(&args.sheet);
    let path = file.as_deref().ok_or_else(|| {
        Failure::usage(anyhow!("name the file to import; `everycent import {name} --template` prints an example"))
    })?;
    let config = config(global)?;
    let account_id = scope::import_account(&config, args.account.as_ref())?;
    let (body, checked) = read_and_check(source, path, SystemClock.now().day()).await?;
    let contents = checked.map_err(|faults| refused(path, name, &faults))?;
    // Nothing was created so far: a file that is refused leaves no trace.
    let deployment = Deployment::open(&global.home_or(DEFAULT_HOME), config).await?;
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let upload = Upload { source, account_id: &account_id, window: contents.window, file_name: &file_name, body };
    let report = load(&deployment, &upload, contents, &Watcher::new(!global.json), stop).await?;
    if global.json {
        show::print_json(&report);
    } else {
        show::print(&text(&report));
    }
    if report.is_clean() { Ok(()) } else { Err(Failure::Reported) }
}

fn sheet(sheet: &Sheet) -> (Source, &SheetArgs) {
    match sheet {
        Sheet::ClaudeUsage(args) => (upload::claude_usage::SOURCE, args),
        Sheet::ApiKeyOwners(args) => (upload::api_key_owners::SOURCE, args),
    }
}

fn checker(source: Source) -> &'static Import {
    source.import().expect("invariant: the command line names only sheets")
}

/// The sheet as the command line calls it.
fn word(sheet: &Sheet) -> &'static str {
    match sheet {
        Sheet::ClaudeUsage(_) => "claude-usage",
        Sheet::ApiKeyOwners(_) => "api-key-owners",
    }
}

/// The file, and what the check of the whole of it says. It takes as long as the file is large.
async fn read_and_check(source: Source, path: &Path, today: Day) -> Result<(Bytes, Result<Contents, Faults>), Failure> {
    let path = path.to_owned();
    let check = move || {
        let body = read(&path)?;
        let checked = checker(source).check(&body, today);
        Ok((Bytes::from(body), checked))
    };
    threads::compute(check).await
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = File::open(path).and_then(|file| file.take(upload::MAX_BYTES + 1).read_to_end(&mut body));
    read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => anyhow!("{} is not there; check the path", path.display()),
        io::ErrorKind::IsADirectory => anyhow!("{} is a folder; name the CSV file in it", path.display()),
        _ => anyhow::Error::from(error).context(format!("{} can't be read", path.display())),
    })
    .map_err(Failure::Usage)?;
    if body.len() as u64 > upload::MAX_BYTES {
        let limit = upload::MAX_BYTES >> 20;
        return Err(Failure::usage(anyhow!(
            "{} has more than {limit} MiB; split it by days and import each part",
            path.display()
        )));
    }
    Ok(body)
}

fn refused(path: &Path, name: &str, faults: &Faults) -> Failure {
    let faults_text: String = faults.to_string().lines().map(|line| format!("  {line}\n")).collect();
    Failure::usage(anyhow!(
        "{} was not imported, for {} in it:\n{faults_text}`everycent import {name} --template` prints a file that is \
         right",
        path.display(),
        count(faults.total, "fault")
    ))
}

/// Imports a file that is known to be right.
pub(super) async fn sample(
    deployment: &Deployment,
    source: Source,
    account_id: &AccountId,
    file: &Path,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let (body, checked) = read_and_check(source, file, deployment.clock.now().day()).await?;
    let contents = checked.map_err(|faults| Failure::Failed(anyhow!("{}: {faults}", file.display())))?;
    let file_name = file.file_name().unwrap_or_default().to_string_lossy();
    let upload = Upload { source, account_id, window: contents.window, file_name: &file_name, body };
    load(deployment, &upload, contents, &Watcher::new(false), stop).await?;
    Ok(())
}

/// Stores the file, and lets the services do the rest.
async fn load(
    deployment: &Deployment,
    upload: &Upload<'_>,
    contents: Contents,
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Report, Failure> {
    let now = deployment.clock.now();
    // A file that is imported now is later than those before it, also when the clock went back.
    let last = last_imported(deployment.store.as_ref(), upload.source).await?;
    let imported_at = last.map_or(now, |last| now.max(last.plus(Duration::microseconds(1))));
    let manifest = store_upload(deployment.store.as_ref(), upload, imported_at).await?;
    let published_at = imported_at;
    let snapshot = stored(&manifest, published_at, None);
    watcher.say(&format!("importing {}", count(lines(contents), "line")));
    let (Merges { not_merged, dead_letters }, interrupted) = match deployment.services {
        Services::Here => {
            publish(deployment.bus.as_ref(), &snapshot).await?;
            pipeline::drain(deployment, Part::FromStored, watcher.observer(), stop.clone()).await?;
            let dead_letters = pipeline::dead_letters_since(deployment, now, |_| true).await?;
            (Merges { not_merged: 0, dead_letters }, stop.is_cancelled())
        }
        Services::Elsewhere => {
            watcher.expect(1);
            let order = Order { snapshots: vec![snapshot], published_at, at_once: 1 };
            let merges = until_merged(deployment, order, watcher, &stop).await?;
            (merges, stop.is_cancelled() && merges.not_merged > 0)
        }
    };
    watcher.end();
    let report = Report {
        source: upload.source.name(),
        account_id: manifest.account_id.clone(),
        file: upload.file_name.to_owned(),
        from: manifest.window.from(),
        to: manifest.window.to(),
        days: manifest.covered.len(),
        lines: contents.lines,
        body_bytes: manifest.body_bytes(),
        object: object(&manifest)?,
        snapshot_id: manifest.snapshot_id,
        tables: match deployment.services {
            Services::Here => table_reports(upload.source, &watcher.tally()),
            Services::Elsewhere => Vec::new(),
        },
        not_merged,
        dead_letters,
        interrupted,
        warehouse: deployment.warehouse.address(),
    };
    Ok(report)
}

/// When the last file of this kind was imported. A stamp of the future counts here, for whether a clock was ahead then or is
/// behind now is not known, and the later file must win in both cases.
async fn last_imported(store: &dyn Store, source: Source) -> Result<Option<Timestamp>, Failure> {
    let mut last: Option<Timestamp> = None;
    let mut listed = Names::new(store, raw_prefix(source.name()));
    while let Some(names) = listed.next().await? {
        last = names.iter().filter_map(ManifestName::parse).filter_map(|name| name.fetched_at()).chain(last).max();
    }
    Ok(last)
}

fn object(manifest: &Manifest) -> Result<String, Failure> {
    let page = manifest.pages.first().context("the snapshot has no page")?;
    Ok(page.object.to_string())
}

fn lines(contents: Contents) -> usize {
    usize::try_from(contents.lines).unwrap_or(usize::MAX)
}

/// What became of the tables that the file feeds, rejects left out: every line of it reads.
fn table_reports(source: Source, tally: &Tally) -> Vec<TableReport> {
    let fed = tables::fed_by(source.name()).filter(|table| table.sources != ["*"]);
    fed.map(|table| {
        let (rows_written, rows_deleted) = tally.tables.get(table.name).copied().unwrap_or_default();
        TableReport { table: table.name, rows_written, rows_deleted }
    })
    .collect()
}

#[derive(Debug, Serialize)]
struct Report {
    source: &'static str,
    account_id: AccountId,
    file: String,
    /// The days that the file is the truth of.
    from: Day,
    to: Day,
    days: usize,
    /// Lines of data.
    lines: u64,
    body_bytes: u64,
    /// Object name of the stored file.
    object: String,
    snapshot_id: SnapshotId,
    /// What became of the tables, where the services work in this process.
    tables: Vec<TableReport>,
    /// Snapshots that services elsewhere have not merged.
    not_merged: usize,
    dead_letters: u64,
    interrupted: bool,
    warehouse: String,
}

#[derive(Debug, Serialize)]
struct TableReport {
    table: &'static str,
    /// Rows inserted or updated because they differed.
    rows_written: u64,
    /// Rows deleted because the file no longer tells them.
    rows_deleted: u64,
}

impl Report {
    fn is_clean(&self) -> bool {
        self.not_merged == 0 && self.dead_letters == 0 && !self.interrupted
    }
}

fn text(report: &Report) -> String {
    let Report { file, account_id, from, to, object, .. } = report;
    let days = if from == to { from.to_string() } else { format!("{from} to {to}") };
    let lines = count(usize::try_from(report.lines).unwrap_or(usize::MAX), "line");
    let mut text = format!("{file}: {lines} for account {account_id}, {days}, stored as {object}\n");
    if report.not_merged > 0 {
        let source = report.source;
        text += &format!("it is stored, and not in the tables yet; `everycent replay --source {source}` loads it\n");
    } else if report.interrupted {
        return text + "interrupted; the next command finishes what is in the queue\n";
    }
    for TableReport { table, rows_written, rows_deleted } in &report.tables {
        let written = count(usize::try_from(*rows_written).unwrap_or(usize::MAX), "row");
        text += &format!("{table}: {written} written, {rows_deleted} deleted\n");
    }
    if report.dead_letters > 0 {
        text += &given_up_text(report.dead_letters);
    }
    format!("{text}\nTables: {}\n", report.warehouse)
}
