//! The list of golden rows: what it says, and what is wrong with it.

const HEADER: &str = "source,table,version,page,rows";
const COMMAND: &str = "EVERYCENT_GOLDEN=write cargo test --package everycent-pipeline-tests --test golden_rows";

/// What the page of a source gives in one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub source: String,
    pub table: String,
    /// The version of the normalizer that made the rows.
    pub version: i64,
    /// Hash of the page.
    pub page: String,
    /// Hash of the rows.
    pub rows: String,
}

pub fn read(text: &str) -> Vec<Line> {
    let lines = text.lines().filter(|line| *line != HEADER);
    lines.map(|line| line_of(line).unwrap_or_else(|| panic!("no line of the list: {line}"))).collect()
}

fn line_of(line: &str) -> Option<Line> {
    let mut cells = line.split(',').map(str::to_owned);
    let mut next = || cells.next();
    Some(Line { source: next()?, table: next()?, version: next()?.parse().ok()?, page: next()?, rows: next()? })
}

pub fn text(lines: &[Line]) -> String {
    let line = |line: &Line| {
        let Line { source, table, version, page, rows } = line;
        format!("{source},{table},{version},{page},{rows}\n")
    };
    format!("{HEADER}\n{}", lines.iter().map(line).collect::<String>())
}

/// The rows that the same version once made otherwise of the same page.
pub fn changed(listed: &[Line], found: &[Line]) -> Vec<String> {
    let is_changed = |known: &&Line| {
        let mut same_page = found.iter().filter(|line| line.source == known.source && line.page == known.page);
        let is_same = |line: &Line| line.table == known.table && line.rows == known.rows;
        // A table that lost all its rows has no line any more.
        same_page.clone().any(|line| line.version == known.version) && !same_page.any(is_same)
    };
    listed.iter().filter(is_changed).map(named).collect()
}

/// The rows that the list does not have, or that it has of another version or page.
pub fn outdated(listed: &[Line], found: &[Line]) -> Vec<String> {
    let missing = found.iter().filter(|line| !listed.contains(line));
    let gone = listed.iter().filter(|line| !found.contains(line));
    let mut names: Vec<String> = missing.chain(gone).map(named).collect();
    names.sort();
    names.dedup();
    names
}

fn named(line: &Line) -> String {
    format!("{} in {}", line.source, line.table)
}

/// What is to be done.
pub fn advice(changed: &[String], outdated: &[String]) -> String {
    if changed.is_empty() {
        return format!("golden_rows/rows.csv is not up to date for {}: run\n  {COMMAND}", outdated.join(", "));
    }
    format!(
        "the normalizer makes other rows of the same pages: {}.\nIf that is meant, raise NORMALIZER_VERSION in \
         services/shared/domain/src/recipe.rs, so that a replay makes the rows of old answers again; then run\n  \
         {COMMAND}",
        changed.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(table: &str, version: i64, page: &str, rows: &str) -> Line {
        let text = str::to_owned;
        Line { source: text("a/b"), table: text(table), version, page: text(page), rows: text(rows) }
    }

    #[test]
    fn a_list_reads_as_it_is_written() {
        let lines = [line("t", 1, "p", "r"), line("u", 2, "q", "s")];
        assert_eq!(read(&text(&lines)), lines);
    }

    #[test]
    fn other_rows_of_the_same_page_and_version_are_a_change() {
        let listed = [line("t", 1, "p", "r"), line("u", 1, "p", "s")];
        assert_eq!(changed(&listed, &[line("t", 1, "p", "other"), line("u", 1, "p", "s")]), ["a/b in t"]);
        assert_eq!(changed(&listed, &[line("t", 1, "p", "r")]), ["a/b in u"], "its rows are gone");
        assert!(advice(&["a/b in t".to_owned()], &[]).contains("raise NORMALIZER_VERSION"));
    }

    #[test]
    fn other_rows_of_a_higher_version_or_of_another_page_only_make_the_list_outdated() {
        let listed = [line("t", 1, "p", "r")];
        for found in [line("t", 2, "p", "other"), line("t", 2, "p", "r"), line("t", 1, "q", "other")] {
            let found = [found];
            assert_eq!(changed(&listed, &found), [""; 0], "{found:?}");
            assert_eq!(outdated(&listed, &found), ["a/b in t"], "{found:?}");
        }
    }

    #[test]
    fn a_table_without_a_line_makes_the_list_outdated() {
        let found = [line("t", 1, "p", "r")];
        assert_eq!(outdated(&[], &found), ["a/b in t"]);
        assert_eq!(outdated(&found, &[]), ["a/b in t"]);
        assert_eq!(outdated(&found, &found), [""; 0]);
    }
}
