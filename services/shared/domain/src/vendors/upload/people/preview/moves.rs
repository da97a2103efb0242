//! Money that goes from one team, or cost center, to another.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::Usd;

/// A team or a cost center; `None` is none.
pub type Unit = Option<String>;

/// What goes from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub from: Unit,
    pub to: Unit,
    /// How many people's.
    pub people: usize,
    pub cost_usd: Usd,
}

/// What is added up day by day.
#[derive(Debug, Default)]
pub(super) struct Moves {
    between: BTreeMap<(Unit, Unit), (BTreeSet<String>, Usd)>,
    by_person: BTreeMap<String, Usd>,
}

impl Moves {
    pub fn add(&mut self, person: &str, (from, to): (Option<&str>, Option<&str>), cost_usd: Usd) {
        if from == to {
            return;
        }
        let key = (from.map(str::to_owned), to.map(str::to_owned));
        let (people, cost) = self.between.entry(key).or_default();
        *cost = *cost + cost_usd;
        if !people.contains(person) {
            people.insert(person.to_owned());
        }
        let of_person = self.by_person.entry(person.to_owned()).or_default();
        *of_person = *of_person + cost_usd;
    }

    pub fn of_person(&self, email: &str) -> Usd {
        self.by_person.get(email).copied().unwrap_or_default()
    }

    /// The most money first.
    pub fn each(&self) -> Vec<Move> {
        let each = self.between.iter().map(|((from, to), (people, cost_usd))| Move {
            from: from.clone(),
            to: to.clone(),
            people: people.len(),
            cost_usd: *cost_usd,
        });
        let mut moves: Vec<Move> = each.collect();
        moves.sort_by_key(|of| Reverse(of.cost_usd));
        moves
    }
}
