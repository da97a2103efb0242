//! What there is to say about one report of one vendor, in one place.
//!
//! Each report's own module has one [`Report`]; the catalog lists them. Whoever plans, pages, normalizes or reconciles
//! reads the descriptor and knows no vendor. It decides nothing itself.

mod fault;
mod import;
mod kind;
mod weight;

use crate::attribution::Rules;
use crate::manifest::Manifest;
use crate::paging::{Pager, PagingTask};
use crate::prices::CursorPrices;
use crate::reconcile::Control;
use crate::rows::RowMaker;
use crate::vendor::Vendor;

pub use fault::{Fault, FaultColumn, Faults};
pub use import::{Contents, Import, Occasion};
pub(crate) use kind::is_overdue;
pub use kind::{Days, Kind, Memory};
pub use weight::Weight;

/// One report of one vendor, always asked in the same way; or a file that a person imports.
#[derive(Debug)]
pub struct Report {
    /// `<vendor>/<report>`, or `upload/<file>`.
    pub name: &'static str,
    /// Whose bill it is about.
    pub vendor: Vendor,
    /// What is asked for, as the documentation's table of sources says it.
    pub about: &'static str,
    /// What it reports of time, and so how it is asked.
    pub kind: Kind,
    /// How it is obtained.
    pub origin: Origin,
    /// Makes the rows of one snapshot.
    pub rows: MakeRows,
    /// The tables that its rows go into.
    pub tables: &'static [&'static str],
    /// The vendor's own figures that say how much of it there is.
    pub weighs: &'static [Weight],
    /// What reconcile expects of its money, where the same money is reported elsewhere.
    pub control: Option<Control>,
}

/// What makes rows of the pages of one snapshot. It sees no more of a recipe than it says, so that a change of the rest is
/// no news for its rows.
#[derive(Debug, Clone, Copy)]
pub enum MakeRows {
    Plain(fn() -> Box<dyn RowMaker + Send>),
    /// By attribution rules.
    ByRules(for<'a> fn(&'a Rules) -> Box<dyn RowMaker + Send + 'a>),
    /// By Cursor's plans and prices.
    ByPrices(for<'a> fn(&'a Manifest, &'a CursorPrices) -> Box<dyn RowMaker + Send + 'a>),
}

/// How a report is obtained.
#[derive(Debug)]
pub enum Origin {
    /// The vendor's API is asked, page by page.
    Api {
        pager: fn(&PagingTask) -> Box<dyn Pager>,
        /// How often a scheduler asks, unless it is configured otherwise.
        schedule: Schedule,
    },
    /// A person imports a file.
    Upload(Import),
}

/// When a scheduler asks for a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// In UTC.
    pub cron: &'static str,
    /// Closed days before today that each request asks for; none for what is read as it stands.
    pub trailing_days: u32,
}
