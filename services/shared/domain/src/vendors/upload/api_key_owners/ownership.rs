//! Who owns which key on which days.

use std::collections::BTreeMap;

use everycent_schemas::Day;

/// An owner of a key from a day on, until the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// `None` from the first day on.
    pub valid_from: Option<Day>,
    pub owner_email: String,
    pub team: Option<String>,
    pub note: Option<String>,
    /// The line of the sheet; 0 for what is in the tables.
    pub line: u64,
}

/// The periods of every key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ownership {
    keys: BTreeMap<String, BTreeMap<Option<Day>, Period>>,
}

impl Ownership {
    pub fn add(&mut self, api_key_id: &str, period: Period) {
        let periods = self.keys.entry(api_key_id.to_owned()).or_default();
        periods.insert(period.valid_from, period);
    }

    pub fn lines(&self) -> u64 {
        self.periods().count() as u64
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// Of every key, in no order that means anything.
    pub fn periods(&self) -> impl Iterator<Item = &Period> {
        self.keys.values().flat_map(BTreeMap::values)
    }

    /// The days from which owners of a key hold, in order.
    pub fn starts(&self, api_key_id: &str) -> impl Iterator<Item = Option<Day>> {
        self.keys.get(api_key_id).into_iter().flat_map(|periods| periods.keys().copied())
    }

    /// Who holds the key on the day; `None` asks for the time before every start.
    pub fn on(&self, api_key_id: &str, day: Option<Day>) -> Option<&Period> {
        self.keys.get(api_key_id)?.range(..=day).next_back().map(|(_, period)| period)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(number: u32) -> Option<Day> {
        Day::new(2025, 10, number)
    }

    #[test]
    fn an_owner_holds_from_its_day_until_the_next_ones() {
        let mut ownership = Ownership::default();
        for (key, from, owner) in [("k", day(10), "grace"), ("k", None, "ada"), ("late", day(3), "eve")] {
            let period = Period { valid_from: from, owner_email: owner.to_owned(), team: None, note: None, line: 0 };
            ownership.add(key, period);
        }
        let on = |key, day| ownership.on(key, day).map_or("", |period| period.owner_email.as_str());
        assert_eq!(
            [on("k", None), on("k", day(9)), on("k", day(10)), on("k", day(31))],
            ["ada", "ada", "grace", "grace"]
        );
        assert_eq!(
            [on("late", None), on("late", day(2)), on("late", day(3)), on("other", day(3))],
            ["", "", "eve", ""]
        );
        assert_eq!(ownership.starts("k").collect::<Vec<_>>(), [None, day(10)]);
        assert_eq!(ownership.lines(), 3);
    }
}
