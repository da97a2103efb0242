//! The cost file of the Claude console: what each API key cost on each day, by model and kind of token.
//!
//! The vendor rounds each line to the cent, and has added columns over time, so they are read by name.

mod line;
mod rows;

use self::line::{COLUMNS, DATE, read};
use super::money::{Lines, Sums};
use super::{dated, sheet};
use crate::report::{Contents, Faults, Import, Kind, MakeRows, Occasion, Origin, Report, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

pub const SOURCE: Source = Source::of(&Report {
    name: "upload/claude_console_cost",
    vendor: Vendor::Anthropic,
    about: "what API keys cost by day, from the console's CSV that a person imports where no API reports it",
    kind: Kind::Upload,
    origin: Origin::Upload(Import {
        check,
        is_like: |text| sheet::has_needed(text, &COLUMNS),
        template: TEMPLATE,
        account: None,
    }),
    rows: MakeRows::ByRules(|rules| Box::new(rows::CostFileRows::new(rules))),
    tables: &["claude_imported_costs"],
    weighs: &[Weight::Usd { table: "claude_imported_costs", column: "amount_usd" }],
    control: None,
});

const TEMPLATE: &str = "\
usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status
2026-11-03,Claude Sonnet 4.6,Default,nightly,message,\u{2264} 200k,output,1.16,1.16,token,global,--,apikey_01AbCdEfGhIjKlMnOpQrStUv,active
";

/// What a file says that is imported today: every day from its first to its last.
fn check(text: &str, occasion: Occasion) -> Result<Contents, Faults> {
    let (mut faults, mut days) = (Faults::default(), dated::Days::default());
    let read = read(text, |line| match line {
        Err(of_line) => faults.extend(of_line),
        Ok((line, cost)) => faults.extend(days.add(line, &DATE, cost.day, occasion.today)),
    });
    faults.extend(read.err().unwrap_or_default());
    days.contents(text, faults)
}

/// The lines of a file that is known to be right, and what they add up to.
pub fn lines(text: &str) -> (Lines, Sums) {
    let (mut lines, mut sums, mut ids) = (Lines::new(), Sums::default(), line::Ids::default());
    // What is wrong with the header was told when the file was checked.
    let _ = read(text, |line| {
        if let Ok((_, cost)) = line {
            sums.add(cost.amount_usd, cost.list_usd, None, None);
            lines.insert((cost.day, ids.next(&cost).as_str().to_owned()), cost.amount_usd);
        }
    });
    sums.left_out = sheet::left_out(text, &COLUMNS);
    (lines, sums)
}

#[cfg(test)]
mod tests;
