//! Derived tables: the statements of one transaction, which makes them again for days of accounts.
//!
//! Days are literals. What is counted through a billing cycle is read from as far back as a cycle can begin, and sums by
//! month are made again from the charges of the month: which columns of which partitions are read costs, and these are few.

use std::collections::BTreeSet;

use everycent_schemas::tables::Table;
use everycent_schemas::{AccountId, Day};

use super::BigQuery;
use super::condition::{bounds, in_buckets, same_key};
use super::names::text_literal;
use super::turn::in_turn;
use crate::bucket::BucketId;
use crate::derived::{DerivedDays, is_input, made_with};
use crate::sql::columns::lines;
use crate::sql::derived::{self, Cycles, MADE_LATER, Scope, table};
use crate::sql::{Dialect, query};
use crate::vendor::Vendor;
use crate::vendors::anthropic::analytics_cost;
use crate::window::Window;

/// Windows of an account that a statement names one by one.
const WINDOWS_MAX: usize = 8;

/// Makes the charges of the days of these buckets again, with their sums, and records what they are made of: the statements of
/// some transactions, one after another. Nothing where no charges are made of any.
///
/// No transaction reads what itself wrote. If the later ones are not done, it is not recorded either, and the next merge of
/// these days or the next start of a loader does them.
pub(super) fn derive(dataset: &str, buckets: &BTreeSet<BucketId>) -> Vec<String> {
    let buckets: BTreeSet<BucketId> = buckets.iter().filter(|bucket| is_input(&bucket.source)).cloned().collect();
    let days = DerivedDays::of(&buckets).with_cycles();
    let windows: Vec<(Vendor, &AccountId, Window)> = days
        .accounts()
        .flat_map(|(vendor, account_id, windows)| few(windows).into_iter().map(move |of| (vendor, account_id, of)))
        .collect();
    if windows.is_empty() {
        return Vec::new();
    }
    let making = Making { dialect: BigQuery { dataset } };
    let mut stages: [Vec<String>; 5] = Default::default();
    for vendor in Vendor::ALL {
        let of_vendor = windows.iter().filter(|(of, _, _)| of == vendor);
        let windows: Vec<(&AccountId, Window)> = of_vendor.map(|(_, account, window)| (*account, *window)).collect();
        if !windows.is_empty() {
            making.vendor(*vendor, &windows, &mut stages);
        }
    }
    stages[4].push(making.record(&made_with(&buckets)));
    stages.into_iter().filter(|stage| !stage.is_empty()).flat_map(|stage| in_turn(dataset, stage)).collect()
}

/// Charges of more days may be made again than have to be, and a script is not to be long.
fn few(windows: Vec<Window>) -> Vec<Window> {
    if windows.len() <= WINDOWS_MAX { windows } else { windows.into_iter().reduce(Window::union).into_iter().collect() }
}

/// What [`derived::touched_by_readings`] asks.
pub fn touched_by_readings<'b>(dataset: &str, buckets: impl IntoIterator<Item = &'b BucketId>) -> Option<String> {
    let making = Making { dialect: BigQuery { dataset } };
    derived::touched_by_readings(buckets).map(|query| making.rendered(&query))
}

/// The script that does so alone.
pub fn derive_script(dataset: &str, buckets: &BTreeSet<BucketId>) -> Option<String> {
    let statements = derive(dataset, buckets);
    (!statements.is_empty()).then(|| statements.join(";\n\n") + ";\n")
}

/// Makes the sums of the month of a day and of those after it again, of the charges that are there.
pub(super) fn remake_months(dataset: &str, day: Day) -> [String; 2] {
    let (making, table) = (Making { dialect: BigQuery { dataset } }, table("spend_monthly"));
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let (target, names) = (making.dialect.table(table), names.join(", "));
    let [charges, months] = derived::months_from(day).map(|condition| making.rendered(&condition));
    let select = making.rendered(&derived::spend_monthly(&charges));
    [
        format!("DELETE FROM {target} WHERE {months}"),
        format!("INSERT INTO {target} ({names})\nSELECT {names} FROM (\n{select}\n)"),
    ]
}

struct Making<'d> {
    dialect: BigQuery<'d>,
}

