//! Charges and their sums, made again where the facts changed.

use std::collections::BTreeSet;
use std::path::Path;

use everycent_domain::bucket::BucketId;
use everycent_domain::derived::{CYCLE_DAYS_MAX, DerivedDays, is_input, made_with};
use everycent_domain::sql::derived::{self as templates, Cycles, Scope};
use everycent_domain::sql::sqlite::{self as sql, Remake};
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_schemas::{AccountId, Day};
use rusqlite::{Connection, TransactionBehavior};

use super::coverage::bucket_values;
use super::errors::named;
use crate::warehouse::WarehouseError;

const ACTION: &str = "make charges";

/// The buckets whose charges are not made of what coverage says.
pub(super) fn not_current(
    connection: &Connection,
    buckets: &BTreeSet<BucketId>,
) -> rusqlite::Result<BTreeSet<BucketId>> {
    let mut is_current = connection.prepare(&sql::is_current())?;
    let mut stale = BTreeSet::new();
    for bucket in buckets {
        if !is_current.query_row(bucket_values(bucket), |row| row.get::<_, bool>(0))? {
            stale.insert(bucket.clone());
        }
    }
    Ok(stale)
}

/// The buckets whose charges readings of seats among these have a say in.
pub(super) fn touched(connection: &Connection, buckets: &BTreeSet<BucketId>) -> rusqlite::Result<BTreeSet<BucketId>> {
    let Some(query) = sql::touched_by_readings(buckets) else { return Ok(BTreeSet::new()) };
    let mut select = connection.prepare(&query)?;
    let bucket = |row: &rusqlite::Row<'_>| {
        let (source, account_id, day) = (row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?);
        Ok(day.parse().ok().map(|activity_date| BucketId { source, account_id: account_id.into(), activity_date }))
    };
    select.query_map([], bucket)?.filter_map(Result::transpose).collect()
}

/// How sums by month are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Months {
    /// From what they were, by what moved: right if they were.
    Moved,
    /// From all charges of the months.
    Again,
}

/// Makes the charges of the days of the changed buckets again, and records what those of all of them are made of.
///
/// Where a sum leaves the range of the warehouse the days keep the charges that they have and are not recorded: the facts
/// are no worse for it, and a check names them.
pub(super) fn derive(
    connection: &Connection,
    path: &Path,
    changed: &BTreeSet<BucketId>,
    all: &BTreeSet<BucketId>,
) -> Result<(), WarehouseError> {
    derive_with(connection, path, (changed, all), Months::Moved)
}

fn derive_with(
    connection: &Connection,
    path: &Path,
    (changed, all): (&BTreeSet<BucketId>, &BTreeSet<BucketId>),
    months: Months,
) -> Result<(), WarehouseError> {
    let days = DerivedDays::of(changed).with_cycles();
    let changed = &made_with(changed);
    if attempt(connection, path, &days, all.union(changed), months)? {
        return Ok(());
    }
    // One day may spoil the sums of no other, so each is tried alone.
    for day in days.in_parts(1) {
        let of_day = changed.iter().filter(|bucket| day.has(bucket));
        if !attempt(connection, path, &day, of_day, months)? {
            tracing::warn!("the charges of a day can't be added up, and stay as they were");
        }
    }
    attempt(connection, path, &DerivedDays::default(), all.difference(changed), months).map(drop)
}

/// Makes the charges of the days, and records what those of the buckets are made of; or neither, where a sum leaves the range
/// of the warehouse.
fn attempt<'b>(
    connection: &Connection,
    path: &Path,
    of: &DerivedDays,
    buckets: impl Iterator<Item = &'b BucketId>,
    months: Months,
) -> Result<bool, WarehouseError> {
    let failed = named(path, ACTION);
    connection.execute_batch("SAVEPOINT derive").map_err(failed)?;
    match days(connection, of, months).and_then(|()| record(connection, buckets)).map_err(failed) {
        Err(WarehouseError::OutOfRange { .. }) => {
            connection.execute_batch("ROLLBACK TO derive; RELEASE derive").map_err(failed)?;
            Ok(false)
        }
        made => {
            made?;
            connection.execute_batch("RELEASE derive").map_err(failed)?;
            Ok(true)
        }
    }
}

/// The same alone, in a transaction, whatever is there.
pub(super) fn derive_alone(
    connection: &mut Connection,
    path: &Path,
    buckets: &BTreeSet<BucketId>,
) -> Result<(), WarehouseError> {
    let failed = named(path, ACTION);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    derive_with(&transaction, path, (buckets, buckets), Months::Again)?;
    transaction.commit().map_err(failed)
}

