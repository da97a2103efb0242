//! What a file of money changes of what is known, line by line.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::{Day, Usd};

/// What is billed by each line: its day, or the first of its period, and its identity in the table.
pub type Lines = BTreeMap<(Day, String), Usd>;

/// Lines of one kind, and what they add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub lines: usize,
    pub days: BTreeSet<Day>,
    pub amount_usd: Usd,
}

/// What a file changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    pub added: Tally,
    /// Lines with another amount, as they are known and as the file has them.
    pub changed: [Tally; 2],
    /// Lines that the file no longer has.
    pub taken_away: Tally,
    pub unchanged: Tally,
}

/// What a file adds up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums {
    pub amount_usd: Usd,
    /// None where no line has a list cost.
    pub list_usd: Option<Usd>,
    pub people: BTreeSet<String>,
    /// In the spelling of the vendor's API.
    pub products: BTreeSet<String>,
    /// None where no line has tokens.
    pub tokens: Option<i64>,
    /// Columns that are not read.
    pub left_out: Vec<String>,
}

impl Tally {
    fn add(&mut self, day: Day, amount_usd: Usd) {
        self.lines += 1;
        self.days.insert(day);
        self.amount_usd = self.amount_usd + amount_usd;
    }
}

impl Preview {
    pub fn of(known: &Lines, file: &Lines) -> Self {
        let mut preview = Self::default();
        for ((day, id), amount) in file {
            match known.get(&(*day, id.clone())) {
                None => preview.added.add(*day, *amount),
                Some(before) if before == amount => preview.unchanged.add(*day, *amount),
                Some(before) => {
                    preview.changed[0].add(*day, *before);
                    preview.changed[1].add(*day, *amount);
                }
            }
        }
        for (of, amount) in known.iter().filter(|(of, _)| !file.contains_key(*of)) {
            preview.taken_away.add(of.0, *amount);
        }
        preview
    }

    pub fn takes_away(&self) -> bool {
        self.taken_away.lines > 0
    }
}

impl Sums {
    pub fn add(&mut self, amount_usd: Usd, list_usd: Option<Usd>, person: Option<&str>, tokens: Option<i64>) {
        self.amount_usd = self.amount_usd + amount_usd;
        if let Some(list) = list_usd {
            self.list_usd = Some(self.list_usd.unwrap_or_default() + list);
        }
        if let Some(tokens) = tokens {
            self.tokens = Some(self.tokens.unwrap_or_default().saturating_add(tokens));
        }
        self.people.extend(person.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(of: &[(u32, &str, i128)]) -> Lines {
        let line = |(day, id, cents): &(u32, &str, i128)| {
            ((Day::new(2026, 11, *day).unwrap(), (*id).to_owned()), Usd::from_nanos(cents * 10_000_000))
        };
        of.iter().map(line).collect()
    }

    #[test]
    fn what_a_file_adds_changes_and_takes_away_is_added_up() {
        let known = lines(&[(3, "a", 500), (3, "b", 700), (4, "a", 100)]);
        let file = lines(&[(3, "a", 500), (3, "b", 650), (5, "a", 900)]);
        let preview = Preview::of(&known, &file);
        let short = |tally: &Tally| (tally.lines, tally.amount_usd.short());
        assert_eq!(short(&preview.added), (1, "9.00".to_owned()));
        assert_eq!(preview.changed.each_ref().map(short), [(1, "7.00".to_owned()), (1, "6.50".to_owned())]);
        assert_eq!(short(&preview.taken_away), (1, "1.00".to_owned()));
        assert_eq!(short(&preview.unchanged), (1, "5.00".to_owned()));
        assert!(preview.takes_away() && !Preview::of(&known, &known).takes_away());
    }
}
