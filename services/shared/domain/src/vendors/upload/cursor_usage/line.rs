//! A line of Cursor's usage file.

use std::borrow::Cow;

use everycent_schemas::{Day, Timestamp, Usd};

use crate::identity::{HexId, IdHasher, Twins};
use crate::report::Fault;
use crate::vendors::cursor::usage_events::Billing;
use crate::vendors::upload::sheet::{self, Column, Line};
use crate::vendors::upload::{amount, count, email};

pub const DATE: Column = Column::required("Date");
const USER: Column = Column::optional("User");
const CLOUD_AGENT_ID: Column = Column::optional("Cloud Agent ID");
const AUTOMATION_ID: Column = Column::optional("Automation ID");
const KIND: Column = Column::required("Kind");
const MODEL: Column = Column::optional("Model").with_breaks();
pub const MAX_MODE: Column = Column::optional("Max Mode");
const CACHE_WRITE: Column = Column::optional("Input (w/ Cache Write)");
const INPUT: Column = Column::optional("Input (w/o Cache Write)");
const CACHE_READ: Column = Column::optional("Cache Read");
const OUTPUT: Column = Column::optional("Output Tokens");
const TOTAL: Column = Column::optional("Total Tokens");
const COST: Column = Column::required("Cost");

pub const COLUMNS: [Column; 13] = [
    DATE,
    USER,
    CLOUD_AGENT_ID,
    AUTOMATION_ID,
    KIND,
    MODEL,
    MAX_MODE,
    CACHE_WRITE,
    INPUT,
    CACHE_READ,
    OUTPUT,
    TOTAL,
    COST,
];

const EXPECTED_COST: &str = "an amount of US dollars such as 0.21, or a word such as Included, Free or -";

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub struct Event<'l> {
    pub occurred_at: Timestamp,
    /// In lower case; none where the file names nobody.
    pub email: Option<Cow<'l, str>>,
    pub cloud_agent_id: Option<&'l str>,
    pub automation_id: Option<&'l str>,
    pub kind: Option<&'l str>,
    pub billing: Billing,
    pub model: Option<&'l str>,
    /// As the file has it.
    pub max_mode: Option<&'l str>,
    /// Written to the cache, not written to it, read from it, and output. None is not known.
    pub counts: [Option<i64>; 4],
    pub total: Option<i64>,
    pub cost_text: &'l str,
    /// None for a word.
    pub cost_usd: Option<Usd>,
}

impl<'l> Event<'l> {
    fn read(line: &Line<'l>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut kept = |fault: Fault| faults.push(fault);
        let kind = amount::optional(line, &KIND);
        let billing = Billing::of_kind(kind);
        let instant = line.read(&DATE, "an instant such as 2026-11-03T09:01:00.000Z", instant).map_err(&mut kept);
        let email = email::read_optional(line, &USER).map_err(&mut kept);
        let counts = [CACHE_WRITE, INPUT, CACHE_READ, OUTPUT]
            .map(|column| count::read_optional(line, &column).map_err(&mut kept));
        let total = count::read_optional(line, &TOTAL).map_err(&mut kept);
        let cost = line.read(&COST, EXPECTED_COST, |cell| cost(cell, billing, line.is_semicolons)).map_err(&mut kept);
        let (Ok(occurred_at), Ok(email), [Ok(a), Ok(b), Ok(c), Ok(d)], Ok(total), Ok(cost_usd)) =
            (instant, email, counts, total, cost)
        else {
            return Err(faults);
        };
        Ok(Self {
            occurred_at,
            email,
            cloud_agent_id: amount::optional(line, &CLOUD_AGENT_ID),
            automation_id: amount::optional(line, &AUTOMATION_ID),
            kind,
            billing,
            model: amount::optional(line, &MODEL),
            max_mode: amount::optional(line, &MAX_MODE),
            counts: [a, b, c, d],
            total,
            cost_text: line.cell(&COST),
            cost_usd,
        })
    }

    pub fn day(&self) -> Day {
        self.occurred_at.day()
    }

    /// What is on the invoice. Of use with an own key the vendor charges its fee alone, which the file does not have.
    pub fn charge_usd(&self) -> Usd {
        match self.billing {
            Billing::OnDemand | Billing::Unknown => self.cost_usd.unwrap_or_default(),
            Billing::Included | Billing::NotCharged | Billing::OwnKey => Usd::ZERO,
        }
    }

