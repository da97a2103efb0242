//! A UTC day, the unit by which vendors bucket and EveryCent replaces.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Timestamp;

/// A UTC day. In Avro an `int` of logical type `date`; as text `2025-10-03`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// The text is not a day of the form `2025-10-03`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day of the form 2025-10-03")]
pub struct InvalidDay(pub String);

impl Day {
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// Days since 1970-01-01, as Avro counts them.
    pub fn from_epoch_days(days: i32) -> Option<Self> {
        NaiveDate::from_epoch_days(days).map(Self)
    }

    pub fn epoch_days(self) -> i32 {
        self.0.to_epoch_days()
    }

    pub fn date(self) -> NaiveDate {
        self.0
    }

    pub fn next(self) -> Self {
        self.plus(1)
    }

    pub fn plus(self, days: u32) -> Self {
        Self(self.0.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX))
    }

    pub fn minus(self, days: u32) -> Self {
        Self(self.0.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN))
    }

    /// Midnight UTC at which the day begins.
    pub fn start(self) -> Timestamp {
        Timestamp::from_micros(i64::from(self.epoch_days()) * 86_400_000_000)
    }

    /// Every day from `self` to `last`, both included.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> + Clone {
        self.0.iter_days().map(Self).take_while(move |day| *day <= last)
    }

    /// `2025-10`, for totals by month.
    pub fn month(self) -> String {
        format!("{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl Timestamp {
    /// The UTC day that holds this instant.
    pub fn day(self) -> Day {
        Day::from(self.to_chrono().date_naive())
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        read(text).ok_or_else(|| InvalidDay(text.to_owned()))
    }
}

/// `2025-10-03`, and no other form. By hand, because a day is read from every record.
fn read(text: &str) -> Option<Day> {
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = text.as_bytes() else { return None };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_u32, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
    };
    Day::new(i32::try_from(number(&[a, b, c, d])?).ok()?, number(&[e, f])?, number(&[g, h])?)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i32(self.epoch_days())
        }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
        } else {
            let days = i32::deserialize(deserializer)?;
            Self::from_epoch_days(days).ok_or_else(|| D::Error::custom(format!("day {days} out of range")))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_day_reads_as_it_prints() {
        let day: Day = "2025-10-03".parse().unwrap();
        assert_eq!(day.to_string(), "2025-10-03");
        assert_eq!(day.start().to_string(), "2025-10-03T00:00:00.000000Z");
        assert_eq!(day.month(), "2025-10");
        assert_eq!(Day::from_epoch_days(day.epoch_days()), Some(day));
    }

    #[test]
    fn text_that_is_no_day_is_named_in_the_error() {
        for text in [
            "2025-13-01",
            "2025-2-30",
            "3 October",
            "",
            "2025-10-03T00:00:00Z",
            "2025-2-003",
            "+025-02-03",
            "2025/02/03",
        ] {
            let error = text.parse::<Day>().unwrap_err();
            assert_eq!(error, InvalidDay(text.to_owned()));
        }
    }

    #[test]
    fn through_includes_both_ends_and_is_empty_backwards() {
        let first: Day = "2025-02-27".parse().unwrap();
        let days: Vec<String> = first.through(first.plus(2)).map(|d| d.to_string()).collect();
        assert_eq!(days, ["2025-02-27", "2025-02-28", "2025-03-01"]);
        assert_eq!(first.through(first.minus(1)).count(), 0);
    }
}
