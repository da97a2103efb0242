//! The plain records that a world is made of.
//!
//! Owns their fields. It must never know the world that holds them: what a world computes of them
//! and how it changes them is in the files of the same names above.

mod cost;
mod directory;
mod enterprise;
mod events;
mod federation;
mod members;
mod seat_use;
mod share;
mod usage;

pub use self::cost::CostRow;
pub use self::directory::{ApiKey, User, Workspace};
pub use self::enterprise::Enterprise;
pub use self::events::{CursorEvent, EventKind, EventTokens};
pub use self::federation::{Federation, IdentityProvider};
pub use self::members::{Member, SeatTier};
pub use self::seat_use::SeatUse;
pub use self::share::{Actor, CostShare};
pub use self::usage::CursorUsage;