    /// All tokens: by the file's own word, else those that it has.
    pub fn tokens(&self) -> Option<i64> {
        self.total.or_else(|| self.sum_of_counts())
    }

    fn sum_of_counts(&self) -> Option<i64> {
        self.counts.into_iter().flatten().reduce(|a, b| a + b)
    }

    /// What is odd about it and costs no line, with its column.
    pub fn oddities(&self) -> Vec<(&'static str, String)> {
        let mut odd = Vec::new();
        let has_money = self.cost_usd.is_some_and(|cost| cost != Usd::ZERO);
        match (self.billing, self.cost_usd) {
            (Billing::Unknown, Some(_)) => odd
                .push((KIND.name, "it is no kind that is known; its cost counts as use of an unknown kind".to_owned())),
            (Billing::Unknown, None) => {
                odd.push((KIND.name, "it is no kind that is known; it has no cost and costs nothing".to_owned()))
            }
            (Billing::OnDemand, None) => {
                odd.push((COST.name, "it is on demand and has no amount; it costs nothing".to_owned()))
            }
            (Billing::OwnKey | Billing::NotCharged, Some(_)) if has_money => {
                odd.push((COST.name, "its kind is not charged, so the amount is in no total".to_owned()));
            }
            _ => {}
        }
        let whole = self.counts.iter().all(Option::is_some);
        if whole && self.total.is_some() && self.total != self.sum_of_counts() {
            odd.push((TOTAL.name, "it is not the sum of the other tokens".to_owned()));
        }
        if self.max_mode.is_some() && self.is_max_mode().is_none() {
            odd.push((MAX_MODE.name, "it is neither yes nor no; left empty".to_owned()));
        }
        odd
    }

    pub fn is_max_mode(&self) -> Option<bool> {
        match self.max_mode?.to_ascii_lowercase().as_str() {
            "yes" | "true" | "1" | "on" => Some(true),
            "no" | "false" | "0" | "off" => Some(false),
            _ => None,
        }
    }
}

/// An instant, or a day for one that is known no better.
fn instant(cell: &str) -> Option<Timestamp> {
    cell.parse().ok().or_else(|| cell.parse().ok().map(Day::start))
}

/// Dollars, or none for a word that says that there are none. A word that is not known is believed only where nothing is
/// charged anyway.
fn cost(cell: &str, billing: Billing, is_semicolons: bool) -> Option<Option<Usd>> {
    if let Some(amount) = amount::dollars(cell, is_semicolons) {
        return Some(Some(amount));
    }
    let is_free = matches!(Billing::of_kind(Some(cell)), Billing::Included | Billing::NotCharged);
    let says_nothing =
        amount::is_nothing(cell) || matches!(cell.to_ascii_lowercase().as_str(), "n/a" | "none" | "null");
    let is_word = cell.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | ',' | '-' | '.' | '/' | '(' | ')'));
    let is_charged = matches!(billing, Billing::OnDemand | Billing::Unknown);
    (says_nothing || (is_word && (is_free || !is_charged))).then_some(None)
}

/// Gives each line of a file an identity: that of its dimensions, and among twins that of its place.
#[derive(Debug, Default)]
pub struct Ids(Twins);

impl Ids {
    pub fn next(&mut self, event: &Event<'_>) -> HexId {
        let dimensions = [
            event.email.as_deref(),
            event.cloud_agent_id,
            event.automation_id,
            event.kind,
            event.model,
            event.max_mode,
        ];
        let hasher = IdHasher::new("cursor_imported_events").number(event.occurred_at.micros());
        self.0.next(dimensions.into_iter().fold(hasher, IdHasher::optional)).hex()
    }
}

/// Reads every line. The error is what is wrong with the header.
pub fn read(text: &str, mut take: impl FnMut(Result<(&Line<'_>, Event<'_>), Vec<Fault>>)) -> Result<(), Vec<Fault>> {
    sheet::read_exported(text, &COLUMNS, |line| match line {
        Ok(line) => take(Event::read(&line).map(|event| (&line, event))),
        Err(fault) => take(Err(vec![fault])),
    })
}
