//! `group_by[]` and the filters of reports that group by up to five of many dimensions.
//!
//! Owns reading them and the null of a dimension that is not grouped by. It must never know where a value comes from.

use serde_json::{Map, Value};

use super::query::Query;
use super::refusal::Refusal;

const MAX_DIMENSIONS: usize = 5;

/// The dimensions that a report is grouped by.
pub(super) struct Grouping<'a> {
    known: Vec<&'static str>,
    by: Vec<&'a str>,
}

impl<'a> Grouping<'a> {
    /// Dimensions that are `uncounted` do not count towards the five.
    pub(super) fn read(
        query: &Query<'a>,
        counted: &[&'static str],
        uncounted: &[&'static str],
    ) -> Result<Grouping<'a>, Refusal> {
        let by: Vec<&str> = query.list("group_by[]").collect();
        let known = [counted, uncounted].concat();
        if let Some(unknown) = by.iter().find(|name| !known.contains(name)) {
            return Err(Refusal::invalid(format!("group_by: Input should be one of {known:?}, not '{unknown}'")));
        }
        if by.iter().filter(|name| counted.contains(name)).count() > MAX_DIMENSIONS {
            return Err(Refusal::invalid(format!("Cannot specify more than {MAX_DIMENSIONS} group_by[] dimensions.")));
        }
        Ok(Grouping { known, by })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.by.contains(&name)
    }

    /// The values that are grouped by, those of `without` aside, as one text: the same for rows of the same group.
    pub(super) fn key(&self, without: &[&str], value: impl Fn(&str) -> Value) -> String {
        let named = self.by.iter().filter(|name| !without.contains(name));
        named.map(|name| value(name).to_string() + "\n").collect()
    }

    /// Every dimension; null unless grouped by it.
    pub(super) fn shown(&self, value: impl Fn(&str) -> Value) -> Map<String, Value> {
        let shown = |name: &&str| if self.has(name) { value(name) } else { Value::Null };
        self.known.iter().map(|name| ((*name).to_owned(), shown(name))).collect()
    }
}

/// A parameter and the dimension that it filters.
pub(super) type Filter = (&'static str, &'static str);

/// Whether every filter that is given names the value of its dimension. An empty text names a missing value.
pub(super) fn admits(query: &Query<'_>, filters: &[Filter], value: impl Fn(&str) -> Value) -> bool {
    filters.iter().all(|(parameter, dimension)| {
        let mut wanted = query.list(parameter).peekable();
        if wanted.peek().is_none() {
            return true;
        }
        let value = value(dimension);
        let text = value.as_str().unwrap_or_default();
        wanted.any(|wanted| wanted == text)
    })
}
