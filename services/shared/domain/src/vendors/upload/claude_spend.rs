//! The spend file of the admin console of a Team or Enterprise organization: what each person spent on a product and model,
//! as totals of the range that it was exported for. It has no date, so the person who imports it says which days those are.
//!
//! Source: support.claude.com, "Spend and usage export".

mod line;
mod rows;

use self::line::{COLUMNS, read};
use super::money::{Lines, Sums};
use super::{file, sheet};
use crate::report::{Contents, Fault, Faults, Import, Kind, MakeRows, Occasion, Origin, Report, Weight};
use crate::source::Source;
use crate::vendor::Vendor;
use crate::window::Window;

pub const SOURCE: Source = Source::of(&Report {
    name: "upload/claude_spend",
    vendor: Vendor::Anthropic,
    about: "what people of a Team or Enterprise organization spent in a period, from the admin console's CSV that a person \
            imports; spread evenly over its days",
    kind: Kind::Upload,
    origin: Origin::Upload(Import {
        check,
        is_like: |text| sheet::has_needed(text, &COLUMNS),
        template: TEMPLATE,
        account: None,
    }),
    rows: MakeRows::ByRules(|rules| Box::new(rows::SpendRows::new(rules))),
    tables: &["claude_imported_spend"],
    weighs: &[Weight::Usd { table: "claude_imported_spend", column: "net_usd" }],
    control: None,
});

const TEMPLATE: &str = "\
user_email,account_uuid,product,model,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd,total_gross_spend_usd
ada@example.com,00000000-0000-4000-8000-000000000001,Claude Code,claude_opus_5,120,900000,40000,31.50,35.00
";

/// Days that a period may have. Each line becomes a row for each of them.
pub const MAX_PERIOD_DAYS: u32 = 366;

/// What a file says that was exported for a period.
fn check(text: &str, occasion: Occasion) -> Result<Contents, Faults> {
    let Some(period) = occasion.period else {
        return Err(Faults::one(Fault::of_line(
            1,
            None,
            "the period that the file was exported for, which is not in it",
        )));
    };
    let (mut faults, mut lines) = (Faults::default(), 0);
    let read = read(text, |line| match line {
        Err(of_line) => faults.extend(of_line),
        Ok(_) => lines += 1,
    });
    faults.extend(read.err().unwrap_or_default());
    match (faults.is_empty(), lines) {
        (false, _) => Err(faults),
        (true, 0) => Err(Faults::one(file::no_data(text))),
        (true, lines) => Ok(Contents { window: period, lines }),
    }
}

/// The lines of a file that is known to be right, by the first day of its period, and what they add up to.
pub fn lines(text: &str, period: Window) -> (Lines, Sums) {
    let (mut lines, mut sums) = (Lines::new(), Sums::default());
    let mut ids = line::Ids::of(period);
    // What is wrong with the header was told when the file was checked.
    let _ = read(text, |line| {
        if let Ok((_, spend)) = line {
            let tokens = [spend.prompt_tokens, spend.completion_tokens].into_iter().flatten().reduce(|a, b| a + b);
            sums.add(spend.net_usd, spend.gross_usd, spend.email.as_deref(), tokens);
            sums.products.extend(spend.product());
            lines.insert((period.from(), ids.next(&spend).as_str().to_owned()), spend.net_usd);
        }
    });
    sums.left_out = sheet::left_out(text, &COLUMNS);
    (lines, sums)
}

#[cfg(test)]
mod tests;
