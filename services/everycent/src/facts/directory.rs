//! What there is that rules may name: accounts, workspaces with what they cost, API keys with their use, and products.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use everycent_domain::accounts::Opened;
use everycent_domain::attribution::Rule;
use everycent_domain::attribution::aim::{Directory, KnownAccount, KnownKey, KnownWorkspace};
use everycent_domain::vendor::Vendor;
use everycent_domain::vendors::anthropic;
use everycent_domain::window::Window;
use everycent_domain::workspaces::Workspaces;
use everycent_runtime::accounts::AccountLog;
use everycent_runtime::warehouse::Warehouse;
use everycent_runtime::workspaces::WorkspaceLog;
use everycent_schemas::{AccountId, TokenType, Usd};

use super::{Fact, between, each};
use crate::deployment::Deployment;

/// A workspace or a key of an account.
type Of = (AccountId, String);

/// Costs and use are those of the window; without one, all there are. What no rule names is not read.
pub async fn directory(
    deployment: &Deployment,
    window: Option<Window>,
    accounts: &BTreeSet<AccountId>,
) -> anyhow::Result<Directory> {
    let warehouse = deployment.warehouse.as_ref();
    let rules = &deployment.config.recipe.rules;
    let is_any = |names: fn(&Rule) -> bool| rules.iter().any(names);
    let mut directory = Directory::default();
    if is_any(|rule| rule.account.is_some()) {
        directory.accounts = known_accounts(deployment, accounts).await?;
    }
    if is_any(|rule| rule.workspace_id.is_some() || rule.workspace_name.is_some() || rule.api_key_id.is_some()) {
        directory.workspaces = workspaces(deployment, window, accounts).await?;
    }
    if is_any(|rule| rule.api_key_id.is_some()) {
        directory.keys = keys(warehouse, window).await?;
    }
    if is_any(|rule| rule.product.is_some()) {
        directory.products = products(warehouse).await?;
    }
    Ok(directory)
}

/// Each with the names and ids of the organization that it opens.
async fn known_accounts(deployment: &Deployment, accounts: &BTreeSet<AccountId>) -> anyhow::Result<Vec<KnownAccount>> {
    let book = AccountLog::new(Arc::clone(&deployment.store)).book(Vendor::Anthropic).await?;
    let names = |id: &AccountId| match book.get(id).and_then(|standing| standing.opened.as_ref()) {
        Some(Opened::Organization(opened)) => opened.name.iter().chain(&opened.ids).cloned().collect(),
        Some(Opened::Team(_)) | None => Vec::new(),
    };
    Ok(accounts.iter().map(|id| KnownAccount { id: id.clone(), names: names(id) }).collect())
}

/// Those of the table, and those that were listed since it was read.
async fn workspaces(
    deployment: &Deployment,
    window: Option<Window>,
    accounts: &BTreeSet<AccountId>,
) -> anyhow::Result<Vec<KnownWorkspace>> {
    let warehouse = deployment.warehouse.as_ref();
    let mut known: BTreeMap<Of, KnownWorkspace> = BTreeMap::new();
    let listed = warehouse
        .query("SELECT organization_id, workspace_id, name FROM [[table:dim_workspaces]] ORDER BY 1, 2")
        .await?;
    for fact in each(&listed) {
        let (account_id, id) = (AccountId::from(fact.text("organization_id")?), fact.text("workspace_id")?);
        known.insert((account_id.clone(), id.clone()), named(account_id, id, fact.text("name")?));
    }
    let log = WorkspaceLog::new(Arc::clone(&deployment.store), anthropic::workspaces::SOURCE.name());
    for account_id in accounts {
        add_listed(&mut known, account_id, &log.all(account_id).await?);
    }
    let spent = spent(warehouse, window, accounts).await?;
    for (of, workspace) in &mut known {
        if let Some(Spent { cost_usd, days }) = spent.get(of) {
            (workspace.cost_usd, workspace.days) = (*cost_usd, *days);
        }
    }
    Ok(known.into_values().collect())
}

fn named(account_id: AccountId, id: String, name: String) -> KnownWorkspace {
    KnownWorkspace { account_id, id, name, former: vec![], is_default: false, cost_usd: Usd::ZERO, days: None }
}

/// The names that an account's workspaces have, and those that they had, from old to new.
fn add_listed(known: &mut BTreeMap<Of, KnownWorkspace>, account_id: &AccountId, listed: &[Workspaces]) {
    for workspaces in listed {
        for (id, name) in &workspaces.names {
            let of = (account_id.clone(), id.clone());
            let one = known.entry(of).or_insert_with(|| named(account_id.clone(), id.clone(), name.clone()));
            one.is_default = workspaces.is_default(id);
            if one.name != *name {
                let former = std::mem::replace(&mut one.name, name.clone());
                one.former.push(former);
            }
        }
    }
    for one in known.values_mut() {
        let KnownWorkspace { name, former, .. } = one;
        former.retain(|was| was != name);
    }
}

