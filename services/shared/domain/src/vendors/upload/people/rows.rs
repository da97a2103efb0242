//! Rows of a stored sheet.

use everycent_schemas::Day;
use everycent_schemas::rows::{PersonAlias, PersonPeriod as PersonRow};

use super::address_book::Alias;
use super::line::read;
use super::period::PersonPeriod;
use crate::identity::{HexId, IdHasher};
use crate::report::Fault;
use crate::rows::{NormalizeError, Output, PageContext, PageText, RowMaker};
use crate::vendors::upload::file;

/// Makes rows of a stored file.
#[derive(Debug, Default)]
pub struct PeopleRows;

impl RowMaker for PeopleRows {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        let body = body.text().map_err(|reason| page.not_whole(reason))?;
        let sheet = read(body).map_err(|faults: Vec<Fault>| page.not_whole(file::without_content(&faults)))?;
        for period in sheet.roster.periods() {
            take_period(period, output);
        }
        for alias in sheet.roster.aliases() {
            take_alias(alias, output);
        }
        for faults in &sheet.faults {
            file::reject(page, faults, output);
        }
        Ok(())
    }
}

fn take_period(period: &PersonPeriod, output: &mut Output<'_>) {
    let (manifest, row_id) = (output.manifest(), row_id("people", &[&period.email], period.valid_from));
    let row = PersonRow {
        account_id: manifest.account_id.as_str(),
        email: &period.email,
        row_id: row_id.as_str(),
        name: period.name.as_deref(),
        team: period.team.as_deref(),
        cost_center: period.cost_center.as_deref(),
        manager: period.manager.as_deref(),
        claude_seat: period.claude_seat.as_deref(),
        cursor_seat: period.cursor_seat.as_deref(),
        valid_from: period.valid_from,
        valid_to: period.valid_to,
        last_seen_at: manifest.fetched_at,
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    let taken = output.row(manifest.window.from(), &row);
    taken.expect("invariant: a person has no figure that could be out of range, and a cell no text that is too long");
}

fn take_alias(alias: &Alias, output: &mut Output<'_>) {
    let manifest = output.manifest();
    let row_id = row_id("people_aliases", &[&alias.address, &alias.email], alias.valid_from);
    let row = PersonAlias {
        account_id: manifest.account_id.as_str(),
        address: &alias.address,
        row_id: row_id.as_str(),
        email: &alias.email,
        valid_from: alias.valid_from,
        valid_to: alias.valid_to,
        last_seen_at: manifest.fetched_at,
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    let taken = output.row(manifest.window.from(), &row);
    taken.expect("invariant: an address has no figure that could be out of range, and a cell no text that is too long");
}

fn row_id(table: &'static str, addresses: &[&str], valid_from: Option<Day>) -> HexId {
    let hasher = addresses.iter().fold(IdHasher::new(table), |hasher, address| hasher.part(address));
    hasher.part(&valid_from.map(|day| day.to_string()).unwrap_or_default()).finish().hex()
}
