//! The figures of a usage event: which of them carries its money, and must read.
//!
//! An event's own charge decides. Where the vendor reports none, money is made of units or of the cost of the model, so
//! then those must read; beside a charge they are only remarked.

use everycent_schemas::{Day, Usd};

use super::billing::Billing;
use super::record::EventRecord;
use crate::number::in_units;
use crate::rows::Output;
use crate::vendors::Amount;

/// Decimals of a request unit that are counted.
const UNIT_DECIMALS: i32 = 6;
/// Decimals of a percentage that are counted.
const PERCENT_DECIMALS: i32 = 6;
/// All of it.
const WHOLE: i128 = 100_000_000;

/// What an event reports, as far as it reads.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub charged_usd: Option<Usd>,
    pub token_cost_usd: Option<Usd>,
    pub fee_usd: Option<Usd>,
    pub request_micro_units: Option<i64>,
    /// In millionths of a percent, of which there are a hundred at most.
    pub discount: Option<i128>,
}

impl Figures {
    pub fn of(record: &EventRecord<'_>, billing: Billing) -> Result<Self, String> {
        let charged_usd = record.charged_cents.map(Amount::usd_from_cents).transpose();
        let charged_usd = charged_usd.map_err(|e| format!("chargedCents: {e}"))?;
        let beside = |is_beside: bool, read: Result<Option<Usd>, String>| {
            if is_beside { Ok(read.unwrap_or_default()) } else { read }
        };
        let has_charge = charged_usd.is_some();
        let is_own_key = billing == Billing::OwnKey;
        let units = record.requests_costs.map(micro_units).transpose();
        Ok(Self {
            charged_usd,
            token_cost_usd: beside(has_charge || is_own_key, usd("tokenUsage.totalCents", record.token_cost()))?,
            fee_usd: beside(has_charge && !is_own_key, usd("cursorTokenFee", record.cursor_token_fee))?,
            request_micro_units: if has_charge || is_own_key { units.unwrap_or_default() } else { units? },
            discount: record.discount().and_then(percent),
        })
    }

    /// The charge where the vendor reports none: cost of the model less the discount, and the fee.
    pub fn computed_charge_usd(&self) -> Option<Usd> {
        let (None, Some(cost)) = (self.charged_usd, self.token_cost_usd) else { return None };
        let left = WHOLE - self.discount.unwrap_or_default();
        let discounted = half_even(cost.nanos() * left, WHOLE);
        Some(Usd::from_nanos(discounted) + self.fee_usd.unwrap_or_default())
    }

    /// Says what does not read beside the money, and what is known of no kind.
    pub fn remark(&self, record: &EventRecord<'_>, billing: Billing, day: Day, output: &mut Output<'_>) {
        let unread = [
            ("requestsCosts", record.requests_costs.is_some() && self.request_micro_units.is_none()),
            ("tokenUsage.totalCents", record.token_cost().is_some() && self.token_cost_usd.is_none()),
            ("cursorTokenFee", record.cursor_token_fee.is_some() && self.fee_usd.is_none()),
            ("tokenUsage.discountPercentOff", record.discount().is_some() && self.discount.is_none()),
        ];
        for (field, _) in unread.into_iter().filter(|(_, is_unread)| *is_unread) {
            output.remark(Some(day), field, "it is no number that can be kept; left empty");
        }
        if billing == Billing::Unknown {
            let cost = match self.charged_usd {
                Some(_) => "its charge counts as use of an unknown kind",
                None => "it reports no charge and costs nothing",
            };
            output.remark(Some(day), "kind", &format!("{}; {cost}", named(record.kind.as_deref())));
        }
    }
}

/// A kind as a remark quotes it.
fn named(kind: Option<&str>) -> String {
    match kind {
        None => "it is missing".to_owned(),
        Some(kind) if kind.contains('@') => "it is no kind that is known".to_owned(),
        Some(kind) => format!("`{}` is no kind that is known", kind.chars().take(40).collect::<String>()),
    }
}

fn usd(field: &str, cents: Option<Amount<'_>>) -> Result<Option<Usd>, String> {
    cents.map(Amount::usd_from_cents).transpose().map_err(|e| format!("{field}: {e}"))
}

/// Request units in millionths. What lies beyond is the noise of the vendor's arithmetic.
fn micro_units(number: Amount<'_>) -> Result<i64, String> {
    let units = in_units(number.text(), UNIT_DECIMALS).map_err(|e| format!("requestsCosts: {e}"))?;
    i64::try_from(units).map_err(|_| "requestsCosts: it is more than a row can hold".to_owned())
}

fn percent(number: Amount<'_>) -> Option<i128> {
    in_units(number.text(), PERCENT_DECIMALS).ok().filter(|percent| (0..=WHOLE).contains(percent))
}

/// The quotient, rounded to a whole number, a half to the even one. The divisor is positive.
fn half_even(number: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (number.div_euclid(divisor), number.rem_euclid(divisor));
    let is_up = 2 * rest > divisor || (2 * rest == divisor && quotient % 2 != 0);
    quotient + i128::from(is_up)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn computed(json: &str) -> Option<String> {
        let record: EventRecord<'_> = serde_json::from_str(json).unwrap();
        let figures = Figures::of(&record, Billing::OnDemand).unwrap();
        figures.computed_charge_usd().map(|usd| usd.to_string())
    }

    #[test]
    fn a_charge_that_is_not_reported_is_the_cost_less_the_discount_and_the_fee() {
        let event = |rest: &str| computed(&format!(r#"{{"timestamp": 1, "tokenUsage": {{"totalCents": 20.5{rest}}}"#));
        assert_eq!(event("}").as_deref(), Some("0.205000000"));
        assert_eq!(event(r#", "discountPercentOff": 20}, "cursorTokenFee": 0.5"#).as_deref(), Some("0.169000000"));
        assert_eq!(event(r#", "discountPercentOff": 12.5}"#).as_deref(), Some("0.179375000"));
        assert_eq!(event(r#", "discountPercentOff": 100}"#).as_deref(), Some("0.000000000"));
        assert_eq!(event(r#", "discountPercentOff": 120}"#).as_deref(), Some("0.205000000"));
        assert_eq!(event(r#"}, "chargedCents": 0"#), None);
        assert_eq!(computed(r#"{"timestamp": 1, "cursorTokenFee": 2}"#), None);
    }

    #[test]
    fn halves_of_a_nano_dollar_go_to_the_even_one() {
        for (number, rounded) in [(5, 0), (15, 2), (25, 2), (26, 3), (-5, 0), (-15, -2), (-14, -1), (20, 2)] {
            assert_eq!(half_even(number, 10), rounded, "{number}");
        }
    }
}