struct Spent {
    cost_usd: Usd,
    days: Option<Window>,
}

/// What the bill has of each workspace; the analytics, where an account has no bill.
async fn spent(
    warehouse: &dyn Warehouse,
    window: Option<Window>,
    accounts: &BTreeSet<AccountId>,
) -> anyhow::Result<BTreeMap<Of, Spent>> {
    let bill = spent_in(warehouse, "claude_costs", window).await?;
    let billed: BTreeSet<AccountId> = bill.keys().map(|(account_id, _)| account_id.clone()).collect();
    if accounts.is_subset(&billed) {
        return Ok(bill);
    }
    let mut analytics = spent_in(warehouse, "claude_analytics_costs", window).await?;
    analytics.retain(|(account_id, _), _| !billed.contains(account_id));
    Ok(bill.into_iter().chain(analytics).collect())
}

async fn spent_in(
    warehouse: &dyn Warehouse,
    table: &str,
    window: Option<Window>,
) -> anyhow::Result<BTreeMap<Of, Spent>> {
    let rows = warehouse
        .query(&format!(
            "SELECT organization_id, workspace_id, [[usd:SUM(amount_usd)]] AS cost_usd, \
             MIN(activity_date) AS first_day, MAX(activity_date) AS last_day FROM [[table:{table}]] {} \
             GROUP BY organization_id, workspace_id",
            days(window)
        ))
        .await?;
    let spent = |fact: Fact<'_>| {
        let of = (AccountId::from(fact.text("organization_id")?), fact.text("workspace_id")?);
        Ok((of, Spent { cost_usd: fact.usd("cost_usd")?, days: its_days(&fact)? }))
    };
    each(&rows).map(spent).collect()
}

fn days(window: Option<Window>) -> String {
    window.map_or_else(String::new, |window| format!("WHERE activity_date {}", between(window)))
}

fn its_days(fact: &Fact<'_>) -> anyhow::Result<Option<Window>> {
    Ok(Window::new(fact.day("first_day")?, fact.day("last_day")?).ok())
}

async fn keys(warehouse: &dyn Warehouse, window: Option<Window>) -> anyhow::Result<Vec<KnownKey>> {
    let used = used(warehouse, window).await?;
    let rows = warehouse
        .query(
            "SELECT organization_id, api_key_id, name, workspace_id, status FROM [[table:dim_api_keys]] ORDER BY 1, 2",
        )
        .await?;
    let key = |fact: Fact<'_>| {
        let of = (AccountId::from(fact.text("organization_id")?), fact.text("api_key_id")?);
        let (tokens, days) = used.get(&of).copied().unwrap_or_default();
        let (account_id, id) = of;
        let (name, workspace_id, status) = (fact.text("name")?, fact.optional("workspace_id")?, fact.text("status")?);
        Ok(KnownKey { account_id, id, name, workspace_id, status, tokens, days })
    };
    each(&rows).map(key).collect()
}

/// The tokens of each key, and the days that it was used on.
async fn used(
    warehouse: &dyn Warehouse,
    window: Option<Window>,
) -> anyhow::Result<BTreeMap<Of, (i64, Option<Window>)>> {
    let rows = warehouse
        .query(&format!(
            "SELECT organization_id, api_key_id, MIN(activity_date) AS first_day, MAX(activity_date) AS last_day, \
             [[tokens:SUM({{column}}) AS {{column}}|, ]] FROM [[table:{}]] {} GROUP BY organization_id, api_key_id",
            TokenType::TABLE,
            days(window)
        ))
        .await?;
    let mut used = BTreeMap::new();
    for fact in each(&rows) {
        let mut tokens = 0_i64;
        for token_type in TokenType::ALL {
            tokens = tokens.saturating_add(fact.integer(token_type.column())?);
        }
        let of = (AccountId::from(fact.text("organization_id")?), fact.text("api_key_id")?);
        used.insert(of, (tokens, its_days(&fact)?));
    }
    Ok(used)
}

/// Products that the analytics have reported.
async fn products(warehouse: &dyn Warehouse) -> anyhow::Result<Vec<String>> {
    let mut products = BTreeSet::new();
    for table in ["claude_analytics_costs", "claude_analytics_usage"] {
        let rows = warehouse.query(&format!("SELECT DISTINCT product FROM [[table:{table}]]")).await?;
        for fact in each(&rows) {
            products.extend(fact.optional("product")?);
        }
    }
    Ok(products.into_iter().collect())
}
