//! Charges of earlier releases, of a rebuild that was stopped, of rows that somebody wrote, and sums that can't be made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use everycent_domain::bucket::BucketId;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_schemas::Day;
use rusqlite::Connection;

use super::*;
use crate::warehouse::conformance::money::merge_a_world;
use crate::warehouse::{Rebuild, differing_charges, rebuild, stale_charges};

const DERIVED: [&str; 4] = ["charges_nano", "spend_daily_nano", "spend_monthly_nano", "derived"];
/// The accounts of the world that merges make.
const ACCOUNTS: [(Vendor, &str); 4] = [
    (Vendor::Cursor, "world-0-0"),
    (Vendor::Cursor, "world-0-1"),
    (Vendor::Cursor, "world-0-2"),
    (Vendor::Anthropic, "world-0-3"),
];

struct Loaded {
    _folder: TempDir,
    file: PathBuf,
    warehouse: SqliteWarehouse,
}

impl Loaded {
    async fn world() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.sqlite");
        let warehouse = SqliteWarehouse::open(&file).unwrap();
        warehouse.migrate().await.unwrap();
        merge_a_world(&warehouse, 0).await;
        Self { _folder: folder, file, warehouse }
    }

    /// All rows of the derived tables, as text.
    fn derived(&self) -> Vec<String> {
        let connection = Connection::open(&self.file).unwrap();
        let rows = |table: &&str| {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let row = |row: &rusqlite::Row<'_>| {
                let cells: Result<Vec<rusqlite::types::Value>, _> = (0..columns).map(|at| row.get(at)).collect();
                Ok(format!("{table} {:?}", cells?))
            };
            statement.query_map([], row).unwrap().collect::<Result<Vec<_>, _>>().unwrap()
        };
        DERIVED.iter().flat_map(rows).collect()
    }

    fn change(&self, sql: &str) {
        let changed = Connection::open(&self.file).unwrap().execute(sql, []).unwrap();
        assert!(changed > 0, "{sql}");
    }

    /// The same by several statements.
    fn run(&self, sql: &str) {
        Connection::open(&self.file).unwrap().execute_batch(sql).unwrap();
    }

    async fn rebuild(&self, which: Rebuild) -> usize {
        rebuild(&self.warehouse, which, &|_, _| {}).await.unwrap()
    }

    async fn stale(&self) -> BTreeSet<BucketId> {
        stale_charges(&self.warehouse).await.unwrap()
    }

    async fn differing(&self) -> BTreeMap<Day, i64> {
        let days = Window::new(Day::new(2025, 9, 1).unwrap(), Day::new(2025, 12, 31).unwrap()).unwrap();
        let mut all = BTreeMap::new();
        for (vendor, account) in ACCOUNTS {
            all.extend(differing_charges(&self.warehouse, vendor, &account.into(), days).await.unwrap());
        }
        all
    }
}

#[tokio::test]
async fn a_file_of_a_release_without_charges_gets_those_that_merges_would_have_made() {
    let loaded = Loaded::world().await;
    let merged = loaded.derived();
    assert!(loaded.stale().await.is_empty());
    for table in DERIVED {
        loaded.change(&format!("DELETE FROM {table}"));
    }
    assert!(loaded.stale().await.len() > 100);
    assert!(loaded.rebuild(Rebuild::Stale).await > 100);
    assert_eq!(loaded.derived(), merged);
    assert_eq!(loaded.rebuild(Rebuild::Stale).await, 0);
}

#[tokio::test]
async fn a_rebuild_that_is_stopped_goes_on_where_it_was() {
    let loaded = Loaded::world().await;
    let merged = loaded.derived();
    for table in DERIVED {
        loaded.change(&format!("DELETE FROM {table}"));
    }
    let all = loaded.stale().await;
    // The days in the middle first: what is counted through a cycle comes out right whatever was there before.
    let middle: BTreeSet<BucketId> = all.iter().skip(all.len() / 3).take(all.len() / 3).cloned().collect();
    loaded.warehouse.derive(&middle).await.unwrap();
    let left = loaded.stale().await;
    assert_eq!(left, &all - &middle);
    loaded.rebuild(Rebuild::Stale).await;
    assert_eq!(loaded.derived(), merged);
}

