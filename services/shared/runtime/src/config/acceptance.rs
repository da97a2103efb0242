//! How much a day may lose without anybody looking.

use everycent_domain::acceptance::{Limits, Thresholds};
use everycent_domain::merge_plan::Acceptance;
use everycent_domain::source::Source;

use super::error::ConfigError;
use super::file::Document;
use super::tables::LimitsTable;
use super::text::{Dollars, Text};

impl Document {
    pub(super) fn acceptance(&self) -> Result<Acceptance, ConfigError> {
        let table = &self.tables.acceptance;
        let mut acceptance =
            Acceptance { default: self.limits(&table.default, Limits::DEFAULT)?, ..Acceptance::default() };
        for of in &table.sources {
            let source: Source = of.source.get_ref().parse().map_err(|unknown| {
                self.wrong(of.source.span(), format!("found `{}`, expected a source: {unknown}", of.source.get_ref()))
            })?;
            let limits = self.limits(&of.limits, acceptance.default)?;
            if acceptance.by_source.insert(source.name().to_owned(), limits).is_some() {
                return Err(self.wrong(of.source.span(), format!("found {source} a second time, expected it once")));
            }
        }
        Ok(acceptance)
    }

    /// Those of the table over the others.
    fn limits(&self, table: &LimitsTable, others: Limits) -> Result<Limits, ConfigError> {
        let usd = |text: &Option<Text<Dollars>>, other| text.as_ref().map_or(other, |Text(Dollars(usd))| usd.nanos());
        let number = |number: Option<u32>, other| number.map_or(other, i128::from);
        let percent = match &table.fall_percent {
            Some(percent) if *percent.get_ref() > 100 => {
                let message = format!("found {}, expected a whole number from 0 to 100", percent.get_ref());
                return Err(self.wrong(percent.span(), message));
            }
            Some(percent) => *percent.get_ref(),
            None => others.percent,
        };
        Ok(Limits {
            percent,
            usd: Thresholds {
                small: usd(&table.fall_usd, others.usd.small),
                large: usd(&table.person_usd, others.usd.large),
                all: usd(&table.empty_usd, others.usd.all),
            },
            tokens: Thresholds {
                small: number(table.fall_tokens, others.tokens.small),
                large: number(table.person_tokens, others.tokens.large),
                all: number(table.empty_tokens, others.tokens.all),
            },
            count: Thresholds {
                small: number(table.fall_count, others.count.small),
                large: number(table.person_count, others.count.large),
                all: number(table.empty_count, others.count.all),
            },
            ..others
        })
    }
}
