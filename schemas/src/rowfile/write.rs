//! Writing a row file in memory, row by row.

mod positional;

use apache_avro::{Codec, Writer};
use positional::Positional;

use crate::rows::Row;
use crate::tables::{self, Table};

/// Collects rows of one table into one Avro object file.
pub struct RowFileWriter {
    table: &'static Table,
    writer: Writer<'static, Vec<u8>>,
    rows: usize,
}

impl RowFileWriter {
    pub fn new<R: Row>() -> Self {
        Self::into::<R>(Vec::new())
    }

    /// Writes the file into an empty vector, whose room may have been chosen.
    pub fn into<R: Row>(room: Vec<u8>) -> Self {
        let table = tables::find(R::TABLE).expect("invariant: a row type names a shipped table");
        let writer = Writer::builder()
            .schema(&table.schema)
            .writer(room)
            .codec(Codec::Snappy)
            .block_size(64 << 10)
            .human_readable(false)
            .build()
            .expect("invariant: a shipped schema has no unresolved names");
        Self { table, writer, rows: 0 }
    }

    /// Adds a row. All rows of a file are of the type that it was made for.
    pub fn append<R: Row>(&mut self, row: &R) {
        assert_eq!(R::TABLE, self.table.name, "invariant: one file, one table");
        let row = Positional { row, columns: &self.table.columns };
        self.writer.append_ser(row).expect("invariant: a row type fits its schema, as a test shows");
        self.rows += 1;
    }

    pub fn table(&self) -> &'static str {
        self.table.name
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes written so far, the last unfinished block not counted.
    pub fn bytes(&self) -> usize {
        self.writer.get_ref().len()
    }

    /// The bytes of the file.
    pub fn finish(self) -> Vec<u8> {
        self.writer.into_inner().expect("invariant: writing to memory does not fail")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, RowFileReader};
    use super::*;
    use crate::rows::*;
    use crate::tables::Kind;
    use crate::{Day, Timestamp, Usd};

    /// The control sums of the only row of a file, from its cells: all money, and all integers.
    fn sums(file: RowFileWriter) -> (Option<Usd>, i64) {
        let table = file.table;
        let bytes = file.finish();
        let mut reader = RowFileReader::new(&bytes).expect("a row file");
        let cells = reader.next().expect("a row").expect("readable");
        assert_eq!(cells.len(), table.columns.len());
        let (mut amount, mut quantity) = (None, 0);
        for (column, cell) in table.columns.iter().zip(cells) {
            match (column.kind, cell) {
                (Kind::Money, Cell::Money(money)) => amount = Some(amount.unwrap_or_default() + money),
                (Kind::Integer, Cell::Integer(number)) => quantity += number,
                _ => {}
            }
        }
        (amount, quantity)
    }

    fn check<R: Row>(row: R) {
        let mut file = RowFileWriter::new::<R>();
        file.append(&row);
        assert_eq!(file.rows(), 1);
        assert_eq!(sums(file), (row.amount(), row.quantity()), "control sums of {}", R::TABLE);
    }

    /// Appending checks names, order and types of a row's fields against the schema.
    #[test]
    fn every_row_type_fits_its_schema_with_its_options_full_and_empty() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        for some in [None, Some("x")] {
            check(ClaudeCost {
                organization_id: "a",
                activity_date: day,
                row_id: "r",
                workspace_id: some,
                description: some,
                cost_type: some,
                model: some,
                token_type: some,
                service_tier: some,
                context_window: some,
                inference_geo: some,
                currency: "USD",
                amount_cents: "1",
                amount_usd: Usd::from_nanos(5),
                platform: "claude_api",
                platform_basis: some,
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
            check(CursorUsageStat {
                account_id: "a",
                activity_date: day,
                row_id: "r",
                user_id: some,
                email: "p@example.com",
                is_active: some.map(|_| true),
                total_lines_added: 1,
                total_lines_deleted: 2,
                accepted_lines_added: 3,
                accepted_lines_deleted: 4,
                total_applies: 5,
                total_accepts: 6,
                total_rejects: 7,
                total_tabs_shown: 8,
                total_tabs_accepted: 9,
                composer_requests: 10,
                chat_requests: 11,
                agent_requests: 12,
                cmdk_usages: 13,
                bugbot_usages: 14,
                subscription_included_reqs: 15,
                usage_based_reqs: 16,
                api_key_reqs: 17,
                most_used_model: some,
                apply_most_used_extension: some,
                tab_most_used_extension: some,
                client_version: some,
                estimated_cost_usd: Usd::from_nanos(7),
                platform: "cursor",
                platform_basis: some,
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
            check(RejectedRecord {
                source: "a/b",
                account_id: "a",
                activity_date: day,
                row_id: "r",
                page: 1,
                position: "/data/0",
                reason: "why",
                object: "raw/x",
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
