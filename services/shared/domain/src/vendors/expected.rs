//! A figure that a person read off a vendor's console, against the tables.

use everycent_schemas::{AccountId, Day, Usd};

use super::{anthropic, cursor};
use crate::attribution::DEFAULT_WORKSPACE;
use crate::reconcile::{Check, Figure, Verdict};
use crate::typed_amount::{InvalidTypedAmount, TypedAmount};
use crate::window::Window;

/// A figure with the precision that it was read with: `246` stands for all that rounds to 246 dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    amount: Usd,
    /// One unit of the last digit, in nano-dollars.
    unit: i128,
}

impl Expectation {
    pub fn parse(text: &str) -> Result<Self, InvalidTypedAmount> {
        let TypedAmount { amount, decimals } = text.parse()?;
        Ok(Self { amount, unit: 10_i128.pow(9 - decimals.min(9)) })
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

/// Whose cost a figure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// What Anthropic bills for Claude.
    Claude(Workspace),
    /// Seats and use.
    Cursor,
    /// Both vendors together.
    Both,
}

impl Subject {
    /// The reports that it is made of.
    pub fn sources(&self) -> Vec<&'static str> {
        let claude = [anthropic::cost_report::SOURCE];
        let cursor = [cursor::usage_events::SOURCE, cursor::daily_usage::SOURCE];
        let sources = match self {
            Self::Claude(_) => claude.to_vec(),
            Self::Cursor => cursor.to_vec(),
            Self::Both => [&claude[..], &cursor[..]].concat(),
        };
        sources.into_iter().map(|source| source.name()).collect()
    }

    /// What was added up, which stands in the place of an account: so one total does not replace another.
    fn key(&self) -> String {
        match self {
            Self::Claude(workspace) => workspace.words(),
            Self::Cursor => "all of Cursor".to_owned(),
            Self::Both => "both vendors".to_owned(),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Claude(workspace) => format!("Claude cost (claude_costs) in {}", workspace.words()),
            Self::Cursor => "Cursor cost (cursor_expenses), seats and use".to_owned(),
            Self::Both => "the cost of both vendors (claude_costs and cursor_expenses)".to_owned(),
        }
    }
}

/// What the tables add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    pub found: Usd,
    /// Parts of it by name, which the figure may be meant for.
    pub parts: Vec<(&'static str, Usd)>,
}

/// The question: days, what is added up, and of which account.
#[derive(Debug, Clone)]
pub struct Expected {
    pub figure: Expectation,
    pub subject: Subject,
    /// `None` is all of them.
    pub account_id: Option<AccountId>,
}

/// The tables' total of the days, against the figure. `missing` are days of the range that are not loaded.
pub fn equals_expected(window: Window, expected: &Expected, total: &Total, missing: &[Day]) -> Verdict {
    let Expected { figure, subject, account_id } = expected;
    let of = account_id.as_ref().map_or_else(String::new, |id| format!(" of account {id}"));
    let passed = figure.agrees_with(total.found);
    let compared = format!("{}{of}, {} to {} (UTC)", subject.words(), window.from(), window.to());
    let explanation = match (passed, missing.first()) {
        (true, _) => compared,
        (false, Some(day)) => {
            let days = if missing.len() == 1 { "1 day is".to_owned() } else { format!("{} days are", missing.len()) };
            format!("{compared}: {days} not loaded, the first is {day}")
        }
        (false, None) => format!("{compared}: {}", likely_cause(figure, total)),
    };
    Verdict {
        check: Check::EqualsExpected,
        source: subject.sources().first().copied().unwrap_or_default().to_owned(),
        account_id: format!("{}{of}", subject.key()).into(),
        activity_date: window.to(),
        from_date: window.from(),
        expected: Figure::Usd(figure.amount),
        found: Figure::Usd(total.found),
        passed,
        explanation,
    }
}

fn likely_cause(figure: &Expectation, total: &Total) -> String {
    let (expected, found) = (figure.amount, total.found);
    if let Some((name, amount)) = total.parts.iter().find(|(_, amount)| figure.agrees_with(*amount)) {
        return format!("the figure is that of {name} alone ({})", amount.short());
    }
    let is_about = |times: std::ops::RangeInclusive<i128>| {
        let ratio = |big: Usd, small: Usd| small.nanos() != 0 && times.contains(&(big.nanos() / small.nanos()));
        ratio(found, expected) || ratio(expected, found)
    };
    if is_about(95..=105) {
        "a ratio near 100 says that one of the two took cents for dollars".to_owned()
    } else if is_about(995..=1005) {
        "a ratio near 1000 says that a sign for thousands was taken for one of decimals, or the other way round"
            .to_owned()
    } else {
        "compare the days and what the console adds up; its days are UTC".to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn passes(expected: &str, found_nanos: i128) -> bool {
        Expectation::parse(expected).unwrap().agrees_with(Usd::from_nanos(found_nanos))
    }

    fn verdict(figure: &str, subject: Subject, found: i128, parts: &[(&'static str, i128)]) -> Verdict {
        let day = Day::new(2025, 10, 3).unwrap();
        let window = Window::new(day, day.plus(14)).unwrap();
        let expected = Expected { figure: Expectation::parse(figure).unwrap(), subject, account_id: None };
        let cents = |cents: i128| Usd::from_nanos(cents * 10_000_000);
        let parts = parts.iter().map(|(name, amount)| (*name, cents(*amount))).collect();
        equals_expected(window, &expected, &Total { found: cents(found), parts }, &[])
    }

    #[test]
    fn the_precision_of_the_figure_is_the_tolerance() {
        let found = 246_340_000_000;
        for (expected, passed) in [
            ("246", true),
            ("$246", true),
            ("247", false),
            ("246.3", true),
            ("246,3", true),
            ("246.34", true),
            ("246.35", false),
        ] {
            assert_eq!(passes(expected, found), passed, "{expected}");
        }
        assert!(passes("246.340000000", found));
        assert!(!passes("246.340000000", found + 1));
        assert!(passes("1,246", 1_246_000_000_000));
        assert!(Expectation::parse("about 246").is_err());
    }

    #[test]
    fn a_decimal_comma_is_never_a_hundred_times_more() {
        assert!(passes("60,00", 60_000_000_000) && !passes("60,00", 6_000_000_000_000));
    }

    #[test]
    fn cents_taken_for_dollars_are_called_by_their_name() {
        let verdict = verdict("223.33", Subject::Claude(Workspace::All), 2_233_300, &[]);
        assert!(!verdict.passed && verdict.explanation.contains("cents for dollars"), "{}", verdict.explanation);
    }

    #[test]
    fn thousands_taken_for_decimals_are_called_by_their_name() {
        let verdict = verdict("1,234", Subject::Cursor, 123, &[]);
        assert!(!verdict.passed && verdict.explanation.contains("near 1000"), "{}", verdict.explanation);
    }

    #[test]
    fn a_figure_of_a_part_is_recognized() {
        let verdict = verdict("1.52", Subject::Cursor, 8152, &[("use", 152), ("seats", 8000)]);
        assert!(!verdict.passed && verdict.explanation.contains("of use alone (1.52)"), "{}", verdict.explanation);
    }
}
