//! The vendors' limits of requests in a minute: of Cursor's endpoints each its own, of Anthropic's
//! analytics one for all.
//!
//! Owns which limit a request counts towards, and the count. Time is an argument.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::endpoint::{Endpoint, Vendor};
use crate::world::Options;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct RateLimit {
    taken_at: BTreeMap<Limited, VecDeque<Instant>>,
}

/// What has a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limited {
    Cursor(Endpoint),
    Analytics,
}

impl Limited {
    /// None for an endpoint whose vendor publishes no figure.
    pub(crate) fn of(endpoint: Endpoint) -> Option<Limited> {
        match endpoint.vendor() {
            Vendor::Cursor => Some(Limited::Cursor(endpoint)),
            Vendor::Anthropic => endpoint.is_of_analytics().then_some(Limited::Analytics),
        }
    }

    fn per_minute(self, options: &Options) -> Option<u32> {
        match self {
            Limited::Cursor(_) => options.cursor_requests_per_minute,
            Limited::Analytics => options.analytics_requests_per_minute,
        }
    }
}

impl RateLimit {
    /// Whether one more request fits into the last minute; if so it is counted.
    pub(crate) fn admits(&mut self, limited: Limited, options: &Options, now: Instant) -> bool {
        let Some(per_minute) = limited.per_minute(options) else {
            return true;
        };
        let taken_at = self.taken_at.entry(limited).or_default();
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
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn two_a_minute() -> Options {
        let mut options = Options::at("2026-10-31".parse().unwrap());
        options.cursor_requests_per_minute = Some(2);
        options.analytics_requests_per_minute = Some(2);
        options
    }

    #[test]
    fn minute_that_is_full_admits_again_as_it_slides_on() {
        let (mut limit, start) = (RateLimit::default(), Instant::now());
        let limited = Limited::of(Endpoint::CursorDailyUsageData).unwrap();
        let mut admits = |second| limit.admits(limited, &two_a_minute(), start + Duration::from_secs(second));
        assert_eq!([0, 30, 59, 60, 61, 90].map(&mut admits), [true, true, false, true, false, true]);
    }

    #[test]
    fn endpoints_of_the_analytics_share_a_limit_and_those_of_cursor_do_not() {
        let (mut limit, now) = (RateLimit::default(), Instant::now());
        let mut admits = |endpoint| limit.admits(Limited::of(endpoint).unwrap(), &two_a_minute(), now);
        let analytics = [Endpoint::AnthropicAnalyticsCost, Endpoint::AnthropicAnalyticsUsage];
        assert_eq!(
            [analytics[0], analytics[1], analytics[0], analytics[1]].map(&mut admits),
            [true, true, false, false]
        );
        let cursor = [Endpoint::CursorSpend, Endpoint::CursorSpend, Endpoint::CursorMembers];
        assert_eq!(cursor.map(&mut admits), [true, true, true]);
        assert_eq!(Limited::of(Endpoint::AnthropicCostReport), None);
    }
}
