//! Files with a date on each line: the days that such a file is the truth of.

use everycent_schemas::Day;

use super::file;
use super::sheet::{Column, Line};
use crate::report::{Contents, Fault, Faults};
use crate::window::Window;

/// The days of the lines so far.
#[derive(Debug, Default)]
pub struct Days {
    lines: u64,
    ends: Option<[Seen; 2]>,
}

/// A day, and where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    day: Day,
    fault: Fault,
}

impl Days {
    /// Takes the day of a line; one that has not begun is a fault.
    pub fn add(&mut self, line: &Line<'_>, column: &Column, day: Day, today: Day) -> Option<Fault> {
        if day > today {
            return Some(line.fault(column, format!("a day that has begun; today is {today} (UTC)")));
        }
        self.lines += 1;
        let seen = || Seen { day, fault: line.fault(column, "") };
        match &mut self.ends {
            None => self.ends = Some([seen(), seen()]),
            Some([first, _]) if day < first.day => *first = seen(),
            Some([_, last]) if day > last.day => *last = seen(),
            Some(_) => {}
        }
        None
    }

    /// What the file says, if nothing is wrong with its lines: every day from its first to its last.
    pub fn contents(self, text: &str, faults: Faults) -> Result<Contents, Faults> {
        if !faults.is_empty() {
            return Err(faults);
        }
        let Some([first, last]) = self.ends else { return Err(Faults::one(file::no_data(text))) };
        if first.day.plus(file::MAX_DAYS) <= last.day {
            // Most likely the first day is mistyped.
            let expected = format!("a range of at most {} days, and the last is {}", file::MAX_DAYS, last.day);
            return Err(Faults::one(Fault { expected, ..first.fault }));
        }
        let window = Window::new(first.day, last.day).expect("invariant: the first is not after the last");
        Ok(Contents { window, lines: self.lines })
    }
}
