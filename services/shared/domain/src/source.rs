//! A source: one report of one vendor, as the rest of the program passes it around.

use std::fmt;

use everycent_schemas::Day;
use everycent_schemas::tables::{self, Absence};

use crate::manifest::Manifest;
use crate::paging::{Pager, PagingTask};
use crate::recipe::Recipe;
use crate::report::{Import, Kind, MakeRows, Origin, Report, Weight};
use crate::rows::RowMaker;
use crate::vendor::Vendor;

/// A handle to a report. Handles are equal when their names are; they are ordered as the catalog lists them.
#[derive(Clone, Copy)]
pub struct Source(&'static Report);

impl Source {
    pub const fn of(report: &'static Report) -> Self {
        Self(report)
    }

    pub fn report(self) -> &'static Report {
        self.0
    }

    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub fn vendor(self) -> Vendor {
        self.0.vendor
    }

    pub fn kind(self) -> Kind {
        self.0.kind
    }

    /// Whether its records hold amounts that the vendor reports.
    pub fn reports_money(self) -> bool {
        self.report().weighs.iter().any(|weight| matches!(weight, Weight::Usd { .. }))
    }

    /// Whether a vendor's API is asked for it; if not, a person imports it.
    pub fn is_asked(self) -> bool {
        matches!(self.0.origin, Origin::Api { .. })
    }

    /// The pager of one window; `None` for what a person imports.
    pub fn pager(self, task: &PagingTask) -> Option<Box<dyn Pager>> {
        match &self.0.origin {
            Origin::Api { pager, .. } => Some(pager(task)),
            Origin::Upload(_) => None,
        }
    }

    /// How a file of it is checked; `None` for what an API is asked for.
    pub fn import(self) -> Option<&'static Import> {
        match &self.0.origin {
            Origin::Upload(import) => Some(import),
            Origin::Api { .. } => None,
        }
    }

    /// What stands for the account of what is of no vendor's account, but of the whole company.
    pub fn company_account(self) -> Option<&'static str> {
        self.import().and_then(|import| import.account)
    }

    pub fn row_maker<'a>(self, manifest: &'a Manifest, recipe: &'a Recipe) -> Box<dyn RowMaker + Send + 'a> {
        match self.0.rows {
            MakeRows::Plain(make) => make(),
            MakeRows::ByRules(make) => make(&recipe.rules),
            MakeRows::ByPrices(make) => make(manifest, &recipe.cursor_prices),
        }
    }

    /// The fingerprint of what decides its rows, besides its pages.
    pub fn fingerprint(self, recipe: &Recipe) -> String {
        match self.0.rows {
            MakeRows::Plain(_) => Recipe::fingerprint_of_nothing_else(),
            MakeRows::ByRules(_) => recipe.fingerprint_of_rules(),
            MakeRows::ByPrices(_) => recipe.fingerprint_of_prices(),
        }
    }

    pub fn window_days(self) -> u32 {
        self.kind().window_days()
    }

    pub fn reaches(self, day: Day, today: Day) -> bool {
        self.kind().reaches(day, today)
    }

    /// Whether it says what is billed. An estimate of what a person used does not.
    pub fn has_money(self) -> bool {
        self.0
            .weighs
            .iter()
            .any(|weight| matches!(weight, Weight::Usd { column, .. } if !column.starts_with("estimated")))
    }

    /// Whether totals are made of its money, day by day. A control shows money of another report.
    pub fn is_bill(self) -> bool {
        self.has_money() && self.0.control.is_none() && matches!(self.kind(), Kind::Days(_))
    }

    /// Whether its rows are of workspaces.
    pub fn has_workspaces(self) -> bool {
        self.0.tables.iter().filter_map(|table| tables::find(table)).any(|table| table.column("workspace_id").is_some())
    }

    /// Whether its rows stay in their tables when it no longer reports them, so that every answer of it matters.
    pub fn keeps_rows(self) -> bool {
        tables::fed_by(self.name()).any(|table| table.absence == Absence::Keep && !table.is_memory())
    }

    /// Whether a column of its rows is not unlearned, so that what every answer reports in it matters.
    pub fn remembers(self) -> bool {
        tables::fed_by(self.name()).any(|table| table.memory.is_some())
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Source {}

impl std::hash::Hash for Source {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
