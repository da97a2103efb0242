//! Who owns API keys, and what a file of owners is held against: the keys and people that the vendors have named, and
//! what keys cost.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::sql;
use everycent_domain::vendors::anthropic;
use everycent_domain::vendors::upload::api_key_owners::preview::Standing;
use everycent_domain::vendors::upload::api_key_owners::{KnownKeys, Ownership, Period};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day, Usd};

use super::{between, each};

/// Keys, or people, that are read at most; no organization has so many.
const READ_MAX: usize = 100_000;
/// Days whose cost is shown, back from the last one that is loaded.
const COST_DAYS: u32 = 30;

/// The list of keys, those of other accounts told apart.
pub async fn listed_keys(warehouse: &dyn Warehouse, account_id: &AccountId) -> anyhow::Result<KnownKeys> {
    let rows = warehouse
        .query(&format!(
            "SELECT organization_id, api_key_id, name FROM [[table:dim_api_keys]] ORDER BY 1, 2 LIMIT {READ_MAX}"
        ))
        .await?;
    let mut keys = KnownKeys::default();
    for fact in each(&rows) {
        let (of, id) = (fact.text("organization_id")?, fact.text("api_key_id")?);
        match of == account_id.as_str() {
            true => keys.add(id, fact.optional("name")?),
            false => keys.add_foreign(id, of.into()),
        }
    }
    Ok(keys)
}

/// Adds the keys of the account that reports have named.
pub async fn add_reported_keys(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    keys: &mut KnownKeys,
) -> anyhow::Result<()> {
    for table in ["claude_usage_tokens", "claude_analytics_costs"] {
        let account = sql::text(account_id.as_str());
        let rows = warehouse
            .query(&format!(
                "SELECT DISTINCT api_key_id FROM [[table:{table}]] \
                 WHERE organization_id = {account} AND api_key_id IS NOT NULL ORDER BY 1 LIMIT {READ_MAX}"
            ))
            .await?;
        for fact in each(&rows) {
            keys.add(fact.text("api_key_id")?, None);
        }
    }
    Ok(())
}

/// Who owns the account's keys, as the tables have it.
pub async fn ownership(warehouse: &dyn Warehouse, account_id: &AccountId) -> anyhow::Result<Ownership> {
    let account = sql::text(account_id.as_str());
    let rows = warehouse
        .query(&format!(
            "SELECT api_key_id, owner_email, team, note, valid_from FROM [[table:api_key_owner_periods]] \
             WHERE organization_id = {account}"
        ))
        .await?;
    let mut ownership = Ownership::default();
    for fact in each(&rows) {
        let valid_from = fact.optional("valid_from")?.map(|_| fact.day("valid_from")).transpose()?;
        let period = Period {
            valid_from,
            owner_email: fact.text("owner_email")?,
            team: fact.optional("team")?,
            note: fact.optional("note")?,
            line: 0,
        };
        ownership.add(&fact.text("api_key_id")?, period);
    }
    Ok(ownership)
}

/// The last days of the bill that are loaded; none if no day is.
pub async fn cost_days(warehouse: &dyn Warehouse, account_id: &AccountId) -> anyhow::Result<Option<Window>> {
    let account = sql::text(account_id.as_str());
    let rows = warehouse
        .query(&format!(
            "SELECT MAX(activity_date) AS last_day FROM [[table:coverage]] \
             WHERE source = {} AND account_id = {account} AND fetched_at IS NOT NULL",
            sql::text(anthropic::cost_report::SOURCE.name())
        ))
        .await?;
    let fact = each(&rows).next();
    let Some(last) = fact.map(|fact| fact.optional("last_day")).transpose()?.flatten() else { return Ok(None) };
    let last: Day = last.parse()?;
    Ok(Window::new(last.minus(COST_DAYS - 1), last).ok())
}

/// What is known of keys besides their owners, with their cost in these days.
pub async fn standing(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    cost_days: Option<Window>,
) -> anyhow::Result<Standing> {
    let costs = match cost_days {
        Some(window) => costs(warehouse, account_id, window).await?,
        None => BTreeMap::new(),
    };
    Ok(Standing { costs, creators: creators(warehouse, account_id).await?, people: people(warehouse).await? })
}

async fn costs(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<BTreeMap<String, BTreeMap<Day, Usd>>> {
    let rows = warehouse
        .query(&format!(
            "SELECT api_key_id, expense_date, [[usd:SUM(cost_usd)]] AS cost_usd FROM [[table:api_usage_expenses]] \
             WHERE organization_id = {account} AND expense_date {days} AND api_key_id IS NOT NULL \
             GROUP BY api_key_id, expense_date",
            account = sql::text(account_id.as_str()),
            days = between(window),
        ))
        .await?;
    let mut costs: BTreeMap<String, BTreeMap<Day, Usd>> = BTreeMap::new();
    for fact in each(&rows) {
        let days = costs.entry(fact.text("api_key_id")?).or_default();
        days.insert(fact.day("expense_date")?, fact.usd("cost_usd")?);
    }
    Ok(costs)
}

async fn creators(warehouse: &dyn Warehouse, account_id: &AccountId) -> anyhow::Result<BTreeMap<String, String>> {
    let rows = warehouse
        .query(&format!(
            "SELECT known.api_key_id, creator.email FROM [[table:dim_api_keys]] AS known \
             JOIN [[table:dim_users]] AS creator ON creator.organization_id = known.organization_id \
             AND creator.user_id = known.created_by_id \
             WHERE known.organization_id = {} AND creator.email IS NOT NULL LIMIT {READ_MAX}",
            sql::text(account_id.as_str())
        ))
        .await?;
    each(&rows).map(|fact| Ok((fact.text("api_key_id")?, fact.text("email")?))).collect()
}

async fn people(warehouse: &dyn Warehouse) -> anyhow::Result<BTreeSet<String>> {
    let mut people = BTreeSet::new();
    for table in ["dim_users", "dim_cursor_members"] {
        let query =
            format!("SELECT DISTINCT email FROM [[table:{table}]] WHERE email IS NOT NULL ORDER BY 1 LIMIT {READ_MAX}");
        let rows = warehouse.query(&query).await?;
        for fact in each(&rows) {
            people.insert(fact.text("email")?);
        }
    }
    Ok(people)
}
