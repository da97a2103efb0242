//! Answers of a vendor in a few words, the store that their rows lie in, and what a warehouse made of them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use everycent_domain::merge_plan::MergeInput;
use everycent_domain::objects::{ObjectName, RowsOf, row_file};
use everycent_domain::recipe::NORMALIZER_VERSION;
use everycent_schemas::events::{BatchNormalized, Bucket, Reported, RowFile};
use everycent_schemas::rowfile::{Cell, RowFileWriter};
use everycent_schemas::rows::{ClaudeCost, RejectedRecord, Row};
use everycent_schemas::{Day, SnapshotId, Timestamp, Usd};

use crate::store::{Created, Store, StoreError};
use crate::warehouse::{CoverageRow, MergeReport, Warehouse, WarehouseError};

pub const COSTS: &str = "anthropic/cost_report";

pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// The day that is so many days after 1 October 2025.
pub fn day(offset: u32) -> Day {
    Day::new(2025, 10, 1).unwrap().plus(offset)
}

/// What a vendor said about some days of one account.
#[derive(Debug, Clone)]
pub struct Answer {
    pub snapshot_id: &'static str,
    pub account: &'static str,
    pub source: &'static str,
    pub fetched: i64,
    pub normalized: i64,
    /// Days from 1 October 2025, both included.
    pub days: (u32, u32),
    /// Day, row id, nano-dollars.
    pub costs: Vec<(u32, &'static str, i128)>,
    /// Day, row id.
    pub rejects: Vec<(u32, &'static str)>,
}

impl Answer {
    pub fn new(snapshot_id: &'static str, fetched: i64, days: (u32, u32), costs: &[(u32, &'static str, i128)]) -> Self {
        let costs = costs.to_vec();
        Self {
            snapshot_id,
            account: "acme",
            source: COSTS,
            fetched,
            normalized: fetched + 1,
            days,
            costs,
            rejects: vec![],
        }
    }

    /// The same of another account, by other answers. What becomes of an account says nothing of another, so a
    /// warehouse, which may be slow to make, is enough for many.
    pub fn of(&self, number: usize) -> Self {
        let snapshot_id = format!("{}-{number:02}", self.snapshot_id).leak();
        Self { account: format!("account-{number:02}").leak(), snapshot_id, ..self.clone() }
    }

    fn bucket(&self, offset: u32) -> Bucket {
        let of_day = |day: u32| day == offset;
        let costs = || self.costs.iter().filter(|(day, ..)| of_day(*day));
        Bucket {
            activity_date: day(offset),
            settled: offset == 0,
            rows: i64::try_from(costs().count()).unwrap(),
            rejects: i64::try_from(self.rejects.iter().filter(|(day, _)| of_day(*day)).count()).unwrap(),
            amount_usd: Some(costs().map(|(.., nanos)| Usd::from_nanos(*nanos)).sum()),
            quantity: 0,
            reported: Some(Reported {
                usd: Some(costs().map(|(.., nanos)| Usd::from_nanos(*nanos)).sum()),
                ..Reported::default()
            }),
            content_hash: Some(format!("{:?}", costs().collect::<Vec<_>>())),
            remarks: 0,
            filled: None,
        }
    }

