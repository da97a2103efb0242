//! How the fetcher goes about its work.

use std::num::NonZeroU32;

use everycent_domain::vendor::Vendor;
use everycent_runtime::config::Config;

/// What a fetcher lives in.
#[derive(Debug, Clone)]
pub struct FetcherSettings {
    /// Records on one page, of reports that let us choose.
    pub page_size: u32,
    /// How often a window is asked from its start before it has failed.
    pub max_readings: u32,
}

impl Default for FetcherSettings {
    fn default() -> Self {
        Self { page_size: 500, max_readings: 3 }
    }
}

impl From<&Config> for FetcherSettings {
    fn from(config: &Config) -> Self {
        let default = Self::default();
        let page_size = Vendor::ALL.iter().find_map(|vendor| config.vendor(*vendor).page_size);
        Self { page_size: page_size.map_or(default.page_size, NonZeroU32::get), ..default }
    }
}
