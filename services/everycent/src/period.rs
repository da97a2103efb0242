//! A day or a month, as the command line names them.

use everycent_domain::window::Window;
use everycent_schemas::Day;

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Day(Day),
    /// All days of a month.
    Month(Window),
}

impl std::str::FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        let first: Option<Day> = format!("{text}-01").parse().ok();
        let month = first.map(|first| {
            let last = first.through(first.plus(30)).take_while(|day| day.to_string().starts_with(text)).last();
            Window::new(first, last.unwrap_or(first)).expect("invariant: a month does not end before it begins")
        });
        month
            .map(Self::Month)
            .ok_or_else(|| format!("`{text}` is neither a day such as 2025-10-03 nor a month such as 2025-10"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_period_is_a_day_or_a_month() {
        let (first, last) = ("2028-02-01".parse().unwrap(), "2028-02-29".parse().unwrap());
        assert_eq!("2028-02".parse(), Ok(Period::Month(Window::new(first, last).unwrap())));
        assert_eq!("2028-02-29".parse(), Ok(Period::Day(last)));
        for text in ["2028-02-30", "2028-13", "2028", "today", "2028-2"] {
            assert!(text.parse::<Period>().unwrap_err().contains("2025-10"), "{text}");
        }
    }
}
