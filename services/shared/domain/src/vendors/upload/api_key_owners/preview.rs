//! What a sheet changes of what is known, and what money hangs on it.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::{Day, Usd};

use super::ownership::{Ownership, Period};
use crate::vendors::upload::nearest::nearest;

/// Strangers who are compared with all people that are known.
const COMPARED: usize = 20;

/// What the tables hold besides the owners.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// What each key has cost, day by day.
    pub costs: BTreeMap<String, BTreeMap<Day, Usd>>,
    /// Who created a key: its money is theirs where no sheet says otherwise.
    pub creators: BTreeMap<String, String>,
    /// Addresses of the people that the vendors list.
    pub people: BTreeSet<String>,
}

/// What becomes of a key's owner on some days. What comes first is what a person most needs to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It has none any more, and falls to who created it.
    ToCreator,
    /// It has none any more, and nobody is known for it.
    ToNobody,
    /// It keeps an owner, and no longer has a team.
    LosesTeam,
    ChangesOwner,
    ChangesTeam,
    ChangesNote,
    Gains,
}

/// One key on days on which the same becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub api_key_id: String,
    pub effect: Effect,
    /// First day; `None` for all before `until`.
    pub from: Option<Day>,
    /// The first day that is no longer among them; `None` for all from `from` on.
    pub until: Option<Day>,
    pub before: Option<Period>,
    pub after: Option<Period>,
    /// What the key cost on these days.
    pub cost_usd: Usd,
}

/// What a sheet changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// What is taken away first, and of it what cost the most.
    pub changes: Vec<Change>,
    /// Keys of which nothing changes.
    pub unchanged: usize,
    pub strangers: Vec<Stranger>,
}

/// An owner that is in no list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    pub line: u64,
    pub owner_email: String,
    pub nearest: Option<String>,
}

impl Effect {
    pub const ALL: [Self; 7] = [
        Self::ToCreator,
        Self::ToNobody,
        Self::LosesTeam,
        Self::ChangesOwner,
        Self::ChangesTeam,
        Self::ChangesNote,
        Self::Gains,
    ];

    /// Whether something that was known is not any more.
    pub fn takes_away(self) -> bool {
        matches!(self, Self::ToCreator | Self::ToNobody | Self::LosesTeam)
    }

    fn of(before: Option<&Period>, after: Option<&Period>, has_creator: bool) -> Option<Self> {
        match (before, after) {
            (None, None) => None,
            (None, Some(_)) => Some(Self::Gains),
            (Some(_), None) if has_creator => Some(Self::ToCreator),
            (Some(_), None) => Some(Self::ToNobody),
            (Some(before), Some(after)) if before.team.is_some() && after.team.is_none() => Some(Self::LosesTeam),
            (Some(before), Some(after)) if before.owner_email != after.owner_email => Some(Self::ChangesOwner),
            (Some(before), Some(after)) if before.team != after.team => Some(Self::ChangesTeam),
            (Some(before), Some(after)) if before.note != after.note => Some(Self::ChangesNote),
            (Some(_), Some(_)) => None,
        }
    }
}

impl Preview {
    pub fn takes_away(&self) -> bool {
        self.changes.iter().any(|change| change.effect.takes_away())
    }

    /// How many keys an effect is on, and what they cost on the days of it.
    pub fn total(&self, effects: &[Effect]) -> (usize, Usd) {
        let of_effect = || self.changes.iter().filter(|change| effects.contains(&change.effect));
        let keys: BTreeSet<&str> = of_effect().map(|change| change.api_key_id.as_str()).collect();
        (keys.len(), of_effect().map(|change| change.cost_usd).sum())
    }
}

/// What is known against what the sheet says.
pub fn preview(known: &Ownership, sheet: &Ownership, standing: &Standing) -> Preview {
    let keys: BTreeSet<&str> = known.keys().chain(sheet.keys()).collect();
    let mut preview = Preview { strangers: strangers(known, sheet, &standing.people), ..Preview::default() };
    for key in keys {
        let changes = changes_of(key, known, sheet, standing);
        preview.unchanged += usize::from(changes.is_empty());
        preview.changes.extend(changes);
    }
    let order = |change: &Change| (!change.effect.takes_away(), std::cmp::Reverse(change.cost_usd));
    preview.changes.sort_by_key(order);
    preview
}

