//! Accounts that are not asked: those that are retired, and those whose key opens something else than it may.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use everycent_domain::accounts::Book;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_fetcher::{Admission, FetchAccount, NotAdmitted, accounts};
use everycent_runtime::accounts::AccountLog;
use everycent_runtime::store::{Store, StoreError};
use everycent_schemas::AccountId;
use serde::Serialize;

use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::scope::Feed;

/// What is known of the accounts of each vendor.
#[derive(Debug, Clone, Default)]
pub struct Books(BTreeMap<Vendor, Book>);

impl Books {
    pub async fn read(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let log = AccountLog::new(store);
        let mut books = BTreeMap::new();
        for vendor in Vendor::ALL {
            books.insert(*vendor, log.book(*vendor).await?);
        }
        Ok(Self(books))
    }

    pub fn of(&self, vendor: Vendor) -> &Book {
        self.0.get(&vendor).expect("invariant: there is one of each vendor")
    }

    pub fn is_retired(&self, vendor: Vendor, account_id: &AccountId) -> bool {
        self.of(vendor).is_retired(account_id)
    }

    /// Accounts that are asked no more, and whose history stays.
    pub fn retired(&self) -> BTreeSet<(Vendor, AccountId)> {
        let of_vendor = |(vendor, book): (&Vendor, &Book)| {
            let retired = book.accounts().filter(|(account_id, _)| book.is_retired(account_id));
            retired.map(|(account_id, _)| (*vendor, account_id.clone())).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of_vendor).collect()
    }
}

/// An account that was not asked for anything, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedAccount {
    pub vendor: &'static str,
    pub account_id: AccountId,
    pub reason: String,
}

/// Takes out the windows of accounts that must not be asked, before anything is. Services that work elsewhere have the
/// keys and look themselves.
pub async fn take_out_refused(
    deployment: &Deployment,
    windows: &mut Vec<(Feed, Window)>,
) -> Result<Vec<RefusedAccount>, Failure> {
    if deployment.services == Services::Elsewhere || windows.is_empty() {
        return Ok(Vec::new());
    }
    let known = accounts(&deployment.config, &deployment.clock);
    let admission = Admission::new(&known, Arc::clone(&deployment.store), Arc::clone(&deployment.clock));
    let mut refused = Vec::new();
    for account in &known {
        let is_its = |feed: &Feed| (feed.source.vendor(), &feed.account_id) == (account.vendor, &account.account_id);
        if !windows.iter().any(|(feed, _)| is_its(feed)) {
            continue;
        }
        if let Some(reason) = refusal(&admission, account).await? {
            windows.retain(|(feed, _)| !is_its(feed));
            let (vendor, account_id) = (account.vendor.name(), account.account_id.clone());
            refused.push(RefusedAccount { vendor, account_id, reason });
        }
    }
    Ok(refused)
}

/// Why the account is not asked. That the vendor can't be asked is said by the fetcher, window by window.
async fn refusal(admission: &Admission, account: &FetchAccount) -> Result<Option<String>, StoreError> {
    let Ok(client) = &account.client else { return Ok(None) };
    match admission.before(account, client).await {
        Ok(_) | Err(NotAdmitted::Vendor(_)) => Ok(None),
        Err(NotAdmitted::Refused(refusal)) => Ok(Some(refusal.to_string())),
        Err(NotAdmitted::Store(error)) => Err(error),
    }
}
