//! Rows of the spend file: each line on each day of its period, with an even share.

use everycent_schemas::rows::{ClaudeImportedSpendRow, Row};
use everycent_schemas::{Day, Usd};

use super::line::{Ids, Spend, read};
use crate::attribution::{Attribution, Evidence, Rules};
use crate::rows::{NormalizeError, OutOfRange, Output, PageContext, PageText, Position, RowMaker};
use crate::vendors::upload::file;
use crate::vendors::upload::spread::share;

/// Says that a day's money is an even share of the period's.
const BASIS: &str = "even_share";

/// Makes rows of a stored file.
#[derive(Debug)]
pub struct SpendRows<'r> {
    rules: &'r Rules,
}

impl<'r> SpendRows<'r> {
    pub fn new(rules: &'r Rules) -> Self {
        Self { rules }
    }

    /// All days of a line or none, so that a line is never there in part.
    fn take(&self, spend: &Spend<'_>, row_id: &str, output: &mut Output<'_>) -> Result<(), OutOfRange> {
        let window = output.manifest().window;
        let days: Vec<Day> = window.days().collect();
        let product = spend.product();
        let evidence = Evidence { product: product.as_deref(), model: spend.model, ..Evidence::default() };
        let attribution = self.rules.attribute_or_by_product(&evidence.of_account(&output.manifest().account_id));
        let line =
            Dated { spend, row_id, product: product.as_deref(), attribution: &attribution, days: number(days.len()) };
        for (place, day) in (0..).zip(&days) {
            let row = line.on(*day, place, output);
            output.is_short(&row)?;
            output.fits(*day, row.magnitude())?;
        }
        for (place, day) in (0..).zip(&days) {
            let row = line.on(*day, place, output);
            output.row(*day, &row)?;
        }
        Ok(())
    }
}

/// A line, and what is known of it on every day.
struct Dated<'s, 'l> {
    spend: &'s Spend<'l>,
    row_id: &'s str,
    product: Option<&'s str>,
    attribution: &'s Attribution<'s>,
    /// Of the period.
    days: u32,
}

impl<'s> Dated<'s, '_> {
    fn on<'m>(&self, day: Day, place: u32, output: &Output<'m>) -> ClaudeImportedSpendRow<'s>
    where
        'm: 's,
    {
        let manifest = output.manifest();
        let of = |whole: i128| share(whole, place, self.days);
        let usd = |whole: Usd| Usd::from_nanos(of(whole.nanos()));
        let count = |whole: i64| i64::try_from(of(whole.into())).unwrap_or(whole);
        let spend = self.spend;
        ClaudeImportedSpendRow {
            organization_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: self.row_id,
            period_from: manifest.window.from(),
            period_to: manifest.window.to(),
            basis: BASIS,
            email: spend.email.as_deref(),
            account_uuid: spend.account_uuid,
            product: self.product,
            product_name: spend.product_name,
            model: spend.model,
            requests: spend.requests.map(count),
            prompt_tokens: spend.prompt_tokens.map(count),
            completion_tokens: spend.completion_tokens.map(count),
            period_net_text: spend.net_text,
            net_usd: usd(spend.net_usd),
            period_gross_text: spend.gross_text,
            gross_usd: spend.gross_usd.map(usd),
            platform: self.attribution.platform.name(),
            platform_basis: self.attribution.basis,
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        }
    }
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl RowMaker for SpendRows<'_> {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        let body = body.text().map_err(|reason| page.not_whole(reason))?;
        let mut ids = Ids::of(output.manifest().window);
        let read = read(body, |line| match line {
            Ok((line, spend)) => {
                let id = ids.next(&spend);
                if let Err(out_of_range) = self.take(&spend, id.as_str(), output) {
                    output.reject(page, Position::InLine(line.number), None, &out_of_range.to_string());
                }
            }
            Err(faults) => file::reject(page, &faults, output),
        });
        read.map_err(|faults| page.not_whole(file::without_content(&faults)))
    }
}
