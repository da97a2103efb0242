//! The sheets that people upload in a schedule.

use chrono::{Days, NaiveDate};

use crate::model::Sheet;
use crate::schedule::Transition;

/// What stands for the account of a sheet that is of none.
pub(super) const COMPANY: &str = "company";

/// The sheet of a transition that uploads one. No day of it is in the future.
pub(super) fn sheet(transition: &Transition, first_day: NaiveDate, today: NaiveDate) -> Sheet {
    match transition {
        Transition::UploadUsage { from, lines, .. } => {
            let line = |(day, person, count): &(u32, u32, u32)| {
                let day = (first_day + Days::new((from + day).into())).min(today);
                ((day, format!("Person-{person}@example.com")), [*count, count % 3, count / 2, count * 7])
            };
            Sheet::ClaudeUsage(lines.iter().map(line).collect())
        }
        Transition::UploadOwners { lines, .. } => {
            let line = |(key, owner, has_note): &(u32, u32, bool)| {
                let note = if *has_note { "by hand" } else { "" };
                let cells = [format!("Owner-{owner}@example.com"), format!("Team {owner}"), note.to_owned()];
                // Some owners follow others on a day of the schedule.
                let from = (owner % 2 == 1).then(|| first_day + Days::new((*owner).into()));
                ((format!("apikey_01Random0{key}"), from), cells)
            };
            Sheet::ApiKeyOwners(lines.iter().map(line).collect())
        }
        Transition::UploadPeople { lines, .. } => {
            let line = |(person, team, has_alias): &(u32, u32, bool)| {
                let alias = if *has_alias { format!("Person-{person}@example.org") } else { String::new() };
                // Some come into another team on a day of the schedule.
                let from = (team % 2 == 1).then(|| first_day + Days::new((*team).into()));
                ((format!("Person-{person}@example.com"), from), [alias, format!("Team {team}")])
            };
            Sheet::People(lines.iter().map(line).collect())
        }
        _ => unreachable!("invariant: every other transition uploads nothing"),
    }
}
