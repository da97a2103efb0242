//! How derived tables are made, as templates: the `derived` module of the schemas, bound to days of accounts.

mod parts;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use everycent_schemas::tables::{self, Table};
use everycent_schemas::{AccountId, Day, derived};

use self::parts::{exact_column, united};
use super::template::{bind, text};
use crate::attribution::OF_CLAUDE_AI;
use crate::bucket::BucketId;
use crate::derived::{CYCLE_DAYS_MAX, inputs, is_seat_reading};
use crate::identity::IdHasher;
use crate::vendor::Vendor;
use crate::vendors::anthropic::{analytics_cost, cost_report};
use crate::window::Window;

/// The columns of a table of sums by day that other days have a say in: they are made after the rows.
pub const MADE_LATER: [&str; 1] = ["over_included_usd"];

/// Days of accounts, of which there is at least one.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a>(pub &'a [(&'a AccountId, Window)]);

/// Billing cycles of an account, as far as some of their days change what later ones cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycles<'a> {
    pub account_id: &'a AccountId,
    /// The first day of the earliest of them. What is counted begins there.
    pub start: Day,
    /// The first day that changed.
    pub from: Day,
    /// No day of them is later.
    pub to: Day,
}

impl<'a> Cycles<'a> {
    /// Whatever cycles days of the window can lie in: from as far back as one can begin, to as far on as one can last.
    pub fn around(account_id: &'a AccountId, window: Window) -> Self {
        let beyond = CYCLE_DAYS_MAX - 1;
        Self { account_id, start: window.from().minus(beyond), from: window.from(), to: window.to().plus(beyond) }
    }
}

/// The first day of the month that holds the day.
fn first_of_month(day: Day) -> Day {
    day.minus(day.date().day0())
}

/// The last one.
fn last_of_month(day: Day) -> Day {
    first_of_month(first_of_month(day).plus(31)).minus(1)
}

/// The charges of a vendor in the scope, but for those of request units.
pub fn charges(vendor: Vendor, scope: Scope<'_>) -> String {
    let parts = match vendor {
        Vendor::Anthropic => derived::CHARGES_OF_CLAUDE,
        Vendor::Cursor => derived::CHARGES_OF_CURSOR,
    };
    in_scope(&united(table("charges"), parts), scope)
}

/// Their sums by day.
pub fn spend_daily(vendor: Vendor, scope: Scope<'_>) -> String {
    let part = match vendor {
        Vendor::Anthropic => derived::SPEND_OF_CLAUDE,
        Vendor::Cursor => derived::SPEND_OF_CURSOR,
    };
    in_scope(&united(table("spend_daily"), &[part]), scope)
}

