//! The preview of a sheet of people.

use std::collections::BTreeSet;

use bytes::Bytes;
use everycent_domain::report::{Contents, Faults, Import};
use everycent_domain::vendors::upload::people::preview::{Change, Comparison, Effect, Move, Preview, Stranger};
use everycent_domain::vendors::upload::people::{PersonPeriod, Roster, Sheet, alike, check_sheet};
use everycent_domain::window::Window;
use everycent_runtime::threads;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{Day, Usd};
use serde::Serialize;

use super::remarks::{remarks_text, shown};
use super::usage::parts;
use crate::facts::people;
use crate::failure::Failure;
use crate::show::{Grid, grouped};

/// People, teams and remarks of each kind that a person is shown.
const SHOWN: usize = 20;
/// People that a machine is told; the sums are of all.
const LISTED: usize = 1000;
const NO_TEAM: &str = "unassigned";

#[derive(Debug, Serialize)]
pub struct People {
    takes_away: bool,
    /// Whether more than a fifth of the lines are gone.
    loses_lines: bool,
    lines_before: usize,
    lines_after: usize,
    /// The days whose cost is shown; null where no cost is loaded.
    cost_from: Option<Day>,
    cost_to: Option<Day>,
    totals: Vec<Total>,
    unchanged_people: usize,
    /// What goes from one team to another, the most first.
    teams: Vec<Moved>,
    cost_centers: Vec<Moved>,
    /// What is of no team, before and after.
    unassigned_before_usd: Usd,
    unassigned_after_usd: Usd,
    /// What is taken away first, and of it what cost the most.
    changes: Vec<PersonChange>,
    changes_total: usize,
    /// Addresses that cost money and stand in no line, the dearest first.
    not_in_file: Vec<NotInFile>,
    not_in_file_total: usize,
    columns_left_out: Vec<String>,
    has_teams: bool,
    /// Names of teams that differ only in how they are written.
    teams_alike: Vec<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct Total {
    effect: &'static str,
    people: usize,
    /// What of their cost gets another team.
    cost_usd: Usd,
}

#[derive(Debug, Serialize)]
struct Moved {
    /// Null is none.
    from: Option<String>,
    to: Option<String>,
    people: usize,
    cost_usd: Usd,
}

#[derive(Debug, Serialize)]
struct PersonChange {
    email: String,
    effect: &'static str,
    team_before: Option<String>,
    team_after: Option<String>,
    cost_usd: Usd,
}

#[derive(Debug, Serialize)]
struct NotInFile {
    address: String,
    cost_usd: Usd,
    nearest: Option<String>,
}

pub async fn look(
    warehouse: Option<&dyn Warehouse>,
    body: &Bytes,
    today: Day,
) -> Result<Result<(Contents, People), Faults>, Failure> {
    let body = body.clone();
    let checked = threads::compute(move || check_sheet(Import::text(&body)?, today)).await;
    let (contents, sheet) = match checked {
        Ok(checked) => checked,
        Err(faults) => return Ok(Err(faults)),
    };
    let Some(warehouse) = warehouse else {
        let preview = Comparison::of(&Roster::default(), &sheet.roster).preview();
        return Ok(Ok((contents, People::of(&preview, &sheet, None))));
    };
    let (known, days) = (people::roster(warehouse).await?, people::cost_days(warehouse).await?);
    let mut comparison = Comparison::of(&known, &sheet.roster);
    for part in days.into_iter().flat_map(parts) {
        people::costs(warehouse, part).await?.iter().for_each(|cost| comparison.add(cost));
    }
    Ok(Ok((contents, People::of(&comparison.preview(), &sheet, days))))
}

impl People {
    fn of(preview: &Preview, sheet: &Sheet, days: Option<Window>) -> Self {
        let total = |effect: &Effect| {
            let (people, cost_usd) = preview.total(*effect);
            Total { effect: word(*effect), people, cost_usd }
        };
        let teams: BTreeSet<&str> = sheet.roster.periods().filter_map(|of: &PersonPeriod| of.team.as_deref()).collect();
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let (unassigned_before_usd, unassigned_after_usd) = preview.unassigned_usd;
        Self {
            takes_away: preview.takes_away(),
            loses_lines: preview.loses_lines(),
            lines_before: preview.lines.0,
            lines_after: preview.lines.1,
            cost_from: days.map(|window| window.from()),
            cost_to: days.map(|window| window.to()),
            totals: Effect::ALL.iter().map(total).filter(|total| total.people > 0).collect(),
            unchanged_people: preview.unchanged,
            teams: preview.teams.iter().map(Moved::of).collect(),
            cost_centers: preview.cost_centers.iter().map(Moved::of).collect(),
            unassigned_before_usd,
            unassigned_after_usd,
            changes: preview.changes.iter().take(LISTED).map(PersonChange::of).collect(),
            changes_total: preview.changes.len(),
            not_in_file: preview.strangers.iter().take(LISTED).map(NotInFile::of).collect(),
            not_in_file_total: preview.strangers.len(),
            columns_left_out: sheet.left_out.clone(),
            has_teams: sheet.has_teams,
            teams_alike: alike(teams.into_iter()).into_iter().map(owned).collect(),
        }
    }

