//! Random schedules: what happens to the world, to the messages and to the process, in which order.

use everycent_runtime::bus::Topic;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fate::Blow;
use crate::model::{RULE_SETS, Report};
use crate::pipeline::Service;

/// One thing that happens. Places are taken modulo what there is.
#[derive(Debug, Clone)]
pub enum Transition {
    /// Every amount of a day becomes another one.
    Restate {
        day: u32,
    },
    /// A row vanishes from a day.
    VanishRow {
        day: u32,
        place: usize,
    },
    /// Rows of a day come late.
    LateRows {
        day: u32,
        count: u32,
    },
    RestateCursorDay {
        day: u32,
    },
    /// What a member did on a day is taken back.
    ClearCursorUsage {
        day: u32,
        place: usize,
    },
    MemberJoins {
        user_id: u64,
    },
    /// A member is erased from every day.
    MemberErased {
        place: usize,
    },
    MembershipEnds {
        place: usize,
        day: u32,
    },
    /// Somebody asks for days, of one account or of all.
    Request {
        report: Report,
        account: Option<usize>,
        from: u32,
        days: u32,
    },
    /// One service works so many rounds, while what it publishes piles up.
    Step {
        service: Service,
        rounds: u32,
    },
    /// Every service works one round.
    Round,
    /// All work until nothing is left to do, and the tables are compared.
    Settle,
    /// A message that was published before is delivered again, so many times.
    DeliverAgain {
        topic: Option<Topic>,
        place: usize,
        copies: u32,
    },
    /// The process dies between two calls.
    Crash {
        leases_released: bool,
    },
    /// One call to come of a port is struck.
    Strike {
        operation: Option<&'static str>,
        skip: usize,
        blow: Blow,
    },
    /// A vendor misbehaves so many times, on its first or second page.
    VendorFault {
        fault: VendorFault,
        page: Option<u32>,
        times: u32,
    },
    AdvanceClock {
        hours: i64,
    },
    /// Stored snapshots of some days are announced again.
    Replay {
        from: u32,
        days: u32,
    },
    /// Other rules, applied to history by a replay.
    ChangeRules {
        rule_set: usize,
    },
}

/// Misbehaviour that a whole answer never shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorFault {
    Status(u16),
    TooManyRequests(Option<u64>),
    Cut,
    RepeatedPage,
    NotJson,
    WrongContent,
    MissingBucket,
    NextPageLoop,
    UnknownFields,
    AmountText,
    AmountNumber,
    CountText,
    DateMissing,
    MemberJoins,
    MemberLeaves,
    Restate { day: u32 },
}

/// A world, a set-up and a schedule: all that a run depends on.
#[derive(Debug, Clone)]
pub struct Case {
    pub world_seed: u64,
    pub days: u32,
    pub today_is_returned: bool,
    pub on_disk: bool,
    pub shuffle_seed: Option<u64>,
    pub transitions: Vec<Transition>,
}

pub fn any_case() -> impl Strategy<Value = Case> {
    let shuffle_seed = prop_oneof![1 => Just(None), 3 => any::<u64>().prop_map(Some)];
    let parts =
        (any::<u64>(), 1..6_u32, any::<bool>(), prop::bool::weighted(0.1), shuffle_seed, vec(any_transition(), 1..60));
    parts.prop_map(|(world_seed, days, today_is_returned, on_disk, shuffle_seed, transitions)| Case {
        world_seed,
        days,
        today_is_returned,
        on_disk,
        shuffle_seed,
        transitions,
    })
}

fn any_transition() -> impl Strategy<Value = Transition> {
    use Transition::*;
    let day = 0..8_u32;
    let place = 0..100_usize;
    prop_oneof![
        10 => any_change_of_the_world(),
        10 => (any_report(), prop::option::of(0..2_usize), 0..5_u32, 1..6_u32)
            .prop_map(|(report, account, from, days)| Request { report, account, from, days }),
        14 => (any_service(), 1..6_u32).prop_map(|(service, rounds)| Step { service, rounds }),
        10 => Just(Round),
        4 => Just(Settle),
        5 => (prop::option::of(any_topic()), place.clone(), 1..=5_u32)
            .prop_map(|(topic, place, copies)| DeliverAgain { topic, place, copies }),
        2 => any::<bool>().prop_map(|leases_released| Crash { leases_released }),
        14 => (prop::option::weighted(0.7, any_operation()), 0..4_usize, prop::sample::select(&Blow::ALL[..]))
            .prop_map(|(operation, skip, blow)| Strike { operation, skip, blow }),
        8 => (any_vendor_fault(), prop::option::of(1..3_u32), 1..6_u32)
            .prop_map(|(fault, page, times)| VendorFault { fault, page, times }),
        2 => prop::sample::select(&[1, 24, 8 * 24, 31 * 24][..]).prop_map(|hours| AdvanceClock { hours }),
        2 => (day, 1..8_u32).prop_map(|(from, days)| Replay { from, days }),
        3 => (0..RULE_SETS).prop_map(|rule_set| ChangeRules { rule_set }),
    ]
}

fn any_change_of_the_world() -> impl Strategy<Value = Transition> {
    use Transition::*;
    let day = 0..8_u32;
    let place = 0..100_usize;
    prop_oneof![
        3 => day.clone().prop_map(|day| Restate { day }),
        3 => (day.clone(), place.clone()).prop_map(|(day, place)| VanishRow { day, place }),
        3 => (day.clone(), 1..4_u32).prop_map(|(day, count)| LateRows { day, count }),
        3 => day.clone().prop_map(|day| RestateCursorDay { day }),
        1 => (day.clone(), place.clone()).prop_map(|(day, place)| ClearCursorUsage { day, place }),
        1 => (1..60_u64).prop_map(|user_id| MemberJoins { user_id }),
        1 => place.clone().prop_map(|place| MemberErased { place }),
        1 => (place, day).prop_map(|(place, day)| MembershipEnds { place, day }),
    ]
}

fn any_report() -> impl Strategy<Value = Report> {
    prop::sample::select(&Report::ALL[..])
}

fn any_service() -> impl Strategy<Value = Service> {
    prop::sample::select(&Service::ALL[..])
}

fn any_topic() -> impl Strategy<Value = Topic> {
    prop::sample::select(
        &[Topic::FetchRequested, Topic::SnapshotStored, Topic::BatchNormalized, Topic::FetchFailed][..],
    )
}

fn any_operation() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["create", "read", "publish", "pull", "ack", "nack", "merge", "record_failures"][..])
}

fn any_vendor_fault() -> impl Strategy<Value = VendorFault> {
    use VendorFault::*;
    prop_oneof![
        3 => prop::sample::select(&[401, 404, 410, 500, 529][..]).prop_map(Status),
        2 => prop::sample::select(&[None, Some(0), Some(9_999)][..]).prop_map(TooManyRequests),
        2 => Just(Cut),
        2 => Just(RepeatedPage),
        1 => Just(NotJson),
        1 => Just(WrongContent),
        1 => Just(MissingBucket),
        1 => Just(NextPageLoop),
        1 => Just(UnknownFields),
        2 => Just(AmountText),
        1 => Just(AmountNumber),
        2 => Just(CountText),
        1 => Just(DateMissing),
        1 => Just(MemberJoins),
        1 => Just(MemberLeaves),
        2 => (0..8_u32).prop_map(|day| Restate { day }),
    ]
}
