//! Whether an answer is believed.
//!
//! A vendor's feed may forget, stand still or open another organization, and the latest answer is then not the right
//! one. So the answers of a bucket are judged one after another, in the order in which they were fetched: an answer that
//! takes away too much of what was known is held, and the rows of the one accepted before it stay. What is judged are the
//! vendor's own figures, before rules, prices and seats, so that no change of a configuration looks like a loss.
//!
//! The result is a function of the set of answers and decisions, in whatever order they arrive. Nothing here reads rows.

mod figures;
mod fold;
mod limits;
mod state;
mod verdict;

pub use figures::{Figures, Measure};
pub use fold::{Answer, Judged, Turns, fold, judged, step};
pub use limits::{Limits, Thresholds};
pub use state::{Accepted, AnswerId, Held, Level, State};
pub use verdict::Opinion;

#[cfg(test)]
mod tests;