impl Making<'_> {
    fn vendor(&self, vendor: Vendor, windows: &[(&AccountId, Window)], stages: &mut [Vec<String>; 5]) {
        let [charges, spend_daily, over_included, request_units, sums_of_months] = stages;
        let scope = Scope(windows);
        let (of_charges, of_sums) = (derived::charges_in(vendor, scope, "T."), derived::rows_in(vendor, scope, "T."));
        charges.push(self.remake("charges", &derived::charges(vendor, scope), &of_charges, span(windows)));
        spend_daily.push(self.remake("spend_daily", &derived::spend_daily(vendor, scope), &of_sums, span(windows)));
        let mut touched: Vec<(&AccountId, Window)> = windows.to_vec();
        if vendor == Vendor::Cursor {
            let cycles = cycles(windows);
            touched = cycles.iter().filter_map(|of| Some((of.account_id, Window::new(of.from, of.to).ok()?))).collect();
            let days = span(&touched);
            over_included.push(self.update_over_included(&cycles, days));
            let condition = derived::request_units_in(&cycles, "T.");
            request_units.push(self.remake("charges", &derived::request_units(&cycles), &condition, days));
        }
        sums_of_months.push(self.remake_months(vendor, &touched));
    }

    /// Brings the rows of a derived table that meet the condition to what the template gives.
    fn remake(&self, name: &str, template: &str, condition: &str, days: Window) -> String {
        let table = table(name);
        self.merge(table, &self.rendered(template), &of_target(table, days), Some(&self.rendered(condition)))
    }

    /// Sums by month of whole months: those of the accounts that are touched.
    fn remake_months(&self, vendor: Vendor, touched: &[(&AccountId, Window)]) -> String {
        let scope = Scope(touched);
        let [charges, _] = derived::months_of(vendor, scope, "");
        let [_, months] = derived::months_of(vendor, scope, "T.");
        let select = self.rendered(&derived::spend_monthly(&charges));
        let months = self.rendered(&months);
        self.merge(table("spend_monthly"), &select, &months, Some(&months))
    }

    fn update_over_included(&self, cycles: &[Cycles<'_>], days: Window) -> String {
        let table = table("spend_daily");
        let value = MADE_LATER[0];
        format!(
            "MERGE {target} AS T\nUSING (\n{select}\n) AS S\nON {same}\n  AND {bounds}\n\
             WHEN MATCHED AND T.`{value}` <> S.`{value}` THEN UPDATE SET `{value}` = S.`{value}`",
            target = self.dialect.table(table),
            select = self.rendered(&derived::over_included(cycles)),
            same = same_key(table),
            bounds = of_target(table, days),
        )
    }

    /// Writes the rows of the query that are new or differ. Those that meet a condition and are in it no more are deleted; it
    /// has bounds of its own, or what does not match would be looked for in every partition.
    fn merge(&self, table: &Table, select: &str, bounds: &str, gone: Option<&str>) -> String {
        let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
        let values = table.content().map(|column| column.name.as_str());
        let values: Vec<&str> = values.filter(|name| !MADE_LATER.contains(name)).collect();
        let differs: Vec<String> =
            values.iter().map(|name| format!("T.`{name}` IS DISTINCT FROM S.`{name}`")).collect();
        let inserted: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
        let delete = gone.map(|condition| format!("\nWHEN NOT MATCHED BY SOURCE AND {condition} THEN DELETE"));
        format!(
            "MERGE {target} AS T\nUSING (\n{select}\n) AS S\nON {same}\n  AND {bounds}\n\
             WHEN MATCHED AND ({differs}) THEN UPDATE SET\n{set}\n\
             WHEN NOT MATCHED BY TARGET THEN INSERT ({columns})\n  VALUES ({inserted}){delete}",
            target = self.dialect.table(table),
            same = same_key(table),
            differs = differs.join(" OR "),
            set = lines(values.iter().map(|name| format!("`{name}` = S.`{name}`"))),
            columns = names.join(", "),
            inserted = inserted.join(", "),
            delete = delete.unwrap_or_default(),
        )
    }

    /// Records what coverage says of the buckets as what their charges are made of.
    fn record(&self, buckets: &BTreeSet<BucketId>) -> String {
        let made = table("derived");
        let days = buckets.iter().map(|bucket| bucket.activity_date);
        let select = format!(
            "  SELECT `source`, `account_id`, `activity_date`, `snapshot_id`, `normalized_at`, `newest_fetched_at`, \
             IF(`source` = '{analytics}', {is_billed}, NULL) AS `is_billed`, {definition} AS `definition`\n  FROM {coverage}\n  \
             LEFT JOIN (\n{bills}\n) AS bill USING (`account_id`)\n  WHERE `snapshot_id` IS NOT NULL\n  AND {named}",
            analytics = analytics_cost::NAME,
            is_billed = derived::is_billed("`activity_date`"),
            bills = self.rendered(&derived::first_bills()),
            definition = text_literal(&derived::definition()),
            coverage = self.dialect.table(table("coverage")),
            named = in_buckets(buckets),
        );
        self.merge(made, &select, &bounds(days, "T.`activity_date`"), None)
    }

    fn rendered(&self, template: &str) -> String {
        query(template, &self.dialect).expect("invariant: shipped templates render, as a test shows")
    }
}

/// The partitions of the target.
fn of_target(table: &Table, days: Window) -> String {
    bounds([days.from(), days.to()].into_iter(), &format!("T.`{}`", table.day_column()))
}

/// The cycles around the windows, together for each account.
fn cycles<'a>(windows: &[(&'a AccountId, Window)]) -> Vec<Cycles<'a>> {
    let mut cycles: Vec<Cycles<'a>> = Vec::new();
    for (account_id, window) in windows {
        let around = Cycles::around(account_id, *window);
        match cycles.last_mut().filter(|of| of.account_id == *account_id) {
            Some(of) => of.to = of.to.max(around.to),
            None => cycles.push(around),
        }
    }
    cycles
}

fn span(windows: &[(&AccountId, Window)]) -> Window {
    let all = windows.iter().map(|(_, window)| *window).reduce(Window::union);
    all.expect("invariant: a statement is about one day at least")
}
