//! Everybody on every day.

use std::collections::BTreeMap;

use everycent_schemas::Day;

use super::address_book::{AddressBook, Alias};
use super::period::PersonPeriod;

/// The periods of every person, which do not overlap, and whose addresses are whose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    /// By main address and first day.
    people: BTreeMap<String, BTreeMap<Option<Day>, PersonPeriod>>,
    book: AddressBook,
}

impl Roster {
    /// Of the lines of a file.
    pub fn of(periods: Vec<PersonPeriod>) -> Self {
        let book = AddressBook::of(&periods);
        Self { book, ..Self::of_periods(periods) }
    }

    /// Of what is in the tables, where whose an address is stands beside the periods.
    pub fn known(periods: Vec<PersonPeriod>, aliases: Vec<Alias>) -> Self {
        Self { book: AddressBook::known(aliases), ..Self::of_periods(periods) }
    }

    fn of_periods(periods: Vec<PersonPeriod>) -> Self {
        let mut people: BTreeMap<String, BTreeMap<Option<Day>, PersonPeriod>> = BTreeMap::new();
        for period in periods {
            people.entry(period.email.clone()).or_default().insert(period.valid_from, period);
        }
        Self { people, book: AddressBook::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Main addresses, in order.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.people.keys().map(String::as_str)
    }

    pub fn has(&self, email: &str) -> bool {
        self.people.contains_key(email)
    }

    /// Of everybody, in the order of address and day.
    pub fn periods(&self) -> impl Iterator<Item = &PersonPeriod> {
        self.people.values().flat_map(BTreeMap::values)
    }

    pub fn periods_of(&self, email: &str) -> impl Iterator<Item = &PersonPeriod> {
        self.people.get(email).into_iter().flat_map(BTreeMap::values)
    }

    pub fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.book.aliases()
    }

    pub fn aliases_of(&self, email: &str) -> impl Iterator<Item = &Alias> {
        self.book.of_person(email)
    }

    /// The main address of whose address it is on the day; of one that is nobody's other address the address itself.
    pub fn person<'a>(&'a self, address: &'a str, day: Day) -> &'a str {
        self.book.person(address, day).unwrap_or(address)
    }

    /// The period of a person on a day, by the main address.
    pub fn on(&self, email: &str, day: Day) -> Option<&PersonPeriod> {
        let (_, period) = self.people.get(email)?.range(..=Some(day)).next_back()?;
        Some(period).filter(|period| period.holds_on(day))
    }

    /// Whether the address, main or other, is anybody's on any day.
    pub fn knows(&self, address: &str) -> bool {
        self.has(address) || self.book.has(address)
    }
}
