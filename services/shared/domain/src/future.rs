//! Stamps that lie in the future. A clock that was ahead made them, and nothing may win by one: it would stay the newest
//! until that time has come, and every answer until then would be lost in silence.

use chrono::Duration;
use everycent_schemas::Timestamp;

/// How far ahead of now a stamp may lie. Answers are dated by the vendor's clock to some seconds; what a person starts is
/// dated by the clock of the machine that it is started on, which may be a few minutes from another one's.
const ALLOWED: Duration = Duration::minutes(5);

/// The last instant that may be a stamp's. What is later lies in the future.
pub fn horizon(now: Timestamp) -> Timestamp {
    now.plus(ALLOWED)
}

/// Whether a stamp lies in the future.
pub fn is_future(at: Timestamp, now: Timestamp) -> bool {
    at > horizon(now)
}

/// The time of what is done now, after what was done last: never the same and never before it, also when the clock went
/// back. What lies in the future was not done yet.
pub fn after(last: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let next = last.filter(|last| !is_future(*last, now)).map(|last| last.plus(Duration::microseconds(1)));
    next.map_or(now, |next| next.max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_ahead_are_another_machine_and_days_ahead_are_the_future() {
        let now = Timestamp::from_micros(1_000_000_000);
        assert!(!is_future(now.plus(Duration::minutes(4)), now) && is_future(now.plus(Duration::minutes(6)), now));
    }

    #[test]
    fn what_is_done_now_is_later_than_what_was_done_before() {
        let now = Timestamp::from_micros(1_000_000_000);
        let last = |ahead: Duration| after(Some(now.plus(ahead)), now).micros() - now.micros();
        assert_eq!(after(None, now), now);
        assert_eq!((last(Duration::seconds(-1)), last(Duration::zero())), (0, 1));
        assert_eq!(last(Duration::minutes(4)), 240_000_001, "the clock went back");
        assert_eq!(last(Duration::days(1)), 0, "that was never done");
    }
}
