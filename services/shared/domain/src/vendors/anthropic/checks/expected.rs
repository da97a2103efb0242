//! A figure that a person read off the vendor's console, against the tables.

use everycent_schemas::{Day, Usd};

use crate::attribution::DEFAULT_WORKSPACE;
use crate::money::usd_from_dollars;
use crate::reconcile::{Check, Figure, Verdict};
use crate::vendors::anthropic::cost_report;
use crate::window::Window;

/// A figure with the precision that it was read with: `246` stands for all that rounds to 246 dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    amount: Usd,
    /// One unit of the last digit, in nano-dollars.
    unit: i128,
}

/// The figure can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount of dollars such as 246 or 223.33")]
pub struct InvalidExpectation(pub String);

impl Expectation {
    pub fn parse(text: &str) -> Result<Self, InvalidExpectation> {
        let plain: String = text.trim_start_matches('$').chars().filter(|c| *c != ',').collect();
        let amount = usd_from_dollars(&plain).map_err(|_| InvalidExpectation(text.to_owned()))?;
        let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let decimals = u32::try_from(decimals.min(9)).expect("invariant: at most nine");
        Ok(Self { amount, unit: 10_i128.pow(9 - decimals) })
    }

    pub fn amount(&self) -> Usd {
        self.amount
    }

    /// Whether the exact amount rounds to the figure, halves either way.
    fn agrees_with(&self, found: Usd) -> bool {
        (found.nanos() - self.amount.nanos()).abs() * 2 <= self.unit - i128::from(self.unit == 1)
    }
}

/// Which workspace a figure is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workspace {
    All,
    Default,
    Id(String),
}

impl Workspace {
    /// `default` is the default workspace; nothing is all of them.
    pub fn parse(text: Option<&str>) -> Self {
        match text {
            None => Self::All,
            Some(DEFAULT_WORKSPACE) => Self::Default,
            Some(id) => Self::Id(id.to_owned()),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::All => "all workspaces".into(),
            Self::Default => "the default workspace".into(),
            Self::Id(id) => format!("workspace {id}"),
        }
    }
}

/// The tables' total of the days, against the figure. `missing` are days of the range that are not loaded.
pub fn equals_expected(
    window: Window,
    workspace: &Workspace,
    expected: Expectation,
    found: Usd,
    missing: &[Day],
) -> Verdict {
    let passed = expected.agrees_with(found);
    let compared = format!("claude_costs of {} in {}", window, workspace.words());
    let explanation = match (passed, missing.first()) {
        (true, _) => compared,
        (false, Some(day)) => format!("{compared}: {} days are not loaded, the first is {day}", missing.len()),
        (false, None) => format!("{compared}: {}", likely_cause(expected.amount, found)),
    };
    Verdict {
        check: Check::EqualsExpected,
        source: cost_report::SOURCE.name().to_owned(),
        // What was added up stands in the place of an account, so that one total does not replace another.
        account_id: workspace.words().into(),
        activity_date: window.to(),
        from_date: window.from(),
        expected: Figure::Usd(expected.amount),
        found: Figure::Usd(found),
        passed,
        explanation,
    }
}

fn likely_cause(expected: Usd, found: Usd) -> &'static str {
    let ratio = |big: Usd, small: Usd| small.nanos() != 0 && (95..=105).contains(&(big.nanos() / small.nanos()));
    if ratio(found, expected) || ratio(expected, found) {
        "a ratio near 100 says that one of the two took cents for dollars"
    } else {
        "compare the days and the workspace that the console shows; its days are UTC"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn passes(expected: &str, found_nanos: i128) -> bool {
        Expectation::parse(expected).unwrap().agrees_with(Usd::from_nanos(found_nanos))
    }

    #[test]
    fn the_precision_of_the_figure_is_the_tolerance() {
        let found = 246_340_000_000;
        for (expected, passed) in
            [("246", true), ("$246", true), ("247", false), ("246.3", true), ("246.34", true), ("246.35", false)]
        {
            assert_eq!(passes(expected, found), passed, "{expected}");
        }
        assert!(passes("246.340000000", found));
        assert!(!passes("246.340000000", found + 1));
        assert!(passes("1,246", 1_246_000_000_000));
        assert!(Expectation::parse("about 246").is_err());
    }

    #[test]
    fn cents_taken_for_dollars_are_called_by_their_name() {
        let day = Day::new(2025, 10, 3).unwrap();
        let window = Window::new(day, day.plus(14)).unwrap();
        let found = Usd::from_nanos(22_333_000_000_000);
        let expected = Expectation::parse("223.33").unwrap();
        let verdict = equals_expected(window, &Workspace::All, expected, found, &[]);
        assert!(!verdict.passed && verdict.explanation.contains("cents for dollars"), "{}", verdict.explanation);
    }
}
