//! What the reports of the API have in common.

/// Says that the vendor itself is the evidence for the platform.
pub const BASIS: &str = "vendor";
