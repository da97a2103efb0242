//! A file that was checked is stored, and goes the way of every answer.

use anyhow::Context;
use chrono::Duration;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, raw_prefix};
use everycent_domain::replay::stored;
use everycent_domain::report::Contents;
use everycent_domain::source::Source;
use everycent_fetcher::{Upload, store_upload};
use everycent_runtime::store::{Names, Store};
use everycent_runtime::worker::publish;
use everycent_schemas::{SnapshotId, Timestamp, tables};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::deployment::{Deployment, Services};
use crate::elsewhere::{Merges, Order, until_merged};
use crate::failure::Failure;
use crate::pipeline::{self, Part};
use crate::progress::{Tally, Watcher};
use crate::show::{count, given_up_text};

/// What became of a file that was stored.
#[derive(Debug, Serialize)]
pub struct Loaded {
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

impl Loaded {
    pub fn is_clean(&self) -> bool {
        self.not_merged == 0 && self.dead_letters == 0 && !self.interrupted
    }

    pub fn text(&self, source: Source) -> String {
        let mut text = format!("stored as {}\n", self.object);
        if self.not_merged > 0 {
            text +=
                &format!("it is stored, and not in the tables yet; `everycent replay --source {source}` loads it\n");
        } else if self.interrupted {
            return text + "interrupted; the next command finishes what is in the queue\n";
        }
        for TableReport { table, rows_written, rows_deleted } in &self.tables {
            let written = count(*rows_written, "row");
            text += &format!("{table}: {written} written, {rows_deleted} deleted\n");
        }
        if self.dead_letters > 0 {
            text += &given_up_text(self.dead_letters);
        }
        format!("{text}\nTables: {}\n", self.warehouse)
    }
}

/// Stores the file, and lets the services do the rest.
pub async fn load(
    deployment: &Deployment,
    upload: &Upload<'_>,
    contents: Contents,
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Loaded, Failure> {
    let now = deployment.clock.now();
    // A file that is imported now is later than those before it, also when the clock went back.
    let last = last_imported(deployment.store.as_ref(), upload.source).await?;
    let imported_at = last.map_or(now, |last| now.max(last.plus(Duration::microseconds(1))));
    let manifest = store_upload(deployment.store.as_ref(), upload, imported_at).await?;
    let published_at = imported_at;
    let snapshot = stored(&manifest, published_at, None);
    watcher.say(&format!("importing {}", count(contents.lines, "line")));
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
    Ok(Loaded {
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
    })
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

/// What became of the tables that the file feeds, rejects left out: every line of it reads.
fn table_reports(source: Source, tally: &Tally) -> Vec<TableReport> {
    let fed = tables::fed_by(source.name()).filter(|table| table.sources != ["*"]);
    fed.map(|table| {
        let (rows_written, rows_deleted) = tally.tables.get(table.name).copied().unwrap_or_default();
        TableReport { table: table.name, rows_written, rows_deleted }
    })
    .collect()
}
