//! Normalizing: from the pages of a snapshot to rows, rejects and control sums.
//!
//! A pure function of manifest, pages and recipe, one page at a time. What it holds does not grow with the window:
//! the page in hand, one unfinished row file a table, and a tally a day.

mod output;
mod records;

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::{Day, Timestamp};

use crate::manifest::Manifest;
use crate::prices::PriceError;
use crate::recipe::Recipe;
use crate::source::Source;
use crate::vendors::anthropic::analytics_rows::AnalyticsRows;
use crate::vendors::anthropic::claude_code_rows::ClaudeCodeRows;
use crate::vendors::anthropic::cost_rows::CostRows;
use crate::vendors::anthropic::directory_rows::ListRows;
use crate::vendors::cursor::event_rows::EventRows;
use crate::vendors::cursor::member_rows::MemberRows;
use crate::vendors::cursor::spend_rows::SpendRows;
use crate::vendors::upload::{api_key_owners::OwnerRows, claude_usage::UploadedUsageRows};
use crate::vendors::{anthropic, cursor};

pub use output::{FinishedFile, Output, PART_BYTES};
pub use records::{PageContext, Position, read_alone, read_discreetly};

/// Why a snapshot gives no batch.
#[derive(Debug, thiserror::Error)]
pub enum NormalizeError {
    /// Its pages are not what its manifest says. Trying again does not help.
    #[error("page {page} of snapshot {snapshot_id}: {reason}")]
    NotWhole { snapshot_id: String, page: u32, reason: String },
    /// The configuration does not reach so far. Nothing is lost; it goes on once a person completed it.
    #[error(transparent)]
    Unpriced(PriceError),
    #[error("snapshot {snapshot_id} is of source `{source_name}`, which this program does not know; upgrade it")]
    UnknownSource { snapshot_id: String, source_name: String },
}

/// Makes the rows of one source.
pub trait RowMaker {
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError>;
}

/// Takes the pages of one snapshot in order.
pub struct Normalizer<'a> {
    manifest: &'a Manifest,
    rows: Box<dyn RowMaker + Send + 'a>,
    output: Output<'a>,
    pages: u32,
}

impl<'a> Normalizer<'a> {
    pub fn new(manifest: &'a Manifest, recipe: &'a Recipe, normalized_at: Timestamp) -> Result<Self, NormalizeError> {
        let source: Source = manifest.source.parse().map_err(|_| NormalizeError::UnknownSource {
            snapshot_id: manifest.snapshot_id.clone(),
            source_name: manifest.source.clone(),
        })?;
        let paid = || recipe.cursor_prices.plan_days(&manifest.account_id, &manifest.covered);
        let rows: Box<dyn RowMaker + Send> = match source {
            Source::AnthropicCostReport => Box::new(CostRows::grouped(&recipe.rules)),
            Source::AnthropicCostTotals => Box::new(CostRows::totals()),
            Source::AnthropicUsageMessages => Box::new(anthropic::usage_rows::UsageRows::new(&recipe.rules)),
            Source::AnthropicClaudeCode => Box::new(ClaudeCodeRows::default()),
            Source::AnthropicAnalyticsCost => Box::new(AnalyticsRows::new(&recipe.rules)),
            Source::AnthropicWorkspaces => Box::new(ListRows::Workspaces),
            Source::AnthropicApiKeys => Box::new(ListRows::ApiKeys),
            Source::AnthropicUsers => Box::new(ListRows::Users),
            Source::CursorDailyUsage => Box::new(cursor::usage_rows::UsageRows::new(paid())),
            Source::CursorUsageEvents => Box::new(EventRows::new(paid())),
            Source::CursorSpend => Box::new(SpendRows),
            Source::CursorMembers => Box::new(MemberRows),
            Source::UploadClaudeUsage => Box::new(UploadedUsageRows),
            Source::UploadApiKeyOwners => Box::new(OwnerRows),
        };
        let output = Output::new(manifest, source, recipe.fingerprint(), normalized_at);
        Ok(Self { manifest, rows, output, pages: 0 })
    }

    /// Makes rows of these days only, both included; the others are left as they are.
    #[must_use]
    pub fn only(mut self, from: Day, to: Day) -> Self {
        self.output.keep_only(from, to);
        self
    }

    /// Takes the next page, its bytes as the vendor sent them. Gives the row files that became full.
    pub fn page(&mut self, body: &[u8]) -> Result<Vec<FinishedFile>, NormalizeError> {
        let index = self.pages as usize;
        self.pages += 1;
        let entry = self.manifest.pages.get(index).ok_or_else(|| self.not_whole("the manifest does not name it"))?;
        let page = PageContext { number: self.pages, object: &entry.object, manifest: self.manifest };
        // Checked once for the whole page, which is cheaper than text by text.
        let body = std::str::from_utf8(body).map_err(|e| page.not_whole(e))?;
        self.rows.page(&page, body, &mut self.output)?;
        Ok(self.output.take_finished())
    }

    /// After the last page: the last row files, and the batch that names them all.
    pub fn finish(mut self) -> Result<(Vec<FinishedFile>, BatchNormalized), NormalizeError> {
        if self.pages as usize != self.manifest.pages.len() {
            return Err(self.not_whole("it is the last that came, and the manifest names more"));
        }
        if let Some(last) = self.manifest.pages.last() {
            let page = PageContext { number: self.pages, object: &last.object, manifest: self.manifest };
            for remark in &self.manifest.remarks {
                self.output.reject(&page, Position::WholePage, None, remark);
            }
        }
        let batch = self.output.finish();
        Ok((self.output.take_finished(), batch))
    }

    fn not_whole(&self, reason: &str) -> NormalizeError {
        NormalizeError::NotWhole {
            snapshot_id: self.manifest.snapshot_id.clone(),
            page: self.pages,
            reason: reason.to_owned(),
        }
    }
}