    pub fn loss(&self) -> Option<String> {
        let of =
            |total: &&Total| Effect::ALL.iter().any(|of| of.takes_away(total.cost_usd) && word(*of) == total.effect);
        let lines = self.loses_lines.then(|| self.lines_text());
        let losses = lines.into_iter().chain(self.totals.iter().filter(of).map(|total| self.said(total)));
        let losses: Vec<String> = losses.collect();
        (!losses.is_empty()).then(|| losses.join("; "))
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.loses_lines {
            text += &format!("  ✗ LOOK: {}, which is more than a fifth. Is the file whole?\n", self.lines_text());
        }
        if let (Some(from), Some(to), false) = (self.cost_from, self.cost_to, self.totals.is_empty()) {
            text += &format!("Amounts are US dollars of {from} to {to}, all days that are loaded\n");
        }
        text.extend(self.totals.iter().map(|total| format!("  {}\n", self.said(total))));
        if self.unchanged_people > 0 {
            text += &format!("  {} unchanged\n", people_text(self.unchanged_people));
        }
        if let (Some(_), false) = (self.cost_from, self.totals.is_empty()) {
            let (before, after) = (self.unassigned_before_usd.cents_text(), self.unassigned_after_usd.cents_text());
            text += &format!("  of no team: {before} before, {after} after\n");
        }
        text += &moves_text("Money that goes to another team", &self.teams);
        text += &moves_text("Money that goes to another cost center", &self.cost_centers);
        text + &self.grid_text() + &self.remarks_text()
    }

    fn lines_text(&self) -> String {
        let (before, gone) = (self.lines_before, self.lines_before.saturating_sub(self.lines_after));
        format!("{} of {} lines are gone", grouped_size(gone), grouped_size(before))
    }

    /// A total as a sentence: `3 people go, 1,234.56 becomes unassigned`.
    fn said(&self, total: &Total) -> String {
        let people = people_text(total.people);
        let [goes, loses, their, leaves, changes, comes, gets] = match total.people {
            1 => ["goes", "loses", "the", "leaves", "changes", "comes", "gets"],
            _ => ["go", "lose", "their", "leave", "change", "come", "get"],
        };
        let (what, money) = match total.effect {
            "goes" => (format!("{people} {goes}"), "becomes unassigned"),
            "loses_team" => (format!("{people} {loses} {their} team"), "moves"),
            "loses_cost_center" => (format!("{people} {loses} {their} cost center"), "moves to another team"),
            "leaves" => (format!("{people} {leaves}"), "becomes unassigned"),
            "changes_team" => (format!("{people} {changes} team"), "moves"),
            "changes_cost_center" => (format!("{people} {changes} cost center"), "moves to another team"),
            "comes" => (format!("{people} {comes}"), "gets a team"),
            "gains" => (format!("{people} {gets} a team or cost center on more days"), "gets a team"),
            _ => (format!("of {people} something else changes"), "moves to another team"),
        };
        match (self.cost_from, total.cost_usd == Usd::ZERO) {
            (Some(_), false) => format!("{what}, {} {money}", total.cost_usd.cents_text()),
            _ => what,
        }
    }

