//! Whether and when a failed attempt is made again.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backon::Retryable;
use tracing::debug;

use super::error::{Failed, Told};
use super::{RequestName, VendorError};
use crate::backoff::{Backoff, LIMITED};

/// How often a vendor is asked, and how long in between.
#[derive(Debug, Clone)]
pub struct RetrySettings {
    /// Attempts in all, the first included.
    pub max_attempts: NonZeroU32,
    /// Ceiling of the first wait.
    pub base_wait: Duration,
    /// Ceiling of any wait that the vendor did not ask for.
    pub backoff_cap: Duration,
    /// Waits after a 429 that does not say how long to wait. Limits are counted by the minute, so they begin with a good
    /// part of one.
    pub limited: Backoff,
    /// The longest wait that a vendor may ask for; a longer one fails the request.
    pub max_wait: Duration,
    /// The longest that attempts may take together, the waits between them left out: the attempt that reaches it is the
    /// last. A vendor that sends drop by drop is given up then.
    pub max_asking: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            max_attempts: NonZeroU32::MIN.saturating_add(5),
            base_wait: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(60),
            limited: LIMITED,
            max_wait: Duration::from_secs(300),
            max_asking: Duration::from_secs(240),
        }
    }
}

impl RetrySettings {
    /// Makes attempts, numbered from 1, until one succeeds or no other is worth making. `pause` hears how long a limit of
    /// requests is waited out, which concerns all who ask beside this one.
    pub(super) async fn run<T, A>(
        &self,
        request: &RequestName,
        pause: impl Fn(Duration),
        mut attempt: impl FnMut(u32) -> A,
    ) -> Result<T, VendorError>
    where
        A: Future<Output = Result<T, Failed>>,
    {
        let made = AtomicU32::new(0);
        let (mut limited, mut asking) = (0, Duration::ZERO);
        let numbered = || attempt(made.fetch_add(1, Ordering::Relaxed) + 1);
        let retry = numbered.retry(self.backoff()).sleep(tokio::time::sleep);
        let retry = retry.when(Failed::passes).adjust(|failed, wait| {
            let wait = wait?;
            asking += failed.took;
            if asking >= self.max_asking {
                return None;
            }
            limited += u32::from(failed.is_limited());
            self.wait_after(failed, if failed.is_limited() { self.limited.after(limited).max(wait) } else { wait })
        });
        let retry = retry.notify(|failed, wait| {
            if matches!(failed.error, VendorError::RateLimited { .. }) {
                pause(wait);
            }
            debug!(
                vendor = request.vendor,
                http.path = request.path,
                attempt = made.load(Ordering::Relaxed),
                error.kind = failed.error.kind(),
                wait_ms = wait.as_millis(),
                "trying again"
            );
        });
        let ended = retry.await;
        let number = made.load(Ordering::Relaxed);
        if let Err(failed @ Failed { error: VendorError::RateLimited { .. }, .. }) = &ended {
            // Those beside it have attempts left.
            self.wait_after(failed, self.limited.after(number)).into_iter().for_each(&pause);
        }
        ended.map_err(|failed| match failed.told {
            // It was given up for that, and not for want of attempts.
            Some(told) if told.wait > self.max_wait && number < self.max_attempts.get() && failed.passes() => {
                VendorError::WaitTooLong {
                    request: request.clone(),
                    status: told.status,
                    wait_s: told.wait.as_secs(),
                    max_wait_s: self.max_wait.as_secs(),
                }
            }
            _ => failed.error,
        })
    }

