//! The pipeline as a whole, under test: real services over real files, an independent simulator in the vendors' place,
//! faults at every port, and a reference model that says what the tables must hold.
//!
//! The model shares no code with the pipeline. Everything runs on one thread and on a clock that only the test moves,
//! so a run is a function of its seed and its schedule.

pub mod driver;
pub mod fate;
pub mod model;
pub mod pipeline;
mod ports;
pub mod schedule;
pub mod tables;
