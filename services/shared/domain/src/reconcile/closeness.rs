//! How near two amounts are: within a tolerance, or off by the hundred that lies between cents and dollars.

use everycent_schemas::Usd;
use rust_decimal::Decimal;

/// One cent, which roundings may take at any tolerance.
const CENT: i128 = 10_000_000;

/// By how much a figure may differ from this amount: so many percent of it, and a cent.
pub(crate) fn allowance(amount: Usd, percent: Decimal) -> Usd {
    let part = amount.nanos().saturating_abs().saturating_mul(percent.mantissa()) / 10_i128.pow(percent.scale() + 2);
    Usd::from_nanos(part.saturating_add(CENT))
}

/// Whether the figure differs from the amount by no more than is allowed.
pub(crate) fn is_near(found: Usd, amount: Usd, percent: Decimal) -> bool {
    (found - amount).nanos().saturating_abs() <= allowance(amount, percent).nanos()
}

/// The classic mistake of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    CentsAsDollars,
    DollarsAsCents,
}

impl Slip {
    /// The mistake that a ratio of 50 to 200, or its inverse, gives away.
    pub fn of(found: Usd, expected: Usd) -> Option<Self> {
        match (is_hundredfold(found, expected), is_hundredfold(expected, found)) {
            (true, _) => Some(Self::CentsAsDollars),
            (_, true) => Some(Self::DollarsAsCents),
            _ => None,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::CentsAsDollars => "cents were read as dollars: the figures are a hundred times too high",
            Self::DollarsAsCents => "dollars were read as cents: the figures are a hundred times too low",
        }
    }
}

fn is_hundredfold(high: Usd, low: Usd) -> bool {
    let times = |factor: i128| low.nanos().saturating_mul(factor);
    low.nanos() > 0 && (times(50)..=times(200)).contains(&high.nanos())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn usd(text: &str) -> Usd {
        crate::money::usd_from_dollars(text).unwrap()
    }

    #[test]
    fn a_tolerance_is_a_part_and_a_cent_on_either_side() {
        let near =
            |found: &str, amount: &str, percent: &str| is_near(usd(found), usd(amount), percent.parse().unwrap());
        for (found, amount, percent, expected) in [
            ("101.01", "100", "1", true),
            ("101.010000001", "100", "1", false),
            ("98.99", "100", "1", true),
            ("98.989999999", "100", "1", false),
            ("0.01", "0", "30", true),
            ("0.010000001", "0", "30", false),
            ("100.51", "100", "0.5", true),
            ("100.511", "100", "0.5", false),
            ("-101.01", "-100", "1", true),
            ("-101.02", "-100", "1", false),
        ] {
            assert_eq!(near(found, amount, percent), expected, "{found} against {amount} at {percent} %");
        }
    }

    #[test]
    fn a_ratio_of_fifty_to_two_hundred_is_a_slip_and_nothing_beyond() {
        for (found, expected, slip) in [
            ("100", "1", Some(Slip::CentsAsDollars)),
            ("50", "1", Some(Slip::CentsAsDollars)),
            ("49.99", "1", None),
            ("200", "1", Some(Slip::CentsAsDollars)),
            ("200.01", "1", None),
            ("0.02", "1", Some(Slip::DollarsAsCents)),
            ("0.0201", "1", None),
            ("0.005", "1", Some(Slip::DollarsAsCents)),
            ("0.004", "1", None),
            ("1", "1", None),
            ("1", "0", None),
            ("0", "0", None),
            ("-100", "-1", None),
        ] {
            assert_eq!(Slip::of(usd(found), usd(expected)), slip, "{found} against {expected}");
        }
    }
}
