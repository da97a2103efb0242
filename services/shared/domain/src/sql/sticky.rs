//! Filling the column of a table that is not unlearned, from the table that remembers what all answers reported in it.
//!
//! Of events that are alike in all but the person, the people are a set: of so many events the people of the latest answer
//! count first, then those of the answer before, and within one answer they stand in the order of their names. So nothing
//! depends on the order of a feed. An event that is reported in another way than before keeps the person of an event of the
//! same identity that is reported no more.

use everycent_schemas::tables::Table;

/// How a warehouse names what the query is made of.
pub(super) struct Filling<'a> {
    /// The table with the column, and the one that remembers it, as the warehouse names them.
    pub rows: &'a str,
    pub memory: &'a str,
    /// Which rows of both it is about: a condition on the columns of the bucket.
    pub in_buckets: &'a str,
    /// A literal of the last instant that does not lie in the future.
    pub horizon: &'a str,
}

/// For each row of the buckets its key, and what its sticky column is to hold.
pub(super) fn query(table: &Table, filling: &Filling<'_>) -> String {
    let (column, _) = table.sticky().expect("invariant: only a table with a sticky column is filled");
    let (value, bucket) = (column.name.as_str(), table.bucket.join(", "));
    let Filling { rows, memory, in_buckets, horizon } = filling;
    let event = format!("{bucket}, event_id");
    let twin = format!("{event}, twin_id");
    let newest = format!("fetched_at <= {horizon} DESC, fetched_at DESC, snapshot_id DESC, ingestion_timestamp DESC");
    let joined = |one: &str, other: &str, rest: &[&str]| {
        let names = table.bucket.iter().map(String::as_str).chain(rest.iter().copied());
        names.map(|name| format!("{one}.{name} = {other}.{name}")).collect::<Vec<_>>().join(" AND ")
    };
    let row_key = key_beyond_bucket(table);
    format!(
        "WITH known AS (
  SELECT {twin}, {key},
    ROW_NUMBER() OVER (PARTITION BY {twin} ORDER BY {key}) AS place
  FROM {rows}
  WHERE {in_buckets} AND twin_id IS NOT NULL
),
named AS (
  SELECT {twin}, {value}, ordinal, fetched_at, snapshot_id, ingestion_timestamp,
    ROW_NUMBER() OVER (PARTITION BY {twin} ORDER BY {newest}, {value}, ordinal) AS place
  FROM {memory}
  WHERE {in_buckets}
),
alike AS (
  SELECT known.*, named.{value}
  FROM known
  LEFT JOIN named ON {same_twin}
),
there AS (
  SELECT DISTINCT {twin} FROM known
),
unnamed AS (
  SELECT {event}, {key},
    ROW_NUMBER() OVER (PARTITION BY {event} ORDER BY twin_id, {key}) AS place
  FROM alike
  WHERE {value} IS NULL
),
gone AS (
  SELECT named.*, there.twin_id AS still_there
  FROM named
  LEFT JOIN there ON {still_there}
),
restated AS (
  SELECT {event}, {value},
    ROW_NUMBER() OVER (PARTITION BY {event} ORDER BY {newest}, {value}, ordinal) AS place
  FROM gone
  WHERE still_there IS NULL
)
SELECT {alike_key}, COALESCE(alike.{value}, restated.{value}) AS {value}
FROM alike
LEFT JOIN unnamed ON {same_row}
LEFT JOIN restated ON {same_event}",
        key = row_key.join(", "),
        same_twin = joined("named", "known", &["event_id", "twin_id", "place"]),
        still_there = joined("there", "named", &["event_id", "twin_id"]),
        alike_key = table.key.iter().map(|name| format!("alike.{name}")).collect::<Vec<_>>().join(", "),
        same_row = joined("unnamed", "alike", &row_key),
        same_event = joined("restated", "unnamed", &["event_id", "place"]),
    )
}

fn key_beyond_bucket(table: &Table) -> Vec<&str> {
    table.key.iter().filter(|name| !table.bucket.contains(name)).map(String::as_str).collect()
}
