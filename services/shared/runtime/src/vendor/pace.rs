//! How fast a vendor is asked: a token bucket for each client, on tokio's clock, the requests of the last minute, and the
//! pause that the vendor asked for.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep};

/// What the vendor may take for one minute: requests travel for different times, so two that set out a minute apart may
/// arrive closer together.
const MINUTE: Duration = Duration::from_secs(61);

/// Lets requests through, at most so many in any minute, and none during a pause.
#[derive(Debug)]
pub(super) struct Pace {
    limit: Option<Limit>,
    paused_until: Mutex<Option<Instant>>,
}

/// The bucket alone would let a burst and its refill pass in one minute, and the last minute alone would let everything
/// pass at once and then nothing.
#[derive(Debug)]
struct Limit {
    per_minute: usize,
    bucket: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    /// When the last requests passed, no more than the limit.
    passed: Mutex<VecDeque<Instant>>,
}

impl Pace {
    /// Without a limit every request passes at once.
    pub(super) fn new(requests_per_minute: Option<NonZeroU32>, burst: NonZeroU32) -> Self {
        Self { limit: requests_per_minute.map(|limit| Limit::new(limit, burst)), paused_until: Mutex::default() }
    }

    /// Waits for the turn of one request and says how long that took.
    pub(super) async fn turn(&self) -> Duration {
        let began = Instant::now();
        while let Some(wait) = self.wait() {
            sleep(wait).await;
        }
        began.elapsed()
    }

    /// No request passes for so long. The vendor counts all of them together, so whoever is refused speaks for those who
    /// wait beside it. A pause is never cut short.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = (*paused).max(Some(until));
    }

    /// How long to wait before the next look; `None` is the turn itself. The pause is looked at first, for during one a
    /// turn of the bucket is not spent.
    fn wait(&self) -> Option<Duration> {
        let paused = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = paused.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero());
        pause.or_else(|| self.limit.as_ref()?.wait())
    }
}

impl Limit {
    fn new(per_minute: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_minute(per_minute).allow_burst(burst.min(per_minute));
        let bucket = RateLimiter::direct_with_clock(quota, TokioClock(Instant::now()));
        Self { per_minute: per_minute.get() as usize, bucket, passed: Mutex::default() }
    }

    /// How long to wait before the next look; `None` lets one request pass.
    fn wait(&self) -> Option<Duration> {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while passed.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            passed.pop_front();
        }
        if let Some(oldest) = passed.front().filter(|_| passed.len() >= self.per_minute) {
            return Some(MINUTE - now.duration_since(*oldest));
        }
        if let Err(refused) = self.bucket.check() {
            return Some(refused.wait_time_from(self.bucket.clock().now()));
        }
        passed.push_back(now);
        None
    }
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
        let gap = Duration::from_secs(3);
        assert!(at[5] >= gap && at[6] >= 2 * gap && at[6] < 2 * gap + Duration::from_millis(5), "{at:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_holds_more_requests_than_the_limit_however_many_wait_side_by_side() {
        let (pace, began) = (Pace::new(Some(number(20)), number(5)), Instant::now());
        let turn = async || {
            pace.turn().await;
            began.elapsed()
        };
        let mut at = futures_util::future::join_all((0..61).map(|_| turn())).await;
        at.sort_unstable();
        for (index, from) in at.iter().enumerate() {
            let in_minute = at[index..].iter().take_while(|at| **at < *from + Duration::from_secs(60)).count();
            assert!(in_minute <= 20, "{in_minute} from {from:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn in_the_long_run_nearly_as_many_pass_as_the_limit_allows_whatever_the_burst() {
        for (limit, burst) in [(20, 5), (60, 30), (60, 60), (7, 1)] {
            let pace = Pace::new(Some(number(limit)), number(burst));
            let at = turns(&pace, 10 * limit as usize + 1).await;
            let took = *at.last().unwrap();
            assert!(took <= 10 * MINUTE, "{limit}/min, burst {burst}: ten minutes' worth took {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_back_everybody_and_ends_with_the_later_of_two() {
        let (pace, began) = (Pace::new(Some(number(60)), number(5)), Instant::now());
        pace.turn().await;
        pace.pause(Duration::from_secs(30));
        pace.pause(Duration::from_secs(10));
        let turn = async || {
            pace.turn().await;
            began.elapsed()
        };
        let at = futures_util::future::join_all((0..3).map(|_| turn())).await;
        assert!(at.iter().all(|at| *at >= Duration::from_secs(30) && *at < Duration::from_secs(31)), "{at:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_comes_while_others_wait_for_their_turn_holds_them_back_too() {
        let (pace, began) = (Pace::new(Some(number(1)), number(1)), Instant::now());
        pace.turn().await;
        let (waiting, ()) = tokio::join!(
            async {
                pace.turn().await;
                began.elapsed()
            },
            async { pace.pause(Duration::from_secs(90)) }
        );
        assert!(waiting >= Duration::from_secs(90), "{waiting:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nothing_waits() {
        let pace = Pace::new(None, number(1));
        assert_eq!(turns(&pace, 1000).await[999], Duration::ZERO);
    }
}
