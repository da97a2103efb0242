//! How a worker fares, told to whoever counts it or looks after its health.

use std::fmt::Debug;
use std::time::Duration;

use super::Outcome;
use crate::bus::Topic;

/// Is told what a worker does. It must be quick.
pub trait Watch: Debug + Send + Sync {
    /// The bus answered: a pull came back, a lease was renewed, or an event was settled.
    fn alive(&self, _topic: Topic) {}

    /// The bus is out of reach.
    fn bus_failed(&self, _topic: Topic, _reason: &str) {}

    /// So many events are in hand from now on.
    fn taken(&self, _topic: Topic, _events: usize) {}

    /// The handler had the events for so long.
    fn handled(&self, _topic: Topic, _took: Duration) {}

    /// The handler panicked. What becomes of the events is told as of any others.
    fn panicked(&self, _topic: Topic) {}

    /// One event is not in hand any more, whether the bus heard of it or not.
    fn settled(&self, _topic: Topic, _outcome: &Outcome) {}
}

/// Nobody looks.
#[derive(Debug)]
pub(super) struct Unwatched;

impl Watch for Unwatched {}