    fn cost<'a>(&'a self, (offset, row_id, nanos): &(u32, &'a str, i128)) -> ClaudeCost<'a> {
        ClaudeCost {
            organization_id: self.account,
            activity_date: day(*offset),
            row_id,
            workspace_id: None,
            description: Some("it's a line"),
            cost_type: None,
            model: None,
            token_type: None,
            service_tier: None,
            context_window: None,
            inference_geo: None,
            currency: "USD",
            amount_cents: "1",
            amount_usd: Usd::from_nanos(*nanos),
            platform: "unattributed",
            platform_basis: None,
            platform_rank: None,
            money_from: None,
            snapshot_id: self.snapshot_id,
            fetched_at: at(self.fetched),
            ingestion_timestamp: at(self.normalized),
        }
    }

    fn reject<'a>(&'a self, (offset, row_id): &(u32, &'a str)) -> RejectedRecord<'a> {
        RejectedRecord {
            source: self.source,
            account_id: self.account,
            activity_date: day(*offset),
            row_id,
            page: 1,
            position: "/data/0",
            reason: "no amount",
            object: "raw/page",
            snapshot_id: self.snapshot_id,
            fetched_at: at(self.fetched),
            ingestion_timestamp: at(self.normalized),
        }
    }
}

/// Row files in memory.
#[derive(Debug, Default)]
pub struct RowStore(Mutex<BTreeMap<ObjectName, Bytes>>);

impl RowStore {
    /// Lays the rows of an answer down and tells of them, the way a normalizer does.
    pub fn batch(&self, answer: &Answer) -> BatchNormalized {
        let costs: Vec<ClaudeCost<'_>> = answer.costs.iter().map(|cost| answer.cost(cost)).collect();
        let rejects: Vec<RejectedRecord<'_>> = answer.rejects.iter().map(|reject| answer.reject(reject)).collect();
        let files = self.file(answer, &costs).into_iter().chain(self.file(answer, &rejects)).collect();
        BatchNormalized {
            snapshot_id: answer.snapshot_id.into(),
            source: answer.source.into(),
            account_id: answer.account.into(),
            from_date: day(answer.days.0),
            to_date: day(answer.days.1),
            fetched_at: at(answer.fetched),
            normalized_at: at(answer.normalized),
            recipe: "r".into(),
            normalizer: Some(NORMALIZER_VERSION),
            rows_omitted: false,
            buckets: (answer.days.0..=answer.days.1).map(|offset| answer.bucket(offset)).collect(),
            files,
        }
    }

    pub fn file<R: Row>(&self, answer: &Answer, rows: &[R]) -> Option<RowFile> {
        let mut writer = RowFileWriter::new::<R>();
        rows.iter().for_each(|row| writer.append(row));
        let (snapshot_id, normalized_at) = (&answer.snapshot_id.into(), at(answer.normalized));
        let object = row_file(R::TABLE, RowsOf { snapshot_id, normalized_at, recipe: "r", only: None }, 1);
        let body = writer.finish();
        let bytes = i64::try_from(body.len()).unwrap();
        let file = RowFile {
            table: R::TABLE.into(),
            object: object.to_string(),
            rows: i64::try_from(rows.len()).unwrap(),
            bytes,
        };
        self.put(&file.object, body);
        (!rows.is_empty()).then_some(file)
    }

    /// Puts an object in place of what was there.
    pub fn put(&self, object: &str, body: Vec<u8>) {
        self.0.lock().unwrap().insert(object.parse().unwrap(), body.into());
    }

    pub fn remove(&self, object: &str) {
        self.0.lock().unwrap().remove(&object.parse::<ObjectName>().unwrap());
    }

    pub fn body(&self, object: &str) -> Vec<u8> {
        self.0.lock().unwrap()[&object.parse::<ObjectName>().unwrap()].to_vec()
    }

    /// Lays the answers down and merges them in one go.
    pub async fn merge(&self, warehouse: &dyn Warehouse, answers: &[Answer]) -> Result<MergeReport, WarehouseError> {
        let batches: Vec<BatchNormalized> = answers.iter().map(|answer| self.batch(answer)).collect();
        warehouse.merge(self, MergeInput::of(&batches), at(1_000)).await
    }
}

#[async_trait]
impl Store for RowStore {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError> {
        self.put(name.as_str(), body.to_vec());
        Ok(Created::New)
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.0.lock().unwrap().get(name).cloned().ok_or_else(|| StoreError::NotFound(name.clone()))
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StoreError> {
        self.remove(name.as_str());
        Ok(())
    }

    async fn list(&self, _: &str, _: Option<&ObjectName>, _: usize) -> Result<Vec<ObjectName>, StoreError> {
        Ok(self.0.lock().unwrap().keys().cloned().collect())
    }

    fn address(&self) -> String {
        "memory".into()
    }
}

/// Account, day, row id, nano-dollars.
type Cost = (String, String, String, i128);

/// What the warehouse holds of costs, in order.
pub async fn costs(warehouse: &dyn Warehouse) -> Vec<Cost> {
    let template = "SELECT organization_id, activity_date, row_id, [[usd:amount_usd]] AS amount_usd
                    FROM [[table:claude_costs]] ORDER BY 1, 2, 3";
    let row = |cells: Vec<Cell>| match <[Cell; 4]>::try_from(cells).unwrap() {
        [Cell::Text(account), Cell::Text(day), Cell::Text(row_id), Cell::Money(amount)] => {
            (account, day, row_id, amount.nanos())
        }
        other => panic!("{other:?}"),
    };
    warehouse.query(template).await.unwrap().rows.into_iter().map(row).collect()
}

/// The costs of the account `acme`, with the day as its distance from 1 October 2025.
pub async fn acme(warehouse: &dyn Warehouse) -> Vec<(u32, String, i128)> {
    costs_of(&costs(warehouse).await, "acme")
}

/// The same of another account, out of all costs.
pub fn costs_of(all: &[Cost], account: &str) -> Vec<(u32, String, i128)> {
    let offset = |text: &str| (0..60).find(|offset| day(*offset).to_string() == text).unwrap();
    let own = all.iter().filter(|(of, ..)| of == account);
    own.map(|(_, day, row_id, nanos)| (offset(day), row_id.clone(), *nanos)).collect()
}

/// What an account should hold.
pub fn held(rows: &[(u32, &str, i128)]) -> Vec<(u32, String, i128)> {
    rows.iter().map(|(day, row_id, nanos)| (*day, (*row_id).to_owned(), *nanos)).collect()
}

pub async fn coverage(warehouse: &dyn Warehouse) -> Vec<CoverageRow> {
    warehouse.coverage(day(0), day(60)).await.unwrap()
}

/// The coverage of an account of [`Answer::of`], out of all of it, as it is of every such account.
pub fn coverage_of(all: &[CoverageRow], account: &str) -> Vec<CoverageRow> {
    let own = all.iter().filter(|row| row.account_id == account).cloned();
    let plain = |id: SnapshotId| id.as_str().split('-').next().unwrap().into();
    own.map(|row| CoverageRow {
        account_id: "".into(),
        snapshot_id: row.snapshot_id.map(plain),
        newest_snapshot_id: row.newest_snapshot_id.map(plain),
        ..row
    })
    .collect()
}

/// Rows written and deleted, over all tables.
pub fn changes(report: &MergeReport) -> (u64, u64) {
    let sum = |count: fn(&crate::warehouse::TableChange) -> u64| report.tables.iter().map(count).sum();
    (sum(|table| table.written), sum(|table| table.deleted))
}
