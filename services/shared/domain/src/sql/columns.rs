//! Columns in lists.

use everycent_schemas::tables::Table;

/// The key, with the columns of the bucket before the others.
pub fn key_order(table: &Table) -> Vec<&str> {
    let rest = table.key.iter().filter(|name| !table.bucket.contains(name));
    table.bucket.iter().chain(rest).map(String::as_str).collect()
}

/// A list, each item on its own line.
pub(super) fn lines(items: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let indented: Vec<String> = items.into_iter().map(|item| format!("  {}", item.as_ref())).collect();
    indented.join(",\n")
}
