//! Walking a report in buckets of a day: which day each result is of, and what becomes of one that does not read.
//!
//! It never looks into a result.

use everycent_schemas::Day;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::api::bucket_day;
use crate::identity::Twins;
use crate::rows::{
    Mended, NormalizeError, Oddity, Output, PageContext, PageText, Position, Read, RowMaker, mend_openly,
};
use crate::vendors::Text;

/// Makes rows of the results of one report, bucket by bucket or row by row.
pub trait ResultRows {
    /// What a result reads as.
    type Record<'p>: Deserialize<'p> + 'p;

    /// Makes the rows of a result, or says why it gives none.
    fn take(
        &self,
        day: Day,
        record: &Self::Record<'_>,
        twins: &mut Twins,
        output: &mut Output<'_>,
    ) -> Result<(), String>;
}

/// Makes rows of a report, bucket by bucket.
pub struct BucketRows<R> {
    results: R,
    last_day: Option<Day>,
    /// Of the day in hand.
    twins: Twins,
}

impl<R: ResultRows> BucketRows<R> {
    pub fn of(results: R) -> Self {
        Self { results, last_day: None, twins: Twins::default() }
    }

    fn take_page<'p: 's, 's, X>(
        &mut self,
        page: &PageContext<'_>,
        buckets: &'s [Bucket<'p, X>],
        record_of: impl Fn(&'s X) -> Result<(&'s R::Record<'p>, &'s [Oddity]), &'s String>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        for (bucket_index, bucket) in buckets.iter().enumerate() {
            let day = self.begin_bucket(page, &bucket.starting_at, output)?;
            for (index, result) in bucket.results.iter().enumerate() {
                let position = Position::InBucket(bucket_index, index);
                output.at(page, position);
                let outcome = record_of(result).map_err(Clone::clone).and_then(|(record, oddities)| {
                    self.results.take(day, record, &mut self.twins, output)?;
                    output.remark_all(Some(day), oddities);
                    Ok(())
                });
                if let Err(reason) = outcome {
                    output.reject(page, position, Some(day), &reason);
                }
            }
        }
        Ok(())
    }

    fn begin_bucket(
        &mut self,
        page: &PageContext<'_>,
        starting_at: &str,
        output: &Output<'_>,
    ) -> Result<Day, NormalizeError> {
        let day = bucket_day(starting_at).ok_or_else(|| page.not_whole("starting_at is not a midnight"))?;
        if !output.covers(day) || self.last_day.is_some_and(|last| last >= day) {
            return Err(page.not_whole(format!("{day} is not covered, or comes twice")));
        }
        self.last_day = Some(day);
        self.twins.clear();
        Ok(day)
    }
}

impl<R: ResultRows> RowMaker for BucketRows<R> {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        if let Some(report) = body.whole::<Page<'_, R::Record<'_>>>() {
            return self.take_page(page, &report.data, |record| Ok((record, &[])), output);
        }
        let report: Page<'_, &RawValue> = body.records().map_err(|reason| page.not_whole(reason))?;
        let mended: Vec<_> = report.data.into_iter().map(mend_each::<R>).collect();
        let buckets: Vec<Bucket<'_, Result<Read<'_, R::Record<'_>>, String>>> = mended.iter().map(read_each).collect();
        self.take_page(page, &buckets, Read::parts, output)
    }
}

#[derive(Deserialize)]
#[serde(bound = "'de: 'a, X: Deserialize<'de>")]
struct Page<'a, X> {
    data: Vec<Bucket<'a, X>>,
}

#[derive(Deserialize)]
#[serde(bound = "'de: 'a, X: Deserialize<'de>")]
struct Bucket<'a, X> {
    starting_at: Text<'a>,
    results: Vec<X>,
}

/// Each result for itself, so that one which does not read costs no other.
fn mend_each<'a, R: ResultRows>(bucket: Bucket<'a, &'a RawValue>) -> Bucket<'a, Result<Mended<'a>, String>> {
    let reads = |text: &str| serde_json::from_str::<R::Record<'_>>(text).map(drop);
    let results = bucket.results.into_iter().map(|raw| mend_openly(raw, reads)).collect();
    Bucket { starting_at: bucket.starting_at, results }
}

fn read_each<'s, R: Deserialize<'s>>(
    bucket: &'s Bucket<'_, Result<Mended<'_>, String>>,
) -> Bucket<'s, Result<Read<'s, R>, String>> {
    let read = |mended: &'s Result<Mended<'_>, String>| mended.as_ref().map(Mended::read).map_err(Clone::clone);
    Bucket { starting_at: (&*bucket.starting_at).into(), results: bucket.results.iter().map(read).collect() }
}
