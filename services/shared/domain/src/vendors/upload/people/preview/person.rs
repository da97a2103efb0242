//! What becomes of one person.

use std::collections::BTreeSet;

use everycent_schemas::{Day, Usd};

use super::moves::Unit;
use crate::vendors::upload::people::address_book::Alias;
use crate::vendors::upload::people::period::PersonPeriod;
use crate::vendors::upload::people::roster::Roster;

/// What becomes of a person. What comes first is what a reader most needs to see, and decides where several are true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// In no line any more.
    Goes,
    /// Without a team on days on which there was one.
    LosesTeam,
    LosesCostCenter,
    /// The last day has been entered: from then on nothing is known.
    Leaves,
    ChangesTeam,
    ChangesCostCenter,
    Comes,
    /// A team or a cost center on days without one.
    Gains,
    /// Name, manager, seats, other addresses, or days without a team.
    ChangesDetails,
}

impl Effect {
    pub const ALL: [Self; 9] = [
        Self::Goes,
        Self::LosesTeam,
        Self::LosesCostCenter,
        Self::Leaves,
        Self::ChangesTeam,
        Self::ChangesCostCenter,
        Self::Comes,
        Self::Gains,
        Self::ChangesDetails,
    ];

    /// Whether something that was known is not any more. Who leaves takes nothing away, but for money of later days.
    pub fn takes_away(self, cost_usd: Usd) -> bool {
        match self {
            Self::Goes | Self::LosesTeam | Self::LosesCostCenter => true,
            Self::Leaves => cost_usd != Usd::ZERO,
            _ => false,
        }
    }
}

/// The effect, with the team before and after; `None` if nothing becomes of the person.
pub(super) fn change(known: &Roster, sheet: &Roster, email: &str) -> Option<(Effect, [Unit; 2])> {
    let team = |period: Option<&PersonPeriod>| period.and_then(|of| of.team.clone());
    let last = |roster: &Roster| team(roster.periods_of(email).last());
    if !sheet.has(email) {
        return Some((Effect::Goes, [last(known), None]));
    }
    if !known.has(email) {
        return Some((Effect::Comes, [None, last(sheet)]));
    }
    let center = |period: Option<&PersonPeriod>| period.and_then(|of| of.cost_center.clone());
    let mut effects: Vec<(Effect, [Unit; 2])> = Vec::new();
    for day in first_days(known, sheet, email) {
        let (before, after) = (at(known, email, day), at(sheet, email, day));
        let teams = [team(before), team(after)];
        // Behind the last day of the sheet.
        let is_over = sheet.periods_of(email).last().is_some_and(|last| last.valid_to.is_some() && last.valid_to < day);
        let loses = |effect| if is_over { Effect::Leaves } else { effect };
        let of_team = of_units(&teams, [loses(Effect::LosesTeam), Effect::ChangesTeam, Effect::Gains]);
        let of_center = of_units(
            &[center(before), center(after)],
            [loses(Effect::LosesCostCenter), Effect::ChangesCostCenter, Effect::Gains],
        );
        effects.extend(of_team.into_iter().chain(of_center).map(|effect| (effect, teams.clone())));
    }
    if let Some(first) = effects.into_iter().min_by_key(|(effect, _)| *effect) {
        return Some(first);
    }
    let is_same = said(known, email) == said(sheet, email);
    (!is_same).then(|| (Effect::ChangesDetails, [last(known), last(sheet)]))
}

fn of_units(units: &[Unit; 2], [loses, changes, gains]: [Effect; 3]) -> Option<Effect> {
    match units {
        [Some(_), None] => Some(loses),
        [None, Some(_)] => Some(gains),
        [before, after] => (before != after).then_some(changes),
    }
}

/// A day in each of the stretches on which nothing changes in either; `None` is the first of all.
fn first_days(known: &Roster, sheet: &Roster, email: &str) -> BTreeSet<Option<Day>> {
    let starts = |period: &PersonPeriod| [period.valid_from, period.valid_to.map(|to| to.next())];
    let periods = known.periods_of(email).chain(sheet.periods_of(email));
    periods.flat_map(starts).chain([None]).collect()
}

fn at<'r>(roster: &'r Roster, email: &str, day: Option<Day>) -> Option<&'r PersonPeriod> {
    match day {
        Some(day) => roster.on(email, day),
        None => roster.periods_of(email).next().filter(|period| period.valid_from.is_none()),
    }
}

/// All that is said of a person, whatever line says it.
fn said(roster: &Roster, email: &str) -> (Vec<PersonPeriod>, Vec<Alias>) {
    let bare = |period: &PersonPeriod| PersonPeriod { line: 0, aliases: Vec::new(), ..period.clone() };
    let mut aliases: Vec<Alias> = roster.aliases_of(email).cloned().collect();
    aliases.sort_by(|one, other| (&one.address, one.valid_from).cmp(&(&other.address, other.valid_from)));
    (roster.periods_of(email).map(bare).collect(), aliases)
}