fn changes_of(key: &str, known: &Ownership, sheet: &Ownership, standing: &Standing) -> Vec<Change> {
    let starts: BTreeSet<Option<Day>> = [None].into_iter().chain(known.starts(key)).chain(sheet.starts(key)).collect();
    let ends = starts.iter().skip(1).copied().chain([None]);
    let has_creator = standing.creators.contains_key(key);
    let mut changes: Vec<Change> = Vec::new();
    for (from, until) in starts.iter().copied().zip(ends) {
        let (before, after) = (known.on(key, from), sheet.on(key, from));
        let Some(effect) = Effect::of(before, after, has_creator) else { continue };
        let cost_usd = cost(standing.costs.get(key), from, until);
        match changes.last_mut() {
            Some(last) if last.until == from && last.is_same(before, after) => {
                (last.until, last.cost_usd) = (until, last.cost_usd + cost_usd);
            }
            _ => changes.push(Change {
                api_key_id: key.to_owned(),
                effect,
                from,
                until,
                before: before.cloned(),
                after: after.cloned(),
                cost_usd,
            }),
        }
    }
    changes
}

impl Change {
    /// Whether the same becomes of the key, whatever line or day said so.
    fn is_same(&self, before: Option<&Period>, after: Option<&Period>) -> bool {
        let said =
            |period: Option<&Period>| period.map(|of| (of.owner_email.clone(), of.team.clone(), of.note.clone()));
        said(self.before.as_ref()) == said(before) && said(self.after.as_ref()) == said(after)
    }
}

fn cost(costs: Option<&BTreeMap<Day, Usd>>, from: Option<Day>, until: Option<Day>) -> Usd {
    let is_within = |day: Day| from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until);
    costs.into_iter().flatten().filter(|(day, _)| is_within(**day)).map(|(_, cost)| *cost).sum()
}

