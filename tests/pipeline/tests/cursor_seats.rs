//! What a Cursor team costs by person and day, against the world's own account of who has which seat: every day both lists
//! of people, the daily report and the events of the day before are read while people come, leave, come back and
//! change tier.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use chrono::{Datelike, Duration, NaiveDate};
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_pipeline_tests::pipeline::{Pipeline, Settings};
use everycent_runtime::warehouse::{SqliteWarehouse, differing_charges, stale_charges};
use everycent_schemas::Day;
use rusqlite::Connection;
use rust_decimal::Decimal;
use vendor_sim::{CursorUsage, Member, SeatFields, SeatTier, World, worlds};

const UNPAID: u64 = 1;
const PREMIUM: u64 = 2;
const UPGRADED: u64 = 3;
const DOWNGRADED: u64 = 4;
const LEAVER: u64 = 5;
const IDLE_LEAVER: u64 = 6;
const IDLE_RETURNER: u64 = 7;
const RETURNER: u64 = 8;
const NEWCOMER: u64 = 9;
const OWN_KEY_LEAVER: u64 = 10;
const ALL_MONTH: u64 = 11;

fn november(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

fn email(user_id: u64) -> String {
    format!("person.{user_id}@example.com")
}

fn person(user_id: u64) -> Member {
    Member::new(user_id, &email(user_id), &format!("Person {user_id}"))
}

/// A company on the last day of October, whose Cursor team is another one.
fn world(tiers: SeatFields, removals: SeatFields) -> World {
    let mut world = worlds::company(3, november(1).pred_opt().unwrap().pred_opt().unwrap(), 10);
    for user_id in world.members().iter().map(|member| member.user_id).collect::<Vec<_>>() {
        world.remove_member(user_id);
    }
    world.options.cursor_tiers = tiers;
    world.options.cursor_removals = removals;
    world.options.cursor_own_key_events = true;
    for user_id in (UNPAID..=ALL_MONTH).filter(|user_id| *user_id != NEWCOMER) {
        world.add_member(person(user_id));
    }
    world.add_member(Member { role: "free-owner".to_owned(), ..person(UNPAID) });
    for user_id in [PREMIUM, DOWNGRADED] {
        world.change_tier(user_id, november(1).pred_opt().unwrap(), SeatTier::Premium);
    }
    for day in (1..=12).map(november) {
        world.clear_cursor_usage(IDLE_LEAVER, day);
        world.clear_cursor_usage(IDLE_RETURNER, day);
        let with_own_key = CursorUsage { is_active: true, api_key_reqs: 3, ..CursorUsage::default() };
        world.set_cursor_usage(OWN_KEY_LEAVER, day, with_own_key);
    }
    world
}

/// What happens on a day before anything is read.
fn happen(world: &mut World, day: NaiveDate) {
    let yesterday = day.pred_opt().unwrap();
    match (day.month(), day.day()) {
        (11, 6) => [IDLE_RETURNER, RETURNER].into_iter().for_each(|user_id| world.end_membership(user_id, yesterday)),
        (11, 10) => [LEAVER, IDLE_LEAVER].into_iter().for_each(|user_id| world.end_membership(user_id, yesterday)),
        (11, 11) => world.change_tier(UPGRADED, day, SeatTier::Premium),
        (11, 13) => world.end_membership(OWN_KEY_LEAVER, yesterday),
        (11, 15) => world.add_member(Member { joined_on: day, ..person(NEWCOMER) }),
        (11, 20) => [IDLE_RETURNER, RETURNER].into_iter().for_each(|user_id| world.rejoin(user_id, day)),
        (11, 21) => world.change_tier(DOWNGRADED, day, SeatTier::Standard),
        _ => {}
    }
}

/// Reads everything once a day until 3 December.
async fn read_all(world: World, settings: Settings) -> Pipeline {
    let mut pipeline = Pipeline::start(world, settings).await.unwrap();
    while pipeline.today().date() < november(30) + chrono::Days::new(3) {
        pipeline.advance(Duration::days(1));
        let (today, yesterday) = (pipeline.today(), pipeline.today().minus(1));
        pipeline.simulator().with_world(|world| happen(world, today.date()));
        for (source, day) in [
            ("cursor/members", today),
            ("cursor/spend", today),
            ("cursor/daily_usage", yesterday),
            ("cursor/usage_events", yesterday),
        ] {
            pipeline.request(source, None, day, day).await.unwrap();
        }
        pipeline.rest().await.unwrap();
    }
    pipeline.assert_no_dead_letter().await.unwrap();
    pipeline
}

/// The days that are compared: all of November, and the first of the next cycle.
fn days() -> impl Iterator<Item = NaiveDate> {
    november(1).iter_days().take(32)
}

type Costs = BTreeMap<(NaiveDate, String), Decimal>;

/// Nano-dollars of a day of a seat, as all of the days before it and this one leave over.
fn seat_nanos(tier: SeatTier, day: NaiveDate) -> i64 {
    let price: i64 = match tier {
        SeatTier::Standard => 40_000_000_000,
        SeatTier::Premium => 120_000_000_000,
    };
    let days = i64::from(day.num_days_in_month());
    price * i64::from(day.day()) / days - price * i64::from(day.day0()) / days
}

fn truth(world: &World) -> Costs {
    let mut costs = Costs::new();
    for day in days() {
        for member in world.members() {
            let seat = world.cursor_seat(member.user_id, day).map_or(0, |tier| seat_nanos(tier, day));
            let (on_demand, _) = world.cursor_charged_cents(member.user_id, day, day);
            let cost = Decimal::from(seat) + on_demand * Decimal::from(10_000_000);
            if !cost.is_zero() {
                costs.insert((day, member.email.clone()), cost.normalize());
            }
        }
    }
    costs
}

fn charged(pipeline: &Pipeline) -> Costs {
    let connection = Connection::open(pipeline.warehouse_file()).unwrap();
    let mut select = connection
        .prepare(
            "SELECT activity_date, person, SUM(cost_nano_usd) FROM charges_nano
             WHERE vendor = 'cursor' AND billing IN ('billed', 'unknown') AND activity_date BETWEEN ?1 AND ?2
             GROUP BY 1, 2 HAVING SUM(cost_nano_usd) <> 0",
        )
        .unwrap();
    let bounds = [days().next().unwrap().to_string(), days().last().unwrap().to_string()];
    let rows = select.query_map(bounds, |row| {
        let (day, person): (String, String) = (row.get(0)?, row.get(1)?);
        Ok(((day.parse().unwrap(), person), Decimal::from(row.get::<_, i64>(2)?)))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[track_caller]
fn assert_costs(found: &Costs, expected: &Costs) {
    let wrong: Vec<_> = expected
        .keys()
        .chain(found.keys())
        .filter(|key| found.get(*key) != expected.get(*key))
        .map(|key| (key, found.get(key), expected.get(key)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} differ (found, expected): {:?}",
        wrong.len(),
        expected.len(),
        &wrong[..wrong.len().min(8)]
    );
}

/// The charges are what their definition makes of all facts.
async fn assert_defined(pipeline: &Pipeline) {
    let warehouse = SqliteWarehouse::open_read_only(&pipeline.warehouse_file()).unwrap();
    assert_eq!(stale_charges(&warehouse).await.unwrap().len(), 0);
    let bounds = Window::new(Day::from(november(1)), Day::from(november(30)).plus(2)).unwrap();
    let differing = differing_charges(&warehouse, Vendor::Cursor, &"acme".into(), bounds).await.unwrap();
    assert_eq!(differing, BTreeMap::new());
}

/// Dollars of the seats of November by person, counted by hand.
fn by_hand() -> [(u64, i64); 11] {
    [
        (UNPAID, 0),
        (PREMIUM, 120_000_000_000),
        // Ten days at 40/30 dollars, twenty at 120/30.
        (UPGRADED, 13_333_333_333 + 80_000_000_000),
        // Twenty days at 120/30 dollars, ten at 40/30.
        (DOWNGRADED, 80_000_000_000 + 40_000_000_000 - 26_666_666_666),
        (LEAVER, 40_000_000_000),
        // Nine days.
        (IDLE_LEAVER, 12_000_000_000),
        // Five days, and eleven.
        (IDLE_RETURNER, 6_666_666_666 + 40_000_000_000 - 25_333_333_333),
        (RETURNER, 40_000_000_000),
        // Sixteen days.
        (NEWCOMER, 40_000_000_000 - 18_666_666_666),
        // Twelve days.
        (OWN_KEY_LEAVER, 16_000_000_000),
        (ALL_MONTH, 40_000_000_000),
    ]
}

#[tokio::test]
async fn charges_by_person_and_day_are_what_the_world_says_whichever_list_tells_of_seats() {
    for (tiers, removals) in [(SeatFields::InSpend, SeatFields::Nowhere), (SeatFields::InMembers, SeatFields::InSpend)]
    {
        let pipeline = read_all(world(tiers, removals), Settings::default()).await;
        let truth = pipeline.simulator().with_world(|world| truth(world));
        assert!(truth.len() > 200, "{}", truth.len());
        assert_costs(&charged(&pipeline), &truth);
        assert_defined(&pipeline).await;
    }
}

#[test]
fn the_seats_of_the_world_are_those_counted_by_hand() {
    let mut world = world(SeatFields::Nowhere, SeatFields::Nowhere);
    november(1).iter_days().take(32).for_each(|day| happen(&mut world, day));
    for (user_id, nanos) in by_hand() {
        let days = (1..=30).map(november);
        let seats = days.filter_map(|day| Some(seat_nanos(world.cursor_seat(user_id, day)?, day)));
        assert_eq!(seats.sum::<i64>(), nanos, "person {user_id}");
    }
}

#[tokio::test]
async fn answers_in_any_order_a_replay_and_tables_that_were_lost_end_in_the_same_charges() {
    let mut pipeline =
        read_all(world(SeatFields::InSpend, SeatFields::InSpend), Settings { shuffle_seed: Some(5), on_disk: false })
            .await;
    let truth = pipeline.simulator().with_world(|world| truth(world));
    assert_costs(&charged(&pipeline), &truth);
    pipeline.replay(None).await.unwrap();
    pipeline.drain().await.unwrap();
    assert_costs(&charged(&pipeline), &truth);
    pipeline.lose_the_tables().await.unwrap();
    pipeline.drain().await.unwrap();
    assert_costs(&charged(&pipeline), &truth);
    assert_defined(&pipeline).await;
}
