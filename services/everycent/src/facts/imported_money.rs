//! Money that a person has imported, and what stands against importing more.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::source::Source;
use everycent_domain::sql;
use everycent_domain::vendors::upload::money::Lines;
use everycent_domain::vendors::upload::{claude_console_cost, claude_spend, cursor_usage};
use everycent_domain::vendors::{anthropic, cursor};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Warehouse};
use everycent_schemas::{AccountId, Day, Usd};

use super::{between, each};

/// Where the money of a kind of file stands.
struct Table {
    source: Source,
    name: &'static str,
    account: &'static str,
    /// The day of a line, or the first of its period.
    day: &'static str,
    /// What of a line is billed.
    billed_usd: &'static str,
    /// What its charges say of where they are from.
    basis: &'static str,
    /// The reports that have the same money.
    apis: &'static [Source],
}

const TABLES: [Table; 3] = [
    Table {
        source: claude_spend::SOURCE,
        name: "claude_imported_spend",
        account: "organization_id",
        day: "period_from",
        billed_usd: "net_usd",
        basis: "spend_file",
        apis: &[anthropic::analytics_cost::SOURCE, anthropic::cost_report::SOURCE],
    },
    Table {
        source: claude_console_cost::SOURCE,
        name: "claude_imported_costs",
        account: "organization_id",
        day: "activity_date",
        billed_usd: "amount_usd",
        basis: "console_file",
        apis: &[anthropic::cost_report::SOURCE, anthropic::analytics_cost::SOURCE],
    },
    Table {
        source: cursor_usage::SOURCE,
        name: "cursor_imported_events",
        account: "account_id",
        day: "activity_date",
        billed_usd: "CASE WHEN billing IN ('on_demand', 'unknown') THEN cost_usd END",
        basis: "usage_file",
        apis: &[cursor::usage_events::SOURCE],
    },
];

/// What is known of the file's lines on these days: each with its day, or the first of its period, and what it bills.
pub async fn imported_lines(
    warehouse: &dyn Warehouse,
    source: Source,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<Lines> {
    let table = TABLES.iter().find(|table| table.source == source).expect("invariant: it is a file of money");
    let Table { name, account, day, billed_usd, .. } = table;
    let rows = warehouse
        .query(&format!(
            "SELECT {day} AS day, row_id, [[usd:SUM({billed_usd})]] AS billed_usd FROM [[table:{name}]] \
             WHERE {account} = {account_id} AND activity_date {days} GROUP BY {day}, row_id",
            account_id = sql::text(account_id.as_str()),
            days = between(window),
        ))
        .await?;
    each(&rows).map(|line| Ok(((line.day("day")?, line.text("row_id")?), line.usd("billed_usd")?))).collect()
}

/// Money of files that is in no charge, for the vendor's API reports it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncounted {
    pub source: Source,
    pub account_id: AccountId,
    pub days: BTreeSet<Day>,
    pub amount_usd: Usd,
    /// The reports that may have it.
    pub apis: Vec<&'static str>,
}

