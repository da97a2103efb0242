//! Every account that is configured, bound, loaded or stored, and what its key opens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use everycent_domain::accounts::Standing;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_fetcher::with_answers;
use everycent_runtime::accounts::AccountLog;
use everycent_schemas::AccountId;
use serde::Serialize;

use super::state_word;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::show::{self, Grid};

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

pub(super) async fn list(deployment: &Deployment, json: bool) -> Result<(), Failure> {
    let accounts: Vec<Row> = known(deployment).await?.iter().map(Row::of).collect();
    if json {
        show::print_json(&Listed { accounts });
    } else if accounts.is_empty() {
        show::print("no account is configured, and none has answers\n");
    } else {
        show::print(&text(&accounts));
    }
    Ok(())
}

#[derive(Debug, Serialize)]
struct Listed {
    accounts: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    vendor: &'static str,
    account_id: AccountId,
    configured: bool,
    /// `new`, `bound`, `unbound` or `retired`.
    state: &'static str,
    opens: Option<String>,
    /// Since when it opens that, or is known.
    since: Option<String>,
    formerly: Vec<AccountId>,
}

impl Row {
    fn of(known: &Known) -> Self {
        let standing = known.standing.as_ref();
        Self {
            vendor: known.vendor.name(),
            account_id: known.account_id.clone(),
            configured: known.is_configured,
            state: state_word(standing),
            opens: standing.and_then(|standing| standing.opened.as_ref()).map(ToString::to_string),
            since: standing.map(|standing| standing.since.to_string()),
            formerly: standing.map(|standing| standing.formerly.clone()).unwrap_or_default(),
        }
    }
}

fn text(accounts: &[Row]) -> String {
    let mut grid = Grid::new(&["vendor", "account", "configured", "state", "opens", "since", "formerly"]);
    for row in accounts {
        let since = row.since.as_deref().and_then(|since| since.get(..10)).unwrap_or_default();
        let formerly: Vec<&str> = row.formerly.iter().map(AccountId::as_str).collect();
        grid.row([
            row.vendor.to_owned(),
            row.account_id.to_string(),
            if row.configured { "yes" } else { "no" }.to_owned(),
            row.state.to_owned(),
            row.opens
                .clone()
                .unwrap_or_else(|| if row.state == "unbound" { "the vendor does not say" } else { "" }.to_owned()),
            since.to_owned(),
            formerly.join(", "),
        ]);
    }
    grid.text()
}
