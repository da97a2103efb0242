//! How large the run is: full by default, less for a quick look.

use std::fmt;

use anyhow::Context;

const VARIABLE: &str = "EVERYCENT_BENCH_SCALE";
/// Cursor users of a full run.
const PEOPLE: u32 = 2_000;

/// Percent of the people of a full run.
#[derive(Debug, Clone, Copy)]
pub struct Scale(u32);

impl Scale {
    pub fn from_env() -> anyhow::Result<Self> {
        let Ok(text) = std::env::var(VARIABLE) else { return Ok(Self(100)) };
        let percent = text.parse().ok().filter(|percent| (1..=100).contains(percent));
        percent.map(Self).with_context(|| format!("{VARIABLE} is `{text}`; it is a percentage from 1 to 100"))
    }

    pub fn people(self) -> u32 {
        self.of(PEOPLE)
    }

    /// That share of a full run's number.
    pub fn of(self, full: u32) -> u32 {
        full * self.0 / 100
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        write!(f, "{} Cursor users, {} % of a full run; {cores} cores", self.people(), self.0)
    }
}
