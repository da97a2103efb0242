//! What time it is for the vendor: this machine's clock, corrected by the `Date` of its answers.
//!
//! Which of two answers is the later one decides what the tables hold, so a clock that is wrong must not date them. All
//! fetchers ask the same vendor, so they agree, whatever their own clocks say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use chrono::{DateTime, Duration};
use everycent_schemas::Timestamp;
use reqwest::header::{AGE, DATE, HeaderMap};

use crate::clock::Clock;

/// What the two clocks may differ by before this machine's is corrected, in microseconds. A clock that is looked after is
/// right to less than a second, and the vendor's front ends are a few seconds apart; two fetchers that are both just within
/// it are still closer to each other than two readings of a day ever follow.
const TOLERATED_US: i64 = 10_000_000;
/// `Date` tells whole seconds.
const DATE_STEP_US: i64 = 1_000_000;

/// The time at one vendor.
#[derive(Debug)]
pub(super) struct VendorTime {
    clock: Arc<dyn Clock>,
    /// What is added to this machine's clock.
    offset_us: AtomicI64,
    is_known: AtomicBool,
}

impl VendorTime {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offset_us: AtomicI64::new(0), is_known: AtomicBool::new(false) }
    }

    /// By this machine's clock.
    pub fn uncorrected(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now().plus(self.offset())
    }

    /// Whether an answer told it.
    pub fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// How much the vendor's clock is ahead of this machine's; nothing where they agree.
    pub fn offset(&self) -> Duration {
        Duration::microseconds(self.offset_us.load(Ordering::Relaxed))
    }

    /// Looks at an answer whose head came since the request was sent.
    pub fn observe(&self, headers: &HeaderMap, sent_at: Timestamp) {
        let Some(date) = date(headers) else { return };
        let known = self.offset_us.load(Ordering::Relaxed);
        self.is_known.store(true, Ordering::Relaxed);
        self.offset_us.store(corrected(known, date, sent_at, self.clock.now()), Ordering::Relaxed);
    }
}

/// The offset, known better by one answer more. It stays the same as long as it may be right, so that instants keep their
/// distance to the microsecond.
fn corrected(known_us: i64, date: Timestamp, sent_at: Timestamp, received_at: Timestamp) -> i64 {
    let least = date.micros().saturating_sub(received_at.micros());
    let most = date.micros().saturating_add(DATE_STEP_US).saturating_sub(sent_at.micros());
    if least <= TOLERATED_US && most >= -TOLERATED_US {
        0
    } else if least <= known_us && known_us <= most {
        known_us
    } else {
        least.saturating_add(most) / 2
    }
}

/// When the answer was made: a cache that keeps it adds its age.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse::<u32>().ok()).unwrap_or(0);
    Some(Timestamp::from(date.to_utc()).plus(Duration::seconds(age.into())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clock::ManualClock;

    const NOON: &str = "2025-10-03T12:00:00Z";

    fn headers(date: &str, age: Option<&str>) -> HeaderMap {
        let date = [(DATE, date.parse().unwrap())];
        HeaderMap::from_iter(date.into_iter().chain(age.map(|age| (AGE, age.parse().unwrap()))))
    }

    /// The offset in milliseconds after an answer that was sent for at noon and came so many seconds later.
    fn offset_ms(headers: &HeaderMap, took_s: i64) -> i64 {
        let noon: Timestamp = NOON.parse().unwrap();
        let clock = ManualClock::at(noon);
        let time = VendorTime::new(Arc::new(clock.clone()));
        clock.advance(Duration::seconds(took_s));
        time.observe(headers, noon);
        assert_eq!(time.now(), time.uncorrected().plus(time.offset()));
        time.offset().num_milliseconds()
    }

    #[test]
    fn a_clock_that_is_wrong_is_corrected_and_one_that_may_be_right_is_not() {
        let cases = [
            ("Fri, 03 Oct 2025 12:00:00 GMT", 0, 0),
            ("Fri, 03 Oct 2025 11:59:51 GMT", 0, 0),
            ("Fri, 03 Oct 2025 12:04:00 GMT", 240, 0),
            ("Fri, 03 Oct 2025 12:10:00 GMT", 0, 600_500),
            ("Fri, 03 Oct 2025 11:50:00 GMT", 0, -599_500),
            ("Fri, 03 Oct 2025 11:50:00 GMT", 60, -629_500),
            ("Wed, 12 Nov 2025 12:00:00 GMT", 0, 3_456_000_500),
            ("today", 0, 0),
        ];
        for (date, took_s, expected) in cases {
            assert_eq!(offset_ms(&headers(date, None), took_s), expected, "{date} after {took_s} s");
        }
        assert_eq!(offset_ms(&HeaderMap::new(), 0), 0);
        assert_eq!(offset_ms(&headers("Fri, 03 Oct 2025 11:50:00 GMT", Some("600")), 0), 0, "it was kept by a cache");
    }

    #[test]
    fn an_offset_that_may_still_be_right_stays_to_the_microsecond() {
        let noon: Timestamp = NOON.parse().unwrap();
        let after = |known_us, ahead_s| corrected(known_us, noon.plus(Duration::seconds(ahead_s)), noon, noon);
        assert_eq!(after(600_123_456, 600), 600_123_456);
        assert_eq!(after(600_123_456, 700), 700_500_000);
        assert_eq!(after(600_123_456, 0), 0, "the clock was set");
    }
}
