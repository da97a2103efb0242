//! The events that the services exchange, and their bytes.
//!
//! A message is a bare Avro datum; the fingerprint of the schema it was written with travels beside it
//! as a message attribute, so that a reader one release older or newer can still resolve it.

mod codec;

use std::sync::LazyLock;

use apache_avro::Schema;
use serde::{Deserialize, Serialize};

use crate::{AccountId, Day, SnapshotId, Timestamp, Usd};

pub use codec::{DecodeError, Encoded, decode, encode};

/// A type of event, with the schemas that were ever used to write it.
pub trait Event: Serialize + serde::de::DeserializeOwned {
    /// The record's name in its schema.
    const NAME: &'static str;
    /// The schema that this program writes.
    fn schema() -> &'static EventSchema;
    /// The schemas of earlier releases, which may still lie in a queue.
    fn released() -> &'static [EventSchema];
}

/// A parsed schema and its fingerprint.
#[derive(Debug)]
pub struct EventSchema {
    pub json: &'static str,
    pub schema: Schema,
    /// Hex of the CRC-64-AVRO fingerprint.
    pub fingerprint: String,
}

impl EventSchema {
    fn parse(json: &'static str) -> Self {
        let schema = Schema::parse_str(json).expect("invariant: shipped schemas parse, as a test shows");
        let fingerprint = schema.fingerprint::<apache_avro::rabin::Rabin>().to_string();
        Self { json, schema, fingerprint }
    }
}

/// The files of one event.
struct Schemas {
    current: &'static str,
    /// Of every folder in `released/` that has the event.
    released: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/events.rs"));

macro_rules! event {
    ($type:ident, $schemas:ident) => {
        impl Event for $type {
            const NAME: &'static str = stringify!($type);

            fn schema() -> &'static EventSchema {
                static SCHEMA: LazyLock<EventSchema> = LazyLock::new(|| EventSchema::parse($schemas.current));
                &SCHEMA
            }

            fn released() -> &'static [EventSchema] {
                static RELEASED: LazyLock<Vec<EventSchema>> =
                    LazyLock::new(|| $schemas.released.iter().map(|json| EventSchema::parse(json)).collect());
                &RELEASED
            }
        }
    };
}

/// Somebody wants one window of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchRequested {
    pub source: String,
    /// Closed UTC days up to yesterday; 0 when the window is given.
    pub trailing_days: i32,
    pub account_id: Option<AccountId>,
    pub from_date: Option<Day>,
    pub to_date: Option<Day>,
    pub requested_at: Option<Timestamp>,
}
event!(FetchRequested, FETCH_REQUESTED);

/// All pages of one window and their manifest lie in the raw store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotStored {
    pub snapshot_id: SnapshotId,
    pub source: String,
    pub account_id: AccountId,
    pub from_date: Day,
    pub to_date: Day,
    pub fetched_at: Timestamp,
    /// Object name of the manifest.
    pub manifest: String,
    pub pages: i32,
    pub body_bytes: i64,
    /// Becomes `normalized_at`: a redelivery is the same work, a replay is newer work.
    pub published_at: Timestamp,
    /// Only these days are to be normalized, both included; `None` is all that the snapshot covers.
    pub only_from: Option<Day>,
    pub only_to: Option<Day>,
}
event!(SnapshotStored, SNAPSHOT_STORED);

/// The rows of one snapshot lie in the row store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchNormalized {
    pub snapshot_id: SnapshotId,
    pub source: String,
    pub account_id: AccountId,
    pub from_date: Day,
    pub to_date: Day,
    pub fetched_at: Timestamp,
    pub normalized_at: Timestamp,
    /// Fingerprint of the rules, the prices and the normalizer that made the rows.
    pub recipe: String,
    /// Number of the normalizer that made the rows; `None` in a batch of an earlier release.
    pub normalizer: Option<i64>,
    /// Only the sums of a known answer are announced. Its rows are made again where it is accepted.
    pub rows_omitted: bool,
    /// The days that the snapshot covers, also those without a row.
    pub buckets: Vec<Bucket>,
    pub files: Vec<RowFile>,
}
event!(BatchNormalized, BATCH_NORMALIZED);

/// What a batch says about one UTC day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    pub activity_date: Day,
    /// True when the vendor no longer restates this day.
    pub settled: bool,
    pub rows: i64,
    pub rejects: i64,
    /// Sum of all money columns of all rows; `None` where the source has no money.
    pub amount_usd: Option<Usd>,
    /// Sum of all integer columns of all rows.
    pub quantity: i64,
    /// How much the vendor reported, before rules, prices and seats; `None` in a batch of an earlier release.
    pub reported: Option<Reported>,
    /// Hash of all that the vendor reported of the day, whatever the order.
    pub content_hash: Option<String>,
    /// What was odd and cost no row.
    pub remarks: i64,
    /// Values of sticky columns that the answer reports; `None` in a batch of an earlier release.
    pub filled: Option<i64>,
}

/// How much the vendor reported of one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reported {
    /// `None` where the report has no money.
    pub usd: Option<Usd>,
    /// Tokens of every type.
    pub tokens: Option<i64>,
    /// What else is counted.
    pub count: Option<i64>,
    /// The answer has nothing about any day before this one, and something about a later one or, in a report of events, about
    /// this one: the vendor may not remember this day, or not all of it.
    pub before_first: bool,
    /// When the first thing of the day happened, in a report of events of which each became a row.
    pub first_at: Option<Timestamp>,
}

/// One Avro object file of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFile {
    pub table: String,
    pub object: String,
    pub rows: i64,
    pub bytes: i64,
}

/// The warehouse holds what a batch says, as far as no later answer was there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchMerged {
    pub snapshot_id: SnapshotId,
    pub source: String,
    pub account_id: AccountId,
    pub from_date: Day,
    pub to_date: Day,
    pub fetched_at: Timestamp,
    pub normalized_at: Timestamp,
    /// The days that this batch decided.
    pub won: Vec<Day>,
    /// The days that this batch did not decide.
    pub lost: Vec<Day>,
    /// Those of them that wait for another answer, or for a person.
    pub held: Vec<Day>,
    pub merged_at: Timestamp,
}
event!(BatchMerged, BATCH_MERGED);

/// Days could not be fetched, or are fetched and have no price. They are failed in coverage until rows of them are merged
/// that are no older.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchFailed {
    pub source: String,
    pub account_id: AccountId,
    pub from_date: Day,
    pub to_date: Day,
    pub reason: String,
    /// When the attempt to fetch them began, on the same clock as `fetched_at`; of days without a price, `fetched_at`.
    pub failed_at: Timestamp,
    /// The vendor refuses the report to this key, and never answered it for this account.
    pub unavailable: bool,
}
event!(FetchFailed, FETCH_FAILED);

/// A person looked at an answer about one day and decided whether it is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerDecided {
    pub source: String,
    pub account_id: AccountId,
    pub activity_date: Day,
    /// The answer that was looked at.
    pub snapshot_id: SnapshotId,
    pub fetched_at: Timestamp,
    /// A [`Decision`](crate::Decision) by its name.
    pub decision: String,
    /// Of two decisions about one answer the later one counts.
    pub decided_at: Timestamp,
    /// Why, in the words of who decided.
    pub note: Option<String>,
}
event!(AnswerDecided, ANSWER_DECIDED);
