//! What a sheet changes of what is known, and what money moves with it.

mod moves;
mod person;

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::{Day, Usd};

use super::roster::Roster;
use crate::vendors::upload::nearest::nearest;

pub use moves::{Move, Unit};
pub use person::Effect;

/// Addresses that are compared with all of the sheet.
const COMPARED: usize = 20;

/// What an address has cost on a day: the part that no key's own line gives to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    pub day: Day,
    /// As the vendor names it, or the file of owners; `None` when nobody is known.
    pub address: Option<String>,
    pub cost_usd: Usd,
}

/// What becomes of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub email: String,
    pub effect: Effect,
    pub team_before: Option<String>,
    pub team_after: Option<String>,
    /// What of the person's cost gets another team.
    pub cost_usd: Usd,
}

/// Whom neither the sheet nor the one before it names, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    pub address: String,
    pub cost_usd: Usd,
    /// The address of the sheet that may be meant.
    pub nearest: Option<String>,
}

/// What a sheet changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// Lines of the file that is known, and of this one.
    pub lines: (usize, usize),
    /// Of those who are in both or in one, what is taken away first, and of it what cost the most.
    pub changes: Vec<Change>,
    pub unchanged: usize,
    /// What goes from one team to another, the most first.
    pub teams: Vec<Move>,
    pub cost_centers: Vec<Move>,
    /// All that the days cost that were compared, and what of it is of no team before and after.
    pub total_usd: Usd,
    pub unassigned_usd: (Usd, Usd),
    /// The dearest first.
    pub strangers: Vec<Stranger>,
}

/// Compares a sheet with what is known, and then day by day what was spent.
#[derive(Debug)]
pub struct Comparison<'r> {
    known: &'r Roster,
    sheet: &'r Roster,
    teams: moves::Moves,
    cost_centers: moves::Moves,
    total_usd: Usd,
    unassigned_usd: (Usd, Usd),
    strangers: BTreeMap<String, Usd>,
}

impl<'r> Comparison<'r> {
    pub fn of(known: &'r Roster, sheet: &'r Roster) -> Self {
        Self {
            known,
            sheet,
            teams: moves::Moves::default(),
            cost_centers: moves::Moves::default(),
            total_usd: Usd::ZERO,
            unassigned_usd: (Usd::ZERO, Usd::ZERO),
            strangers: BTreeMap::new(),
        }
    }

    /// Takes what an address cost on a day.
    pub fn add(&mut self, cost: &Cost) {
        let Cost { day, address, cost_usd } = cost;
        self.total_usd = self.total_usd + *cost_usd;
        let (before, after) =
            (Place::of(self.known, address.as_deref(), *day), Place::of(self.sheet, address.as_deref(), *day));
        let (no_team_before, no_team_after) = &mut self.unassigned_usd;
        for (place, unassigned) in [(&before, no_team_before), (&after, no_team_after)] {
            if place.team.is_none() {
                *unassigned = *unassigned + *cost_usd;
            }
        }
        let Some(address) = address else { return };
        let person = if self.sheet.has(after.person) { after.person } else { before.person };
        self.teams.add(person, (before.team, after.team), *cost_usd);
        self.cost_centers.add(person, (before.cost_center, after.cost_center), *cost_usd);
        // Who goes is told as that.
        if !self.sheet.knows(address) && !self.known.knows(address) {
            let cost = self.strangers.entry(address.clone()).or_default();
            *cost = *cost + *cost_usd;
        }
    }

    pub fn preview(self) -> Preview {
        let (known, sheet) = (self.known, self.sheet);
        let people: BTreeSet<&str> = known.people().chain(sheet.people()).collect();
        let mut preview = Preview {
            lines: (known.periods().count(), sheet.periods().count()),
            total_usd: self.total_usd,
            unassigned_usd: self.unassigned_usd,
            teams: self.teams.each(),
            cost_centers: self.cost_centers.each(),
            strangers: strangers(self.strangers, sheet),
            ..Preview::default()
        };
        for email in people {
            match person::change(known, sheet, email) {
                None => preview.unchanged += 1,
                Some((effect, [team_before, team_after])) => preview.changes.push(Change {
                    email: email.to_owned(),
                    effect,
                    team_before,
                    team_after,
                    cost_usd: self.teams.of_person(email),
                }),
            }
        }
        let order = |change: &Change| (change.effect, std::cmp::Reverse(change.cost_usd));
        preview.changes.sort_by_key(order);
        preview
    }
}

/// Where what an address cost belongs.
struct Place<'r> {
    person: &'r str,
    team: Option<&'r str>,
    cost_center: Option<&'r str>,
}

impl<'r> Place<'r> {
    fn of(roster: &'r Roster, address: Option<&'r str>, day: Day) -> Self {
        let person = address.map_or("", |address| roster.person(address, day));
        let period = roster.on(person, day);
        Self {
            person,
            team: period.and_then(|period| period.team.as_deref()),
            cost_center: period.and_then(|period| period.cost_center.as_deref()),
        }
    }
}

impl Preview {
    pub fn takes_away(&self) -> bool {
        self.loses_lines() || self.changes.iter().any(|change| change.effect.takes_away(change.cost_usd))
    }

    /// Whether more than a fifth of the lines are gone.
    pub fn loses_lines(&self) -> bool {
        let (before, after) = self.lines;
        after < before && (before - after) * 5 > before
    }

    /// How many people an effect is on, and what of their cost gets another team.
    pub fn total(&self, effect: Effect) -> (usize, Usd) {
        let of_effect = || self.changes.iter().filter(|change| change.effect == effect);
        (of_effect().count(), of_effect().map(|change| change.cost_usd).sum())
    }
}

/// Addresses that cost money and stand in no line, with who may be meant.
fn strangers(costs: BTreeMap<String, Usd>, sheet: &Roster) -> Vec<Stranger> {
    let stranger = |(address, cost_usd)| Stranger { address, cost_usd, nearest: None };
    let mut strangers: Vec<Stranger> = costs.into_iter().map(stranger).collect();
    strangers.sort_by_key(|stranger| std::cmp::Reverse(stranger.cost_usd));
    for stranger in strangers.iter_mut().take(COMPARED) {
        stranger.nearest = meant(&stranger.address, sheet);
    }
    strangers
}

/// Who may be meant by an address: it differs a little before the at sign, or behind it.
fn meant(address: &str, sheet: &Roster) -> Option<String> {
    let (name, domain) = address.split_once('@')?;
    let people = || sheet.people().filter_map(|email| email.split_once('@'));
    let of_domain = people().filter(|(_, of)| *of == domain).map(|(name, _)| name);
    let of_name = people().filter(|(of, _)| *of == name).map(|(_, domain)| domain);
    let named = nearest(name, of_domain).map(|name| format!("{name}@{domain}"));
    named.or_else(|| nearest(domain, of_name).map(|domain| format!("{name}@{domain}")))
}

#[cfg(test)]
mod tests;
