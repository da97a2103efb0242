//! What is known of a bucket.

use strum::{Display, EnumString, VariantArray};

/// The state of a bucket in coverage. As text its name in small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum CoverageState {
    /// The vendor may still restate the day.
    Open,
    /// It may not.
    Settled,
    /// A later answer takes away too much of what was known, so it is not loaded.
    Held,
    /// The rows of the accepted answer are being made again.
    Replaying,
    /// The last attempt to fetch the day failed, or its rows wait for a price.
    Failed,
    /// The vendor refuses the report to this key, and never answered it for this account.
    Unavailable,
}

impl CoverageState {
    /// All of them.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The state of a bucket that is loaded.
    pub fn loaded(settled: bool) -> Self {
        if settled { Self::Settled } else { Self::Open }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tables;

    #[test]
    fn every_state_reads_as_it_prints_and_is_explained_at_its_column() {
        let doc = &tables::find("coverage").unwrap().column("state").unwrap().doc;
        for state in CoverageState::ALL {
            assert_eq!(state.to_string().parse(), Ok(*state));
            assert!(doc.contains(&format!("`{state}`: ")), "{state}");
        }
        assert!("frozen".parse::<CoverageState>().is_err());
    }
}