    fn grid_text(&self) -> String {
        let mut grid = Grid::new(&["person", "team before", "team after", ">usd"]);
        let is_shown = |change: &&PersonChange| change.effect != word(Effect::ChangesDetails);
        let all = self.changes.iter().filter(is_shown).count();
        let more = all.saturating_sub(SHOWN);
        for change in self.changes.iter().filter(is_shown).take(SHOWN) {
            let cost = self.cost_from.map_or(String::new(), |_| change.cost_usd.cents_text());
            grid.row([change.email.clone(), unit(&change.team_before), unit(&change.team_after), cost]);
        }
        match (grid.is_empty(), more) {
            (true, _) => String::new(),
            (false, 0) => format!("\n{}", grid.text()),
            (false, more) => format!("\n{}  and {more} more; --json has them\n", grid.text()),
        }
    }

    fn remarks_text(&self) -> String {
        let mut remarks = Vec::new();
        if !self.columns_left_out.is_empty() {
            remarks.push(format!("columns that are not read: {}", self.columns_left_out.join(", ")));
        }
        if !self.has_teams {
            remarks.push("the file has no column `team`, so nobody in it has one".to_owned());
        }
        let alike =
            |names: &Vec<String>| format!("teams that differ only in how they are written: {}", names.join(", "));
        remarks.extend(shown(&self.teams_alike, SHOWN, alike));
        remarks.extend(shown(&self.not_in_file, SHOWN, NotInFile::text));
        remarks_text(&remarks)
    }
}

fn grouped_size(number: usize) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}

fn people_text(number: usize) -> String {
    match number {
        1 => "1 person".to_owned(),
        _ => format!("{} people", grouped_size(number)),
    }
}

fn unit(name: &Option<String>) -> String {
    name.clone().unwrap_or_else(|| NO_TEAM.to_owned())
}

fn moves_text(title: &str, moves: &[Moved]) -> String {
    let mut grid = Grid::new(&["from", "to", ">people", ">usd"]);
    for of in moves.iter().take(SHOWN) {
        grid.row([unit(&of.from), unit(&of.to), of.people.to_string(), of.cost_usd.cents_text()]);
    }
    let more = match moves.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("  and {more} more; --json has them\n"),
    };
    if grid.is_empty() { String::new() } else { format!("\n{title}\n{}{more}", grid.text()) }
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Goes => "goes",
        Effect::LosesTeam => "loses_team",
        Effect::LosesCostCenter => "loses_cost_center",
        Effect::Leaves => "leaves",
        Effect::ChangesTeam => "changes_team",
        Effect::ChangesCostCenter => "changes_cost_center",
        Effect::Comes => "comes",
        Effect::Gains => "gains",
        Effect::ChangesDetails => "changes_details",
    }
}

impl Moved {
    fn of(of: &Move) -> Self {
        let Move { from, to, people, cost_usd } = of.clone();
        Self { from, to, people, cost_usd }
    }
}

impl PersonChange {
    fn of(change: &Change) -> Self {
        let Change { email, effect, team_before, team_after, cost_usd } = change.clone();
        Self { email, effect: word(effect), team_before, team_after, cost_usd }
    }
}

impl NotInFile {
    fn of(stranger: &Stranger) -> Self {
        let Stranger { address, cost_usd, nearest } = stranger.clone();
        Self { address, cost_usd, nearest }
    }

    fn text(&self) -> String {
        let Self { address, cost_usd, nearest } = self;
        let meant = nearest.as_ref().map(|of| format!("; {of} may be meant")).unwrap_or_default();
        format!("{address} is in no line of the file and cost {}{meant}", cost_usd.cents_text())
    }
}
