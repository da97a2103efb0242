//! Kills at random moments, a disk that fills at every write, and a power cut that takes what was not synced: whatever
//! happens, the same command ends in the tables of one clean run.
//!
//! `EVERYCENT_ATTACK_ROUNDS` says how often each attack is made; without it, a few times.
#![allow(clippy::unwrap_used)]

#[path = "attack/full_disk.rs"]
mod full_disk;
#[path = "attack/kills.rs"]
mod kills;
#[path = "attack/power_cut.rs"]
mod power_cut;
#[path = "attack/scenes.rs"]
mod scenes;
mod support;

/// How often an attack is made.
fn rounds(otherwise: usize) -> usize {
    let said = std::env::var("EVERYCENT_ATTACK_ROUNDS").ok();
    said.map_or(otherwise, |rounds| rounds.parse().unwrap())
}
