//! What is known of the workspaces of an account, for the answers that are fetched now.
//!
//! The vendor is asked for their list once an hour and process. No money hangs on it: where the list is closed to the key,
//! or can't be read and was read before, what was known last stands.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use everycent_domain::objects::ObjectName;
use everycent_domain::paging::{Next, PagingFault, PagingTask};
use everycent_domain::source::Source;
use everycent_domain::vendors::anthropic;
use everycent_domain::vendors::anthropic::workspaces::Listing;
use everycent_domain::window::Window;
use everycent_domain::workspaces::Workspaces;
use everycent_runtime::clock::Clock;
use everycent_runtime::failure::chain;
use everycent_runtime::store::{Store, StoreError};
use everycent_runtime::vendor::{VendorClient, VendorError};
use everycent_runtime::workspaces::WorkspaceLog;
use everycent_schemas::{AccountId, Timestamp};
use tokio::sync::Mutex;
use tracing::warn;

use super::account::FetchAccount;
use super::ask::vendor_request;

/// The report that lists them.
const LIST: Source = anthropic::workspaces::SOURCE;

/// So long, what was listed is taken for what there is.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// Why it is not known what workspaces there are.
#[derive(Debug, thiserror::Error)]
pub enum NotListed {
    #[error(transparent)]
    Vendor(#[from] VendorError),
    #[error(transparent)]
    Paging(#[from] PagingFault),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is known of the workspaces of every account.
pub struct KnownWorkspaces {
    log: WorkspaceLog,
    clock: Arc<dyn Clock>,
    seen: std::sync::Mutex<BTreeMap<AccountId, Arc<Mutex<Option<Seen>>>>>,
}

/// When the list was looked at, and what is known since. Kept while the vendor is asked, so that windows of the same time
/// ask once.
type Seen = (Timestamp, Option<ObjectName>);

impl KnownWorkspaces {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { log: WorkspaceLog::new(store, LIST.name()), clock, seen: std::sync::Mutex::default() }
    }

    /// The object that says it; `None` for a report whose rows have no workspace, and where nothing is known.
    pub async fn of(
        &self,
        source: Source,
        account: &FetchAccount,
        client: &VendorClient,
    ) -> Result<Option<ObjectName>, NotListed> {
        if source.vendor() != LIST.vendor() || !source.has_workspaces() {
            return Ok(None);
        }
        let of_account = self.seen_of(&account.account_id);
        let mut seen = of_account.lock().await;
        if let Some((at, known)) = &*seen
            && self.is_fresh(*at)
        {
            return Ok(known.clone());
        }
        let known = self.look(account, client).await?;
        *seen = Some((self.clock.now(), known.clone()));
        Ok(known)
    }

    fn seen_of(&self, account_id: &AccountId) -> Arc<Mutex<Option<Seen>>> {
        let mut accounts = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry(account_id.clone()).or_default())
    }

    fn is_fresh(&self, at: Timestamp) -> bool {
        let age = self.clock.now().to_chrono().signed_duration_since(at.to_chrono()).to_std();
        age.is_ok_and(|age| age < FRESH)
    }

    async fn look(&self, account: &FetchAccount, client: &VendorClient) -> Result<Option<ObjectName>, NotListed> {
        let account_id = &account.account_id;
        match listed(client).await {
            Ok(listed) => Ok(Some(self.log.add(account_id, &listed).await?)),
            Err(error) => {
                let latest = self.log.latest(account_id).await?.map(|(name, _)| name);
                if latest.is_none() && !is_closed(&error) {
                    return Err(error);
                }
                warn!(account.id = %account_id, "the workspaces could not be listed: {}", chain(&error));
                Ok(latest)
            }
        }
    }
}

/// The workspaces, as the vendor lists them now.
async fn listed(client: &VendorClient) -> Result<Workspaces, NotListed> {
    let now = client.now();
    let task = PagingTask { window: Window::of(now.day()), today: now.day(), page_size: 1000, last_fault: None };
    let mut pager = LIST.pager(&task).expect("invariant: an API is asked for it");
    let mut listing = Listing::default();
    let mut request = pager.first();
    loop {
        let page = client.send(&vendor_request(request)).await?;
        let next = pager.accept(&page.body)?;
        listing.take(&page.body);
        match next {
            Next::Ask(next) => request = next,
            Next::Whole(_) => return Ok(listing.finish(now)),
        }
    }
}

/// The vendor answered, and will not show them to this key.
fn is_closed(error: &NotListed) -> bool {
    let NotListed::Vendor(error) = error else { return false };
    matches!(error, VendorError::Forbidden { .. } | VendorError::BadRequest { .. } | VendorError::Refused { .. })
}
