//! Which rows a report is about.

use everycent_domain::sql;
use everycent_domain::window::Window;
use everycent_schemas::AccountId;

/// Days, and one account or all.
#[derive(Debug, Clone)]
pub struct Scope {
    pub days: Window,
    pub account_id: Option<AccountId>,
}

impl Scope {
    /// The condition on rows with these columns, for a query.
    pub fn condition(&self, day: &str, account: &str) -> String {
        let days = format!("{day} BETWEEN '{}' AND '{}'", self.days.from(), self.days.to());
        match &self.account_id {
            Some(id) => format!("{days} AND {account} = {}", sql::text(id.as_str())),
            None => days,
        }
    }
}
