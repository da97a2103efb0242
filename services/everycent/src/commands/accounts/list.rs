//! Every account, and what its key opens.

use everycent_domain::accounts::{Standing, State};
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use super::known::{Known, known};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::show::{self, Grid};

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
    /// The first day that the bill has answered for: from then on it decides what use of the API costs.
    bill_from: Option<Day>,
    /// The first day on which the analytics decide that instead, if the configuration says one.
    analytics_from: Option<Day>,
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
            bill_from: known.bill_from,
            analytics_from: known.analytics_from,
            since: standing.map(|standing| standing.since.to_string()),
            formerly: standing.map(|standing| standing.formerly.clone()).unwrap_or_default(),
        }
    }
}

fn text(accounts: &[Row]) -> String {
    let mut grid = Grid::new(&["vendor", "account", "configured", "state", "opens", "since", "money from", "formerly"]);
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
            money_from(row),
            formerly.join(", "),
        ]);
    }
    grid.text()
}

/// Which report decides what use of the API costs, and from which day on.
fn money_from(row: &Row) -> String {
    let bill = row.bill_from.map(|day| format!("cost report from {day}"));
    let analytics = row.analytics_from.map(|day| format!("analytics from {day}"));
    bill.into_iter().chain(analytics).collect::<Vec<_>>().join(", ")
}

/// How an account stands, in a word.
fn state_word(standing: Option<&Standing>) -> &'static str {
    match standing {
        Some(Standing { state: State::Retired { .. }, .. }) => "retired",
        Some(Standing { opened: Some(_), .. }) => "bound",
        Some(Standing { opened: None, .. }) => "unbound",
        None => "new",
    }
}
