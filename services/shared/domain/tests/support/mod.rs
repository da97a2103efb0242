//! Pages through the normalizer, and its row files read back.
#![allow(clippy::unwrap_used, dead_code, reason = "each file of tests uses its part")]

use std::collections::BTreeMap;

use everycent_domain::manifest::{FORMAT, Manifest, PageEntry};
use everycent_domain::normalize::{NormalizeError, Normalizer};
use everycent_domain::objects::{PageForm, SnapshotFolder};
use everycent_domain::recipe::Recipe;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::{Cell, RowFileReader};
use everycent_schemas::{Day, Timestamp};
use serde_json::json;

pub type RowMap = BTreeMap<String, Cell>;

pub struct Normalized {
    pub batch: BatchNormalized,
    pub tables: BTreeMap<String, Vec<RowMap>>,
}

impl Normalized {
    pub fn rows(&self, table: &str) -> &[RowMap] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// Fields that were odd and cost no row, and how many records of each day have it.
    pub fn remarks(&self) -> Vec<(String, String)> {
        self.rows("remarks").iter().map(|row| (text(row, "field"), text(row, "reason"))).collect()
    }

    /// The fields of these.
    pub fn odd_fields(&self) -> Vec<String> {
        self.column("remarks", "field")
    }

    /// A column of all rows of a table, as text.
    pub fn column(&self, table: &str, column: &str) -> Vec<String> {
        self.rows(table).iter().map(|row| text(row, column)).collect()
    }
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A snapshot that covers its whole window and was fetched on the day after it.
pub fn manifest(source: Source, from: &str, to: &str, pages: usize) -> Manifest {
    let window = Window::new(day(from), day(to)).unwrap();
    let fetched_at: Timestamp = window.to().next().start();
    let folder = SnapshotFolder::new(source.name(), &"acme".into(), day(from), day(to), fetched_at, &"snap".into());
    let entry = |number: usize| PageEntry {
        object: folder.page(u32::try_from(number).unwrap(), PageForm::Json),
        body_bytes: 0,
        sha256: String::new(),
        request_id: None,
    };
    Manifest {
        format: FORMAT,
        snapshot_id: "snap".into(),
        source: source.name().into(),
        account_id: "acme".into(),
        window,
        fetched_at,
        query: json!({}),
        covered: window.days().collect(),
        pages: (1..=pages).map(entry).collect(),
        remarks: vec![],
        awaited: Vec::new(),
        workspaces: None,
        redated_from: None,
    }
}

pub fn normalize(manifest: &Manifest, recipe: &Recipe, pages: &[impl ToString]) -> Result<Normalized, NormalizeError> {
    let normalized_at = manifest.fetched_at;
    let mut normalizer = Normalizer::new(manifest, recipe, normalized_at)?;
    let mut files = Vec::new();
    for page in pages {
        files.extend(normalizer.page(page.to_string().as_bytes())?);
    }
    let (last, batch) = normalizer.finish()?;
    files.extend(last);
    let mut tables = BTreeMap::<String, Vec<RowMap>>::new();
    for file in &files {
        let named = batch.files.iter().find(|named| named.object == file.object.as_str()).unwrap();
        tables.entry(named.table.clone()).or_default().extend(rows_of(&file.body));
    }
    Ok(Normalized { batch, tables })
}

/// The rows of a file.
pub fn rows_of(body: &[u8]) -> Vec<RowMap> {
    let reader = RowFileReader::new(body).unwrap();
    let columns = reader.columns().to_vec();
    reader.map(|row| columns.iter().cloned().zip(row.unwrap()).collect()).collect()
}

pub fn text(row: &RowMap, column: &str) -> String {
    match &row[column] {
        Cell::Text(text) => text.clone(),
        Cell::Null => "null".into(),
        Cell::Money(usd) => usd.to_string(),
        other => format!("{other:?}"),
    }
}
