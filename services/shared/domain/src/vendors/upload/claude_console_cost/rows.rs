//! Rows of the cost file.

use std::collections::BTreeMap;

use everycent_schemas::rows::ClaudeImportedCostRow;

use super::line::{CostLine, Ids, read};
use crate::attribution::{Evidence, Rules};
use crate::rows::{NormalizeError, OutOfRange, Output, PageContext, PageText, Position, RowMaker};
use crate::vendors::upload::file;
use crate::workspaces::{Place, Workspaces};

/// Makes rows of a stored file.
#[derive(Debug)]
pub struct CostFileRows<'r> {
    rules: &'r Rules,
}

impl<'r> CostFileRows<'r> {
    pub fn new(rules: &'r Rules) -> Self {
        Self { rules }
    }

    fn take(&self, cost: &CostLine<'_>, row_id: &str, output: &mut Output<'_>) -> Result<(), OutOfRange> {
        let manifest = output.manifest();
        let named = cost.workspace.map(|name| workspaces_of(name, output));
        let workspace = named.as_ref().map_or(Place::unknown(None), |known| known.place(cost.workspace));
        let evidence = Evidence {
            workspace,
            api_key_id: cost.api_key_id,
            model: cost.model,
            cost_type: cost.cost_type,
            ..Evidence::default()
        };
        let attribution = self.rules.attribute(&evidence.of_account(&manifest.account_id));
        let row = ClaudeImportedCostRow {
            organization_id: manifest.account_id.as_str(),
            activity_date: cost.day,
            row_id,
            workspace_name: cost.workspace,
            api_key_id: cost.api_key_id,
            api_key_name: cost.api_key,
            api_key_status: cost.api_key_status,
            usage_type: cost.usage_type,
            model: cost.model,
            cost_type: cost.cost_type,
            token_type: cost.token_type,
            context_window: cost.context_window,
            inference_geo: cost.inference_geo,
            speed: cost.speed,
            cost_text: cost.cost_text,
            amount_usd: cost.amount_usd,
            list_price_text: cost.list_text,
            list_amount_usd: cost.list_usd,
            platform: attribution.platform.name(),
            platform_basis: attribution.basis,
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(cost.day, &row)
    }
}

/// A workspace that the file knows by its name alone, for the rules that go by names.
fn workspaces_of(name: &str, output: &Output<'_>) -> Workspaces {
    let names = BTreeMap::from([(name.to_owned(), name.to_owned())]);
    Workspaces::new(output.manifest().fetched_at, None, names)
}

impl RowMaker for CostFileRows<'_> {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        let body = body.text().map_err(|reason| page.not_whole(reason))?;
        let mut ids = Ids::default();
        let read = read(body, |line| match line {
            Ok((line, cost)) if !output.covers(cost.day) => {
                output.reject(page, Position::InLine(line.number), None, &format!("{} is not covered", cost.day));
            }
            Ok((line, cost)) => {
                let id = ids.next(&cost);
                if let Err(out_of_range) = self.take(&cost, id.as_str(), output) {
                    output.reject(page, Position::InLine(line.number), Some(cost.day), &out_of_range.to_string());
                }
            }
            Err(faults) => file::reject(page, &faults, output),
        });
        read.map_err(|faults| page.not_whole(file::without_content(&faults)))
    }
}
