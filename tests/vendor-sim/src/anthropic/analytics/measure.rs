//! What the two reports of the analytics differ in.
//!
//! Owns the border between a report and what both share. It must never know a request.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::facets::{Facets, Organization};
use crate::world::World;

/// The figures of a group of facts.
pub(super) trait Measure: Copy + Default {
    type Fact: 'static;

    /// The field of a row that holds the figures.
    const FIELD: &'static str;
    /// Dimensions that only this report has. They do not count towards the five.
    const FANNED_OUT: &'static [&'static str];
    /// What groups can be ranked by; the first is the default.
    const RANKINGS: &'static [&'static str];

    fn facts(world: &World, organization: &Organization<'_>, day: NaiveDate) -> Vec<Self::Fact>;

    fn facets(fact: &Self::Fact) -> Facets<'_>;

    fn add(&mut self, fact: &Self::Fact);

    /// What the ranking at this place of the list compares.
    fn rank(&self, place: usize) -> Decimal;

    /// So many measures that add up to this one.
    fn split(self, count: u32) -> Vec<Self>;

    /// The figures of a row, one of several of its group if the group is fanned out.
    fn shown(&self, world: &World, is_fanned_out: bool) -> Value;
}
