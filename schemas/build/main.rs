//! Writes the Rust that follows from the schemas: the tables, a struct for the rows of each, and the schemas of each event
//! with those of earlier releases.
//!
//! A schema that is not what it should be fails the build, with the name of its file and of the field.

mod column;
mod events;
mod json;
mod rows;
mod rust;
mod schema;
mod stored;
mod tables;
mod tokens;

use std::path::{Path, PathBuf};
use std::{env, fs};

use schema::Table;

fn main() {
    for watched in ["build", "tables", "events", "released"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    if let Err(mistake) = generate() {
        println!("cargo::error={mistake}");
    }
}

fn generate() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("Cargo names no OUT_DIR")?);
    let tables = read_tables()?;
    write(&out, "tables.rs", &tables::list(&tables))?;
    write(&out, "rows.rs", &rows::structs(&tables))?;
    write(&out, "stored.rs", &stored::structs(&tables))?;
    write(&out, "tokens.rs", &tokens::types(&tables)?)?;
    write(&out, "events.rs", &events::list(&schemas_in(Path::new("events"))?, &releases()?)?)
}

fn read_tables() -> Result<Vec<Table>, String> {
    let files = schemas_in(Path::new("tables"))?;
    let read = |name: &String| Table::read(name, &text(&Path::new("tables").join(format!("{name}.avsc")))?);
    let mut tables: Vec<Table> = files.iter().map(read).collect::<Result<_, _>>()?;
    tables.sort_by_key(|table| table.order);
    schema::no_two_alike(&tables)?;
    schema::memories_fit(&tables)?;
    Ok(tables)
}

/// The folders of `released/`, with the events that each has.
fn releases() -> Result<Vec<events::Release>, String> {
    let folder = Path::new("released");
    let release = |name: String| {
        let events = schemas_in(&folder.join(&name).join("events"))?;
        Ok(events::Release { name, events })
    };
    names_in(folder)?.into_iter().filter(|name| name.starts_with('v')).map(release).collect()
}

/// The names of the schemas in a folder, without their ending, in order.
fn schemas_in(folder: &Path) -> Result<Vec<String>, String> {
    let schema = |name: String| {
        let stem = name.strip_suffix(".avsc").map(str::to_owned);
        stem.ok_or_else(|| format!("{}: only schemas belong here, named *.avsc", folder.join(&name).display()))
    };
    names_in(folder)?.into_iter().map(schema).collect()
}

fn names_in(folder: &Path) -> Result<Vec<String>, String> {
    let failed = |error| format!("{}: {error}", folder.display());
    let name = |entry: std::io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        fs::read_dir(folder).map_err(failed)?.map(name).collect::<Result<_, _>>().map_err(failed)?;
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
}
