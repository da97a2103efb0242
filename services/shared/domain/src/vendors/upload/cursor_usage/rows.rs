//! Rows of Cursor's usage file.

use everycent_schemas::rows::CursorImportedEventRow;

use super::line::{Event, Ids, read};
use crate::attribution::Platform;
use crate::rows::{NormalizeError, OutOfRange, Output, PageContext, PageText, Position, RowMaker};
use crate::vendors::cursor::BASIS;
use crate::vendors::upload::file;

/// Makes rows of a stored file.
#[derive(Debug, Default)]
pub struct UsageFileRows;

impl RowMaker for UsageFileRows {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        let body = body.text().map_err(|reason| page.not_whole(reason))?;
        let mut ids = Ids::default();
        let read = read(body, |line| match line {
            Ok((line, event)) if !output.covers(event.day()) => {
                output.reject(page, Position::InLine(line.number), None, &format!("{} is not covered", event.day()));
            }
            Ok((line, event)) => {
                let (id, position) = (ids.next(&event), Position::InLine(line.number));
                output.at(page, position);
                if let Err(out_of_range) = take(&event, id.as_str(), output) {
                    output.reject(page, position, Some(event.day()), &out_of_range.to_string());
                }
            }
            Err(faults) => file::reject(page, &faults, output),
        });
        read.map_err(|faults| page.not_whole(file::without_content(&faults)))
    }
}

fn take(event: &Event<'_>, row_id: &str, output: &mut Output<'_>) -> Result<(), OutOfRange> {
    let (manifest, day) = (output.manifest(), event.day());
    let [cache_write_tokens, input_tokens, cache_read_tokens, output_tokens] = event.counts;
    let row = CursorImportedEventRow {
        account_id: manifest.account_id.as_str(),
        activity_date: day,
        row_id,
        occurred_at: event.occurred_at,
        email: event.email.as_deref(),
        cloud_agent_id: event.cloud_agent_id,
        automation_id: event.automation_id,
        model: event.model,
        kind: event.kind,
        billing: event.billing.name(),
        max_mode: event.is_max_mode(),
        cache_write_tokens,
        input_tokens,
        cache_read_tokens,
        output_tokens,
        total_tokens: event.tokens(),
        cost_text: Some(event.cost_text).filter(|text| !text.is_empty()),
        cost_usd: event.cost_usd,
        platform: Platform::Cursor.name(),
        platform_basis: Some(BASIS),
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    output.row(day, &row)?;
    for (column, reason) in event.oddities() {
        output.remark(Some(day), column, &reason);
    }
    Ok(())
}
