//! Use of claude.ai that a person has imported.

use everycent_domain::sql;
use everycent_domain::vendors::upload::claude_usage::preview::Lines;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::AccountId;

use super::{between, each};

/// What is known of these days.
pub async fn uploaded_use(warehouse: &dyn Warehouse, account_id: &AccountId, window: Window) -> anyhow::Result<Lines> {
    let rows = warehouse
        .query(&format!(
            "SELECT activity_date, email, conversations, projects, files, messages FROM [[table:claude_usage_stats]] \
             WHERE organization_id = {account} AND activity_date {days}",
            account = sql::text(account_id.as_str()),
            days = between(window),
        ))
        .await?;
    let line = |fact: super::Fact<'_>| {
        let counts = ["conversations", "projects", "files", "messages"].map(|column| fact.integer(column));
        let [conversations, projects, files, messages] = counts;
        Ok(((fact.day("activity_date")?, fact.text("email")?), [conversations?, projects?, files?, messages?]))
    };
    each(&rows).map(line).collect()
}
