//! How fast rows are merged into SQLite, beside plain prepared inserts of the same rows into the same table.
//!
//! `cargo run --release -p everycent-runtime --example merge_speed [PEOPLE] [DAYS]`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use everycent_domain::objects::{ObjectName, row_file};
use everycent_domain::sql::sqlite::table_merge;
use everycent_runtime::store::{Created, Store, StoreError};
use everycent_runtime::warehouse::{SqliteWarehouse, Warehouse};
use everycent_schemas::events::{BatchNormalized, Bucket, RowFile};
use everycent_schemas::rowfile::RowFileWriter;
use everycent_schemas::rows::CursorUsageStat;
use everycent_schemas::{Day, Timestamp, Usd, tables};
use rusqlite::{Connection, params};

const WINDOW_DAYS: u32 = 30;
const ROWS_PER_FILE: usize = 20_000;
const RUNS: usize = 3;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let people = numbers.next().transpose()?.unwrap_or(2_000);
    let days = numbers.next().transpose()?.unwrap_or(150);
    let rows = u64::from(people) * u64::from(days);
    let world = World { people, days };
    let (store, batches) = world.batches(1, 0)?;
    let (same, again) = world.batches(2, 0)?;
    let (changed, restated) = world.batches(3, 1)?;
    println!("{rows} rows of cursor_usage_stats, {} batches", batches.len());

    for _ in 0..RUNS {
        let folder = tempfile::tempdir()?;
        let plain = plain_inserts(&folder.path().join("plain.sqlite"), &world).await?;
        show("plain prepared inserts", rows, plain, plain);
        let warehouse = SqliteWarehouse::open(&folder.path().join("merged.sqlite"))?;
        warehouse.migrate().await?;
        for (label, store, batches) in [
            ("merge into nothing", &store, &batches),
            ("merge of a later answer that says the same", &same, &again),
            ("merge of a later answer, every row restated", &changed, &restated),
        ] {
            let started = Instant::now();
            for batch in batches {
                let report = warehouse.merge(store, std::slice::from_ref(batch), Timestamp::from_micros(9)).await?;
                anyhow::ensure!(report.batches[0].lost.is_empty(), "a day was lost");
            }
            show(label, rows, started.elapsed(), plain);
        }
    }
    Ok(())
}

#[allow(clippy::float_arithmetic)]
fn show(label: &str, rows: u64, took: Duration, plain: Duration) {
    let per_second = u128::from(rows) * 1_000_000 / took.as_micros();
    println!("{label:45} {took:8.2?} {per_second:>9} rows/s  {:.2} x", took.as_secs_f64() / plain.as_secs_f64());
}

/// People who use Cursor every day.
struct World {
    people: u32,
    days: u32,
}

impl World {
    /// The batches of one sync, and the store with their files. `seed` changes what the rows say.
    fn batches(&self, fetched_at: i64, seed: u64) -> anyhow::Result<(MemoryStore, Vec<BatchNormalized>)> {
        let store = MemoryStore::default();
        let first_day = Day::new(2024, 1, 1).context("a day")?;
        let mut batches = Vec::new();
        for from in (0..self.days).step_by(WINDOW_DAYS as usize) {
            let to = (from + WINDOW_DAYS).min(self.days);
            let snapshot_id = format!("{fetched_at:08x}{from:024x}");
            let at = Timestamp::from_micros(fetched_at);
            let mut files = Vec::new();
            let mut writer = RowFileWriter::new::<CursorUsageStat>();
            for (person, day) in (0..self.people).flat_map(|person| (from..to).map(move |day| (person, day))) {
                with_row(person, day, seed, &snapshot_id, at, |row| writer.append(row));
                if writer.rows() == ROWS_PER_FILE {
                    let full = std::mem::replace(&mut writer, RowFileWriter::new::<CursorUsageStat>());
                    files.push(store.put(full, &snapshot_id, files.len())?);
                }
            }
            files.push(store.put(writer, &snapshot_id, files.len())?);
            let bucket = |day| Bucket {
                activity_date: first_day.plus(day),
                settled: true,
                rows: self.people.into(),
                rejects: 0,
                amount_usd: Some(Usd::ZERO),
                quantity: 0,
            };
            batches.push(BatchNormalized {
                snapshot_id,
                source: "cursor/daily_usage".into(),
                account_id: "acme".into(),
                from_date: first_day.plus(from),
                to_date: first_day.plus(to - 1),
                fetched_at: at,
                normalized_at: at,
                recipe: "r".into(),
                buckets: (from..to).map(bucket).collect(),
                files,
            });
        }
        Ok((store, batches))
    }
}

