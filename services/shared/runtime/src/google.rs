//! What the bodies on Google Cloud have in common.

pub mod endpoints;
