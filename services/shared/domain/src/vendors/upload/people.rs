//! The sheet of people: who is in which team on which days, and by which addresses the vendors know them.

mod address_book;
mod columns;
mod line;
mod overlap;
mod period;
pub mod preview;
mod roster;
mod rows;
mod team_names;

use everycent_schemas::Day;

use self::columns::{COLUMNS, TEAM, VALID_FROM};
use self::line::{ReadSheet, read};
use super::{file, sheet};
use crate::report::{Contents, Fault, Faults, Import, Kind, MakeRows, Occasion, Origin, Report};
use crate::source::Source;
use crate::vendor::Vendor;
use crate::window::Window;

pub use address_book::Alias;
pub use period::PersonPeriod;
pub use roster::Roster;
pub use team_names::alike;

pub const SOURCE: Source = Source::of(&Report {
    name: "upload/people",
    vendor: Vendor::Anthropic,
    about: "who is in which team, from a CSV that a person imports",
    kind: Kind::Upload,
    origin: Origin::Upload(Import { check, is_like, template: TEMPLATE, account: Some(ACCOUNT) }),
    rows: MakeRows::Plain(|| Box::new(rows::PeopleRows)),
    tables: &["people", "people_aliases"],
    weighs: &[],
    control: None,
});

/// What stands for the account of every file: teams and people are of no vendor's account.
pub const ACCOUNT: &str = "company";

const TEMPLATE: &str = "\
email,aliases,name,team,cost_center,manager,claude_seat,cursor_seat,valid_from,valid_to
ada@example.com,ada.l@example.com,Ada Lovelace,Search,4711,grace@example.com,premium,standard,2025-01-01,
";

/// How far ahead a period may begin: a year that is mistyped lies farther.
const MAX_DAYS_AHEAD: u32 = 366;

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    pub roster: Roster,
    /// Columns that are not read.
    pub left_out: Vec<String>,
    /// Whether it has a column of teams.
    pub has_teams: bool,
}

/// An address alone is in other files as well.
fn is_like(text: &str) -> bool {
    sheet::has_needed(text, &COLUMNS) && sheet::has_any_optional(text, &COLUMNS)
}

fn check(text: &str, Occasion { today, .. }: Occasion) -> Result<Contents, Faults> {
    check_sheet(text, today).map(|(contents, _)| contents)
}

/// What a file tells that is imported today: how things stand today.
pub fn check_sheet(text: &str, today: Day) -> Result<(Contents, Sheet), Faults> {
    let sheet = read(text).map_err(Faults::from_iter)?;
    let latest = today.plus(MAX_DAYS_AHEAD);
    let late = sheet.roster.periods().filter(|period| period.valid_from > Some(latest));
    let late = late.map(|period| too_late(&sheet, period, latest));
    let mut faults: Vec<Fault> = sheet.faults.iter().flatten().cloned().chain(late).collect();
    // As they stand in the file.
    faults.sort_by_key(|fault| (fault.line, fault.column.map(|column| column.number)));
    if !faults.is_empty() {
        return Err(faults.into_iter().collect());
    }
    let lines = sheet.roster.periods().count() as u64;
    if lines == 0 {
        return Err(Faults::one(file::no_data(text)));
    }
    let window = Window::new(today, today).expect("invariant: a day is a window");
    let (left_out, has_teams) = (sheet.header.left_out.clone(), sheet.header.has(&TEAM));
    Ok((Contents { window, lines }, Sheet { roster: sheet.roster, left_out, has_teams }))
}

fn too_late(sheet: &ReadSheet, period: &PersonPeriod, latest: Day) -> Fault {
    Fault {
        line: period.line,
        column: Some(sheet.header.fault_column(&VALID_FROM)),
        found: period.valid_from.map(|day| format!("`{day}`")),
        expected: format!("a day of the past or of the next year, up to {latest}"),
    }
}

#[cfg(test)]
mod tests;
