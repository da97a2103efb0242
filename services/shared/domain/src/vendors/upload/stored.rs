//! A stored file, normalized, for tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::{Cell, RowFileReader};
use everycent_schemas::tables::{self, Kind};
use everycent_schemas::{Day, Timestamp};

use crate::manifest::{FORMAT, Manifest, PageEntry};
use crate::normalize::{NormalizeError, Normalizer};
use crate::objects::{PageForm, SnapshotFolder};
use crate::recipe::Recipe;
use crate::rows::FinishedFile;
use crate::source::Source;
use crate::window::Window;

pub fn window(from: &str, to: &str) -> Window {
    Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

/// The batch of a file that was imported for these days.
pub fn normalized(
    source: Source,
    window: Window,
    text: &str,
) -> Result<(Vec<FinishedFile>, BatchNormalized), NormalizeError> {
    let fetched_at = window.to().next().start();
    let folder =
        SnapshotFolder::new(source.name(), &"acme".into(), window.from(), window.to(), fetched_at, &"snap".into());
    let page =
        PageEntry { object: folder.page(1, PageForm::Csv), body_bytes: 0, sha256: String::new(), request_id: None };
    let manifest = Manifest {
        format: FORMAT,
        snapshot_id: "snap".into(),
        source: source.name().into(),
        account_id: "acme".into(),
        window,
        fetched_at,
        query: serde_json::json!({}),
        covered: window.days().collect(),
        pages: vec![page],
        remarks: vec![],
        awaited: Vec::new(),
        workspaces: None,
        redated_from: None,
    };
    let recipe = Recipe::default();
    let mut normalizer = Normalizer::new(&manifest, &recipe, fetched_at)?;
    let mut files = normalizer.page(text.as_bytes())?;
    let (last, batch) = normalizer.finish()?;
    files.extend(last);
    Ok((files, batch))
}

/// The rows of a table, each with its cells as text by column; what is null is left out.
pub fn rows(source: Source, window: Window, table: &str, text: &str) -> Vec<BTreeMap<String, String>> {
    let (files, batch) = normalized(source, window, text).unwrap();
    let is_of = |file: &&FinishedFile| {
        batch.files.iter().any(|named| named.table == table && named.object == file.object.as_str())
    };
    let read = |file: &FinishedFile| {
        let reader = RowFileReader::new(&file.body).unwrap();
        let columns = reader.columns().to_vec();
        let row = |cells: Vec<Cell>| {
            columns.iter().cloned().zip(cells).filter_map(|(column, cell)| shown(table, column, cell)).collect()
        };
        reader.map(|cells| row(cells.unwrap())).collect::<Vec<BTreeMap<String, String>>>()
    };
    files.iter().filter(is_of).flat_map(read).collect()
}

fn shown(table: &str, column: String, cell: Cell) -> Option<(String, String)> {
    let kind = tables::find(table).unwrap().column(&column).unwrap().kind;
    let text = match (cell, kind) {
        (Cell::Null, _) => return None,
        (Cell::Integer(days), Kind::Date) => Day::from_epoch_days(days.try_into().unwrap()).unwrap().to_string(),
        (Cell::Integer(micros), Kind::Timestamp) => Timestamp::from_micros(micros).to_string(),
        (Cell::Boolean(value), _) => value.to_string(),
        (Cell::Integer(value), _) => value.to_string(),
        (Cell::Text(text), _) => text,
        (Cell::Money(usd), _) => usd.short(),
    };
    Some((column, text))
}
