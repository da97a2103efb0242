//! What was odd in an answer and cost no row, summed up by day, field and reason.

use std::collections::BTreeMap;

use everycent_schemas::Day;

use super::records::Position;

/// Kinds of remarks that a snapshot is told apart by; what comes after them is one more kind. A vendor that puts
/// something new into a field of every record must not fill memory or table.
const KINDS: usize = 500;

/// The remarks of one snapshot.
#[derive(Debug, Default)]
pub struct Remarks(BTreeMap<(Day, String, String), Remarked>);

/// Records that are alike in what is odd about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remarked {
    pub records: i64,
    /// Of the first of them.
    pub page: u32,
    pub position: Position,
}

impl Remarks {
    pub fn add(&mut self, day: Day, (field, reason): (&str, &str), (page, position): (u32, Position)) {
        let key = (day, field.to_owned(), reason.to_owned());
        let is_one_too_many = self.0.len() >= KINDS && !self.0.contains_key(&key);
        let key = if is_one_too_many { (day, String::new(), "more that was odd".to_owned()) } else { key };
        self.0.entry(key).or_insert(Remarked { records: 0, page, position }).records += 1;
    }

    pub fn of_day(&self, day: Day) -> i64 {
        self.0.iter().filter(|((of, ..), _)| *of == day).map(|(_, remarked)| remarked.records).sum()
    }

    /// Day, field, reason, and how many records.
    pub fn each(&self) -> impl Iterator<Item = (Day, &str, &str, Remarked)> {
        self.0.iter().map(|((day, field, reason), remarked)| (*day, &**field, &**reason, *remarked))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(number: u32) -> Day {
        Day::new(2025, 10, number).unwrap()
    }

    #[test]
    fn records_that_are_alike_are_one_remark_with_the_place_of_the_first() {
        let mut remarks = Remarks::default();
        for (of, index) in [(3, 7), (3, 8), (4, 9)] {
            remarks.add(day(of), ("name", "it is a number"), (2, Position::InData(index)));
        }
        let all: Vec<_> = remarks.each().collect();
        let first = Remarked { records: 2, page: 2, position: Position::InData(7) };
        assert_eq!((all.len(), all[0]), (2, (day(3), "name", "it is a number", first)));
        assert_eq!((remarks.of_day(day(3)), remarks.of_day(day(4)), remarks.of_day(day(5))), (2, 1, 0));
    }

    #[test]
    fn what_comes_after_many_kinds_is_counted_and_told_apart_no_more() {
        let mut remarks = Remarks::default();
        for number in 0..KINDS + 10 {
            remarks.add(day(3), ("kind", &format!("`{number}` is not known")), (1, Position::InData(number)));
        }
        assert_eq!(remarks.each().count(), KINDS + 1);
        assert_eq!(remarks.of_day(day(3)), i64::try_from(KINDS).unwrap() + 10);
    }
}
