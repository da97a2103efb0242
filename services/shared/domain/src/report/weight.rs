//! How much of a report there is, in the vendor's own figures.

use everycent_schemas::TokenType;

/// Columns whose sum over a day says how much the vendor reported.
///
/// Only what the vendor reports counts, never what rules or prices make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Usd {
        table: &'static str,
        column: &'static str,
    },
    /// Tokens of every type.
    Tokens {
        table: &'static str,
    },
    /// Anything else that is counted.
    Count {
        table: &'static str,
        column: &'static str,
    },
    /// The rows themselves.
    Rows {
        table: &'static str,
    },
}

impl Weight {
    pub fn table(self) -> &'static str {
        let (Self::Usd { table, .. } | Self::Tokens { table } | Self::Count { table, .. } | Self::Rows { table }) =
            self;
        table
    }

    pub fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Usd { column, .. } | Self::Count { column, .. } => vec![column],
            Self::Rows { .. } => vec![],
            Self::Tokens { .. } => TokenType::ALL.iter().map(|kind| kind.column()).collect(),
        }
    }
}
