//! Every account that is configured, bound, loaded or stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use everycent_domain::accounts::Standing;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_fetcher::with_answers;
use everycent_runtime::accounts::AccountLog;
use everycent_schemas::AccountId;

use crate::deployment::Deployment;
use crate::failure::Failure;

/// An account, from wherever it is known.
pub(super) struct Known {
    pub vendor: Vendor,
    pub account_id: AccountId,
    pub is_configured: bool,
    pub standing: Option<Standing>,
}

/// In the order of vendors and ids.
pub(super) async fn known(deployment: &Deployment) -> Result<Vec<Known>, Failure> {
    let configured: BTreeSet<(Vendor, AccountId)> =
        deployment.config.accounts.iter().map(|account| (account.vendor, account.id.clone())).collect();
    let mut found: BTreeMap<(Vendor, AccountId), Option<Standing>> =
        configured.iter().map(|account| (account.clone(), None)).collect();
    for row in deployment.whole_coverage().await? {
        if let Ok(source) = row.source.parse::<Source>() {
            found.entry((source.vendor(), row.account_id)).or_default();
        }
    }
    let log = AccountLog::new(Arc::clone(&deployment.store));
    for vendor in Vendor::ALL {
        for account_id in with_answers(deployment.store.as_ref(), *vendor).await? {
            found.entry((*vendor, account_id)).or_default();
        }
        for (account_id, standing) in log.book(*vendor).await?.accounts() {
            found.insert((*vendor, account_id.clone()), Some(standing.clone()));
        }
    }
    let account = |((vendor, account_id), standing)| {
        let is_configured = configured.contains(&(vendor, AccountId::clone(&account_id)));
        Known { vendor, account_id, is_configured, standing }
    };
    Ok(found.into_iter().map(account).collect())
}
