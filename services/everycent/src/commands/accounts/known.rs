//! Every account that is configured, bound, loaded or stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use everycent_domain::accounts::Standing;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::vendors::anthropic::cost_report;
use everycent_fetcher::with_answers;
use everycent_runtime::accounts::AccountLog;
use everycent_schemas::{AccountId, Day};

use crate::deployment::Deployment;
use crate::failure::Failure;

/// An account, from wherever it is known.
pub(super) struct Known {
    pub vendor: Vendor,
    pub account_id: AccountId,
    pub is_configured: bool,
    pub standing: Option<Standing>,
    /// The first day that its bill has answered for.
    pub bill_from: Option<Day>,
    /// The first day on which its analytics decide instead, as the configuration says.
    pub analytics_from: Option<Day>,
}

/// In the order of vendors and ids.
pub(super) async fn known(deployment: &Deployment) -> Result<Vec<Known>, Failure> {
    let configured: BTreeSet<(Vendor, AccountId)> =
        deployment.config.accounts.iter().map(|account| (account.vendor, account.id.clone())).collect();
    let mut found: BTreeMap<(Vendor, AccountId), Option<Standing>> =
        configured.iter().map(|account| (account.clone(), None)).collect();
    let mut bill_from: BTreeMap<AccountId, Day> = BTreeMap::new();
    for row in deployment.whole_coverage().await? {
        if row.source == cost_report::NAME && row.snapshot_id.is_some() {
            let first = bill_from.entry(row.account_id.clone()).or_insert(row.activity_date);
            *first = row.activity_date.min(*first);
        }
        let source = row.source.parse::<Source>().ok().filter(|source| source.company_account().is_none());
        if let Some(source) = source {
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
    let money_from = deployment.config.recipe.rules.money_from();
    let account = |((vendor, account_id), standing)| {
        let is_configured = configured.contains(&(vendor, AccountId::clone(&account_id)));
        let of_claude = vendor == Vendor::Anthropic;
        let bill_from = bill_from.get(&account_id).copied().filter(|_| of_claude);
        let analytics_from = money_from.first_day(&account_id).filter(|_| of_claude);
        Known { vendor, account_id, is_configured, standing, bill_from, analytics_from }
    };
    Ok(found.into_iter().map(account).collect())
}
