//! Which other address is whose, on which days.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::Day;

use super::period::PersonPeriod;

/// Another address of a person, from one day to another, both of them counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    pub address: String,
    /// The person's main address.
    pub email: String,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
}

/// Other addresses, by address and by person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressBook {
    aliases: BTreeMap<String, Vec<Alias>>,
    by_person: BTreeMap<String, BTreeSet<String>>,
}

impl AddressBook {
    /// An address that one person alone has is theirs on all days, also before they came and after they left. One that
    /// several people have is each one's on the days of the lines that name it.
    pub fn of(periods: &[PersonPeriod]) -> Self {
        let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for period in periods {
            for address in period.aliases.iter().chain([&period.email]) {
                owners.entry(address).or_default().insert(&period.email);
            }
        }
        let mut book = Self::default();
        for period in periods {
            for address in &period.aliases {
                let is_shared = owners.get(address.as_str()).is_some_and(|people| people.len() > 1);
                let (valid_from, valid_to) =
                    if is_shared { (period.valid_from, period.valid_to) } else { (None, None) };
                book.add(Alias { address: address.clone(), email: period.email.clone(), valid_from, valid_to });
            }
        }
        book
    }

    pub fn known(aliases: Vec<Alias>) -> Self {
        let mut book = Self::default();
        aliases.into_iter().for_each(|alias| book.add(alias));
        book
    }

    fn add(&mut self, alias: Alias) {
        self.by_person.entry(alias.email.clone()).or_default().insert(alias.address.clone());
        let of_address = self.aliases.entry(alias.address.clone()).or_default();
        if !of_address.contains(&alias) {
            of_address.push(alias);
        }
    }

    pub fn has(&self, address: &str) -> bool {
        self.aliases.contains_key(address)
    }

    pub fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.aliases.values().flatten()
    }

    pub fn of_person(&self, email: &str) -> impl Iterator<Item = &Alias> {
        let addresses = self.by_person.get(email).into_iter().flatten();
        addresses.filter_map(|address| self.aliases.get(address)).flatten().filter(move |alias| alias.email == email)
    }

    pub fn person(&self, address: &str, day: Day) -> Option<&str> {
        let holds = |alias: &&Alias| {
            alias.valid_from.is_none_or(|from| from <= day) && alias.valid_to.is_none_or(|to| day <= to)
        };
        self.aliases.get(address)?.iter().find(holds).map(|alias| alias.email.as_str())
    }
}
