//! Whether and when a failed attempt is made again.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::sleep;
use tracing::debug;

use super::error::{Failed, Told};
use super::{RequestName, VendorError};

/// Exponential backoff with full jitter: a wait is anything from nothing to a ceiling that doubles with each attempt.
#[derive(Debug, Clone)]
pub struct RetrySettings {
    /// Attempts in all, the first included.
    pub max_attempts: NonZeroU32,
    /// Ceiling of the first wait.
    pub base_wait: Duration,
    /// Ceiling of any wait that the vendor did not ask for.
    pub backoff_cap: Duration,
    /// The longest wait that a vendor may ask for; a longer one fails the request.
    pub max_wait: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            max_attempts: NonZeroU32::MIN.saturating_add(5),
            base_wait: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(60),
            max_wait: Duration::from_secs(300),
        }
    }
}

impl RetrySettings {
    /// Makes attempts, numbered from 1, until one succeeds or no other is worth making.
    pub(super) async fn run<T, A>(
        &self,
        request: &RequestName,
        mut attempt: impl FnMut(u32) -> A,
    ) -> Result<T, VendorError>
    where
        A: Future<Output = Result<T, Failed>>,
    {
        let mut number = 1;
        loop {
            let failed = match attempt(number).await {
                Ok(page) => return Ok(page),
                Err(failed) => failed,
            };
            let kind = failed.error.kind();
            let wait = self.wait_after(number, failed, request, jitter)?;
            debug!(
                vendor = request.vendor,
                http.path = request.path,
                attempt = number,
                error.kind = kind,
                wait_ms = wait.as_millis(),
                "trying again"
            );
            sleep(wait).await;
            number += 1;
        }
    }

    /// How long to wait after this attempt, or the error to give up with. What the vendor asked for is never cut short.
    fn wait_after(
        &self,
        number: u32,
        failed: Failed,
        request: &RequestName,
        jitter: impl FnOnce(Duration) -> Duration,
    ) -> Result<Duration, VendorError> {
        if !failed.error.passes() || number >= self.max_attempts.get() {
            return Err(failed.error);
        }
        let backoff = jitter(self.ceiling(number));
        match failed.told {
            None => Ok(backoff),
            Some(Told { wait, .. }) if wait <= self.max_wait => Ok(wait.max(backoff.min(self.max_wait))),
            Some(Told { status, wait }) => Err(VendorError::WaitTooLong {
                request: request.clone(),
                status,
                wait_s: wait.as_secs(),
                max_wait_s: self.max_wait.as_secs(),
            }),
        }
    }

    fn ceiling(&self, number: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(number.saturating_sub(1));
        self.base_wait.saturating_mul(doubled).min(self.backoff_cap)
    }
}

fn jitter(ceiling: Duration) -> Duration {
    rand::random_range(Duration::ZERO..=ceiling)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::future::ready;

    use tokio::time::Instant;

    use super::super::Method;
    use super::*;

    fn request() -> RequestName {
        RequestName { vendor: "anthropic", method: Method::Get, path: "/v1/x".to_owned() }
    }

    fn limited(attempts: u32, wait_s: Option<u64>) -> Failed {
        let error = VendorError::RateLimited { request: request(), attempts, message: "slow down".to_owned() };
        Failed { error, told: wait_s.map(|wait_s| Told { status: 429, wait: Duration::from_secs(wait_s) }) }
    }

    #[test]
    fn the_ceiling_doubles_up_to_its_cap() {
        let settings = RetrySettings::default();
        let seconds: Vec<u64> = (1..=9).map(|number| settings.ceiling(number).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(settings.ceiling(u32::MAX), settings.backoff_cap);
    }

    #[test]
    fn a_wait_that_the_vendor_asks_for_is_never_cut_short() {
        let settings = RetrySettings::default();
        let wait = |number, wait_s, jitter: fn(Duration) -> Duration| {
            settings.wait_after(number, limited(number, wait_s), &request(), jitter).map(|wait| wait.as_secs())
        };
        assert_eq!(wait(1, Some(60), |_| Duration::ZERO), Ok(60));
        assert_eq!(wait(1, Some(300), |ceiling| ceiling), Ok(300));
        assert_eq!(wait(5, Some(0), |ceiling| ceiling), Ok(16));
        assert_eq!(wait(5, None, |ceiling| ceiling), Ok(16));
        let error = wait(1, Some(301), |ceiling| ceiling).unwrap_err();
        assert_eq!(
            error.to_string(),
            "anthropic GET /v1/x: the vendor asks to wait 301 s (429), longer than the 300 s allowed; try again after that time"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_waited_out_to_the_second() {
        let began = Instant::now();
        let answered = RetrySettings::default()
            .run(&request(), |number| ready(if number < 3 { Err(limited(number, Some(60))) } else { Ok(number) }))
            .await;
        assert_eq!(answered, Ok(3));
        assert_eq!(began.elapsed(), Duration::from_secs(120));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_end_with_the_last_error_within_the_sum_of_the_ceilings() {
        let began = Instant::now();
        let answered: Result<(), _> =
            RetrySettings::default().run(&request(), |number| ready(Err(limited(number, None)))).await;
        assert!(matches!(answered, Err(VendorError::RateLimited { attempts: 6, .. })), "{answered:?}");
        assert!(began.elapsed() <= Duration::from_millis(31_010), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_tried_once() {
        let mut attempts = 0;
        let answered: Result<(), _> = RetrySettings::default()
            .run(&request(), |_| {
                attempts += 1;
                ready(Err(VendorError::Gone { request: request(), message: String::new() }.into()))
            })
            .await;
        assert!(matches!(answered, Err(VendorError::Gone { .. })));
        assert_eq!(attempts, 1);
    }

    #[test]
    fn jitter_stays_under_its_ceiling() {
        for ceiling in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(60)] {
            assert!((0..100).all(|_| jitter(ceiling) <= ceiling));
        }
    }
}
