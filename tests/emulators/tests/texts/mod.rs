//! The repository's files as texts.

use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    // Cargo runs tests in the folder of their package.
    fs::canonicalize("../..").unwrap()
}

pub fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All Rust sources below a folder, in one text.
pub fn sources(name: &str) -> String {
    below(&root().join(name))
}

fn below(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => below(&path),
        Some(rust) if rust == "rs" => fs::read_to_string(path).unwrap(),
        _ => String::new(),
    };
    entries.map(text).collect()
}