/// Of the days of the window; `coverage` is that of these, at least.
pub async fn uncounted(
    warehouse: &dyn Warehouse,
    window: Window,
    coverage: &[CoverageRow],
) -> anyhow::Result<Vec<Uncounted>> {
    let mut found: BTreeMap<(Source, AccountId), Uncounted> = BTreeMap::new();
    for table in TABLES.iter().filter(|table| coverage.iter().any(|row| row.source == table.source.name())) {
        let Table { name, account, billed_usd, basis, .. } = table;
        let days = between(window);
        let of_file = sums(
            warehouse,
            format!(
                "SELECT {account} AS account, activity_date, [[usd:SUM({billed_usd})]] AS billed_usd FROM [[table:{name}]] \
                 WHERE activity_date {days} GROUP BY {account}, activity_date"
            ),
        );
        let charged = sums(
            warehouse,
            format!(
                "SELECT account_id AS account, activity_date, [[usd:SUM(cost_usd)]] AS billed_usd FROM [[table:charges]] \
                 WHERE basis = '{basis}' AND billing IN ('billed', 'unknown') AND activity_date {days} \
                 GROUP BY account_id, activity_date"
            ),
        );
        let (of_file, charged) = (of_file.await?, charged.await?);
        for ((account_id, day), amount) in of_file {
            let rest = amount - charged.get(&(account_id.clone(), day)).copied().unwrap_or_default();
            if rest == Usd::ZERO {
                continue;
            }
            let all = found.entry((table.source, account_id.clone())).or_insert_with(|| Uncounted {
                source: table.source,
                account_id,
                days: BTreeSet::new(),
                amount_usd: Usd::ZERO,
                apis: table.apis.iter().map(|api| api.name()).collect(),
            });
            all.days.insert(day);
            all.amount_usd = all.amount_usd + rest;
        }
    }
    Ok(found.into_values().collect())
}

async fn sums(warehouse: &dyn Warehouse, query: String) -> anyhow::Result<BTreeMap<(AccountId, Day), Usd>> {
    let rows = warehouse.query(&query).await?;
    each(&rows)
        .map(|sum| Ok(((sum.text("account")?.into(), sum.day("activity_date")?), sum.usd("billed_usd")?)))
        .collect()
}

/// The periods of imported spend that have a day in the window.
pub async fn spend_periods(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<BTreeSet<(Day, Day)>> {
    let rows = warehouse
        .query(&format!(
            "SELECT DISTINCT period_from, period_to FROM [[table:claude_imported_spend]] \
             WHERE organization_id = {account} AND activity_date {days}",
            account = sql::text(account_id.as_str()),
            days = between(window),
        ))
        .await?;
    each(&rows).map(|line| Ok((line.day("period_from")?, line.day("period_to")?))).collect()
}

/// The days of the window on which the API reports money of products of claude.ai.
pub async fn days_of_claude_ai(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<BTreeSet<Day>> {
    let rows = warehouse
        .query(&format!(
            "SELECT DISTINCT activity_date FROM [[table:claude_analytics_costs]] \
             WHERE organization_id = {account} AND activity_date {days} AND [[of_claude_ai:product]]",
            account = sql::text(account_id.as_str()),
            days = between(window),
        ))
        .await?;
    each(&rows).map(|line| line.day("activity_date")).collect()
}

/// The days of the window on which use of the API is charged by the analytics; that of these products, where some are named.
pub async fn days_by_analytics(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    window: Window,
    products: Option<&BTreeSet<String>>,
) -> anyhow::Result<BTreeSet<Day>> {
    let named: Vec<String> = products.into_iter().flatten().map(|product| sql::text(product)).collect();
    let of_products = match products {
        None => String::new(),
        Some(_) if named.is_empty() => return Ok(BTreeSet::new()),
        Some(_) => format!(" AND product IN ({})", named.join(", ")),
    };
    let rows = warehouse
        .query(&format!(
            "SELECT DISTINCT activity_date FROM [[table:charges]] \
             WHERE activity_date {days} AND vendor = 'anthropic' AND account_id = {account} AND basis = 'analytics' \
             AND NOT [[of_claude_ai:product]]{of_products}",
            account = sql::text(account_id.as_str()),
            days = between(window),
        ))
        .await?;
    each(&rows).map(|line| line.day("activity_date")).collect()
}

/// The days of the window that an answer of the report is loaded of.
pub async fn loaded_days(
    warehouse: &dyn Warehouse,
    source: Source,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<BTreeSet<Day>> {
    let coverage = warehouse.coverage(window.from(), window.to()).await?;
    let of_report = coverage.iter().filter(|row| row.source == source.name() && row.account_id == *account_id);
    Ok(of_report.filter(|row| row.snapshot_id.is_some()).map(|row| row.activity_date).collect())
}
