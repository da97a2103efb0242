//! Rows as Avro object files: what the normalizer writes, and what BigQuery and the loader read.

mod read;
mod write;

pub use read::{Cell, RowFileReader, RowsUnreadable};
pub use write::RowFileWriter;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rows::ClaudeCostTotal;
    use crate::{Day, Timestamp, Usd};

    fn total(row_id: &str) -> ClaudeCostTotal<'_> {
        ClaudeCostTotal {
            organization_id: "acme",
            activity_date: Day::new(2025, 10, 3).unwrap(),
            row_id,
            currency: "USD",
            amount_cents: "-3.73",
            amount_usd: Usd::from_nanos(-37_300_000),
            snapshot_id: "s1",
            fetched_at: Timestamp::from_micros(7),
            ingestion_timestamp: Timestamp::from_micros(8),
        }
    }

    #[test]
    fn rows_come_back_cell_by_cell_under_their_columns() {
        let mut writer = RowFileWriter::new::<ClaudeCostTotal>();
        writer.append(&total("r1"));
        writer.append(&total("r2"));
        assert_eq!(writer.rows(), 2);
        let bytes = writer.finish();

        let reader = RowFileReader::new(&bytes).unwrap();
        assert_eq!(reader.columns()[..3], ["organization_id", "activity_date", "row_id"]);
        let rows: Vec<Vec<Cell>> = reader.collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1][2], Cell::Text("r2".into()));
        assert_eq!(rows[0][1], Cell::Integer(20364));
        assert_eq!(rows[0][5], Cell::Money(Usd::from_nanos(-37_300_000)));
        assert_eq!(rows[0][7], Cell::Integer(7));
    }

    #[test]
    fn a_cut_file_is_an_error_not_a_short_table() {
        let mut writer = RowFileWriter::new::<ClaudeCostTotal>();
        writer.append(&total("r1"));
        let bytes = writer.finish();
        let cut = &bytes[..bytes.len() - 4];
        let outcome = RowFileReader::new(cut).and_then(|reader| reader.collect::<Result<Vec<_>, _>>());
        assert!(outcome.is_err());
    }
}
