//! Walking the rows of a report of the analytics: which day each is of, and what becomes of one that does not read.
//!
//! Days come in order. It never looks into a row beyond its day.

use everycent_schemas::Day;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::identity::Twins;
use crate::room;
use crate::rows::{
    Mended, NormalizeError, Oddity, Output, PageContext, PageText, Position, Read, RowMaker, mend_openly, read_alone,
};
use crate::vendors::Text;
use crate::vendors::anthropic::api::bucket_day;
use crate::vendors::anthropic::bucket_rows::ResultRows;

/// A record that says when its bucket begins.
pub trait Dated {
    fn starting_at(&self) -> &str;
}

/// Makes rows of a report, record by record.
pub struct AnalyticsRows<R> {
    records: R,
    day: Option<Day>,
    /// Of that day.
    twins: Twins,
}

/// A record that gives no row.
struct Refusal {
    day: Option<Day>,
    reason: String,
}

impl<R> AnalyticsRows<R>
where
    R: ResultRows,
    for<'p> R::Record<'p>: Dated,
{
    pub fn of(records: R) -> Self {
        Self { records, day: None, twins: Twins::default() }
    }

    fn take_page<'p: 's, 's>(
        &mut self,
        page: &PageContext<'_>,
        records: impl Iterator<Item = Result<(&'s R::Record<'p>, &'s [Oddity]), &'s Refusal>>,
        output: &mut Output<'_>,
    ) where
        R: 's,
    {
        for (index, record) in records.enumerate() {
            output.at(page, Position::InData(index));
            let (day, outcome) = match record {
                Ok((record, oddities)) => match self.day_of(page, record.starting_at()) {
                    Ok(day) => (Some(day), self.take(day, record, oddities, output)),
                    Err(reason) => (None, Err(reason)),
                },
                Err(refusal) => (refusal.day, Err(refusal.reason.clone())),
            };
            if let Err(reason) = outcome {
                output.reject(page, Position::InData(index), day, &reason);
            }
        }
    }

    fn take(
        &mut self,
        day: Day,
        record: &R::Record<'_>,
        oddities: &[Oddity],
        output: &mut Output<'_>,
    ) -> Result<(), String> {
        self.records.take(day, record, &mut self.twins, output)?;
        if output.covers(day) {
            output.remark_all(Some(day), oddities);
        }
        Ok(())
    }

    /// Days come in order, as the paging made sure; with each, counting twins begins anew.
    fn day_of(&mut self, page: &PageContext<'_>, starting_at: &str) -> Result<Day, String> {
        let day = bucket_day(starting_at).ok_or("starting_at: it is not a midnight")?;
        if !page.manifest.window.contains(day) || self.day.is_some_and(|last| last > day) {
            return Err(format!("starting_at: {day} was not asked for, or comes too late"));
        }
        if self.day.replace(day) != Some(day) {
            self.twins.clear();
        }
        Ok(day)
    }
}

impl<R> RowMaker for AnalyticsRows<R>
where
    R: ResultRows,
    for<'p> R::Record<'p>: Dated,
{
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        if let Some(answer) = body.whole::<Page<R::Record<'_>>>() {
            self.take_page(page, answer.data.iter().map(|record| Ok((record, &[][..]))), output);
            return Ok(());
        }
        let answer: Page<&RawValue> = body.records().map_err(|reason| page.not_whole(reason))?;
        let mended: Vec<_> = answer.data.into_iter().map(read::<R>).collect();
        let records: Vec<Result<Read<'_, R::Record<'_>>, &Refusal>> =
            mended.iter().map(|mended| mended.as_ref().map(Mended::read)).collect();
        let records = records.iter().map(|read| Read::parts(read).map_err(|reason| *reason));
        self.take_page(page, records, output);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
struct Page<R> {
    #[serde(deserialize_with = "room::read_list")]
    data: Vec<R>,
}

fn read<'a, R: ResultRows>(raw: &'a RawValue) -> Result<Mended<'a>, Refusal> {
    #[derive(Deserialize)]
    struct OnlyDay<'a> {
        #[serde(borrow)]
        starting_at: Text<'a>,
    }
    let reads = |text: &str| serde_json::from_str::<R::Record<'_>>(text).map(drop);
    mend_openly(raw, reads).map_err(|reason| {
        let dated: Option<OnlyDay<'a>> = read_alone(raw).ok();
        Refusal { day: dated.and_then(|dated| bucket_day(&dated.starting_at)), reason }
    })
}