    /// How long to wait after a failure, if it is worth it. What the vendor asked for is never cut short.
    fn wait_after(&self, failed: &Failed, backoff: Duration) -> Option<Duration> {
        match failed.told {
            None => Some(backoff),
            Some(Told { wait, .. }) if wait <= self.max_wait => Some(wait.max(backoff.min(self.max_wait))),
            Some(_) => None,
        }
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(self.base_wait, self.backoff_cap).retries(self.max_attempts.get() as usize - 1)
    }
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
        let told = wait_s.map(|wait_s| Told { status: 429, wait: Duration::from_secs(wait_s) });
        Failed { told, ..Failed::from(error) }
    }

    #[test]
    fn the_ceiling_doubles_up_to_its_cap() {
        let backoff = RetrySettings::default().backoff().exact();
        let seconds: Vec<u64> = (1..=9).map(|number| backoff.after(number).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(backoff.waits().count(), 5, "after the first of six attempts");
    }

    #[test]
    fn jitter_stays_between_half_of_its_ceiling_and_the_ceiling() {
        let ceilings: Vec<Duration> = RetrySettings::default().backoff().exact().waits().collect();
        for _ in 0..100 {
            let waits: Vec<Duration> = RetrySettings::default().backoff().waits().collect();
            assert_eq!(waits.len(), ceilings.len());
            for (wait, ceiling) in waits.into_iter().zip(&ceilings) {
                assert!(*ceiling / 2 <= wait && wait <= *ceiling, "{wait:?} of {ceiling:?}");
            }
        }
    }

    #[test]
    fn a_wait_that_the_vendor_asks_for_is_never_cut_short() {
        let settings = RetrySettings::default();
        let wait = |wait_s, backoff_s| {
            let wait = settings.wait_after(&limited(1, wait_s), Duration::from_secs(backoff_s));
            wait.map(|wait| wait.as_secs())
        };
        assert_eq!(wait(Some(60), 0), Some(60));
        assert_eq!(wait(Some(300), 1), Some(300));
        assert_eq!(wait(Some(0), 16), Some(16));
        assert_eq!(wait(None, 16), Some(16));
        assert_eq!(wait(Some(301), 1), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_too_long_fails_the_request_at_once_and_says_how_long_it_is() {
        let began = Instant::now();
        let answered: Result<(), _> =
            RetrySettings::default().run(&request(), drop, |number| ready(Err(limited(number, Some(301))))).await;
        let error = answered.unwrap_err();
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(
            error.to_string(),
            "anthropic GET /v1/x: the vendor asks to wait 301 s (429), longer than the 300 s allowed; try again after that time"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_waited_out_to_the_second() {
        let began = Instant::now();
        let answered = RetrySettings::default()
            .run(&request(), drop, |number| ready(if number < 3 { Err(limited(number, Some(60))) } else { Ok(number) }))
            .await;
        assert_eq!(answered, Ok(3));
        assert_eq!(began.elapsed(), Duration::from_secs(120));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_end_with_the_last_error_within_the_sum_of_the_ceilings() {
        let began = Instant::now();
        let timeout = |attempts| VendorError::Timeout { request: request(), attempts };
        let answered: Result<(), _> =
            RetrySettings::default().run(&request(), drop, |number| ready(Err(timeout(number).into()))).await;
        assert_eq!(answered, Err(timeout(6)));
        assert!(began.elapsed() <= Duration::from_millis(31_010), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_that_sends_drop_by_drop_is_given_up_within_minutes() {
        for (took_s, attempts) in [(120, 2), (60, 4), (1, 6)] {
            let began = Instant::now();
            let took = Duration::from_secs(took_s);
            let answered: Result<(), _> = RetrySettings::default()
                .run(&request(), drop, |number| async move {
                    tokio::time::sleep(took).await;
                    Err(Failed::from(VendorError::Timeout { request: request(), attempts: number }).after(took))
                })
                .await;
            assert_eq!(answered, Err(VendorError::Timeout { request: request(), attempts }));
            assert!(began.elapsed() <= Duration::from_secs(300), "{:?}", began.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_does_not_say_how_long_it_holds_is_waited_out_by_the_minute() {
        for _ in 0..50 {
            let mut asked_at = vec![Instant::now()];
            let answered: Result<(), _> = RetrySettings::default()
                .run(&request(), drop, |number| {
                    asked_at.push(Instant::now());
                    ready(Err(limited(number, None)))
                })
                .await;
            assert!(matches!(answered, Err(VendorError::RateLimited { attempts: 6, .. })), "{answered:?}");
            let waits: Vec<Duration> = asked_at[1..].windows(2).map(|pair| pair[1] - pair[0]).collect();
            let seconds = Duration::from_secs;
            assert!(waits.iter().all(|wait| seconds(10) <= *wait && *wait <= seconds(61)), "{waits:?}");
            assert!(waits.iter().sum::<Duration>() >= seconds(120), "{waits:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_of_limits_is_survived_in_any_chance_and_other_failures_wait_no_longer_for_them() {
        for _ in 0..50 {
            let began = Instant::now();
            let answered = RetrySettings::default()
                .run(&request(), drop, |number| {
                    let is_over = began.elapsed() >= Duration::from_secs(60);
                    ready(if is_over { Ok(number) } else { Err(limited(number, None)) })
                })
                .await;
            assert!(answered.is_ok() && began.elapsed() <= Duration::from_secs(121), "{answered:?}");
        }
        let began = Instant::now();
        let answered = RetrySettings::default()
            .run(&request(), drop, |number| {
                ready(match number {
                    1 => Err(limited(number, None)),
                    2 => Err(VendorError::Timeout { request: request(), attempts: number }.into()),
                    _ => Ok(()),
                })
            })
            .await;
        answered.unwrap();
        assert!(began.elapsed() <= Duration::from_millis(22_010), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_is_taken_at_its_word() {
        let began = Instant::now();
        let answered = RetrySettings::default()
            .run(&request(), drop, |number| ready(if number < 2 { Err(limited(number, Some(3))) } else { Ok(()) }))
            .await;
        answered.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_told_with_its_wait_and_no_other_failure_is() {
        for (told, least) in [(Some(7), 7), (None, 10)] {
            let pauses = std::cell::RefCell::new(Vec::new());
            let answered = RetrySettings::default()
                .run(
                    &request(),
                    |wait| pauses.borrow_mut().push(wait),
                    |number| {
                        ready(match number {
                            1 => Err(VendorError::Timeout { request: request(), attempts: 1 }.into()),
                            2 => Err(limited(number, told)),
                            _ => Ok(()),
                        })
                    },
                )
                .await;
            answered.unwrap();
            let pauses = pauses.into_inner();
            assert!(matches!(&pauses[..], [wait] if *wait >= Duration::from_secs(least)), "{pauses:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_tried_once() {
        let mut attempts = 0;
        let answered: Result<(), _> = RetrySettings::default()
            .run(&request(), drop, |_| {
                attempts += 1;
                ready(Err(VendorError::Gone { request: request(), message: String::new() }.into()))
            })
            .await;
        assert!(matches!(answered, Err(VendorError::Gone { .. })));
        assert_eq!(attempts, 1);
    }
}
