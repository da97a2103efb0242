//! The rows of the tables that the normalizer fills.
//!
//! Each struct is made from the schema of its table when the crate is built, so that its fields are the columns, in their
//! order, and its control sums those of the columns that count.

mod content;

use std::ops::Add;

use serde::Serialize;

use crate::{Day, Timestamp, Usd};

/// A row of a table. Implemented for what is made from a schema, and for nothing else.
pub trait Row: Serialize + Generated {
    const TABLE: &'static str;

    /// Sum of the row's money columns that count for control sums; `None` if there is nothing.
    fn amount(&self) -> Option<Usd>;

    /// Sum of the row's integer columns that count for control sums.
    fn quantity(&self) -> i64;

    /// The money of a column; `None` where it is null, or no money.
    fn money(&self, column: &str) -> Option<Usd>;

    /// The number in a column; `None` where it is null, or no integer.
    fn integer(&self, column: &str) -> Option<i64>;

    /// Appends all that the vendor reported: not where the row came from, and not what rules or prices made of it. Two
    /// rows append the same bytes only if they report the same.
    fn content(&self, into: &mut Vec<u8>);

    /// How many columns have a value that is not unlearned.
    fn filled(&self) -> i64;

    /// How large the row's columns are that count for control sums, whatever their sign.
    fn magnitude(&self) -> Magnitude;
}

use content::Content;

/// Sums of absolute values. No sum of some of the columns of the same rows is larger, in whichever order it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Magnitude {
    /// Of the money columns, in nano-dollars.
    pub nanos: u128,
    /// Of the integer columns.
    pub count: u128,
}

impl Add for Magnitude {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { nanos: self.nanos.saturating_add(other.nanos), count: self.count.saturating_add(other.count) }
    }
}

use generated::Generated;

mod generated {
    /// Only this crate can name it.
    pub trait Generated {}
}

include!(concat!(env!("OUT_DIR"), "/rows.rs"));

/// The sum of what is there; `None` if nothing is.
fn total(amounts: impl IntoIterator<Item = Option<Usd>>) -> Option<Usd> {
    amounts.into_iter().flatten().reduce(|sum, amount| sum + amount)
}

fn count(numbers: impl IntoIterator<Item = Option<i64>>) -> i64 {
    numbers.into_iter().flatten().fold(0, i64::saturating_add)
}

fn nanos_of(amounts: impl IntoIterator<Item = Option<Usd>>) -> u128 {
    amounts.into_iter().flatten().fold(0, |sum, amount| sum.saturating_add(amount.nanos().unsigned_abs()))
}

fn count_of(numbers: impl IntoIterator<Item = Option<i64>>) -> u128 {
    numbers.into_iter().flatten().fold(0, |sum, number| sum.saturating_add(number.unsigned_abs().into()))
}
