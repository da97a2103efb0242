//! How the fetcher goes about its work.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use everycent_domain::vendor::Vendor;
use everycent_runtime::config::{Config, WINDOWS_IN_FLIGHT};
use tokio::sync::Semaphore;

/// What a fetcher lives in.
#[derive(Debug, Clone)]
pub struct FetcherSettings {
    /// Records on one page, of reports that let us choose.
    pub page_size: u32,
    /// How often a window is asked from its start before it has failed.
    pub max_readings: u32,
    /// Windows of one account that are asked for at the same time, where it is another number than
    /// [`WINDOWS_IN_FLIGHT`].
    pub windows_in_flight: BTreeMap<Vendor, NonZeroU32>,
    /// Windows of all accounts that are asked for at the same time. One makes their order certain.
    pub windows_in_all: usize,
    /// How long a window may take, all its readings together: many times what the largest needs at the slowest pace.
    pub max_window: Duration,
}

impl Default for FetcherSettings {
    fn default() -> Self {
        Self {
            page_size: 500,
            max_readings: 3,
            windows_in_flight: BTreeMap::new(),
            windows_in_all: Semaphore::MAX_PERMITS,
            max_window: Duration::from_hours(2),
        }
    }
}

impl FetcherSettings {
    pub fn windows_in_flight(&self, vendor: Vendor) -> usize {
        let set = self.windows_in_flight.get(&vendor).map_or(WINDOWS_IN_FLIGHT, |number| number.get());
        set.try_into().unwrap_or(usize::MAX)
    }
}

impl From<&Config> for FetcherSettings {
    fn from(config: &Config) -> Self {
        let default = Self::default();
        let page_size = Vendor::ALL.iter().find_map(|vendor| config.vendor(*vendor).page_size);
        let windows_in_flight =
            Vendor::ALL.iter().map(|vendor| (*vendor, config.vendor(*vendor).windows_in_flight)).collect();
        Self { page_size: page_size.map_or(default.page_size, NonZeroU32::get), windows_in_flight, ..default }
    }
}
