//! How a vendor's API is asked.

use std::num::NonZeroU32;

use crate::vendor::Url;

/// Windows of one account that are asked for at the same time, by default. More bring nothing where the limit of requests
/// is reached with these.
pub const WINDOWS_IN_FLIGHT: u32 = 4;
/// More than any vendor's limit of requests keeps busy.
pub(super) const WINDOWS_IN_FLIGHT_MAX: u32 = 64;

/// How a vendor's API is asked, for all its accounts alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorConfig {
    pub url: Url,
    pub requests_per_minute: NonZeroU32,
    /// How many of them may go at once.
    pub burst: NonZeroU32,
    /// How often a request is made before it has failed, the first time included.
    pub max_attempts: NonZeroU32,
    /// Windows of one account that are asked for at the same time.
    pub windows_in_flight: NonZeroU32,
    /// Rows a page, where the vendor lets us choose.
    pub page_size: Option<NonZeroU32>,
}
