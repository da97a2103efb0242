//! Rows of a stored sheet: the last owner of a key in one table, those before in the other.

use everycent_schemas::Day;
use everycent_schemas::rows::{ApiKeyOwner, EarlierApiKeyOwner};

use super::line::{Owner, Starts, read};
use crate::report::Fault;
use crate::rows::{NormalizeError, Output, PageContext, PageText, RowMaker};
use crate::vendors::upload::file;

/// Makes rows of a stored file.
#[derive(Debug, Default)]
pub struct OwnerRows;

impl RowMaker for OwnerRows {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        let body = body.text().map_err(|reason| page.not_whole(reason))?;
        let not_whole = |faults: Vec<Fault>| page.not_whole(file::without_content(&faults));
        // Whether somebody follows is known only after the last line.
        let starts = read(body, |_, _| ()).map_err(not_whole)?;
        let read = read(body, |_, line| match line {
            Ok(owner) => take(&owner, next_start(&starts, &owner), output),
            Err(faults) => file::reject(page, &faults, output),
        });
        read.map(drop).map_err(not_whole)
    }
}

/// From when on the next owner of the key holds.
fn next_start(starts: &Starts, owner: &Owner<'_>) -> Option<Day> {
    starts.get(owner.api_key_id)?.keys().filter(|start| **start > owner.valid_from).copied().min().flatten()
}

fn take(owner: &Owner<'_>, next_start: Option<Day>, output: &mut Output<'_>) {
    let day = output.manifest().window.from();
    let taken = match next_start {
        None => output.row(day, &last_owner(owner, output)),
        Some(valid_until) => output.row(day, &earlier_owner(owner, valid_until, output)),
    };
    taken.expect("invariant: an owner has no figure that could be out of range, and a cell no text that is too long");
}

fn last_owner<'a>(owner: &'a Owner<'_>, output: &Output<'a>) -> ApiKeyOwner<'a> {
    let manifest = output.manifest();
    ApiKeyOwner {
        organization_id: manifest.account_id.as_str(),
        api_key_id: owner.api_key_id,
        owner_email: &owner.owner_email,
        team: owner.team,
        note: owner.note,
        valid_from: owner.valid_from,
        last_seen_at: manifest.fetched_at,
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    }
}

fn earlier_owner<'a>(owner: &'a Owner<'_>, valid_until: Day, output: &Output<'a>) -> EarlierApiKeyOwner<'a> {
    let manifest = output.manifest();
    EarlierApiKeyOwner {
        organization_id: manifest.account_id.as_str(),
        api_key_id: owner.api_key_id,
        valid_until,
        valid_from: owner.valid_from,
        owner_email: &owner.owner_email,
        team: owner.team,
        note: owner.note,
        last_seen_at: manifest.fetched_at,
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    }
}
