//! Whether an account may be asked: what its key opens is found out before anything is fetched, and is written down.
//!
//! The vendor is asked for that once an hour and process; what is known of the accounts is read for each window, for a
//! person may have changed it. The domain decides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use everycent_domain::accounts::{Book, Opened, Refusal, Surroundings, admit, request};
use everycent_domain::objects::{ObjectName, account_of, raw_prefix};
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_runtime::accounts::AccountLog;
use everycent_runtime::clock::Clock;
use everycent_runtime::store::{Store, StoreError};
use everycent_runtime::vendor::{VendorClient, VendorError};
use everycent_schemas::{AccountId, Timestamp};
use tracing::{info, warn};

use super::account::FetchAccount;
use super::ask::vendor_request;

/// So long, what a key opens is taken for what it opened.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// Why an account is not asked now.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The vendor could not be asked what the key opens.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lets accounts in, or not.
pub struct Admission {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    log: AccountLog,
    configured: BTreeMap<Vendor, BTreeSet<AccountId>>,
    /// What the keys opened when they were last looked at.
    seen: Mutex<BTreeMap<(Vendor, AccountId), Seen>>,
}

#[derive(Debug, Clone)]
struct Seen {
    at: Timestamp,
    opened: Option<Opened>,
    is_admitted: bool,
}

/// What is known of an account that may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    Known,
    /// What its key opens is known once it answered: from a header, or not at all.
    OnceAnswered,
}

impl Admission {
    pub fn new<'a>(
        accounts: impl IntoIterator<Item = &'a FetchAccount>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut configured: BTreeMap<Vendor, BTreeSet<AccountId>> = BTreeMap::new();
        for account in accounts {
            configured.entry(account.vendor).or_default().insert(account.account_id.clone());
        }
        let log = AccountLog::new(Arc::clone(&store));
        Self { store, clock, log, configured, seen: Mutex::default() }
    }

    /// Before the account is asked for anything.
    pub async fn before(&self, account: &FetchAccount, client: &VendorClient) -> Result<Admitted, NotAdmitted> {
        let (vendor, account_id) = (account.vendor, &account.account_id);
        let book = self.log.book(vendor).await?;
        // Whom it opens may not matter.
        let with_answers = self.with_answers(&book, vendor, account_id).await?;
        admit(&book, self.beside(vendor, &with_answers), account_id, None)?;
        let is_bound = book.get(account_id).is_some_and(|standing| standing.opened.is_some());
        match self.opened(account, client).await {
            Ok(Some(opened)) => self.admit(vendor, account_id, Some(&opened)).await,
            Ok(None) if vendor == Vendor::Anthropic => return Ok(Admitted::OnceAnswered),
            Ok(None) => self.admit(vendor, account_id, None).await,
            // Whose reports answer goes on as what it is bound to.
            Err(error @ VendorError::ServerError { .. }) if is_bound => {
                warn!(%vendor, account.id = %account_id, "what its key opens could not be checked: {error}");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }?;
        Ok(Admitted::Known)
    }

    pub async fn is_retired(&self, account: &FetchAccount) -> Result<bool, StoreError> {
        Ok(self.log.book(account.vendor).await?.is_retired(&account.account_id))
    }

    /// When its first page is here, and nothing of it is kept yet.
    pub async fn once_answered(&self, account: &FetchAccount, client: &VendorClient) -> Result<(), NotAdmitted> {
        let header = client.organization_id();
        let opened = Opened::read(account.vendor, None, header.as_deref());
        self.remember(account, opened.clone());
        self.admit(account.vendor, &account.account_id, opened.as_ref()).await
    }

    /// Writes down what is new, unless the account is refused.
    async fn admit(&self, vendor: Vendor, account_id: &AccountId, opened: Option<&Opened>) -> Result<(), NotAdmitted> {
        let book = self.log.book(vendor).await?;
        let with_answers = self.with_answers(&book, vendor, account_id).await?;
        let beside = self.beside(vendor, &with_answers);
        let decide = |book: &Book| Ok::<_, NotAdmitted>(admit(book, beside, account_id, opened)?);
        if decide(&book)?.is_some() {
            self.log.change(vendor, account_id, self.clock.now(), decide).await?;
            match opened {
                Some(opened) => info!(%vendor, account.id = %account_id, "the account opens {opened}"),
                None => info!(%vendor, account.id = %account_id, "the vendor does not say what the account opens"),
            }
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = seen.get_mut(&(vendor, account_id.clone())) {
            seen.is_admitted = true;
        }
        Ok(())
    }

    fn beside<'a>(&'a self, vendor: Vendor, with_answers: &'a BTreeSet<AccountId>) -> Surroundings<'a> {
        static NONE: BTreeSet<AccountId> = BTreeSet::new();
        Surroundings { vendor, configured: self.configured.get(&vendor).unwrap_or(&NONE), with_answers }
    }

    /// What the key opens, unless the vendor does not say so.
    async fn opened(&self, account: &FetchAccount, client: &VendorClient) -> Result<Option<Opened>, VendorError> {
        if let Some(seen) = self.seen_of(account.vendor, &account.account_id) {
            return Ok(seen.opened);
        }
        let answer = client.send(&vendor_request(request(account.vendor))).await;
        let body = match answer {
            Ok(page) => Some(page.body),
            Err(error) if is_closed(&error) => None,
            Err(error) => return Err(error),
        };
        let header = client.organization_id();
        let opened = Opened::read(account.vendor, body.as_deref(), header.as_deref());
        if opened.is_some() || account.vendor == Vendor::Cursor {
            self.remember(account, opened.clone());
        }
        Ok(opened)
    }

    fn seen_of(&self, vendor: Vendor, account_id: &AccountId) -> Option<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.get(&(vendor, account_id.clone()))?;
        let age = self.clock.now().to_chrono().signed_duration_since(last.at.to_chrono()).to_std();
        age.is_ok_and(|age| age < FRESH).then(|| last.clone())
    }

    fn remember(&self, account: &FetchAccount, opened: Option<Opened>) {
        let seen = Seen { at: self.clock.now(), opened, is_admitted: false };
        let key = (account.vendor, account.account_id.clone());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key, seen);
    }

    /// Accounts that have stored answers, where it matters.
    async fn with_answers(
        &self,
        book: &Book,
        vendor: Vendor,
        account_id: &AccountId,
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let matters = book.get(account_id).is_none_or(|standing| !standing.formerly.is_empty());
        let was_admitted = self.seen_of(vendor, account_id).is_some_and(|seen| seen.is_admitted);
        if matters && !was_admitted { with_answers(self.store.as_ref(), vendor).await } else { Ok(BTreeSet::new()) }
    }
}

