//! How long what failed waits for its next attempt, and the policies of everything that is tried again.
//!
//! Waits are slept on tokio's clock, which tests pause. It never decides whether an attempt is worth making.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder, Retryable};

/// Waits that double up to a longest one. The upper half of each is chance, so that those who failed together do not come
/// back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    retries: Option<usize>,
    jitter: bool,
}

/// An event whose handler failed: from a second to five minutes, as often as the bus delivers it.
pub const EVENT: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(300));
/// A bus that is out of reach, as long as the worker lives.
pub const BUS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
/// A call of BigQuery that was not answered.
pub const ANSWER: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2)).retries(4);
/// A vendor's limit of requests that does not say how long it holds: two minutes of it are waited out, whatever chance
/// makes of the waits.
pub const LIMITED: Backoff = Backoff::new(Duration::from_secs(20), Duration::from_secs(60));
/// Work on a table that somebody else changed first. A merge of somebody else takes its while, and so does a queue of them.
pub const CONCURRENT: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(64)).retries(9);
/// A merge that another loader came before: it is planned again each time, so less often.
pub const MERGE: Backoff = CONCURRENT.retries(7);
/// A load into a staging table that another load was in the way of.
pub const LOAD: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(8)).retries(7);
/// How often a job is asked whether it is done.
pub const JOB: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2)).exact();

impl Backoff {
    /// No wait at all.
    pub const NONE: Self = Self::new(Duration::ZERO, Duration::ZERO);

    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, retries: None, jitter: true }
    }

    /// So many attempts after the first; without it there is no end.
    #[must_use]
    pub const fn retries(self, retries: usize) -> Self {
        Self { retries: Some(retries), ..self }
    }

    /// Without chance: for those who ask alone, and for tests.
    #[must_use]
    pub const fn exact(self) -> Self {
        Self { jitter: false, ..self }
    }

    /// The waits in their order.
    pub fn waits(self) -> ExponentialBackoff {
        // The crate adds up to as much again by chance.
        let base = |full: Duration| if self.jitter { full / 2 } else { full };
        let builder = ExponentialBuilder::new().with_min_delay(base(self.first)).with_max_delay(base(self.longest));
        let builder = match self.retries {
            Some(retries) => builder.with_max_times(retries),
            None => builder.without_max_times(),
        };
        if self.jitter { builder.with_jitter().build() } else { builder.build() }
    }

    /// The wait after so many failures in a row, for those whose failures are counted elsewhere.
    pub fn after(self, failures: u32) -> Duration {
        // After as many doublings as a duration has bits, every wait is the longest one.
        let number = failures.clamp(1, u128::BITS) as usize;
        Self { retries: None, ..self }.waits().nth(number - 1).unwrap_or(self.longest)
    }

    /// Tries until it is done, the failure is not worth another attempt, or there were enough.
    pub async fn retry<T, E, F>(self, attempt: impl FnMut() -> F, again: impl FnMut(&E) -> bool) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        attempt.retry(self).sleep(tokio::time::sleep).when(again).await
    }
}

impl BackoffBuilder for Backoff {
    type Backoff = ExponentialBackoff;

    fn build(self) -> ExponentialBackoff {
        self.waits()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest_and_stay_there() {
        let exact = Backoff::new(SECOND, Duration::from_secs(60)).exact();
        let seconds: Vec<u64> = exact.waits().take(9).map(|wait| wait.as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        let after: Vec<u64> = (1..=9).map(|failures| exact.after(failures).as_secs()).collect();
        assert_eq!(after, seconds);
        assert_eq!((exact.after(0), exact.after(u32::MAX)), (SECOND, Duration::from_secs(60)));
    }

    #[test]
    fn chance_takes_no_more_than_half_of_a_wait() {
        for failures in 1..=9 {
            let full = EVENT.exact().after(failures);
            for _ in 0..100 {
                let wait = EVENT.after(failures);
                assert!(full / 2 <= wait && wait <= full, "{wait:?} of {full:?}");
            }
        }
        assert_eq!(Backoff::NONE.after(9), Duration::ZERO);
    }

    #[test]
    fn those_who_failed_together_do_not_come_back_together() {
        let waits = |_| EVENT.waits().take(20).collect::<Vec<_>>();
        let [one, other] = [(); 2].map(waits);
        assert_ne!(one, other);
    }

    async fn attempts(policy: Backoff, worth: impl Fn(u32) -> bool) -> (Result<(), u32>, Duration) {
        let (number, began) = (Cell::new(0), Instant::now());
        let attempt = async || {
            number.set(number.get() + 1);
            Err(number.get())
        };
        (policy.retry(attempt, |number| worth(*number)).await, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_end_with_the_last_failure() {
        let policy = Backoff::new(SECOND, SECOND * 4).retries(4).exact();
        assert_eq!(attempts(policy, |_| true).await, (Err(5), SECOND * 11));
        assert_eq!(attempts(policy, |number| number < 3).await, (Err(3), SECOND * 3));
        assert_eq!(attempts(policy, |_| false).await, (Err(1), Duration::ZERO));
    }
}
