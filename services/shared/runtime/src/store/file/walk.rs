//! The names in a folder tree, in order, without ever holding more of it than is asked for.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry, FileType};
use std::io::{self, ErrorKind};
use std::path::Path;

use everycent_domain::objects::ObjectName;

/// How many entries of one folder are held at once.
const CHUNK: usize = 4096;

/// Names that begin with `prefix`, at most `limit`, in order, after `after`.
pub(super) fn names(
    root: &Path,
    prefix: &str,
    after: Option<&ObjectName>,
    limit: usize,
) -> io::Result<Vec<ObjectName>> {
    let start = prefix.rfind('/').map_or("", |slash| &prefix[..=slash]);
    let mut walk =
        Walk { root, prefix, after: after.map_or("", ObjectName::as_str), limit, chunk: CHUNK, found: vec![] };
    if start.is_empty() || start[..start.len() - 1].parse::<ObjectName>().is_ok() {
        walk.folder(start)?;
    }
    Ok(walk.found)
}

struct Walk<'a> {
    root: &'a Path,
    prefix: &'a str,
    after: &'a str,
    limit: usize,
    chunk: usize,
    found: Vec<ObjectName>,
}

impl Walk<'_> {
    /// Takes what the folder holds, chunk by chunk. `at` is empty or ends in `/`, as does a folder among the entries:
    /// so they sort as the names below them do.
    fn folder(&mut self, at: &str) -> io::Result<()> {
        let mut last = String::new();
        loop {
            let entries = self.entries(at, &last)?;
            let whole = entries.len() < self.chunk;
            for entry in &entries {
                if self.found.len() >= self.limit {
                    return Ok(());
                }
                if entry.ends_with('/') {
                    self.folder(entry)?;
                } else if let Ok(name) = entry.parse() {
                    self.found.push(name);
                }
            }
            match entries.into_iter().next_back() {
                Some(entry) if !whole => last = entry,
                _ => return Ok(()),
            }
        }
    }

    /// The next entries of a folder that can matter, in order, at most a chunk of them.
    fn entries(&self, at: &str, last: &str) -> io::Result<BTreeSet<String>> {
        let mut entries = BTreeSet::new();
        let listing = match fs::read_dir(self.root.join(at)) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(entries),
            listing => listing?,
        };
        for entry in listing {
            let Some(entry) = full_name(at, &entry?)? else { continue };
            if entry.as_str() > last && self.matters(&entry) {
                entries.insert(entry);
                if entries.len() > self.chunk {
                    entries.pop_last();
                }
            }
        }
        Ok(entries)
    }

    fn matters(&self, entry: &str) -> bool {
        let folder = entry.ends_with('/');
        let wanted = entry.starts_with(self.prefix) || (folder && self.prefix.starts_with(entry));
        wanted && (entry > self.after || (folder && self.after.starts_with(entry)))
    }
}

/// The entry's name from the root, with `/` behind a folder's; nothing for what can't be or hold an object.
fn full_name(at: &str, entry: &DirEntry) -> io::Result<Option<String>> {
    let Ok(name) = entry.file_name().into_string() else { return Ok(None) };
    if name.parse::<ObjectName>().is_err() {
        return Ok(None);
    }
    let Some(kind) = kind(entry)? else { return Ok(None) };
    Ok(Some(format!("{at}{name}{}", if kind.is_dir() { "/" } else { "" })))
}

/// What the entry is, or what it links to; nothing for a link to nowhere.
fn kind(entry: &DirEntry) -> io::Result<Option<FileType>> {
    let kind = entry.file_type()?;
    if !kind.is_symlink() {
        return Ok(Some(kind));
    }
    match fs::metadata(entry.path()) {
        Ok(target) => Ok(Some(target.file_type())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_wider_than_a_chunk_is_listed_whole_and_in_order() {
        let root = tempfile::tempdir().unwrap();
        let mut expected: Vec<String> = (0..50).map(|i| format!("raw/{}/x", i * 7919 % 50)).collect();
        for name in &expected {
            fs::create_dir_all(root.path().join(name).parent().unwrap()).unwrap();
            fs::write(root.path().join(name), "").unwrap();
        }
        fs::create_dir(root.path().join("raw/30-empty")).unwrap();
        expected.sort();
        for chunk in [1, 2, 7, 50, 51] {
            let mut walk = Walk { root: root.path(), prefix: "", after: "", limit: 100, chunk, found: vec![] };
            walk.folder("").unwrap();
            let found: Vec<String> = walk.found.into_iter().map(String::from).collect();
            assert_eq!(found, expected, "chunks of {chunk}");
        }
    }
}
