//! What the reports of the Usage and Cost Analytics API have in common: how they are asked, paged and walked, and who
//! an actor is.

mod actor;
mod group;
mod pager;
mod records;

pub use actor::Actor;
pub use group::Group;
pub use pager::{AnalyticsPager, AnalyticsReport};
pub use records::{AnalyticsRows, Dated, RecordRows};
