//! Figures of answers, as people read them.

use everycent_domain::acceptance::Measure;
use everycent_schemas::Usd;
use everycent_schemas::events::Reported;
use everycent_schemas::stored::AnswerRow;

/// What an answer reported.
pub(super) fn reported(row: &AnswerRow) -> Reported {
    Reported { usd: row.reported_usd, tokens: row.reported_tokens, count: row.reported_count, before_first: false }
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
    match amount {
        0 => String::new(),
        more if more > 0 => format!("+{}", figure(measure, more)),
        less => figure(measure, less),
    }
}
