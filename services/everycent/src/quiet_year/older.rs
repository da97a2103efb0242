//! A home as an earlier release leaves it: without the tables and columns that came later, with rows by an older
//! normalizer, and without what is stored beside the answers today.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;

/// The first release, whose schemas are kept.
const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/released/v1/tables");

pub fn make_older(home: &Path) {
    let raw = home.join("raw");
    // A report that it did not ask for.
    fs::remove_dir_all(raw.join("anthropic/analytics_usage")).unwrap();
    for path in files(&raw) {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("manifest.json") => make_manifest_older(home, &path),
            Some(name) if name.starts_with("sums-") => fs::remove_file(&path).unwrap(),
            _ if is_later(&path) => fs::remove_file(&path).unwrap(),
            _ => (),
        }
    }
    make_tables_older(&home.join("everycent.sqlite"));
}

/// Pages that are named by their content stay where they are.
fn is_later(path: &Path) -> bool {
    let later = ["accounts", "known", "decisions"];
    path.components().any(|part| later.iter().any(|later| part.as_os_str() == *later))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// It knows of no workspaces, and its pages lie beside it.
fn make_manifest_older(home: &Path, path: &Path) {
    let mut manifest: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    manifest.as_object_mut().unwrap().remove("workspaces");
    for (place, page) in manifest["pages"].as_array_mut().unwrap().iter_mut().enumerate() {
        let from = home.join(page["object"].as_str().unwrap());
        let to = path.with_file_name(format!("page-{:05}.json.zst", place + 1));
        if from != to {
            fs::copy(&from, &to).unwrap();
        }
        page["object"] = Value::from(to.strip_prefix(home).unwrap().to_str().unwrap());
    }
    fs::write(path, serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
}

fn make_tables_older(file: &Path) {
    let tables = Connection::open(file).unwrap();
    for (name, kind) in pairs(&tables, "SELECT name, type FROM sqlite_schema WHERE type = 'view'") {
        tables.execute_batch(&format!("DROP {kind} {name}")).unwrap();
    }
    for (name, kind) in
        pairs(&tables, "SELECT name, type FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    {
        let table = name.strip_suffix("_nano").unwrap_or(&name);
        match released_columns(table) {
            None => tables.execute_batch(&format!("DROP {kind} {name}")).unwrap(),
            Some(known) => drop_others(&tables, &name, &known),
        }
    }
    let older = "DELETE FROM coverage_nano WHERE source = 'anthropic/analytics_usage';
                 UPDATE coverage_nano SET recipe = 'older';
                 UPDATE cursor_usage_events_nano SET row_id = 'older-' || row_id;";
    tables.execute_batch(older).unwrap();
}

fn drop_others(tables: &Connection, name: &str, known: &[String]) {
    let columns = format!("SELECT name, type FROM pragma_table_info('{name}')");
    let is_later = |column: &str| !known.contains(&column.replace("_nano_usd", "_usd"));
    for (column, _) in pairs(tables, &columns).into_iter().filter(|(column, _)| is_later(column)) {
        tables.execute_batch(&format!("ALTER TABLE {name} DROP COLUMN {column}")).unwrap();
    }
}

fn pairs(tables: &Connection, sql: &str) -> Vec<(String, String)> {
    let mut rows = tables.prepare(sql).unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

fn released_columns(table: &str) -> Option<Vec<String>> {
    let text = fs::read(format!("{RELEASED}/{table}.avsc")).ok()?;
    let schema: Value = serde_json::from_slice(&text).unwrap();
    let name = |field: &Value| field["name"].as_str().unwrap().to_owned();
    Some(schema["fields"].as_array().unwrap().iter().map(name).collect())
}