/// What request units over the included ones cost by person and day, in the rest of the cycles.
pub fn over_included(cycles: &[Cycles<'_>]) -> String {
    in_cycles(derived::CURSOR_OVER_INCLUDED, cycles)
}

/// The charges of that.
pub fn request_units(cycles: &[Cycles<'_>]) -> String {
    in_cycles(&united(table("charges"), &[derived::CURSOR_REQUEST_UNITS]), cycles)
}

/// The sums by month of some charges.
pub fn spend_monthly(charges: &str) -> String {
    bind(derived::SPEND_OF_MONTHS, |name, _| (name == "charges").then(|| charges.to_owned()))
}

/// Which rows of a derived table of days are of the vendor and in the scope. `of` stands before the names of columns.
pub fn rows_in(vendor: Vendor, scope: Scope<'_>, of: &str) -> String {
    format!("{of}vendor = '{vendor}' AND {}", of_days(scope, &format!("{of}account_id")))
}

/// Which charges are made by [`charges`], likewise.
pub fn charges_in(vendor: Vendor, scope: Scope<'_>, of: &str) -> String {
    format!("{} AND {of}basis <> 'request_units'", rows_in(vendor, scope, of))
}

/// Which charges are made by [`request_units`], likewise.
pub fn request_units_in(cycles: &[Cycles<'_>], of: &str) -> String {
    let rest = rest_of_cycles(cycles, &format!("{of}account_id"));
    format!("{of}vendor = '{}' AND {of}basis = 'request_units' AND {rest}", Vendor::Cursor)
}

/// A query of the earliest and the latest first day of the billing cycles on request plans that rows of the scope lie in:
/// `first`, `last`, null if there are none.
pub fn cycles_in(scope: Scope<'_>) -> String {
    format!(
        "SELECT MIN(billing_cycle_start) AS first, MAX(billing_cycle_start) AS last\nFROM [[table:spend_daily]]\n\
         WHERE {} AND plan = 'request'",
        rows_in(Vendor::Cursor, scope, "")
    )
}

/// A query of the buckets whose charges have to be made again, latest first: `source`, `account_id`, `activity_date`. Those
/// of a loader that makes none, or of a rebuild that was stopped, and all when it changes how they are made.
pub fn stale() -> String {
    format!(
        "SELECT loaded.source, loaded.account_id, loaded.activity_date\n\
         FROM [[table:coverage]] AS loaded\n\
         LEFT JOIN [[table:derived]] AS made\n  ON made.source = loaded.source\n  \
         AND made.account_id = loaded.account_id\n  AND made.activity_date = loaded.activity_date\n\
         LEFT JOIN (\n{}\n) AS bill\n  ON bill.account_id = loaded.account_id\n\
         WHERE loaded.source IN ({})\n  AND loaded.snapshot_id IS NOT NULL\n  \
         AND (made.source IS NULL OR {})\n\
         ORDER BY loaded.activity_date DESC, loaded.source, loaded.account_id",
        first_bills(),
        names_of_inputs(),
        is_outdated(),
    )
}

/// A query of the first day that each account's bill has answered for: `account_id`, `first_day`.
pub(super) fn first_bills() -> String {
    format!(
        "SELECT account_id, MIN(activity_date) AS first_day\nFROM [[table:coverage]]\n\
         WHERE source = '{}' AND snapshot_id IS NOT NULL\nGROUP BY account_id",
        cost_report::NAME
    )
}

/// Whether a row `made` of what charges are made of is not what `loaded`, a row of coverage that has an answer, and `bill`
/// say now.
pub(super) fn is_outdated() -> String {
    format!(
        "(\n    made.snapshot_id <> loaded.snapshot_id\n    OR made.normalized_at <> loaded.normalized_at\n    \
         OR made.newest_fetched_at IS DISTINCT FROM loaded.newest_fetched_at\n    OR made.definition <> {}\n    \
         OR (made.source = '{}' AND made.is_billed IS DISTINCT FROM {})\n  )",
        text(&definition()),
        analytics_cost::NAME,
        is_billed("made.activity_date"),
    )
}

/// Whether the bill has answered for the day or an earlier one.
pub(super) fn is_billed(day: &str) -> String {
    format!("COALESCE(bill.first_day <= {day}, FALSE)")
}

/// A query of all buckets that charges are made of, likewise.
pub fn made_of() -> String {
    format!(
        "SELECT source, account_id, activity_date\nFROM [[table:coverage]]\n\
         WHERE source IN ({}) AND snapshot_id IS NOT NULL\nORDER BY activity_date DESC, source, account_id",
        names_of_inputs()
    )
}

/// A query of the loaded buckets whose charges these readings of seats have a say in, and that are none themselves: `source`,
/// `account_id`, `activity_date`. A reading holds until the next of its kind and, for a field that is reported no more, some
/// months longer; before the first one, and in its own cycle, it says what was before. `None` if none is a reading.
pub fn touched_by_readings<'b>(buckets: impl IntoIterator<Item = &'b BucketId>) -> Option<String> {
    let mut days: BTreeMap<(&str, &AccountId), Window> = BTreeMap::new();
    for bucket in buckets.into_iter().filter(|bucket| is_seat_reading(&bucket.source)) {
        let day = Window::of(bucket.activity_date);
        let of_list = days.entry((&bucket.source, &bucket.account_id)).or_insert(day);
        *of_list = of_list.union(day);
    }
    let queries: Vec<String> = days.into_iter().map(|(list, days)| touched_by(list, days)).collect();
    (!queries.is_empty()).then(|| queries.join("\nUNION ALL\n"))
}

/// Days that a reading of seats may have a say in, if another one came since: the months that a field is kept for, and a cycle.
const READING_DAYS: u32 = 5 * CYCLE_DAYS_MAX;

fn touched_by((source, account_id): (&str, &AccountId), days: Window) -> String {
    let (source, account_id) = (text(source), text(account_id.as_str()));
    let other = |which: &str, sign: &str, day: Day| {
        format!(
            "(SELECT {which}(other.activity_date) FROM [[table:coverage]] AS other WHERE other.source = {source} \
             AND other.account_id = {account_id} AND other.`rows` > 0 AND other.activity_date {sign} {})",
            date(day)
        )
    };
    let before = format!("COALESCE({}, [[date:0001-01-01]])", other("MAX", "<", days.from()));
    let data = inputs().iter().filter(|of| of.vendor() == Vendor::Cursor && !is_seat_reading(of.name()));
    let data: Vec<String> = data.map(|input| text(input.name())).collect();
    format!(
        "SELECT loaded.source, loaded.account_id, loaded.activity_date\nFROM [[table:coverage]] AS loaded\n\
         WHERE loaded.source IN ({data}) AND loaded.account_id = {account_id} AND loaded.snapshot_id IS NOT NULL\n  \
         AND loaded.activity_date >= COALESCE((SELECT MAX(plan.billing_cycle_start) FROM [[table:cursor_plan_days]] AS plan \
         WHERE plan.account_id = {account_id} AND plan.billing_cycle_start <= {before}), {before})\n  \
         AND (loaded.activity_date <= {until} OR COALESCE({next}, [[date:9999-12-31]]) > {until})",
        data = data.join(", "),
        until = date(days.to().plus(READING_DAYS)),
        next = other("MIN", ">", days.to()),
    )
}

fn names_of_inputs() -> String {
    inputs().iter().map(|source| text(source.name())).collect::<Vec<_>>().join(", ")
}

/// Queries of the rows in the scope that are not what their definition makes, or that it does not make: `day`, `n`. Both
/// sides are read once, and rows that are on both add up to nothing.
pub fn differences(vendor: Vendor, scope: Scope<'_>) -> Vec<String> {
    let daily = |name: &str| !MADE_LATER.contains(&name);
    let mut queries = vec![
        difference("charges", |_| true, &charges(vendor, scope), &charges_in(vendor, scope, "")),
        difference("spend_daily", daily, &spend_daily(vendor, scope), &rows_in(vendor, scope, "")),
    ];
    if vendor == Vendor::Cursor {
        let cycles: Vec<Cycles<'_>> =
            scope.0.iter().map(|(account_id, window)| Cycles::around(account_id, *window)).collect();
        let in_scope = rows_in(vendor, scope, "");
        let of_scope = |template: String| format!("SELECT * FROM (\n{template}\n) AS made WHERE {in_scope}");
        let later = |name: &str| !daily(name) || table("spend_daily").key.iter().any(|key| key == name);
        queries.push(difference("spend_daily", later, &of_scope(over_included(&cycles)), &in_scope));
        let units = format!("{in_scope} AND basis = 'request_units'");
        queries.push(difference("charges", |_| true, &of_scope(request_units(&cycles)), &units));
    }
    queries.push(months_differ(vendor, scope));
    queries
}

/// The sums of the months that the scope touches, of the charges that are there.
fn months_differ(vendor: Vendor, scope: Scope<'_>) -> String {
    let [charges, months] = months_of(vendor, scope, "");
    difference("spend_monthly", |_| true, &spend_monthly(&charges), &months)
}

/// The charges of the whole months that the scope touches, and the rows of their sums: two conditions. `of` stands before the
/// names of columns.
pub fn months_of(vendor: Vendor, scope: Scope<'_>, of: &str) -> [String; 2] {
    let days = scope.0.iter().map(|(_, window)| *window).reduce(Window::union).expect("invariant: a scope has a day");
    let accounts: BTreeSet<&AccountId> = scope.0.iter().map(|(account_id, _)| *account_id).collect();
    let accounts: Vec<String> = accounts.iter().map(|account_id| text(account_id.as_str())).collect();
    ["activity_date", "month"].map(|day| {
        format!(
            "{of}{day} BETWEEN {} AND {} AND {of}vendor = '{vendor}' AND {of}account_id IN ({})",
            date(first_of_month(days.from())),
            date(last_of_month(days.to())),
            accounts.join(", ")
        )
    })
}

/// The same of a month, that of the day, and of all later ones, whoever they are of.
pub fn months_from(day: Day) -> [String; 2] {
    ["activity_date", "month"].map(|column| format!("{column} >= {}", date(first_of_month(day))))
}

fn difference(name: &str, compared: impl Fn(&str) -> bool, template: &str, condition: &str) -> String {
    let table = table(name);
    let columns = table.columns.iter().filter(|column| compared(&column.name));
    let columns: Vec<String> = columns.map(|column| exact_column(&column.name)).collect();
    let (columns, day) = (columns.join(", "), table.day_column());
    format!(
        "SELECT {day} AS day, COUNT(*) AS n\nFROM (\nSELECT {columns}\nFROM (\n\
         SELECT {columns}, 1 AS side FROM (\n{template}\n) AS made\nUNION ALL\n\
         SELECT {columns}, -1 FROM [[table:{name}]] WHERE {condition}\n) AS sides\n\
         GROUP BY {columns}\nHAVING SUM(side) <> 0\n) AS differing\nGROUP BY {day}"
    )
}

/// Fingerprint of how charges are made.
pub fn definition() -> String {
    let parts = derived::all().chain(OF_CLAUDE_AI);
    let all = parts.fold(IdHasher::new("charges"), |hasher, part| hasher.part(part));
    all.finish().short()
}

pub(super) fn table(name: &str) -> &'static Table {
    tables::find(name).expect("invariant: derived tables are shipped")
}

fn in_scope(template: &str, scope: Scope<'_>) -> String {
    bind(template, |name, column| match name {
        "scope" => Some(of_days(scope, column)),
        "days" => Some(between(scope.0.iter().map(|(_, window)| *window), column)),
        "around" => Some(around(scope, column)),
        "first_bills" => Some(first_bills()),
        _ => None,
    })
}

/// Whatever billing cycles the days lie in, as a whole.
fn around(scope: Scope<'_>, account_column: &str) -> String {
    let around = |window: Window| window.union(Window::of(window.from().minus(CYCLE_DAYS_MAX)));
    let around = |window: Window| around(window).union(Window::of(window.to().plus(CYCLE_DAYS_MAX)));
    let windows: Vec<_> = scope.0.iter().map(|(account_id, window)| (*account_id, around(*window))).collect();
    of_days(Scope(&windows), account_column)
}

fn in_cycles(template: &str, cycles: &[Cycles<'_>]) -> String {
    bind(template, |name, column| match name {
        "cycles" => Some(all_of_cycles(cycles, column)),
        "rest_of_cycles" => Some(rest_of_cycles(cycles, column)),
        _ => None,
    })
}

/// Bounds of all days first, so that no other partition is read.
fn of_days(scope: Scope<'_>, account_column: &str) -> String {
    let day = beside(account_column, "activity_date");
    let windows = scope.0.iter().map(|(_, window)| *window);
    let accounts = scope.0.iter().map(|(account_id, window)| {
        format!("({account_column} = {} AND {})", text(account_id.as_str()), between([*window], &day))
    });
    format!("{} AND ({})", between(windows, &day), accounts.collect::<Vec<_>>().join(" OR "))
}

fn all_of_cycles(cycles: &[Cycles<'_>], account_column: &str) -> String {
    let windows: Vec<_> = cycles.iter().filter_map(|of| Some((of.account_id, window(of.start, of.to)?))).collect();
    of_days(Scope(&windows), account_column)
}

/// From the first day that changed on: of cycles that began before what is read nothing is known.
fn rest_of_cycles(cycles: &[Cycles<'_>], account_column: &str) -> String {
    let day = beside(account_column, "activity_date");
    let windows = cycles.iter().filter_map(|of| window(of.from, of.to));
    let accounts = cycles.iter().map(|of| {
        format!(
            "({account_column} = {account} AND {days} AND ({plan} IS NULL OR {plan} <> 'request' OR {start} >= {first}))",
            account = text(of.account_id.as_str()),
            days = between(window(of.from, of.to), &day),
            plan = beside(account_column, "plan"),
            start = beside(account_column, "billing_cycle_start"),
            first = date(of.start),
        )
    });
    format!("{} AND ({})", between(windows, &day), accounts.collect::<Vec<_>>().join(" OR "))
}

fn window(from: Day, to: Day) -> Option<Window> {
    Window::new(from, to).ok()
}

/// Another column of the same table.
fn beside(column: &str, other: &str) -> String {
    match column.rsplit_once('.') {
        Some((table, _)) => format!("{table}.{other}"),
        None => other.to_owned(),
    }
}

fn between(windows: impl IntoIterator<Item = Window>, column: &str) -> String {
    let all = windows.into_iter().reduce(Window::union).expect("invariant: a scope has a day");
    format!("{column} BETWEEN {} AND {}", date(all.from()), date(all.to()))
}

fn date(day: Day) -> String {
    format!("[[date:{day}]]")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sql::{BigQuery, Dialect, Sqlite, query};

    fn day(day: u32) -> Day {
        Day::new(2025, 10, day).unwrap()
    }

    #[test]
    fn a_scope_has_bounds_for_all_and_days_for_each_account() {
        let (acme, beta) = (AccountId::from("acme"), AccountId::from("it's"));
        let windows = [(&acme, Window::of(day(3))), (&beta, Window::new(day(1), day(2)).unwrap())];
        let sql = query(&rows_in(Vendor::Cursor, Scope(&windows), ""), &Sqlite).unwrap();
        let expected = "vendor = 'cursor' AND activity_date BETWEEN '2025-10-01' AND '2025-10-03' AND \
            ((account_id = 'acme' AND activity_date BETWEEN '2025-10-03' AND '2025-10-03') OR \
            (account_id = 'it''s' AND activity_date BETWEEN '2025-10-01' AND '2025-10-02'))";
        assert_eq!(sql, expected);
    }

    #[test]
    fn every_template_renders_and_gives_the_columns_of_its_table_in_their_order() {
        let acme = AccountId::from("acme");
        let windows = [(&acme, Window::of(day(3)))];
        let scope = Scope(&windows);
        let cycles = [Cycles { account_id: &acme, start: day(1), from: day(3), to: day(31) }];
        let made = [
            ("charges", charges(Vendor::Anthropic, scope)),
            ("charges", charges(Vendor::Cursor, scope)),
            ("charges", request_units(&cycles)),
            ("spend_daily", spend_daily(Vendor::Anthropic, scope)),
            ("spend_daily", spend_daily(Vendor::Cursor, scope)),
            ("spend_monthly", spend_monthly("TRUE")),
        ];
        let columns = |name: &str| -> Vec<String> { table(name).columns.iter().map(|c| c.name.clone()).collect() };
        for (name, template) in made {
            for dialect in [&Sqlite as &dyn Dialect, &BigQuery { dataset: "p.d" }] {
                let sql = query(&template, dialect).unwrap();
                assert!(!sql.contains("[["), "{sql}");
                let money = |name: &str| query(&format!("[[exact:{name}]]"), dialect).unwrap();
                let shown = last_select(&sql);
                let wanted: Vec<String> = columns(name).iter().map(|name| money(name)).collect();
                assert_eq!(shown, wanted, "{name}");
            }
        }
        assert!(query(&over_included(&cycles), &Sqlite).unwrap().contains("spend_daily_nano"));
    }

    /// The names of the columns of the first `SELECT` that stands at the start of a line.
    fn last_select(sql: &str) -> Vec<String> {
        let body = sql.strip_prefix("SELECT\n").or_else(|| sql.split("\nSELECT\n").nth(1)).unwrap();
        let body = body.split("\nFROM ").next().unwrap();
        let mut depth = 0_i32;
        let mut items = vec![String::new()];
        for c in body.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n").chars()
        {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if c == ',' && depth == 0 {
                items.push(String::new());
            } else {
                items.last_mut().unwrap().push(c);
            }
        }
        items.iter().map(|item| item.split_whitespace().last().unwrap().to_owned()).collect()
    }
}