/// Owners that no vendor lists, each once, with who may be meant. Nobody is a stranger where no list is loaded, nor
/// who owns a key already: that was said when the owner came.
fn strangers(known: &Ownership, sheet: &Ownership, people: &BTreeSet<String>) -> Vec<Stranger> {
    let owners: BTreeSet<&str> = known.periods().map(|period| period.owner_email.as_str()).collect();
    let is_known = |period: &&Period| {
        people.is_empty() || people.contains(&period.owner_email) || owners.contains(period.owner_email.as_str())
    };
    let mut unknown: BTreeMap<&str, u64> = BTreeMap::new();
    for period in sheet.periods().filter(|period| !is_known(period)) {
        let line = unknown.entry(&period.owner_email).or_insert(period.line);
        *line = period.line.min(*line);
    }
    let stranger =
        |(owner_email, line): (&str, u64)| Stranger { line, owner_email: owner_email.to_owned(), nearest: None };
    let mut strangers: Vec<Stranger> = unknown.into_iter().map(stranger).collect();
    strangers.sort_by_key(|stranger| stranger.line);
    for stranger in strangers.iter_mut().take(COMPARED) {
        stranger.nearest = nearest(&stranger.owner_email, people.iter().map(String::as_str)).map(str::to_owned);
    }
    strangers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(number: u32) -> Day {
        Day::new(2025, 10, number).unwrap()
    }

    /// Lines as `key owner team from`, the last two of which may be `-`.
    fn ownership(lines: &[&str]) -> Ownership {
        let mut ownership = Ownership::default();
        for (number, line) in (2..).zip(lines) {
            let cells: Vec<Option<&str>> = line.split(' ').map(|cell| Some(cell).filter(|cell| *cell != "-")).collect();
            let [Some(key), Some(owner), team, from] = cells[..] else { panic!("{line}") };
            let period = Period {
                valid_from: from.map(|number| day(number.parse().unwrap())),
                owner_email: format!("{owner}@example.com"),
                team: team.map(str::to_owned),
                note: None,
                line: number,
            };
            ownership.add(key, period);
        }
        ownership
    }

    /// Each key costs a dollar on each of the first ten days; `a` was created by somebody.
    fn standing() -> Standing {
        let days: BTreeMap<Day, Usd> = (1..=10).map(|number| (day(number), Usd::from_nanos(1_000_000_000))).collect();
        Standing {
            costs: ["a", "b", "c"].map(|key| (key.to_owned(), days.clone())).into(),
            creators: [("a".to_owned(), "zoe@example.com".to_owned())].into(),
            people: ["ada@example.com", "grace@example.com"].map(str::to_owned).into(),
        }
    }

    fn told(known: &[&str], sheet: &[&str]) -> Vec<String> {
        let preview = preview(&ownership(known), &ownership(sheet), &standing());
        let on = |day: Option<Day>| day.map_or("-".to_owned(), |day| day.to_string()[8..].to_owned());
        let change = |change: &Change| {
            let Change { api_key_id, effect, from, until, cost_usd, .. } = change;
            format!("{api_key_id} {effect:?} {}..{} {}", on(*from), on(*until), cost_usd.cents_text())
        };
        preview.changes.iter().map(change).collect()
    }

    #[test]
    fn a_key_that_is_left_out_falls_to_its_creator_or_to_nobody() {
        let known = ["a ada - -", "b ada - -", "c ada - -"];
        assert_eq!(told(&known, &["c ada - -"]), ["a ToCreator -..- 10.00", "b ToNobody -..- 10.00"]);
        assert_eq!(told(&known, &known), [""; 0]);
        let preview = preview(&ownership(&known), &ownership(&["c ada - -"]), &standing());
        assert!(preview.takes_away());
        assert_eq!(preview.unchanged, 1);
        let (keys, cost) = preview.total(&[Effect::ToCreator, Effect::ToNobody]);
        assert_eq!((keys, cost.cents_text().as_str()), (2, "20.00"));
    }

    #[test]
    fn a_later_handover_changes_only_the_days_from_it_on() {
        assert_eq!(told(&["a ada - -"], &["a ada - -", "a grace - 4"]), ["a ChangesOwner 04..- 7.00"]);
        assert_eq!(told(&["a ada - -", "a grace - 4"], &["a ada - -", "a grace - 8"]), ["a ChangesOwner 04..08 4.00"]);
        assert_eq!(told(&["a ada - -", "a grace - 4"], &["a ada - -"]), ["a ChangesOwner 04..- 7.00"]);
    }

    #[test]
    fn a_line_that_holds_only_from_a_day_on_takes_the_days_before_away() {
        assert_eq!(told(&["b ada - -"], &["b grace - 4"]), ["b ToNobody -..04 3.00", "b ChangesOwner 04..- 7.00"]);
        assert_eq!(told(&["b ada - 4"], &["b ada - -"]), ["b Gains -..04 3.00"]);
    }

    #[test]
    fn a_day_that_changes_nobody_is_no_change() {
        assert_eq!(told(&["a ada x -"], &["a ada x -", "a ada x 4"]), [""; 0]);
        assert_eq!(told(&["a ada - -", "a ada - 4"], &["a grace - -"]), ["a ChangesOwner -..- 10.00"]);
    }

    #[test]
    fn a_team_that_is_left_out_is_taken_away_and_another_one_is_a_change() {
        assert_eq!(told(&["a ada x -"], &["a ada - -"]), ["a LosesTeam -..- 10.00"]);
        assert_eq!(told(&["a ada x -"], &["a grace - -"]), ["a LosesTeam -..- 10.00"]);
        assert_eq!(told(&["a ada x -"], &["a ada y -"]), ["a ChangesTeam -..- 10.00"]);
        assert_eq!(told(&["a ada - -"], &["a ada y -"]), ["a ChangesTeam -..- 10.00"]);
    }

    #[test]
    fn an_owner_whom_no_vendor_lists_is_named_once_with_who_may_be_meant() {
        let sheet = ownership(&["a ada - -", "b garce - -", "c garce - -", "d unheardof - -"]);
        let strangers = preview(&Ownership::default(), &sheet, &standing()).strangers;
        let told: Vec<_> = strangers.iter().map(|of| (of.line, &*of.owner_email, of.nearest.as_deref())).collect();
        assert_eq!(told, [(3, "garce@example.com", Some("grace@example.com")), (5, "unheardof@example.com", None)]);
        assert!(preview(&Ownership::default(), &sheet, &Standing::default()).strangers.is_empty());
        assert!(preview(&sheet, &sheet, &standing()).strangers.is_empty(), "it was said before");
    }
}
