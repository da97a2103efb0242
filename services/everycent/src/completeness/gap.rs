//! One thing that figures lack, or that is to be known of them.

use std::collections::BTreeSet;

use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_schemas::{AccountId, Day};
use serde::{Serialize, Serializer};

/// What it is, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No report of money is open to the account's key.
    NoMoneyReport,
    /// An account has nothing at all of the days.
    NothingLoaded,
    /// The last attempt to fetch the days failed.
    Failed,
    /// The report says what is billed and is asked no more: its key is gone, or the configuration names it no more.
    NotAsked,
    /// The days were never loaded.
    NotLoaded,
    /// The vendor has not reported the days when it last answered, later than it usually does.
    Late,
    /// The newest answer takes away too much, so an earlier one is shown.
    Held,
    /// The rows of the accepted answer are being made again.
    Replaying,
    /// Newer answers are stored, and wait in the queue.
    Queued,
    /// Newer answers are stored, and nothing is under way to load them.
    NotInTables,
    /// The charges of the days are not made of what is loaded.
    ChargesNotMade,
    /// Records could not be read.
    Rejected,
    /// The rows were made by other rules or prices, or by an earlier release.
    OlderRules,
    /// An imported file has money of the days that is not counted, for the vendor's API reports it too.
    ReportedByApi,
    /// The vendor may still correct the days.
    Open,
    /// The vendor takes its time: it usually reports the days later than now.
    NotReportedYet,
    /// The report is not open to the key and never was.
    Unavailable,
}

impl Kind {
    /// Whether figures are known to be incomplete by it, or not to be what they should.
    pub fn is_lack(self) -> bool {
        !matches!(self, Self::ReportedByApi | Self::Open | Self::NotReportedYet | Self::Unavailable)
    }
}

/// A gap in what one report of one account tells of some days, or all of its reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    pub kind: Kind,
    #[serde(serialize_with = "name")]
    pub vendor: Vendor,
    pub account_id: AccountId,
    /// The reports.
    pub sources: BTreeSet<&'static str>,
    /// In ranges, both ends included.
    #[serde(serialize_with = "ranges")]
    pub days: BTreeSet<Day>,
    /// Records that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<i64>,
    /// The vendor's words, or what is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a person does about it: a command, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Gap {
    /// From the first day to the last.
    pub fn range(&self) -> Option<Window> {
        let (first, last) = (self.days.first()?, self.days.last()?);
        Window::new(*first, *last).ok()
    }

    /// The same with the command that mends it.
    pub(super) fn with_mend(mut self) -> Self {
        self.mend = self.command();
        self
    }

    fn command(&self) -> Option<String> {
        let Some(range) = self.range() else {
            return (self.kind == Kind::NoMoneyReport).then(|| "use the key of an administrator".to_owned());
        };
        let (from, to) = (range.from(), range.to());
        let source = self.sources.first().copied().unwrap_or_default();
        match self.kind {
            Kind::NothingLoaded | Kind::NotLoaded => Some(format!("`everycent sync --from {from} --to {to}`")),
            Kind::NotAsked => Some(format!(
                "configure it again, or say that the account is used no more: `everycent accounts retire {}`",
                self.account_id
            )),
            Kind::Failed | Kind::Late | Kind::Queued => Some("`everycent sync`".to_owned()),
            Kind::Held => Some(format!("`everycent history {from}`, then `everycent accept {from} --source {source}`")),
            Kind::Replaying | Kind::NotInTables | Kind::OlderRules => {
                Some(format!("`everycent replay --from {from} --to {to}`"))
            }
            Kind::ChargesNotMade => {
                Some("`everycent reconcile`, which names figures that can't be added up".to_owned())
            }
            Kind::Rejected => Some("`everycent status` shows where and why".to_owned()),
            Kind::NoMoneyReport | Kind::ReportedByApi | Kind::Open | Kind::NotReportedYet | Kind::Unavailable => None,
        }
    }
}

/// The fewest ranges that hold exactly these days.
pub fn in_ranges(days: &BTreeSet<Day>) -> Vec<Window> {
    Window::fewest(days.iter().copied(), u32::MAX)
}

fn ranges<S: Serializer>(days: &BTreeSet<Day>, serializer: S) -> Result<S::Ok, S::Error> {
    in_ranges(days).serialize(serializer)
}

fn name<S: Serializer>(vendor: &Vendor, serializer: S) -> Result<S::Ok, S::Error> {
    vendor.name().serialize(serializer)
}

/// Adds what another gap is about; the first reason stays.
pub(super) fn join(all: &mut Gap, other: Gap) {
    all.sources.extend(other.sources);
    all.days.extend(other.days);
    all.records = all.records.map(|records| records + other.records.unwrap_or_default()).or(other.records);
    all.reason = all.reason.take().or(other.reason);
}
