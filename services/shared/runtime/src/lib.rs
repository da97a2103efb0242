//! The outside world behind three ports, and what every service needs to live in it.
//!
//! Decisions about data belong to the domain crate; here is IO only.

pub mod bus;
pub mod clock;
mod disk;
pub mod faults;
pub mod home;
pub mod store;
pub mod warehouse;
pub mod worker;
