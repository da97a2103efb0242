//! Names that are most likely one, written in two ways.

use std::collections::{BTreeMap, BTreeSet};

/// Groups of names that differ in nothing but case, spaces and marks, each in order.
pub fn alike<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Vec<&'n str>> {
    let mut groups: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        groups.entry(letters).or_default().insert(name);
    }
    let several = groups.into_iter().filter(|(letters, names)| !letters.is_empty() && names.len() > 1);
    several.map(|(_, names)| names.into_iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_or_marks_only_are_told_together() {
        let names = ["Search", "search", "Data Science", "data-science", "Data", "R&D", "RD", "--", "##", "Search"];
        let groups = alike(names.into_iter());
        assert_eq!(groups, [vec!["Data Science", "data-science"], vec!["R&D", "RD"], vec!["Search", "search"]]);
    }
}
