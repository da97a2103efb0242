//! How a vendor's API is asked.

use std::num::NonZeroU32;

use crate::vendor::Url;

/// How a vendor's API is asked, for all its accounts alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorConfig {
    pub url: Url,
    pub requests_per_minute: NonZeroU32,
    /// How many of them may go at once.
    pub burst: NonZeroU32,
    /// How often a request is made before it has failed, the first time included.
    pub max_attempts: NonZeroU32,
    /// Rows a page, where the vendor lets us choose.
    pub page_size: Option<NonZeroU32>,
}
