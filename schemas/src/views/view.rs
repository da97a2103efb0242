//! What is known of a view.

use crate::tables::Kind;

/// One view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub name: &'static str,
    pub doc: String,
    /// What it gives, in this order.
    pub columns: Vec<ViewColumn>,
    /// Its `SELECT`.
    pub template: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewColumn {
    pub name: String,
    pub kind: ViewKind,
    pub nullable: bool,
    pub doc: String,
}

/// The type of a view's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewKind {
    /// One that tables have too.
    Stored(Kind),
    /// A quotient, as a binary float.
    Ratio,
}

impl View {
    pub fn has_money(&self) -> bool {
        self.columns.iter().any(ViewColumn::is_money)
    }
}

impl ViewColumn {
    pub fn is_money(&self) -> bool {
        self.kind == ViewKind::Stored(Kind::Money)
    }
}
