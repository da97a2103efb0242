//! What earlier releases wrote can be read by this one. A release is a folder of `released/`: the next one adds its own.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use apache_avro::Schema;
use apache_avro::schema_compatibility::SchemaCompatibility;

/// Cargo runs tests in the folder of their package.
const RELEASED: &str = "released";

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The schemas of all releases in a folder of each, with the path of today's schema of the same name.
fn released(kind: &str) -> Vec<(PathBuf, PathBuf)> {
    let releases = files_in(Path::new(RELEASED)).into_iter().filter(|release| release.is_dir());
    let schemas = releases.flat_map(|release| files_in(&release.join(kind)));
    schemas.map(|schema| (schema.clone(), Path::new(kind).join(schema.file_name().unwrap()))).collect()
}

fn parsed(path: &Path) -> Schema {
    Schema::parse_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What keeps a released schema from being read by today's, in words.
fn trouble(kind: &str, compatible: impl Fn(&Schema, &Schema) -> Result<(), String>) -> Vec<String> {
    let released = released(kind);
    assert!(!released.is_empty(), "no release has {kind}");
    let trouble = released.iter().filter_map(|(released, today)| {
        if !today.is_file() {
            return Some(format!(
                "{}: {} is gone, which others still read and write",
                released.display(),
                today.display()
            ));
        }
        let outcome = compatible(&parsed(released), &parsed(today));
        outcome.err().map(|why| format!("{}: {why}", released.display()))
    });
    trouble.collect()
}

#[test]
fn rows_of_every_release_can_be_read_by_this_one() {
    let trouble = trouble("tables", |released, today| {
        SchemaCompatibility::can_read(released, today).map(drop).map_err(|error| error.to_string())
    });
    assert!(trouble.is_empty(), "{}", trouble.join("\n"));
}

/// A release that requires what may be null today still reads every row in which it is not. It refuses the others, and
/// takes none for what it is not.
#[test]
fn rows_of_this_one_without_new_nulls_can_be_read_by_every_release() {
    let trouble = trouble("tables", |released, today| {
        let filled = without_new_nulls(released, today);
        SchemaCompatibility::can_read(&filled, released).map(drop).map_err(|error| error.to_string())
    });
    assert!(trouble.is_empty(), "{}", trouble.join("\n"));
}

/// Today's schema, with the fields that the release requires as it has them.
fn without_new_nulls(released: &Schema, today: &Schema) -> Schema {
    let json = |schema: &Schema| serde_json::to_value(schema).unwrap();
    let (released, mut today) = (json(released), json(today));
    let is_union = |field: &serde_json::Value| field["type"].is_array();
    for field in today["fields"].as_array_mut().unwrap() {
        let before = released["fields"].as_array().unwrap().iter().find(|before| before["name"] == field["name"]);
        if let Some(before) = before.filter(|before| is_union(field) && !is_union(before)) {
            *field = before.clone();
        }
    }
    Schema::parse(&today).unwrap()
}

#[test]
fn events_of_every_release_can_be_read_by_this_one() {
    let trouble = trouble("events", |released, today| {
        SchemaCompatibility::can_read(released, today).map(drop).map_err(|error| error.to_string())
    });
    assert!(trouble.is_empty(), "{}", trouble.join("\n"));
}

#[test]
fn a_released_table_keeps_its_key_and_its_bucket() {
    for (released, today) in released("tables") {
        let layout = |path: &Path| {
            let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            ["table", "key", "bucket", "partition", "absence"].map(|name| json["everycent"][name].clone())
        };
        assert_eq!(layout(&released), layout(&today), "{}", released.display());
    }
}