/// Builds a row and lends it.
fn with_row(
    person: u32,
    day: u32,
    seed: u64,
    snapshot_id: &str,
    at: Timestamp,
    take: impl FnOnce(&CursorUsageStat<'_>),
) {
    let noise = |salt: u64| mixed(u64::from(person) << 32 | u64::from(day) << 8 | salt);
    let count = |salt: u64| i64::try_from((noise(salt) + seed) % 500).unwrap_or(0);
    let row_id = format!("{:016x}{:016x}", noise(200), noise(201));
    let user_id = (100_000 + person).to_string();
    let email = format!("person{person}.lastname@example.com");
    let first_day = Day::new(2024, 1, 1).unwrap_or_else(|| Day::from(chrono::NaiveDate::MIN));
    take(&CursorUsageStat {
        account_id: "acme",
        activity_date: first_day.plus(day),
        row_id: &row_id,
        user_id: Some(&user_id),
        email: &email,
        is_active: Some(true),
        total_lines_added: count(1),
        total_lines_deleted: count(2),
        accepted_lines_added: count(3),
        accepted_lines_deleted: count(4),
        total_applies: count(5),
        total_accepts: count(6),
        total_rejects: count(7),
        total_tabs_shown: count(8),
        total_tabs_accepted: count(9),
        composer_requests: count(10),
        chat_requests: count(11),
        agent_requests: count(12),
        cmdk_usages: count(13),
        bugbot_usages: count(14),
        subscription_included_reqs: count(15),
        usage_based_reqs: count(16),
        api_key_reqs: count(17),
        most_used_model: Some("claude-4.5-sonnet"),
        apply_most_used_extension: Some(".tsx"),
        tab_most_used_extension: Some(".rs"),
        client_version: Some("1.7.38"),
        estimated_cost_usd: Usd::from_nanos(i128::from(count(16)) * 40_000_000),
        platform: "cursor",
        platform_basis: Some("cursor"),
        snapshot_id,
        fetched_at: at,
        ingestion_timestamp: at,
    });
}

fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The bar: the same rows by a prepared statement in one transaction, without files, versions or coverage.
async fn plain_inserts(path: &Path, world: &World) -> anyhow::Result<Duration> {
    SqliteWarehouse::open(path)?.migrate().await?;
    let mut connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA cache_size = -32768")?;
    let table = tables::find("cursor_usage_stats").context("a table")?;
    let mut made = Duration::ZERO;
    let started = Instant::now();
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare(&table_merge(table).insert)?;
        for from in (0..world.days).step_by(WINDOW_DAYS as usize) {
            let to = (from + WINDOW_DAYS).min(world.days);
            for (person, day) in (0..world.people).flat_map(|person| (from..to).map(move |day| (person, day))) {
                let making = Instant::now();
                let mut outcome = Ok(0);
                with_row(person, day, 0, "s", Timestamp::from_micros(1), |row| {
                    let (date, at) = (row.activity_date.to_string(), row.fetched_at.to_string());
                    made += making.elapsed();
                    outcome = insert_row(&mut insert, row, &date, &at);
                });
                outcome?;
            }
        }
    }
    transaction.commit()?;
    Ok(started.elapsed() - made)
}

fn insert_row(
    insert: &mut rusqlite::Statement<'_>,
    row: &CursorUsageStat<'_>,
    date: &str,
    at: &str,
) -> rusqlite::Result<usize> {
    insert.execute(params![
        row.account_id,
        date,
        row.row_id,
        row.user_id,
        row.email,
        row.is_active,
        row.total_lines_added,
        row.total_lines_deleted,
        row.accepted_lines_added,
        row.accepted_lines_deleted,
        row.total_applies,
        row.total_accepts,
        row.total_rejects,
        row.total_tabs_shown,
        row.total_tabs_accepted,
        row.composer_requests,
        row.chat_requests,
        row.agent_requests,
        row.cmdk_usages,
        row.bugbot_usages,
        row.subscription_included_reqs,
        row.usage_based_reqs,
        row.api_key_reqs,
        row.most_used_model,
        row.apply_most_used_extension,
        row.tab_most_used_extension,
        row.client_version,
        row.estimated_cost_usd.nanos_i64().unwrap_or(0),
        row.platform,
        row.platform_basis,
        row.snapshot_id,
        at,
        at,
    ])
}

/// Files in memory, so that no disk but the warehouse's is measured.
#[derive(Debug, Default)]
struct MemoryStore(Mutex<BTreeMap<ObjectName, Bytes>>);

impl MemoryStore {
    fn put(&self, writer: RowFileWriter, snapshot_id: &str, part: usize) -> anyhow::Result<RowFile> {
        let rows = i64::try_from(writer.rows())?;
        let (table, body) = (writer.table(), Bytes::from(writer.finish()));
        let object = row_file(table, snapshot_id, Timestamp::from_micros(1), "r", u32::try_from(part)?);
        let bytes = i64::try_from(body.len())?;
        let file = RowFile { table: table.into(), object: object.to_string(), rows, bytes };
        self.0.lock().expect("invariant: nobody panics with the lock").insert(object, body);
        Ok(file)
    }
}

#[async_trait::async_trait]
impl Store for MemoryStore {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError> {
        self.0.lock().expect("invariant: nobody panics with the lock").insert(name.clone(), body);
        Ok(Created::New)
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        let objects = self.0.lock().expect("invariant: nobody panics with the lock");
        objects.get(name).cloned().ok_or_else(|| StoreError::NotFound(name.clone()))
    }

    async fn list(&self, _: &str, _: Option<&ObjectName>, _: usize) -> Result<Vec<ObjectName>, StoreError> {
        Ok(Vec::new())
    }

    fn address(&self) -> String {
        "memory".into()
    }
}