/// The vendor answered, and not with what the key opens.
fn is_closed(error: &VendorError) -> bool {
    match error {
        VendorError::Forbidden { .. }
        | VendorError::BadRequest { .. }
        | VendorError::Gone { .. }
        | VendorError::Refused { .. }
        | VendorError::NotJson { .. }
        | VendorError::TooLarge { .. } => true,
        VendorError::Settings { .. }
        | VendorError::Unauthorized { .. }
        | VendorError::RateLimited { .. }
        | VendorError::ServerError { .. }
        | VendorError::WaitTooLong { .. }
        | VendorError::Certificate { .. }
        | VendorError::Unreachable { .. }
        | VendorError::Timeout { .. }
        | VendorError::CutBody { .. } => false,
    }
}

/// The vendor's accounts that have stored answers. It takes one name of each account and source.
pub async fn with_answers(store: &dyn Store, vendor: Vendor) -> Result<BTreeSet<AccountId>, StoreError> {
    let mut accounts = BTreeSet::new();
    for source in vendor.sources() {
        accounts.extend(answered_accounts(store, source).await?);
    }
    Ok(accounts)
}

/// The accounts that have stored answers of a source.
pub async fn answered_accounts(store: &dyn Store, source: Source) -> Result<BTreeSet<AccountId>, StoreError> {
    let mut accounts = BTreeSet::new();
    let mut after: Option<ObjectName> = None;
    while let Some(name) = store.list(&raw_prefix(source.name()), after.as_ref(), 1).await?.pop() {
        after = Some(match account_of(&name) {
            Some((account_id, last)) => {
                accounts.insert(account_id);
                last
            }
            None => name,
        });
    }
    Ok(accounts)
}
