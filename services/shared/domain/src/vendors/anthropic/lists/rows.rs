//! Reading a list: one record for each item.
//!
//! A record of a key holds a hint at the key, which goes into its own column and nowhere else: no reason for a reject
//! quotes a record.

use std::collections::HashMap;

use everycent_schemas::Day;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::rows::{
    NormalizeError, OutOfRange, Output, PageContext, PageText, Position, Read, RowMaker, discreet_reason_of, mend,
};

/// Makes rows of one list, by [`take_page`] for what its items read as.
pub struct ListRows(pub fn(&PageContext<'_>, &PageText<'_>, &mut Output<'_>) -> Result<(), NormalizeError>);

impl RowMaker for ListRows {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        self.0(page, body, output)
    }
}

/// What the items of a list read as, wherever they are read from.
pub trait ListOf {
    type Item<'p>: Item<'p>;
}

/// A record of a list.
pub trait Item<'p>: Deserialize<'p> {
    fn id(&self) -> &str;
    fn put(&self, day: Day, output: &mut Output<'_>) -> Result<(), OutOfRange>;
}

/// Makes a row of each item, once.
pub fn take_page<L: ListOf>(
    page: &PageContext<'_>,
    body: &PageText<'_>,
    output: &mut Output<'_>,
) -> Result<(), NormalizeError> {
    let list: Page<'_> = body.records().map_err(|reason| page.not_whole(reason))?;
    let day = *page.manifest.covered.first().ok_or_else(|| page.not_whole("the manifest covers no day"))?;
    // An item stands on one page only, as the paging made sure, so twins are on the same page.
    let mut seen = HashMap::with_capacity(list.data.len());
    for (index, raw) in list.data.into_iter().enumerate() {
        output.at(page, Position::InData(index));
        if let Err(reason) = take_record::<L>(day, raw, &mut seen, output) {
            output.reject(page, Position::InData(index), Some(day), &reason);
        }
    }
    Ok(())
}

fn take_record<'p, L: ListOf>(
    day: Day,
    raw: &'p RawValue,
    seen: &mut HashMap<String, &'p str>,
    output: &mut Output<'_>,
) -> Result<(), String> {
    let reads = |text: &str| serde_json::from_str::<L::Item<'_>>(text).map(drop);
    let mended = mend(raw, reads, discreet_reason_of)?;
    let Read { record, oddities }: Read<'_, L::Item<'_>> = mended.read();
    match seen.insert(record.id().to_owned(), raw.get()) {
        Some(twin) if twin == raw.get() => Ok(()),
        Some(_) => Err("a second record of the same id, with other content".into()),
        None => {
            record.put(day, output)?;
            output.remark_all(Some(day), oddities);
            Ok(())
        }
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}