#[tokio::test]
async fn rows_of_a_loader_that_makes_no_charges_are_stale_until_they_are_made() {
    let loaded = Loaded::world().await;
    // As a release did that knew no charges: the facts and what coverage says of them, in one transaction.
    loaded.change("UPDATE cursor_usage_events_nano SET charged_nano_usd = 77 WHERE activity_date = '2025-10-08' AND account_id = 'world-0-1'");
    loaded.change(
        "UPDATE coverage_nano SET normalized_at = '2026-01-01T00:00:00.000000Z'
         WHERE source = 'cursor/usage_events' AND activity_date = '2025-10-08' AND account_id = 'world-0-1'",
    );
    let stale: Vec<BucketId> = loaded.stale().await.into_iter().collect();
    let day = Day::new(2025, 10, 8).unwrap();
    let bucket = BucketId { source: "cursor/usage_events".into(), account_id: "world-0-1".into(), activity_date: day };
    assert_eq!(stale, [bucket]);
    assert!(loaded.differing().await.contains_key(&day));
    assert_eq!(loaded.rebuild(Rebuild::Stale).await, 1);
    assert_eq!((loaded.stale().await, loaded.differing().await), (BTreeSet::new(), BTreeMap::new()));
}

#[tokio::test]
async fn days_that_the_bill_has_answered_for_since_are_made_again_though_no_fact_of_them_changed() {
    let loaded = Loaded::world().await;
    loaded.run(
        "CREATE TABLE told AS SELECT * FROM coverage_nano WHERE source = 'anthropic/cost_report';
         UPDATE told SET source = 'anthropic/analytics_cost';
         INSERT INTO coverage_nano SELECT * FROM told",
    );
    loaded.rebuild(Rebuild::Stale).await;
    // The bill has lost its first days, so the analytics are the fact of these.
    let lost = "source = 'anthropic/cost_report' AND activity_date <= '2025-10-05'";
    loaded.run(&format!(
        "CREATE TABLE lost AS SELECT * FROM coverage_nano WHERE {lost}; DELETE FROM coverage_nano WHERE {lost}"
    ));
    let stale = loaded.stale().await;
    let days: BTreeSet<String> = stale.iter().map(|bucket| bucket.activity_date.to_string()).collect();
    assert!(stale.iter().all(|bucket| bucket.source == "anthropic/analytics_cost"), "{stale:?}");
    assert_eq!(days.last().map(String::as_str), Some("2025-10-05"));
    loaded.rebuild(Rebuild::Stale).await;
    assert!(loaded.stale().await.is_empty());
    // Its first day comes back alone: no day after it is the analytics' any more, whatever answered about that day.
    loaded.run(
        "INSERT INTO coverage_nano SELECT * FROM lost WHERE activity_date = (SELECT MIN(activity_date) FROM lost)",
    );
    let again: BTreeSet<BucketId> = loaded.stale().await;
    assert!(stale.is_subset(&again), "{again:?}");
}

#[tokio::test]
async fn what_somebody_wrote_into_charges_or_their_sums_is_found_and_made_again() {
    let loaded = Loaded::world().await;
    let merged = loaded.derived();
    for sql in [
        "UPDATE charges_nano SET cost_nano_usd = cost_nano_usd + 1 WHERE activity_date = '2025-10-07'",
        "UPDATE charges_nano SET person = 'eve@example.com' WHERE person = 'ann@example.com' AND kind = 'seat'",
        "DELETE FROM charges_nano WHERE basis = 'request_units'",
        "UPDATE spend_daily_nano SET over_included_nano_usd = 5 WHERE plan = 'request' AND activity_date = '2025-10-09'",
        "UPDATE spend_daily_nano SET seat_nano_usd = seat_nano_usd - 1 WHERE vendor = 'cursor'",
        "UPDATE spend_monthly_nano SET events = events + 1 WHERE vendor = 'cursor'",
    ] {
        loaded.change(sql);
        assert!(!loaded.differing().await.is_empty(), "{sql}");
        assert!(loaded.stale().await.is_empty(), "{sql}");
        loaded.rebuild(Rebuild::All).await;
        assert_eq!(loaded.differing().await, BTreeMap::new(), "{sql}");
        assert_eq!(loaded.derived(), merged, "{sql}");
    }
}

#[tokio::test]
async fn a_sum_that_leaves_the_range_leaves_its_days_stale_and_the_others_are_made() {
    let loaded = Loaded::world().await;
    for table in DERIVED {
        loaded.change(&format!("DELETE FROM {table}"));
    }
    // More than a reader lets pass: rows of a release that had no limits.
    loaded.change("UPDATE cursor_usage_events_nano SET charged_nano_usd = 5000000000000000000, billing = 'on_demand', email = 'ann@example.com', model = 'm' WHERE activity_date = '2025-10-08'");
    let bad: BTreeSet<BucketId> =
        loaded.stale().await.into_iter().filter(|bucket| bucket.activity_date.to_string() == "2025-10-08").collect();
    loaded.rebuild(Rebuild::Stale).await;
    let left = loaded.stale().await;
    assert!(!left.is_empty() && left.is_subset(&bad), "{left:?}");
    assert!(left.iter().all(|bucket| bucket.source.starts_with("cursor/")), "{left:?}");
}
