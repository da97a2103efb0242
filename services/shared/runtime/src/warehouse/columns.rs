//! What separates a table that is there from its schema. For every warehouse.

use std::fmt;

/// How a definition says that a column is always filled.
pub(super) const NOT_NULL: &str = " NOT NULL";

/// A column as it is there, or as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub name: String,
    /// Its type and what else the warehouse knows of it, as a person would write it.
    pub definition: String,
    pub nullable: bool,
}

impl Stored {
    /// The same column where it need not be filled.
    fn relaxed(&self) -> Self {
        let definition = self.definition.replacen(NOT_NULL, "", 1);
        Self { name: self.name.clone(), definition, nullable: true }
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.definition)
    }
}

/// What separates a table from its schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Difference {
    /// Nullable columns that can simply be added.
    pub addable: Vec<Stored>,
    /// Columns that are there and need no longer be filled.
    pub relaxable: Vec<Stored>,
    /// Everything else, in words.
    pub conflicts: Vec<String>,
}

/// A nullable column that is not known here is no difference: a newer version has added it, and nothing of ours fills it.
pub(super) fn difference(found: &[Stored], wanted: &[Stored]) -> Difference {
    let mut difference = Difference::default();
    for column in wanted {
        match found.iter().find(|there| there.name == column.name) {
            Some(there) if there == column => {}
            Some(there) if there.relaxed() == *column => difference.relaxable.push(column.clone()),
            Some(there) => difference.conflicts.push(format!("has `{there}`, wants `{column}`")),
            None if column.nullable => difference.addable.push(column.clone()),
            None => difference.conflicts.push(format!("lacks `{column}`")),
        }
    }
    let unknown = found.iter().filter(|there| wanted.iter().all(|column| column.name != there.name));
    let unknown = unknown.filter(|there| !there.nullable);
    difference.conflicts.extend(unknown.map(|there| format!("has `{there}`, which is not known here")));
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str, nullable: bool) -> Stored {
        let null = if nullable { "" } else { " NOT NULL" };
        Stored { name: name.into(), definition: format!("{kind}{null}"), nullable }
    }

    #[test]
    fn a_column_that_need_no_longer_be_filled_is_relaxed_and_never_the_other_way_round() {
        let (filled, empty) = ([column("a", "TEXT", false)], [column("a", "TEXT", true)]);
        let relaxed = difference(&filled, &empty);
        assert_eq!((&relaxed.relaxable[..], relaxed.conflicts.len()), (&empty[..], 0));
        assert_eq!(difference(&empty, &filled).conflicts, ["has `a TEXT`, wants `a TEXT NOT NULL`"]);
        assert_eq!(difference(&filled, &[column("a", "INTEGER", true)]).conflicts.len(), 1);
    }

    #[test]
    fn only_nullable_columns_can_be_added_here_or_by_a_newer_version() {
        let found = [
            column("a", "TEXT", false),
            column("b", "TEXT", true),
            column("newer", "TEXT", true),
            column("x", "TEXT", false),
        ];
        let wanted = [
            column("a", "TEXT", false),
            column("b", "INTEGER", true),
            column("c", "TEXT", true),
            column("d", "TEXT", false),
        ];
        let difference = difference(&found, &wanted);
        assert_eq!(difference.addable, [column("c", "TEXT", true)]);
        assert_eq!(difference.relaxable, []);
        let conflicts = [
            "has `b TEXT`, wants `b INTEGER`",
            "lacks `d TEXT NOT NULL`",
            "has `x TEXT NOT NULL`, which is not known here",
        ];
        assert_eq!(difference.conflicts, conflicts);
    }
}
