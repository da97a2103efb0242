//! Bodies of the ports that tests put around the real ones.

mod shuffled_bus;
mod unreliable_warehouse;
mod witness;

pub(crate) use shuffled_bus::ShuffledBus;
pub(crate) use unreliable_warehouse::UnreliableWarehouse;
pub(crate) use witness::{Witness, WitnessBus, WitnessStore};
