//! The usage file of Cursor's dashboard: each event of use, with what it costs.
//!
//! The column of cost holds dollars, or a word for what the plan includes or is free.

mod line;
mod rows;

use self::line::{COLUMNS, DATE, read};
use super::money::{Lines, Sums};
use super::{dated, sheet};
use crate::report::{Contents, Faults, Import, Kind, MakeRows, Occasion, Origin, Report, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

pub const SOURCE: Source = Source::of(&Report {
    name: "upload/cursor_usage",
    vendor: Vendor::Cursor,
    about: "events of use of Cursor, from the dashboard's CSV that a person imports where the API reports none",
    kind: Kind::Upload,
    origin: Origin::Upload(Import {
        check,
        is_like: |text| sheet::has_needed(text, &COLUMNS),
        template: TEMPLATE,
        account: None,
    }),
    rows: MakeRows::Plain(|| Box::new(rows::UsageFileRows)),
    tables: &["cursor_imported_events"],
    weighs: &[
        Weight::Usd { table: "cursor_imported_events", column: "cost_usd" },
        Weight::Rows { table: "cursor_imported_events" },
    ],
    control: None,
});

const TEMPLATE: &str = "\
Date,User,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost
2026-11-03T09:01:00.000Z,ada@example.com,,,On-Demand,claude-4.5-sonnet,No,6112,126,11964,450,18652,0.21
";

/// What a file says that is imported today: every day from its first to its last.
fn check(text: &str, occasion: Occasion) -> Result<Contents, Faults> {
    let (mut faults, mut days) = (Faults::default(), dated::Days::default());
    let read = read(text, |line| match line {
        Err(of_line) => faults.extend(of_line),
        Ok((line, event)) => faults.extend(days.add(line, &DATE, event.day(), occasion.today)),
    });
    faults.extend(read.err().unwrap_or_default());
    days.contents(text, faults)
}

/// The lines of a file that is known to be right, with what they are charged, and what they add up to.
pub fn lines(text: &str) -> (Lines, Sums) {
    let (mut lines, mut sums, mut ids) = (Lines::new(), Sums::default(), line::Ids::default());
    // What is wrong with the header was told when the file was checked.
    let _ = read(text, |line| {
        if let Ok((_, event)) = line {
            let charge = event.charge_usd();
            sums.add(charge, None, event.email.as_deref(), event.tokens());
            lines.insert((event.day(), ids.next(&event).as_str().to_owned()), charge);
        }
    });
    sums.left_out = sheet::left_out(text, &COLUMNS);
    (lines, sums)
}

#[cfg(test)]
mod tests;
