//! How the vendors' answers change in the course of a year in which nothing is wrong: days fill up while they last, the
//! ends of reports lag by hours, bills are restated by a few percent, late events come and single ones are taken back.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Timelike, Utc};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use vendor_sim::{EventKind, World, WorldClock};

/// A bill is restated until it is so old.
const RESTATED_DAYS: u64 = 29;

/// The vendors in the course of time.
pub struct Vendors {
    /// What they know of all days, also of those to come.
    world: World,
    rng: ChaCha8Rng,
    today: NaiveDate,
}

impl Vendors {
    pub fn new(world: World, seed: u64, today: NaiveDate) -> Self {
        Self { world, rng: ChaCha8Rng::seed_from_u64(seed), today }
    }

    /// What they report at this time, which is never before that of the last call.
    pub fn at(&mut self, now: DateTime<Utc>) -> World {
        while self.today < now.date_naive() {
            self.today = self.today + Days::new(1);
            self.begin_day();
        }
        let mut world = self.world.clone();
        let (today, yesterday) = (self.today, self.today - Days::new(1));
        world.options.today = today;
        world.options.clock = WorldClock::At(now);
        world.options.today_is_returned = true;
        scale(&mut world, today, Decimal::from(now.hour() * 60 + now.minute()) / Decimal::from(24 * 60));
        if now.hour() < 2 {
            world.options.buckets_end_on = Some(yesterday - Days::new(1));
        }
        if now.hour() < 4 {
            world.options.analytics_refreshed_on = Some(yesterday);
        }
        if now.hour() < 5 {
            take_events(&mut world, yesterday, |place, _| place % 40 == 7);
        }
        take_events(&mut world, today, |_, at| at > now.timestamp_millis());
        world
    }

    /// What happens to the days before, once a day.
    fn begin_day(&mut self) {
        for age in 1..=RESTATED_DAYS {
            let day = self.today - Days::new(age);
            if self.rng.random_range(0..12) == 0 {
                let percent = Decimal::from(self.rng.random_range(97..=104));
                scale(&mut self.world, day, percent / Decimal::ONE_HUNDRED);
            }
        }
        if self.rng.random_range(0..3) == 0 {
            take_events(&mut self.world, self.today - Days::new(3), |place, _| place == 5);
        }
        if self.today.day() == 17 && self.today.month().is_multiple_of(3) {
            self.one_leaves();
        }
    }

    fn one_leaves(&mut self) {
        let staying = self.world.members().iter().filter(|member| member.left_on.is_none());
        let staying: Vec<u64> = staying.map(|member| member.user_id).collect();
        if let [_, .., last] = staying[..] {
            self.world.end_membership(last, self.today);
        }
    }
}

/// Every amount of a day becomes so much of what it was.
pub fn scale(world: &mut World, day: NaiveDate, factor: Decimal) {
    let amounts: Vec<Decimal> = world.cost_rows(day).iter().map(|row| row.amount_cents).collect();
    for (place, amount) in amounts.into_iter().enumerate() {
        world.set_cost_amount(day, place, (amount * factor).round_dp(amount.scale().max(2)));
    }
}

/// Those events of a day are not reported, by their place and the time of them in milliseconds.
pub fn take_events(world: &mut World, day: NaiveDate, is_taken: impl Fn(usize, i64) -> bool) {
    let events = world.cursor_events(day);
    for (place, _) in events.iter().enumerate().rev().filter(|(place, event)| is_taken(*place, event.timestamp_ms)) {
        world.remove_cursor_event(day, place);
    }
}

/// What a day cost at the vendors: Claude's bill and the events that Cursor charges, in cents.
pub fn truth(world: &World, day: NaiveDate) -> [Decimal; 2] {
    let is_charged = |kind: EventKind| kind != EventKind::ErroredNotCharged;
    let events = world.cursor_events(day);
    let charged = events.iter().filter(|event| is_charged(event.kind)).map(|event| event.charged_cents).sum();
    [world.cost_cents(day, day), charged]
}

/// Moments at a fixed distance.
pub fn every(hours: i64, from: NaiveDate, days: u32) -> impl Iterator<Item = DateTime<Utc>> {
    let start = from.and_hms_opt(0, 7, 0).unwrap_or_default().and_utc();
    let count = i64::from(days) * 24 / hours;
    (1..=count).map(move |number| start + TimeDelta::hours(number * hours))
}
