//! What the entries of a vendor's accounts come to.

use std::collections::BTreeMap;

use everycent_schemas::{AccountId, Timestamp};

use super::entry::{Change, Entry};
use super::opened::Opened;

/// A vendor's accounts, as the entries so far have them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Book(BTreeMap<AccountId, Standing>);

/// What is known of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// What its key opens; `None` as long as the vendor did not say.
    pub opened: Option<Opened>,
    /// Since when that is so.
    pub since: Timestamp,
    /// What it opened before it was released. Its history is of these too.
    pub earlier: Vec<Opened>,
    /// The ids that it had before.
    pub formerly: Vec<AccountId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    Retired { since: Timestamp },
}

impl Book {
    pub fn get(&self, account_id: &AccountId) -> Option<&Standing> {
        self.0.get(account_id)
    }

    /// In the order of their ids.
    pub fn accounts(&self) -> impl Iterator<Item = (&AccountId, &Standing)> {
        self.0.iter()
    }

    /// What the account's key opens, as far as the vendor said it.
    pub fn opened(&self, account_id: &AccountId) -> Option<&Opened> {
        self.get(account_id)?.opened.as_ref()
    }

    pub fn is_retired(&self, account_id: &AccountId) -> bool {
        self.get(account_id).is_some_and(|standing| standing.state != State::Active)
    }

    /// The account that this one goes on as.
    pub fn renamed(&self, account_id: &AccountId) -> Option<&AccountId> {
        let formerly = |(_, standing): &(&AccountId, &Standing)| standing.formerly.contains(account_id);
        self.accounts().find(formerly).map(|(now, _)| now)
    }

    /// Adds the next entry.
    pub fn add(&mut self, entry: Entry) {
        let Entry { at, account_id, change, .. } = entry;
        match change {
            Change::Bound { opened } => self.standing(account_id, at).bind(opened, at),
            Change::Seen { opened } => self.standing(account_id, at).opened = Some(opened),
            Change::Released => self.standing(account_id, at).release(at),
            Change::Renamed { to } => self.rename(account_id, to, at),
            Change::Retired => self.standing(account_id, at).state = State::Retired { since: at },
            Change::Resumed => self.standing(account_id, at).state = State::Active,
            Change::Forgotten => drop(self.0.remove(&account_id)),
        }
    }

    fn standing(&mut self, account_id: AccountId, at: Timestamp) -> &mut Standing {
        self.0.entry(account_id).or_insert(Standing {
            state: State::Active,
            opened: None,
            since: at,
            earlier: Vec::new(),
            formerly: Vec::new(),
        })
    }

    fn rename(&mut self, from: AccountId, to: AccountId, at: Timestamp) {
        let mut standing = self.standing(from.clone(), at).clone();
        self.0.remove(&from);
        standing.formerly.retain(|known| *known != to);
        standing.formerly.push(from);
        self.0.insert(to, standing);
    }
}

impl Standing {
    /// Whether it is, or was, this: its history is of it.
    pub fn has_history_of(&self, opened: &Opened) -> bool {
        self.opened.iter().chain(&self.earlier).any(|known| known.is_same(opened))
    }

    fn bind(&mut self, opened: Option<Opened>, at: Timestamp) {
        (self.opened, self.since) = (opened, at);
    }

    fn release(&mut self, at: Timestamp) {
        self.earlier.extend(self.opened.take());
        self.since = at;
    }
}
