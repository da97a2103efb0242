//! How much an answer reports of a day: the vendor's own figures, added up from what the world says.

use rust_decimal::Decimal;

use crate::tables::Record;

/// What a report is weighed by, in the order of what counts most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Dollars,
    Tokens,
    Pieces,
}

/// Columns of one table that are added up to a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    pub unit: Unit,
    pub table: &'static str,
    /// None counts the rows themselves.
    pub columns: Option<&'static [&'static str]>,
}

/// The figures of one day. A figure that no row is added up to is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weight {
    figures: [Option<Decimal>; 3],
}

impl Unit {
    pub(super) const ALL: [Self; 3] = [Self::Dollars, Self::Tokens, Self::Pieces];
    /// The column of `answers` that holds the figure.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Dollars => "reported_usd",
            Self::Tokens => "reported_tokens",
            Self::Pieces => "reported_count",
        }
    }
}

impl Weight {
    pub(super) fn of(scales: &[Scale], rows: &[(&'static str, Record)]) -> Self {
        let mut weight = Self::default();
        for scale in scales {
            for (_, row) in rows.iter().filter(|(table, _)| *table == scale.table) {
                let figure = weight.figures[scale.unit as usize].get_or_insert_default();
                *figure += match scale.columns {
                    None => Decimal::ONE,
                    Some(columns) => columns.iter().filter_map(|column| number(row, column)).sum(),
                };
            }
        }
        weight
    }

    pub(super) fn figure(&self, unit: Unit) -> Option<Decimal> {
        self.figures[unit as usize]
    }

    /// Nothing is no more and no less than zero.
    pub(super) fn amount(&self, unit: Unit) -> Decimal {
        self.figure(unit).unwrap_or_default()
    }

    /// By what it is weighed; none where all is zero.
    pub(super) fn unit(&self) -> Option<Unit> {
        Unit::ALL.into_iter().find(|unit| !self.amount(*unit).is_zero())
    }

    pub(super) fn is_anywhere_less_than(&self, other: &Self) -> bool {
        Unit::ALL.into_iter().any(|unit| self.amount(unit) < other.amount(unit))
    }

    pub(super) fn highest(&self, other: &Self) -> Self {
        let mut highest = *self;
        highest.figures.iter_mut().zip(other.figures).for_each(|(figure, other)| *figure = (*figure).max(other));
        highest
    }
}

fn number(row: &Record, column: &str) -> Option<Decimal> {
    row.get(column).map(|text| text.parse().expect("invariant: the model wrote it"))
}
