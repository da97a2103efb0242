//! Controls: money that one report shows and another has already billed, compared day by day and never added.

use std::collections::BTreeMap;

use everycent_schemas::{AccountId, Day, Usd};

use super::tolerances::Tolerances;
use super::{AccountDay, Check, Figure, Verdict};

/// What reconcile expects of a report that shows money of another one.
#[derive(Debug)]
pub struct Control {
    pub check: Check,
    /// The source whose money is the fact.
    pub fact: &'static str,
    /// The rows of the fact that the report can show, in SQL; all of them if there is none.
    pub of_fact: Option<&'static str>,
    pub sums: ControlSums,
    /// Whether only days are compared of which both reports were read after their end. Until then each may show another
    /// part of the day.
    pub whole_days: bool,
    pub judge: fn(&ComparedDay<'_>) -> Verdict,
}

/// Where the sums of a day stand.
#[derive(Debug, Clone, Copy)]
pub struct ControlSums {
    pub table: &'static str,
    pub amount_usd: &'static str,
    /// The amount before discounts, where the report shows it.
    pub list_amount_usd: Option<&'static str>,
    /// The rows that count, in SQL.
    pub condition: Option<&'static str>,
}

/// What a control shows of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shown {
    pub amount_usd: Usd,
    /// Before discounts; nothing where the report does not show it.
    pub list_amount_usd: Usd,
}

/// One day of an account, in both reports.
#[derive(Debug, Clone, Copy)]
pub struct ComparedDay<'a> {
    /// The source of the control.
    pub source: &'a str,
    pub account_id: &'a AccountId,
    pub day: Day,
    pub shown: Shown,
    pub billed_usd: Usd,
    pub tolerances: &'a Tolerances,
}

impl Control {
    /// A verdict for each compared day; a day without a row has a cost of nothing.
    pub fn verdicts(
        &self,
        source: &str,
        compared: &[AccountDay],
        shown: &BTreeMap<AccountDay, Shown>,
        bill: &BTreeMap<AccountDay, Usd>,
        tolerances: &Tolerances,
    ) -> Vec<Verdict> {
        let verdict = |bucket: &AccountDay| {
            let (account_id, day) = bucket;
            (self.judge)(&ComparedDay {
                source,
                account_id,
                day: *day,
                shown: shown.get(bucket).copied().unwrap_or_default(),
                billed_usd: bill.get(bucket).copied().unwrap_or_default(),
                tolerances,
            })
        };
        compared.iter().map(verdict).collect()
    }
}

impl ComparedDay<'_> {
    /// The verdict on this day. Which of the two figures is the expected one, the control knows.
    pub fn verdict(&self, check: Check, expected: Usd, found: Usd, passed: bool, explanation: String) -> Verdict {
        Verdict {
            check,
            source: self.source.to_owned(),
            account_id: self.account_id.clone(),
            activity_date: self.day,
            from_date: self.day,
            expected: Figure::Usd(expected),
            found: Figure::Usd(found),
            passed,
            explanation,
        }
    }
}
