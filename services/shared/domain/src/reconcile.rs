//! Reconciling: facts in, verdicts out. Each check says what was compared and, when it fails, the likely cause.

mod accounts;
mod buckets;
mod charges;
mod closeness;
mod control;
mod feeds;
mod range;
mod stamps;
mod tolerances;
mod twins;

use everycent_schemas::{AccountId, Day, Usd};
use strum::VariantArray;

pub use accounts::no_strange_account;
pub use buckets::{
    BucketFact, BucketSums, no_held_answer, no_missing_bucket, no_reject, remarked, tables_equal_coverage,
};
pub use charges::{ChargeFact, charges_equal_facts};
pub use closeness::Slip;
pub(crate) use closeness::{allowance, is_near};
pub use control::{ComparedDay, Control, ControlSums, Shown};
pub use feeds::FeedFact;
pub use range::{OutOfRangeRows, figures_in_range, sum_out_of_range};
pub use stamps::{ADVICE, FutureStamps, StampsByFeed, future_stamps, no_future_stamp};
pub use tolerances::Tolerances;
pub use twins::no_twin_account;

/// A day of an account.
pub type AccountDay = (AccountId, Day);

/// The last word of a check on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub check: Check,
    /// The source that was checked.
    pub source: String,
    pub account_id: AccountId,
    /// The day; the last one for a check of a range.
    pub activity_date: Day,
    pub from_date: Day,
    pub expected: Figure,
    pub found: Figure,
    pub passed: bool,
    /// What was compared, and the likely cause when it fails.
    pub explanation: String,
}

impl Verdict {
    pub fn difference(&self) -> Figure {
        match (self.found, self.expected) {
            (Figure::Usd(found), Figure::Usd(expected)) => Figure::Usd(found - expected),
            (Figure::Day(found), Figure::Day(expected)) => {
                Figure::Count((found.epoch_days() - expected.epoch_days()).into())
            }
            (found, expected) => Figure::Count(found.count().saturating_sub(expected.count())),
        }
    }

    /// The mistake of units that the two figures give away.
    pub fn slip(&self) -> Option<Slip> {
        match (self.found, self.expected) {
            (Figure::Usd(found), Figure::Usd(expected)) => Slip::of(found, expected),
            _ => None,
        }
    }

    pub fn word(&self) -> &'static str {
        if self.passed { "pass" } else { "fail" }
    }
}

/// What can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum Check {
    GroupedEqualsUngrouped,
    ImpliedPrice,
    AnalyticsEqualsCostReport,
    AnalyticsWithinBill,
    KeysEqualAnalytics,
    ClaudeCodeWithinBill,
    CursorEventsEqualSpend,
    CursorCycleDay,
    TablesEqualCoverage,
    ChargesEqualFacts,
    NoMissingBucket,
    NoHeldAnswer,
    NoReject,
    MadeByRulesInUse,
    StoredAnswersAreLoaded,
    FiguresInRange,
    NoFutureStamp,
    Remarks,
    NoStrangeAccount,
    NoTwinAccount,
    RulesNameWhatThereIs,
    EqualsExpected,
}

impl Check {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub fn id(self) -> &'static str {
        match self {
            Self::GroupedEqualsUngrouped => "grouped_equals_ungrouped",
            Self::ImpliedPrice => "implied_price",
            Self::AnalyticsEqualsCostReport => "analytics_equals_cost_report",
            Self::AnalyticsWithinBill => "analytics_within_bill",
            Self::KeysEqualAnalytics => "keys_equal_analytics",
            Self::ClaudeCodeWithinBill => "claude_code_within_bill",
            Self::CursorEventsEqualSpend => "cursor_events_equal_spend",
            Self::CursorCycleDay => "cursor_cycle_day",
            Self::TablesEqualCoverage => "tables_equal_coverage",
            Self::ChargesEqualFacts => "charges_equal_facts",
            Self::NoMissingBucket => "no_missing_bucket",
            Self::NoHeldAnswer => "no_held_answer",
            Self::NoReject => "no_reject",
            Self::MadeByRulesInUse => "made_by_rules_in_use",
            Self::StoredAnswersAreLoaded => "stored_answers_are_loaded",
            Self::FiguresInRange => "figures_in_range",
            Self::NoFutureStamp => "no_future_stamp",
            Self::Remarks => "remarks",
            Self::NoStrangeAccount => "no_strange_account",
            Self::NoTwinAccount => "no_twin_account",
            Self::RulesNameWhatThereIs => "rules_name_what_there_is",
            Self::EqualsExpected => "equals_expected",
        }
    }

    /// What it compares, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::GroupedEqualsUngrouped => "Claude cost by workspace equals the ungrouped bill, day by day",
            Self::ImpliedPrice => "Claude tokens cost about their public list price",
            Self::AnalyticsEqualsCostReport => "Claude cost in the vendor's analytics equals the bill",
            Self::AnalyticsWithinBill => "what the analytics say of a model and token type is in the bill",
            Self::KeysEqualAnalytics => "Claude tokens cost by API key what the vendor's analytics say",
            Self::ClaudeCodeWithinBill => "Claude Code's estimate on API billing is within the bill",
            Self::CursorEventsEqualSpend => "Cursor's events add up to the spend of the cycle",
            Self::CursorCycleDay => "Cursor's billing cycle begins on the day that prices say",
            Self::TablesEqualCoverage => "tables hold the rows, the money and the counts that were merged",
            Self::ChargesEqualFacts => "charges and their sums are what the facts make",
            Self::NoMissingBucket => "every day of every source is loaded",
            Self::NoHeldAnswer => "no answer that takes away what was known waits for a decision",
            Self::NoReject => "every record became a row",
            Self::MadeByRulesInUse => "every day was made by the rules and prices in use now",
            Self::StoredAnswersAreLoaded => "the newest stored answer about each day is in the tables",
            Self::FiguresInRange => "no figure in the tables is too large to be added up",
            Self::NoFutureStamp => "nothing is dated by a clock that was ahead",
            Self::Remarks => "odd beside the money, and kept",
            Self::NoStrangeAccount => "every account in the tables is a configured one",
            Self::NoTwinAccount => "accounts that the vendor does not name cost something else each",
            Self::RulesNameWhatThereIs => "attribution rules name what there is, and all that has its name",
            Self::EqualsExpected => "the total equals the figure read off the console",
        }
    }
}

/// What is compared: money, a number, or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Usd(Usd),
    Count(i64),
    Day(Day),
}

impl Figure {
    fn count(self) -> i64 {
        match self {
            Self::Count(count) => count,
            Self::Usd(_) | Self::Day(_) => 0,
        }
    }

    /// Exact, without the unit.
    pub fn text(self) -> String {
        match self {
            Self::Usd(amount) => amount.short(),
            Self::Count(count) => count.to_string(),
            Self::Day(day) => day.to_string(),
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::Usd(_) => "usd",
            Self::Count(_) => "count",
            Self::Day(_) => "day",
        }
    }
}
