//! What the pipeline makes of a page: first the paging, then the rows.

use std::collections::BTreeMap;

use everycent_domain::manifest::{FORMAT, Manifest, PageEntry};
use everycent_domain::normalize::{NormalizeError, Normalizer};
use everycent_domain::objects::{PageForm, SnapshotFolder};
use everycent_domain::paging::{Next, PagingTask};
use everycent_domain::recipe::Recipe;
use everycent_schemas::Day;
use everycent_schemas::rowfile::{Cell, RowFileReader};

use super::sample::Sample;

#[derive(Debug)]
pub struct Reading {
    /// The days that the paging takes for answered; none if it refuses the page.
    pub covered: Option<Vec<Day>>,
    pub made: Result<Made, String>,
}

/// What a batch holds.
#[derive(Debug)]
pub struct Made {
    pub rows: i64,
    pub rejects: i64,
    pub by_table: BTreeMap<String, i64>,
    /// Bytes of the longest text in them.
    pub longest_text: usize,
}

impl Made {
    /// Tables of what did not become a row.
    pub fn is_beside(table: &str) -> bool {
        ["rejected_records", "remarks"].contains(&table)
    }
}

pub fn read(sample: &Sample, page: &[u8]) -> Reading {
    let covered = match sample.source.is_asked() {
        true => accepted(sample, page),
        // A file was checked before it was stored.
        false => None,
    };
    let of_window = || sample.task.window.days().collect();
    let made = make(sample, page, covered.clone().unwrap_or_else(of_window)).map_err(|error| error.to_string());
    let covered = if sample.source.is_asked() { covered } else { made.is_ok().then(of_window) };
    Reading { covered, made }
}

/// What the paging accepts, if not at once then as a second reading that is the same.
fn accepted(sample: &Sample, page: &[u8]) -> Option<Vec<Day>> {
    let mut task = sample.task.clone();
    for _ in 0..2 {
        match sample.source.pager(&task).unwrap().accept(page) {
            Ok(Next::Whole(answer)) => return Some(answer.covered),
            Ok(Next::Ask(_)) => return None,
            Err(fault) => task = PagingTask { last_fault: Some(fault), ..task },
        }
    }
    None
}

fn make(sample: &Sample, page: &[u8], covered: Vec<Day>) -> Result<Made, NormalizeError> {
    let manifest = manifest(sample, covered);
    let recipe = Recipe::default();
    let mut normalizer = Normalizer::new(&manifest, &recipe, manifest.fetched_at)?;
    let mut files = normalizer.page(page)?;
    let (last, batch) = normalizer.finish()?;
    files.extend(last);
    let longest_text = files.iter().flat_map(|file| RowFileReader::new(&file.body).unwrap()).flat_map(Result::unwrap);
    let longest_text = longest_text.map(|cell| if let Cell::Text(text) = cell { text.len() } else { 0 }).max();
    let mut by_table = BTreeMap::new();
    for file in batch.files {
        *by_table.entry(file.table).or_default() += file.rows;
    }
    let sum = |of: fn(&everycent_schemas::events::Bucket) -> i64| batch.buckets.iter().map(of).sum();
    Ok(Made {
        rows: sum(|bucket| bucket.rows),
        rejects: sum(|bucket| bucket.rejects),
        by_table,
        longest_text: longest_text.unwrap_or_default(),
    })
}

fn manifest(sample: &Sample, covered: Vec<Day>) -> Manifest {
    let window = sample.task.window;
    let (source, fetched_at) = (sample.name, sample.task.today.start());
    let folder = SnapshotFolder::new(source, &"acme".into(), window.from(), window.to(), fetched_at, &"snap".into());
    let form = if sample.source.is_asked() { PageForm::Json } else { PageForm::Csv };
    Manifest {
        format: FORMAT,
        snapshot_id: "snap".into(),
        source: source.to_owned(),
        account_id: "acme".into(),
        window,
        fetched_at,
        query: serde_json::Value::Null,
        covered,
        pages: vec![PageEntry { object: folder.page(1, form), body_bytes: 0, sha256: String::new(), request_id: None }],
        remarks: Vec::new(),
        awaited: Vec::new(),
        workspaces: None,
        redated_from: None,
    }
}
