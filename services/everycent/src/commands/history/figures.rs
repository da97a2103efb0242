//! Figures of answers, as people read them.

use everycent_domain::acceptance::Measure;
use everycent_domain::source::Source;
use everycent_schemas::Usd;
use everycent_schemas::events::Reported;
use everycent_schemas::stored::AnswerRow;

use crate::show::grouped;

/// What an answer reported.
pub(super) fn reported(row: &AnswerRow) -> Reported {
    Reported {
        usd: row.reported_usd,
        tokens: row.reported_tokens,
        count: row.reported_count,
        before_first: false,
        first_at: None,
    }
}

/// By what the figures of these answers are shown: money where there is any, else tokens, else what is counted.
pub(super) fn measure<'a>(rows: impl IntoIterator<Item = &'a AnswerRow>) -> Measure {
    rows.into_iter().filter_map(|row| Measure::of(&reported(row))).min().unwrap_or(Measure::Usd)
}

pub(super) fn unit(measure: Measure) -> &'static str {
    match measure {
        Measure::Usd => "USD",
        Measure::Tokens => "tokens",
        Measure::Count => "count",
    }
}

/// An amount in the unit of its measure.
pub(super) fn figure(measure: Measure, amount: i128) -> String {
    match measure {
        Measure::Usd => Usd::from_nanos(amount).short(),
        Measure::Tokens | Measure::Count => amount.to_string(),
    }
}

/// With a sign, or nothing where nothing changed.
pub(super) fn change(measure: Measure, amount: i128) -> String {
    signed(amount, figure(measure, amount))
}

fn signed(amount: i128, text: String) -> String {
    match amount {
        0 => String::new(),
        more if more > 0 => format!("+{text}"),
        _ => text,
    }
}

/// An amount as a table shows it: dollars to the cent, unless that would hide it, and thousands apart.
pub(super) fn shown(measure: Measure, amount: i128) -> String {
    match measure {
        Measure::Usd => {
            let usd = Usd::from_nanos(amount);
            if amount != 0 && amount.abs() < CENT { usd.short() } else { usd.cents_text() }
        }
        Measure::Tokens | Measure::Count => grouped(amount),
    }
}

/// In nano-dollars.
const CENT: i128 = 10_000_000;

/// The same with a sign, or nothing where nothing changed.
pub(super) fn shown_change(measure: Measure, amount: i128) -> String {
    signed(amount, shown(measure, amount))
}

/// The reports that are the fact come before those that repeat its money as a control.
pub(super) fn rank(source: &str) -> (bool, &str) {
    (is_control(source), source)
}

/// What a heading says of a report beside its name.
pub(super) fn role(source: &str) -> &'static str {
    if is_control(source) { " (the same money again, as a check)" } else { "" }
}

fn is_control(source: &str) -> bool {
    source.parse::<Source>().is_ok_and(|source| source.report().control.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_to_the_cent_unless_that_would_hide_it() {
        for (nanos, expected) in [
            (6_931_509_207_500, "+6,931.51"),
            (-12_000_000_000, "-12.00"),
            (7_000_000, "+0.007"),
            (-7_000_000, "-0.007"),
            (0, ""),
        ] {
            assert_eq!(shown_change(Measure::Usd, nanos), expected);
        }
        assert_eq!(shown_change(Measure::Tokens, -5_445_370_846), "-5,445,370,846");
    }

    #[test]
    fn the_bill_comes_before_what_repeats_it() {
        let mut sources = ["anthropic/analytics_cost", "anthropic/cost_totals", "anthropic/cost_report"];
        sources.sort_by_key(|source| rank(source));
        assert_eq!(sources, ["anthropic/cost_report", "anthropic/analytics_cost", "anthropic/cost_totals"]);
        assert_eq!(role("anthropic/cost_report"), "");
        assert_ne!(role("anthropic/cost_totals"), "");
    }
}
