//! Events to bytes and back, across schema versions.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;

use super::{Event, EventSchema};

/// An event as it travels: the datum, and the fingerprint of the schema that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub payload: Vec<u8>,
    pub fingerprint: &'static str,
}

/// Why bytes are not the event they should be. None of these goes away by trying again.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("{event} was written with schema {fingerprint}, which this program does not know; upgrade it")]
    UnknownSchema { event: &'static str, fingerprint: String },
    #[error("{event} is unreadable: {reason}")]
    Unreadable { event: &'static str, reason: String },
}

/// Writes an event with the current schema.
pub fn encode<E: Event>(event: &E) -> Encoded {
    let schema = E::schema();
    let payload = GenericDatumWriter::builder(&schema.schema)
        .human_readable(false)
        .build()
        .and_then(|writer| writer.write_ser_to_vec(event))
        .expect("invariant: an event type fits its schema, as a test shows");
    Encoded { payload, fingerprint: &schema.fingerprint }
}

/// Reads an event that was written with the current schema or an earlier one.
pub fn decode<E: Event>(payload: &[u8], fingerprint: &str) -> Result<E, DecodeError> {
    let writer = known_writer::<E>(fingerprint)?;
    let unreadable = |reason: String| DecodeError::Unreadable { event: E::NAME, reason };
    let mut rest = payload;
    let event = read(writer, E::schema(), &mut rest).map_err(|e| unreadable(e.to_string()))?;
    if rest.is_empty() { Ok(event) } else { Err(unreadable(format!("{} bytes too many", rest.len()))) }
}

fn known_writer<E: Event>(fingerprint: &str) -> Result<&'static EventSchema, DecodeError> {
    std::iter::once(E::schema())
        .chain(E::released())
        .find(|schema| schema.fingerprint == fingerprint)
        .ok_or_else(|| DecodeError::UnknownSchema { event: E::NAME, fingerprint: fingerprint.to_owned() })
}

fn read<E: Event>(writer: &EventSchema, reader: &EventSchema, bytes: &mut &[u8]) -> Result<E, apache_avro::Error> {
    if writer.fingerprint == reader.fingerprint {
        return GenericDatumReader::builder(&writer.schema).human_readable(false).build()?.read_deser(bytes);
    }
    let value = GenericDatumReader::builder(&writer.schema).reader_schema(&reader.schema).build()?.read_value(bytes)?;
    apache_avro::from_value(&value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::*;
    use super::*;
    use crate::{Day, Timestamp, Usd};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn batch() -> BatchNormalized {
        BatchNormalized {
            snapshot_id: "0123".into(),
            source: "anthropic/cost_report".into(),
            account_id: "acme".into(),
            from_date: day("2025-10-03"),
            to_date: day("2025-10-04"),
            fetched_at: Timestamp::from_micros(1),
            normalized_at: Timestamp::from_micros(2),
            recipe: "abcd".into(),
            normalizer: None,
            rows_omitted: false,
            buckets: vec![Bucket {
                activity_date: day("2025-10-03"),
                settled: true,
                rows: 3,
                rejects: 1,
                amount_usd: Some(Usd::from_nanos(-37_300_000)),
                quantity: i64::MAX,
                reported: None,
                content_hash: None,
                remarks: 2,
                filled: None,
            }],
            files: vec![RowFile { table: "claude_costs".into(), object: "rows/x.avro".into(), rows: 3, bytes: 10 }],
        }
    }

    #[test]
    fn an_event_comes_back_as_it_went() {
        let encoded = encode(&batch());
        assert_eq!(decode::<BatchNormalized>(&encoded.payload, encoded.fingerprint).unwrap(), batch());
    }

    #[test]
    fn sums_of_a_day_travel_with_it() {
        let mut batch = batch();
        batch.normalizer = Some(2);
        let usd = Some(Usd::from_nanos(-37_300_000));
        batch.buckets[0].reported =
            Some(Reported { usd, tokens: None, count: Some(3), before_first: false, first_at: None });
        batch.buckets[0].content_hash = Some("ab12".into());
        batch.buckets[0].filled = Some(3);
        let encoded = encode(&batch);
        assert_eq!(decode::<BatchNormalized>(&encoded.payload, encoded.fingerprint).unwrap(), batch);
    }

    #[test]
    fn an_event_of_every_earlier_release_can_be_read() {
        let told_nothing = |mut bucket: Bucket| {
            bucket.remarks = 0;
            bucket
        };
        let read = BatchNormalized { buckets: batch().buckets.into_iter().map(told_nothing).collect(), ..batch() };
        for released in BatchNormalized::released() {
            let writer = GenericDatumWriter::builder(&released.schema).build().unwrap();
            let payload = writer.write_ser_to_vec(&v1::Batch::of(&batch())).unwrap();
            assert_eq!(decode::<BatchNormalized>(&payload, &released.fingerprint).unwrap(), read);
        }
    }

    /// The event as the first release wrote it.
    mod v1 {
        use serde::Serialize;

        use super::*;

        #[derive(Serialize)]
        pub struct Batch {
            snapshot_id: SnapshotId,
            source: String,
            account_id: AccountId,
            from_date: Day,
            to_date: Day,
            fetched_at: Timestamp,
            normalized_at: Timestamp,
            recipe: String,
            buckets: Vec<OfDay>,
            files: Vec<RowFile>,
        }

        #[derive(Serialize)]
        struct OfDay {
            activity_date: Day,
            settled: bool,
            rows: i64,
            rejects: i64,
            amount_usd: Option<Usd>,
            quantity: i64,
        }

        impl Batch {
            pub fn of(batch: &BatchNormalized) -> Self {
                let batch = batch.clone();
                let of_day = |bucket: Bucket| OfDay {
                    activity_date: bucket.activity_date,
                    settled: bucket.settled,
                    rows: bucket.rows,
                    rejects: bucket.rejects,
                    amount_usd: bucket.amount_usd,
                    quantity: bucket.quantity,
                };
                Self {
                    snapshot_id: batch.snapshot_id,
                    source: batch.source,
                    account_id: batch.account_id,
                    from_date: batch.from_date,
                    to_date: batch.to_date,
                    fetched_at: batch.fetched_at,
                    normalized_at: batch.normalized_at,
                    recipe: batch.recipe,
                    buckets: batch.buckets.into_iter().map(of_day).collect(),
                    files: batch.files,
                }
            }
        }
    }

    #[test]
    fn a_datum_written_with_another_schema_is_resolved() {
        let older = EventSchema::parse(
            r#"{"type":"record","name":"FetchRequested","namespace":"com.everycent.events",
                "fields":[{"name":"source","type":"string"}]}"#,
        );
        let payload = [6, b'a', b'/', b'b'];
        let event: FetchRequested = read(&older, FetchRequested::schema(), &mut &payload[..]).unwrap();
        assert_eq!((event.source.as_str(), event.trailing_days, event.from_date), ("a/b", 0, None));
    }

    #[test]
    fn bytes_that_are_no_event_are_an_error() {
        let encoded = encode(&batch());
        let cut = &encoded.payload[..encoded.payload.len() - 1];
        let long = [encoded.payload.as_slice(), b"x"].concat();
        for bytes in [cut, &long, b"", b"\xff\xff\xff\xff\xff\xff"] {
            let error = decode::<BatchNormalized>(bytes, encoded.fingerprint).unwrap_err();
            assert!(matches!(error, DecodeError::Unreadable { .. }), "{error}");
        }
        let error = decode::<BatchNormalized>(&encoded.payload, "00").unwrap_err();
        assert!(matches!(error, DecodeError::UnknownSchema { .. }), "{error}");
    }
}
