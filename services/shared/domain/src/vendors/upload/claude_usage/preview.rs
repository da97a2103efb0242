//! What a sheet of use changes of what is known.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::Day;

/// Conversations, projects, files and messages of a person on a day.
pub type Lines = BTreeMap<(Day, String), [i64; 4]>;

/// Lines of one kind, and what they add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub rows: usize,
    pub days: BTreeSet<Day>,
    pub counts: [i64; 4],
}

/// What a sheet changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    pub added: Tally,
    /// Rows with other counts, as they are known and as the sheet has them.
    pub changed: [Tally; 2],
    /// Rows that the sheet has no line for, those left out that count nothing.
    pub taken_away: Tally,
    pub unchanged: usize,
}

impl Tally {
    fn add(&mut self, day: Day, counts: &[i64; 4]) {
        self.rows += 1;
        self.days.insert(day);
        for (sum, count) in self.counts.iter_mut().zip(counts) {
            *sum = sum.saturating_add(*count);
        }
    }
}

impl Preview {
    /// Takes some days into account: what is known of them, and what the sheet says.
    pub fn compare<'a>(&mut self, known: &Lines, sheet: impl Iterator<Item = (&'a (Day, String), &'a [i64; 4])>) {
        let mut said = BTreeSet::new();
        for (of, counts) in sheet {
            match known.get(of) {
                None => self.added.add(of.0, counts),
                Some(before) if before == counts => self.unchanged += 1,
                Some(before) => {
                    self.changed[0].add(of.0, before);
                    self.changed[1].add(of.0, counts);
                }
            }
            said.insert(of);
        }
        for (of, counts) in known.iter().filter(|(of, _)| !said.contains(of)) {
            if *counts != [0; 4] {
                self.taken_away.add(of.0, counts);
            }
        }
    }

    pub fn takes_away(&self) -> bool {
        self.taken_away.rows > 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(of: &[(u32, &str, i64)]) -> Lines {
        let line = |(day, person, messages): &(u32, &str, i64)| {
            let day = Day::new(2025, 10, *day).unwrap();
            ((day, format!("{person}@example.com")), [1, 0, 0, *messages])
        };
        of.iter().map(line).collect()
    }

    #[test]
    fn what_a_sheet_adds_changes_and_takes_away_is_added_up() {
        let known = lines(&[(3, "ada", 5), (3, "bob", 7), (4, "ada", 1), (5, "eve", 2)]);
        let sheet = lines(&[(3, "ada", 5), (3, "bob", 6), (6, "ada", 9)]);
        let mut preview = Preview::default();
        preview.compare(&known, sheet.iter());
        let rows = [&preview.added, &preview.changed[0], &preview.taken_away].map(|tally| tally.rows);
        assert_eq!((rows, preview.unchanged), ([1, 1, 2], 1));
        assert_eq!(preview.taken_away.counts, [2, 0, 0, 3]);
        assert_eq!(preview.changed.each_ref().map(|tally| tally.counts[3]), [7, 6]);
        assert_eq!(preview.taken_away.days.len(), 2);
        assert!(preview.takes_away());
    }

    #[test]
    fn a_row_that_counts_nothing_is_not_missed() {
        let known: Lines = lines(&[(3, "ada", 5)]).into_keys().map(|of| (of, [0; 4])).collect();
        let mut preview = Preview::default();
        preview.compare(&known, Lines::new().iter());
        assert!(!preview.takes_away());
    }
}
