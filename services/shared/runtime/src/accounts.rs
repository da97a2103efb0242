//! What is kept of the accounts, as objects in the store: an entry under the next number, which one writer gets.
//!
//! It owns reading and adding entries. What an entry says, and whether one is added, the domain decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use everycent_domain::accounts::{Book, Change, Entry};
use everycent_domain::objects::{ObjectName, account_entries_prefix, account_entry, account_entry_number};
use everycent_domain::vendor::Vendor;
use everycent_schemas::{AccountId, Timestamp};
use tokio::sync::Mutex;

use crate::failure::Reason;
use crate::store::{Created, Names, Store, StoreError};

/// The entries of every vendor's accounts. Those that were read once are not read again.
#[derive(Debug)]
pub struct AccountLog {
    store: Arc<dyn Store>,
    read: Mutex<BTreeMap<Vendor, Read>>,
}

/// What was read so far.
#[derive(Debug, Clone, Default)]
struct Read {
    book: Book,
    entries: u32,
}

impl AccountLog {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, read: Mutex::default() }
    }

    /// The vendor's accounts, as they are now.
    pub async fn book(&self, vendor: Vendor) -> Result<Book, StoreError> {
        Ok(self.latest(vendor).await?.book)
    }

    /// Adds what `decide` makes of the accounts as they are now, and gives them as they are then. Where another writer
    /// is faster, it is decided again.
    pub async fn change<E: From<StoreError>>(
        &self,
        vendor: Vendor,
        account_id: &AccountId,
        at: Timestamp,
        decide: impl Fn(&Book) -> Result<Option<Change>, E>,
    ) -> Result<Book, E> {
        loop {
            let Read { book, entries } = self.latest(vendor).await?;
            let Some(change) = decide(&book)? else { return Ok(book) };
            let entry = Entry::new(at, account_id.clone(), change);
            let name = account_entry(vendor, entries + 1);
            match self.store.create(&name, entry.to_json().into()).await? {
                Created::New => return Ok(self.latest(vendor).await?.book),
                Created::AlreadyThere => {}
            }
        }
    }

    async fn latest(&self, vendor: Vendor) -> Result<Read, StoreError> {
        let mut vendors = self.read.lock().await;
        let read = vendors.entry(vendor).or_default();
        let after = (read.entries > 0).then(|| account_entry(vendor, read.entries));
        let mut listed = Names::after(self.store.as_ref(), account_entries_prefix(vendor), after);
        while let Some(names) = listed.next().await? {
            for name in names.iter().filter(|name| account_entry_number(name).is_some()) {
                read.book.add(self.entry(name).await?);
                read.entries += 1;
            }
        }
        Ok(read.clone())
    }

    async fn entry(&self, name: &ObjectName) -> Result<Entry, StoreError> {
        let unreadable =
            |error| StoreError::Refused { action: "read", name: name.to_string(), reason: Reason::of(error) };
        Entry::from_json(&self.store.read(name).await?).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::memory::MemoryStore;
    use everycent_domain::accounts::{Opened, State};

    const AT: Timestamp = Timestamp::from_micros(1);

    #[derive(Debug)]
    struct Trouble;

    impl From<StoreError> for Trouble {
        fn from(_: StoreError) -> Self {
            Self
        }
    }

    fn bound(id: &str) -> Change {
        Change::Bound { opened: Opened::read(Vendor::Anthropic, None, Some(id)) }
    }

    /// Binds the account to this organization unless it is bound.
    async fn bind(log: &AccountLog, account: &str, id: &str) -> Book {
        let account = AccountId::from(account);
        let decide = |book: &Book| Ok::<_, Trouble>(book.get(&account).is_none().then(|| bound(id)));
        log.change(Vendor::Anthropic, &account, AT, decide).await.unwrap()
    }

    fn opened(book: &Book, account: &str) -> String {
        book.get(&account.into()).unwrap().opened.as_ref().unwrap().to_string()
    }

    #[tokio::test]
    async fn of_two_that_bind_at_the_same_time_one_decides_for_both() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let (one, other) = (AccountLog::new(Arc::clone(&store)), AccountLog::new(Arc::clone(&store)));
        // Both have read that there is nothing.
        assert_eq!(one.book(Vendor::Anthropic).await.unwrap(), other.book(Vendor::Anthropic).await.unwrap());
        let (first, second) = tokio::join!(bind(&one, "default", "x"), bind(&other, "default", "y"));
        assert_eq!(first, second);
        assert_eq!(opened(&first, "default"), "organization x");
        let third = AccountLog::new(store);
        assert_eq!(third.book(Vendor::Anthropic).await.unwrap(), first);
        assert_eq!(third.book(Vendor::Cursor).await.unwrap(), Book::default());
    }

    #[tokio::test]
    async fn entries_add_up_in_the_order_of_their_numbers() {
        let log = AccountLog::new(Arc::new(MemoryStore::default()));
        bind(&log, "default", "x").await;
        for change in [Change::Retired, Change::Resumed, Change::Retired] {
            let decide = |_: &Book| Ok::<_, Trouble>(Some(change.clone()));
            // Decided once each, or it would be added for ever.
            let added = std::cell::Cell::new(false);
            let once = |book: &Book| if added.replace(true) { Ok(None) } else { decide(book) };
            log.change(Vendor::Anthropic, &"default".into(), AT, once).await.unwrap();
        }
        let book = bind(&log, "default", "y").await;
        let standing = book.get(&"default".into()).unwrap();
        assert_eq!(
            (standing.state, opened(&book, "default").as_str()),
            (State::Retired { since: AT }, "organization x")
        );
    }

    #[tokio::test]
    async fn an_entry_that_does_not_read_is_named() {
        let store = MemoryStore::default();
        let created = store.create(&account_entry(Vendor::Cursor, 1), "{}".into()).await.unwrap();
        assert_eq!(created, Created::New);
        let error = AccountLog::new(Arc::new(store)).book(Vendor::Cursor).await.unwrap_err().to_string();
        assert!(error.contains("raw/accounts/cursor/00000001.json"), "{error}");
    }
}
