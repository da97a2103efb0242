//! Cursor's limit of requests in a minute, per endpoint.
//!
//! Owns the count. Time is an argument.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::endpoint::Endpoint;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct RateLimit {
    taken_at: BTreeMap<Endpoint, VecDeque<Instant>>,
}

impl RateLimit {
    /// Whether one more request fits into the last minute; if so it is counted.
    pub(crate) fn admits(&mut self, endpoint: Endpoint, per_minute: u32, now: Instant) -> bool {
        let taken_at = self.taken_at.entry(endpoint).or_default();
        while taken_at.front().is_some_and(|taken| now.duration_since(*taken) >= MINUTE) {
            taken_at.pop_front();
        }
        let fits = taken_at.len() < per_minute as usize;
        if fits {
            taken_at.push_back(now);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minute_that_is_full_admits_again_as_it_slides_on() {
        let (mut limit, start) = (RateLimit::default(), Instant::now());
        let mut admits = |second| limit.admits(Endpoint::CursorDailyUsageData, 2, start + Duration::from_secs(second));
        assert_eq!([0, 30, 59, 60, 61, 90].map(&mut admits), [true, true, false, true, false, true]);
    }
}
