//! What the vendor reported of one day, as far as it can be compared.

use std::collections::BTreeMap;

use everycent_schemas::events::Reported;
use everycent_schemas::{Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// What a report is weighed by: its money; tokens, then counts, of a day that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    Usd,
    Tokens,
    Count,
}

impl Measure {
    /// By which these figures are weighed; `None` where nothing weighs. Money that credits make less than nothing weighs too.
    pub fn of(reported: &Reported) -> Option<Self> {
        [Self::Usd, Self::Tokens, Self::Count].into_iter().find(|measure| measure.amount(reported) != 0)
    }

    /// In nano-dollars, tokens or pieces.
    pub fn amount(self, reported: &Reported) -> i128 {
        match self {
            Self::Usd => reported.usd.map_or(0, Usd::nanos),
            Self::Tokens => reported.tokens.unwrap_or(0).into(),
            Self::Count => reported.count.unwrap_or(0).into(),
        }
    }

    /// An amount as people read it.
    pub fn text(self, amount: i128) -> String {
        match self {
            Self::Usd => format!("{} dollars", Usd::from_nanos(amount).short()),
            Self::Tokens => format!("{amount} tokens"),
            Self::Count => format!("a count of {amount}"),
        }
    }
}

/// Whether the first of what happened on a day is no longer reported, with figures that are lower for it.
pub(super) fn lacks_beginning(before: &Reported, now: &Reported) -> bool {
    let is_less = |measure: Measure| measure.amount(now) < measure.amount(before);
    let begins_later = before.first_at.zip(now.first_at).is_some_and(|(before, now)| before < now);
    begins_later && [Measure::Usd, Measure::Tokens, Measure::Count].into_iter().any(is_less)
}

/// The higher of two, figure by figure, and the earlier beginning.
pub(super) fn highest(one: &Reported, other: &Reported) -> Reported {
    let (usd, tokens) = (one.usd.max(other.usd), one.tokens.max(other.tokens));
    let first_at = one.first_at.into_iter().chain(other.first_at).min();
    Reported { usd, tokens, count: one.count.max(other.count), before_first: false, first_at }
}

/// The figures of one answer, by the number of the normalizer that made them. Only figures of one normalizer are
/// compared: another one may count what this one rejects.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Figures(BTreeMap<i64, Stored>);

impl Figures {
    pub fn of(normalizer: i64, reported: Reported) -> Self {
        Self(BTreeMap::from([(normalizer, Stored::of(&reported))]))
    }

    /// Takes those of the other one as well; of two by the same normalizer its own. What lies before the first day of an
    /// answer is known only where the whole answer was looked at, so either of them may say it.
    pub fn add(&mut self, other: &Self) {
        for (normalizer, reported) in &other.0 {
            let own = self.0.entry(*normalizer).or_insert_with(|| reported.clone());
            own.before_first |= reported.before_first;
        }
    }

    pub fn has(&self, normalizer: i64) -> bool {
        self.0.contains_key(&normalizer)
    }

    /// Those of the newest normalizer.
    pub fn latest(&self) -> Option<(i64, Reported)> {
        self.0.last_key_value().map(|(normalizer, reported)| (*normalizer, reported.reported()))
    }

    pub fn by(&self, normalizer: i64) -> Option<Reported> {
        self.0.get(&normalizer).map(Stored::reported)
    }

    /// The newest normalizer that made figures of both.
    pub(super) fn common(&self, other: &Self) -> Option<i64> {
        self.0.keys().rev().find(|normalizer| other.has(**normalizer)).copied()
    }

    /// What later figures say otherwise: by which measure, what it was, and what it is. By one normalizer; another one may
    /// count otherwise.
    pub fn change_to(&self, later: &Self) -> Option<(Measure, i128, i128)> {
        let normalizer = self.common(later)?;
        let (was, is) = (self.by(normalizer)?, later.by(normalizer)?);
        let measures = [Measure::Usd, Measure::Tokens, Measure::Count].into_iter();
        measures.map(|measure| (measure, measure.amount(&was), measure.amount(&is))).find(|(_, was, is)| was != is)
    }

    /// As JSON.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("invariant: a map of numbers to texts and numbers is JSON")
    }

    /// What [`to_text`](Self::to_text) wrote; nothing, where it is something else.
    pub fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// The figures in JSON, where money is an exact text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    before_first: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_at: Option<Timestamp>,
}

impl Stored {
    pub(super) fn of(reported: &Reported) -> Self {
        let Reported { usd, tokens, count, before_first, first_at } = *reported;
        Self { usd: usd.map(Usd::short), tokens, count, before_first, first_at }
    }

    pub(super) fn reported(&self) -> Reported {
        let usd = self.usd.as_deref().and_then(|text| crate::money::usd_from_dollars(text).ok());
        let Self { tokens, count, before_first, first_at, .. } = *self;
        Reported { usd, tokens, count, before_first, first_at }
    }
}
