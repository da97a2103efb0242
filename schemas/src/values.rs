//! Values that every event and row is made of: a UTC day, an instant, an amount of dollars, the state of a bucket,
//! what becomes of an answer, and the ids of accounts and snapshots.

mod answer;
mod coverage_state;
mod day;
mod ids;
mod timestamp;
mod usd;

pub use answer::{AnswerVerdict, Decision};
pub use coverage_state::CoverageState;
pub use day::{Day, InvalidDay};
pub use ids::{AccountId, SnapshotId};
pub use timestamp::Timestamp;
pub use usd::{Usd, UsdOverflow};
