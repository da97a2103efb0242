//! Normalizing: from the pages of a snapshot to rows, rejects and control sums.
//!
//! A pure function of manifest, pages, recipe and what is known of the workspaces, one page at a time. What it holds does not grow with the window:
//! the page in hand, one unfinished row file a table, and a tally a day.

use std::collections::BTreeMap;

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::{Day, Timestamp};

use crate::manifest::Manifest;
use crate::prices::PriceError;
use crate::recipe::Recipe;
use crate::rows::{Output, PageContext, PageText, Position, RowMaker};
use crate::source::Source;
use crate::workspaces::Workspaces;

pub use crate::rows::{FinishedFile, NormalizeError, PART_BYTES};

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
        let rows = source.row_maker(manifest, recipe);
        let made_by = source.fingerprint(recipe);
        let output = Output::new(manifest, source.kind(), source.report().weighs, made_by, normalized_at);
        Ok(Self { manifest, rows, output, pages: 0 })
    }

    /// With what is known of the account's workspaces.
    #[must_use]
    pub fn knowing(mut self, workspaces: &'a Workspaces) -> Self {
        self.output.know(workspaces);
        self
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
        self.rows.page(&page, &PageText::new(body), &mut self.output)?;
        Ok(self.output.take_finished())
    }

    /// Days that are wanted and of which no rows were made so far, because they have no price.
    pub fn unpriced(&self) -> &BTreeMap<Day, PriceError> {
        self.output.unpriced()
    }

    /// After the last page: the last row files, and the batch that names them all. It has no bucket of an unpriced day.
    pub fn finish(mut self) -> Result<(Vec<FinishedFile>, BatchNormalized), NormalizeError> {
        if self.pages as usize != self.manifest.pages.len() {
            return Err(self.not_whole("it is the last that came, and the manifest names more"));
        }
        if let Some(last) = self.manifest.pages.last() {
            let page = PageContext { number: self.pages, object: &last.object, manifest: self.manifest };
            for remark in &self.manifest.remarks {
                self.output.at(&page, Position::WholePage);
                self.output.remark(None, "", remark);
            }
        }
        let batch = self.output.finish()?;
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