fn days(connection: &Connection, days: &DerivedDays, months: Months) -> rusqlite::Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    if months == Months::Moved {
        connection.execute_batch(&sql::create_moved())?;
    }
    for (vendor, account_id, windows) in days.accounts() {
        let touched = Account { connection, vendor, account_id, months }.make(&windows)?;
        if let (Months::Again, Some(touched)) = (months, touched) {
            let [charges, of_months] = templates::months_of(vendor, Scope(&[(account_id, touched)]), "");
            sql::remake_months(&charges, &of_months).iter().try_for_each(|sql| connection.execute_batch(sql))?;
        }
    }
    if months == Months::Moved {
        sql::apply_moved().iter().try_for_each(|sql| connection.execute_batch(sql))?;
    }
    Ok(())
}

fn record<'b>(connection: &Connection, buckets: impl Iterator<Item = &'b BucketId>) -> rusqlite::Result<()> {
    let mut record = connection.prepare(&sql::record_derived())?;
    for bucket in buckets.filter(|bucket| is_input(&bucket.source)) {
        record.execute(bucket_values(bucket))?;
    }
    Ok(())
}

/// An account whose charges are made again.
struct Account<'a> {
    connection: &'a Connection,
    vendor: Vendor,
    account_id: &'a AccountId,
    months: Months,
}

impl Account<'_> {
    /// Gives the days from the first to the last that may have changed.
    fn make(&self, windows: &[Window]) -> rusqlite::Result<Option<Window>> {
        let before = self.cycles(windows)?;
        for window in windows {
            self.make_window(*window)?;
        }
        let touched = [before, self.cycles(windows)?].into_iter().flatten().reduce(Window::union);
        let all = windows.iter().copied().reduce(Window::union);
        match (touched, all) {
            (Some(cycles), Some(all)) => Ok(Some(all.union(self.make_rest_of(cycles, all.from())?))),
            _ => Ok(all),
        }
    }

    fn make_window(&self, window: Window) -> rusqlite::Result<()> {
        let scope = [(self.account_id, window)];
        let (vendor, scope) = (self.vendor, Scope(&scope));
        let charges = templates::charges_in(vendor, scope, "");
        self.note_moved(&charges, false)?;
        self.remake(&sql::remake("charges", &templates::charges(vendor, scope), &charges))?;
        self.note_moved(&charges, true)?;
        let daily = templates::rows_in(vendor, scope, "");
        self.remake(&sql::remake("spend_daily", &templates::spend_daily(vendor, scope), &daily))
    }

    /// The first days of the billing cycles on request plans that rows of the windows lie in, from the earliest to the
    /// latest.
    fn cycles(&self, windows: &[Window]) -> rusqlite::Result<Option<Window>> {
        if self.vendor != Vendor::Cursor {
            return Ok(None);
        }
        let mut all: Option<Window> = None;
        for window in windows {
            let query = sql::cycles_in(Scope(&[(self.account_id, *window)]));
            let row =
                |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?));
            let (first, last) = self.connection.query_row(&query, [], row)?;
            let day = |text: Option<String>| text.and_then(|text| text.parse::<Day>().ok());
            let found = day(first).zip(day(last)).and_then(|(first, last)| Window::new(first, last).ok());
            all = all.into_iter().chain(found).reduce(Window::union);
        }
        Ok(all)
    }

    /// What is counted through a billing cycle, from the first day that changed on. Gives the days of that.
    fn make_rest_of(&self, starts: Window, from: Day) -> rusqlite::Result<Window> {
        let to = starts.to().plus(CYCLE_DAYS_MAX - 1).max(from);
        let cycles = [Cycles { account_id: self.account_id, start: starts.from(), from, to }];
        let charges = templates::request_units_in(&cycles, "");
        self.note_moved(&charges, false)?;
        self.run(&sql::update_over_included(&cycles))?;
        self.remake(&sql::remake("charges", &templates::request_units(&cycles), &charges))?;
        self.note_moved(&charges, true)?;
        Ok(Window::of(from).union(Window::of(to)))
    }

    fn note_moved(&self, charges: &str, are_there: bool) -> rusqlite::Result<()> {
        if self.months == Months::Moved { self.run(&sql::note_moved(charges, are_there)) } else { Ok(()) }
    }

    fn remake(&self, remake: &Remake) -> rusqlite::Result<()> {
        if !self.connection.query_row(&remake.is_occupied, [], |row| row.get::<_, bool>(0))? {
            return self.run(&remake.insert);
        }
        let [create, make] = &remake.make;
        [create, make, &remake.delete, &remake.upsert, &remake.drop_made].into_iter().try_for_each(|sql| self.run(sql))
    }

    fn run(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.execute_batch(statement)
    }
}
