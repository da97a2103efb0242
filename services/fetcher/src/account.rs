//! The configured accounts, ready to be asked.

use std::sync::Arc;

use chrono::Duration;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_runtime::clock::Clock;
use everycent_runtime::config::{Account, Config};
use everycent_runtime::failure::Reason;
use everycent_runtime::vendor::VendorClient;
use everycent_schemas::{AccountId, Timestamp};

/// An account of a vendor.
#[derive(Debug, Clone)]
pub struct FetchAccount {
    pub vendor: Vendor,
    pub account_id: AccountId,
    /// The sources that are asked where a request names no account.
    pub sources: Vec<Source>,
    /// Whether a person chose them. One that the vendor refuses is a mistake then, and not a plan without it.
    pub are_chosen: bool,
    /// The client, or why there is none, for example for want of a key.
    pub client: Result<Arc<VendorClient>, Reason>,
}

impl FetchAccount {
    /// The time at the vendor, as far as it is known.
    pub fn now(&self, clock: &dyn Clock) -> Timestamp {
        self.client.as_ref().map_or_else(|_| clock.now(), |client| client.now())
    }

    /// Whether an answer of the vendor told it.
    pub fn knows_the_time(&self) -> bool {
        self.client.as_ref().is_ok_and(|client| client.knows_the_time())
    }

    /// How much the vendor's clock is ahead of this machine's.
    pub fn clock_offset(&self) -> Duration {
        self.client.as_ref().map_or_else(|_| Duration::zero(), |client| client.clock_offset())
    }
}

/// Every configured account. One without a usable key fails its windows and names the reason.
pub fn accounts(config: &Config, clock: &Arc<dyn Clock>) -> Vec<FetchAccount> {
    config.accounts.iter().map(|account| fetch_account(config, account, clock)).collect()
}

fn fetch_account(config: &Config, account: &Account, clock: &Arc<dyn Clock>) -> FetchAccount {
    let settings = config.client_settings(account).map_err(Reason::of);
    let client =
        settings.and_then(|settings| VendorClient::new(settings, Arc::clone(clock)).map(Arc::new).map_err(Reason::of));
    FetchAccount {
        vendor: account.vendor,
        account_id: account.id.clone(),
        sources: account.sources.clone(),
        are_chosen: account.are_sources_chosen,
        client,
    }
}
