//! How fast a vendor is asked: a token bucket for each client, on tokio's clock.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep};

/// Lets requests through, at most so many in any minute.
#[derive(Debug)]
pub(super) struct Pace(Option<RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>>);

impl Pace {
    /// Without a limit every request passes at once.
    pub(super) fn new(requests_per_minute: Option<NonZeroU32>, burst: NonZeroU32) -> Self {
        let limiter = requests_per_minute
            .map(|limit| RateLimiter::direct_with_clock(quota(limit, burst), TokioClock(Instant::now())));
        Self(limiter)
    }

    /// Waits for the turn of one request and says how long that took.
    pub(super) async fn turn(&self) -> Duration {
        let began = Instant::now();
        if let Some(limiter) = &self.0 {
            while let Err(refused) = limiter.check() {
                sleep(refused.wait_time_from(limiter.clock().now())).await;
            }
        }
        began.elapsed()
    }
}

/// A bucket of `burst` tokens that is refilled so slowly that burst and refill together stay within the limit in any
/// minute, not only on average: the larger the burst, the slower the refill.
fn quota(limit: NonZeroU32, burst: NonZeroU32) -> Quota {
    let burst = burst.min(limit);
    let refills = limit.get() - burst.get() + 1;
    Quota::with_period(Duration::from_secs(60) / refills).expect("invariant: 60 s / u32 is not zero").allow_burst(burst)
}

/// Time since the limiter was made, as tokio tells it, so that tests can pause it.
#[derive(Debug, Clone)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn number(value: u32) -> NonZeroU32 {
        NonZeroU32::new(value).unwrap()
    }

    async fn turns(pace: &Pace, count: usize) -> Vec<Duration> {
        let began = Instant::now();
        let mut at = Vec::new();
        for _ in 0..count {
            pace.turn().await;
            at.push(began.elapsed());
        }
        at
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_holds_more_requests_than_the_limit() {
        for (limit, burst) in [(20, 1), (20, 5), (60, 30), (7, 7), (1, 9)] {
            let pace = Pace::new(Some(number(limit)), number(burst));
            let at = turns(&pace, 3 * limit as usize + 1).await;
            for (index, from) in at.iter().enumerate() {
                let in_minute = at[index..].iter().take_while(|at| **at < *from + Duration::from_secs(60)).count();
                assert!(in_minute <= limit as usize, "{limit}/min, burst {burst}: {in_minute} from {from:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_at_once_and_the_rest_evenly() {
        let pace = Pace::new(Some(number(20)), number(5));
        let at = turns(&pace, 7).await;
        assert_eq!(at[4], Duration::ZERO);
        let gap = Duration::from_millis(3750);
        assert!(at[5] >= gap && at[6] >= 2 * gap && at[6] < 2 * gap + Duration::from_millis(5), "{at:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nothing_waits() {
        let pace = Pace::new(None, number(1));
        assert_eq!(turns(&pace, 1000).await[999], Duration::ZERO);
    }
}
