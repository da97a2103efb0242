//! Repetitions of a measurement, and how they are written.
//!
//! Contestants are measured in turns, so that noise of the machine hits them alike. Whole numbers only.

use std::fmt;
use std::time::Duration;

/// How long each repetition took.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Duration>);

/// Work of one repetition.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    pub rows: u64,
    /// Where bytes are worth telling.
    pub bytes: Option<u64>,
}

impl Samples {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
        self.0.sort();
    }

    /// The upper one of two in the middle.
    pub fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }

    /// Prints a line of the table: time, speed, and how often the time of `beside` it took.
    pub fn print(&self, label: &str, work: Work, beside: Option<&Samples>) {
        let (least, most) = (self.0[0], self.0[self.0.len() - 1]);
        let median = self.median();
        let spread = format!("({} to {})", Millis(least), Millis(most));
        let bytes = work.bytes.map(|bytes| format!("{} MB/s", per_second(bytes, median) / 1_000_000));
        let ratio = beside.map(|beside| Ratio::of(median, beside.median()).to_string());
        println!(
            "  {label:<46} {:>10} {spread:<26} {:>11} rows/s {:>10} {:>8}",
            Millis(median).to_string(),
            per_second(work.rows, median),
            bytes.unwrap_or_default(),
            ratio.unwrap_or_default(),
        );
    }
}

/// So many in a second.
pub fn per_second(count: u64, took: Duration) -> u128 {
    u128::from(count) * 1_000_000 / took.as_micros().max(1)
}

/// How often one goes into the other, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(pub u128);

impl Ratio {
    pub fn of(one: Duration, other: Duration) -> Self {
        Self(one.as_nanos() * 100 / other.as_nanos().max(1))
    }

    pub fn is_within(self, times: u128) -> bool {
        self.0 <= times * 100
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} x", self.0 / 100, self.0 % 100)
    }
}

/// Milliseconds, as text.
struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{} ms", micros / 1000, micros / 100 % 10)
    }
}
