//! The preview of a sheet of use.

use bytes::Bytes;
use everycent_domain::report::{Contents, Faults, Import, Occasion};
use everycent_domain::vendors::upload::claude_usage::preview::{Preview, Tally};
use everycent_domain::vendors::upload::claude_usage::{self, preview::Lines};
use everycent_domain::window::Window;
use everycent_runtime::threads;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use crate::facts;
use crate::failure::Failure;
use crate::show::count;

/// Days that are read at once.
const READ_DAYS: u32 = 31;

/// What becomes of the rows, each a person and a day.
#[derive(Debug, Serialize)]
pub struct Usage {
    takes_away: bool,
    added: Rows,
    /// As they are known.
    changed_from: Rows,
    /// As the file has them.
    changed_to: Rows,
    taken_away: Rows,
    unchanged: usize,
}

#[derive(Debug, Serialize)]
struct Rows {
    rows: usize,
    first_day: Option<Day>,
    last_day: Option<Day>,
    conversations: i64,
    projects: i64,
    files: i64,
    messages: i64,
}

pub async fn look(
    warehouse: Option<&dyn Warehouse>,
    account_id: &AccountId,
    body: &Bytes,
    today: Day,
) -> Result<Result<(Contents, Usage), Faults>, Failure> {
    let body = body.clone();
    let (contents, lines) = match threads::compute(move || check(&body, today)).await {
        Ok(checked) => checked,
        Err(faults) => return Ok(Err(faults)),
    };
    let mut preview = Preview::default();
    for window in parts(contents.window) {
        let known = match warehouse {
            Some(warehouse) => facts::uploaded_use(warehouse, account_id, window).await?,
            None => Lines::new(),
        };
        let (first, next) = ((window.from(), String::new()), (window.to().next(), String::new()));
        preview.compare(&known, lines.range(first..next));
    }
    Ok(Ok((contents, Usage::of(&preview))))
}

fn check(body: &[u8], today: Day) -> Result<(Contents, Lines), Faults> {
    let import = claude_usage::SOURCE.import().expect("invariant: the sheet is imported");
    let contents = import.check(body, Occasion::of(today))?;
    Ok((contents, claude_usage::lines(Import::text(body)?)))
}

/// The window in parts that are read at once.
pub(super) fn parts(window: Window) -> impl Iterator<Item = Window> {
    let ends = move |from: Day| from.plus(READ_DAYS - 1).min(window.to());
    let next = move |from: &Day| Some(ends(*from).next()).filter(|from| *from <= window.to());
    let part = move |from| Window::new(from, ends(from)).expect("invariant: a part does not end before it begins");
    std::iter::successors(Some(window.from()), next).map(part)
}

impl Usage {
    fn of(preview: &Preview) -> Self {
        let [changed_from, changed_to] = &preview.changed;
        Self {
            takes_away: preview.takes_away(),
            added: Rows::of(&preview.added),
            changed_from: Rows::of(changed_from),
            changed_to: Rows::of(changed_to),
            taken_away: Rows::of(&preview.taken_away),
            unchanged: preview.unchanged,
        }
    }

    pub fn loss(&self) -> Option<String> {
        self.takes_away.then(|| format!("{} would be gone", self.taken_away.text()))
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.takes_away {
            text += &format!("  taken away: {}\n", self.taken_away.text());
        }
        if self.changed_to.rows > 0 {
            let Rows { conversations, projects, files, messages, .. } = &self.changed_to;
            text += &format!(
                "  changed: {}; they become {conversations}, {projects}, {files} and {messages}\n",
                self.changed_from.text()
            );
        }
        if self.added.rows > 0 {
            text += &format!("  added: {}\n", self.added.text());
        }
        if self.unchanged > 0 {
            text += &format!("  unchanged: {}\n", count(self.unchanged, "row"));
        }
        text
    }
}

impl Rows {
    fn of(tally: &Tally) -> Self {
        let [conversations, projects, files, messages] = tally.counts;
        let (first_day, last_day) = (tally.days.first().copied(), tally.days.last().copied());
        Self { rows: tally.rows, first_day, last_day, conversations, projects, files, messages }
    }

    fn text(&self) -> String {
        let days = match (self.first_day, self.last_day) {
            (Some(first), Some(last)) if first == last => format!(" of {first}"),
            (Some(first), Some(last)) => format!(" of {first} to {last}"),
            _ => String::new(),
        };
        let of = |number: i64, one| count(usize::try_from(number).unwrap_or_default(), one);
        format!(
            "{}{days} with {}, {}, {} and {}",
            count(self.rows, "row"),
            of(self.conversations, "conversation"),
            of(self.projects, "project"),
            of(self.files, "file"),
            of(self.messages, "message")
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_window_is_read_in_parts_that_leave_no_day_out() {
        let window = |from: &str, to: &str| Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        for (window, expected) in [
            (window("2025-10-03", "2025-10-03"), 1),
            (window("2025-10-01", "2025-10-31"), 1),
            (window("2025-10-01", "2025-11-01"), 2),
            (window("2025-01-01", "2025-12-31"), 12),
        ] {
            let days: Vec<Day> = parts(window).flat_map(|part| part.days().collect::<Vec<_>>()).collect();
            assert_eq!(days, window.days().collect::<Vec<_>>());
            assert_eq!(parts(window).count(), expected, "{window}");
        }
    }
}
