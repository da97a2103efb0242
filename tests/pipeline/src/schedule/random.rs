//! Random schedules.

use everycent_runtime::bus::Topic;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Among, Case, Era, Transition, VendorFault};
use crate::fate::Blow;
use crate::model::{RULE_SETS, Report, Word};
use crate::pipeline::Service;

pub fn any_case() -> impl Strategy<Value = Case> {
    let shuffle_seed = prop_oneof![1 => Just(None), 3 => any::<u64>().prop_map(Some)];
    let times_dearer = prop::sample::select(&[1, 8, 40][..]);
    let set_up = (times_dearer, any::<bool>(), prop::bool::weighted(0.1), shuffle_seed);
    let parts = (any::<u64>(), any_era(), any_reports(), 1..6_u32, set_up, any_transitions());
    parts.prop_map(|(world_seed, any_era, reports, days, set_up, transitions)| {
        let (times_dearer, today_is_returned, on_disk, shuffle_seed) = set_up;
        let era = if reports.iter().any(|report| report.begins_in_2026()) { Era::OfAnalytics } else { any_era };
        Case { world_seed, era, reports, days, times_dearer, today_is_returned, on_disk, shuffle_seed, transitions }
    })
}

fn any_era() -> impl Strategy<Value = Era> {
    prop::sample::select(&[Era::OfTwoPrices, Era::OfAnalytics][..])
}

fn any_reports() -> impl Strategy<Value = Vec<&'static Report>> {
    let asked: Vec<&'static Report> = Report::ALL.into_iter().filter(|report| report.is_asked()).collect();
    prop::sample::subsequence(asked, 3)
}

/// Of all kinds; or of those that answers are judged by, so that each day has many answers.
fn any_transitions() -> impl Strategy<Value = Vec<Transition>> {
    prop_oneof![vec(any_transition(), 1..60), vec(any_of_the_judged(), 1..50)]
}

fn any_of_the_judged() -> impl Strategy<Value = Transition> {
    use Transition::*;
    prop_oneof![
        6 => any_leaving(),
        14 => any_forgetting(),
        6 => any_decision(),
        16 => Just(RequestEverything),
        8 => (any_service(), 1..6_u32).prop_map(|(service, rounds)| Step { service, rounds }),
        10 => Just(Round),
        2 => Just(Settle),
        6 => (prop::option::of(any_topic()), 0..100_usize, 1..3_u32)
            .prop_map(|(topic, place, copies)| DeliverAgain { topic, place, copies }),
        1 => any::<bool>().prop_map(|leases_released| Crash { leases_released }),
        6 => any_strike(),
        8 => any_hours(),
        2 => (0..8_u32, 1..8_u32).prop_map(|(from, days)| Replay { from, days }),
        1 => Just(LoseTables),
        1 => (0..RULE_SETS).prop_map(|rule_set| ChangeRules { rule_set }),
    ]
}

fn any_transition() -> impl Strategy<Value = Transition> {
    use Transition::*;
    let day = 0..8_u32;
    let place = 0..100_usize;
    prop_oneof![
        10 => any_change_of_the_bill(),
        10 => any_change_of_a_list(),
        4 => any_upload(),
        6 => any_forgetting(),
        4 => any_decision(),
        4 => Just(RequestEverything),
        8 => (place.clone(), prop::option::of(0..2_usize), 0..5_u32, 1..6_u32)
            .prop_map(|(report, account, from, days)| Request { report, account, from, days }),
        14 => (any_service(), 1..6_u32).prop_map(|(service, rounds)| Step { service, rounds }),
        10 => Just(Round),
        4 => Just(Settle),
        5 => (prop::option::of(any_topic()), place.clone(), 1..=5_u32)
            .prop_map(|(topic, place, copies)| DeliverAgain { topic, place, copies }),
        2 => any::<bool>().prop_map(|leases_released| Crash { leases_released }),
        14 => any_strike(),
        8 => (any_vendor_fault(), prop::option::of(1..3_u32), 1..6_u32)
            .prop_map(|(fault, page, times)| VendorFault { fault, page, times }),
        4 => any_hours(),
        3 => (day, 1..8_u32).prop_map(|(from, days)| Replay { from, days }),
        1 => Just(LoseTables),
        3 => (0..RULE_SETS).prop_map(|rule_set| ChangeRules { rule_set }),
    ]
}

fn any_strike() -> impl Strategy<Value = Transition> {
    (prop::option::weighted(0.7, any_operation()), 0..4_usize, prop::sample::select(&Blow::ALL[..]))
        .prop_map(|(operation, skip, blow)| Transition::Strike { operation, skip, blow })
}

/// A day is what a loss that was held heals after.
fn any_hours() -> impl Strategy<Value = Transition> {
    prop::sample::select(&[1, 6, 12, 23, 24, 25, 8 * 24, 31 * 24][..])
        .prop_map(|hours| Transition::AdvanceClock { hours })
}

fn any_forgetting() -> impl Strategy<Value = Transition> {
    use Transition::*;
    prop_oneof![
        3 => (0..4_u32, 0..5_usize).prop_map(|(day, kept)| DayIsForgotten { day, kept }),
        3 => (0..4_u32).prop_map(|day| DayErodes { day }),
        2 => (0..4_u32).prop_map(|day| DayIsRemembered { day }),
    ]
}

/// Of members, whose events may lose their address; and twins of events.
fn any_leaving() -> impl Strategy<Value = Transition> {
    use Transition::*;
    let (day, place) = (0..4_u32, 0..100_usize);
    prop_oneof![
        4 => (place.clone(), day.clone()).prop_map(|(place, day)| MembershipEnds { place, day }),
        1 => (1..60_u64).prop_map(|user_id| MemberJoins { user_id }),
        3 => (day.clone(), place.clone(), 0..2_u32)
            .prop_map(|(day, place, more_cents)| EventComes { day, place, more_cents }),
        1 => (day, place).prop_map(|(day, place)| EventVanishes { day, place }),
    ]
}

fn any_decision() -> impl Strategy<Value = Transition> {
    let among = prop::sample::select(&[Among::Held, Among::Held, Among::Announced][..]);
    let word = prop::sample::select(&[Word::Accept, Word::Keep][..]);
    (among, 0..100_usize, word, prop::bool::weighted(0.2))
        .prop_map(|(among, place, word, dies_once_stored)| Transition::Decide { among, place, word, dies_once_stored })
}

fn any_change_of_the_bill() -> impl Strategy<Value = Transition> {
    use Transition::*;
    let day = 0..8_u32;
    let place = 0..100_usize;
    prop_oneof![
        3 => day.clone().prop_map(|day| Restate { day }),
        3 => (day.clone(), place.clone()).prop_map(|(day, place)| VanishRow { day, place }),
        3 => (day.clone(), 1..4_u32).prop_map(|(day, count)| LateRows { day, count }),
        3 => day.clone().prop_map(|day| RestateCursorDay { day }),
        1 => (day.clone(), place.clone()).prop_map(|(day, place)| ClearCursorUsage { day, place }),
        2 => (day.clone(), place.clone(), 0..2_u32)
            .prop_map(|(day, place, more_cents)| EventComes { day, place, more_cents }),
        2 => (day, place).prop_map(|(day, place)| EventVanishes { day, place }),
    ]
}

fn any_change_of_a_list() -> impl Strategy<Value = Transition> {
    use Transition::*;
    let day = 0..8_u32;
    let place = 0..100_usize;
    let number = 0..20_u32;
    let status = prop::sample::select(&["active", "inactive", "archived", "expired"][..]);
    prop_oneof![
        1 => (1..60_u64).prop_map(|user_id| MemberJoins { user_id }),
        1 => place.clone().prop_map(|place| MemberErased { place }),
        1 => (place.clone(), day.clone()).prop_map(|(place, day)| MembershipEnds { place, day }),
        1 => number.clone().prop_map(|number| WorkspaceComes { number }),
        1 => (place.clone(), number.clone()).prop_map(|(place, number)| WorkspaceIsRenamed { place, number }),
        1 => (place.clone(), day).prop_map(|(place, day)| WorkspaceIsArchived { place, day }),
        2 => (number.clone(), place.clone()).prop_map(|(number, place)| KeyComes { number, place }),
        1 => (place.clone(), status).prop_map(|(place, status)| KeyIsSet { place, status }),
        3 => place.clone().prop_map(|place| KeyVanishes { place }),
        2 => (place.clone(), 0..4_usize).prop_map(|(place, provider)| KeyIsFederated { place, provider }),
        1 => number.prop_map(|number| UserComes { number }),
        2 => place.prop_map(|place| UserVanishes { place }),
    ]
}

fn any_upload() -> impl Strategy<Value = Transition> {
    use Transition::*;
    let dies = || prop::bool::weighted(0.2);
    prop_oneof![
        (0..2_usize, 0..5_u32, vec((0..4_u32, 0..4_u32, 0..9_u32), 1..8), dies()).prop_map(
            |(account, from, lines, dies_once_stored)| UploadUsage { account, from, lines, dies_once_stored }
        ),
        (0..2_usize, vec((0..5_u32, 0..4_u32, any::<bool>()), 1..6), dies())
            .prop_map(|(account, lines, dies_once_stored)| UploadOwners { account, lines, dies_once_stored }),
        (vec((0..4_u32, 0..4_u32, any::<bool>()), 1..6), dies())
            .prop_map(|(lines, dies_once_stored)| UploadPeople { lines, dies_once_stored }),
    ]
}

fn any_service() -> impl Strategy<Value = Service> {
    prop::sample::select(&Service::ALL[..])
}

fn any_topic() -> impl Strategy<Value = Topic> {
    prop::sample::select(
        &[
            Topic::FetchRequested,
            Topic::SnapshotStored,
            Topic::BatchNormalized,
            Topic::FetchFailed,
            Topic::AnswerDecided,
        ][..],
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
        2 => (0..10_usize).prop_map(|place| UnknownFields { place }),
        4 => Just(AmountText),
        2 => Just(AmountNumber),
        4 => Just(CountText),
        4 => Just(DateMissing),
        2 => Just(FlatCacheCreation),
        1 => Just(MemberJoins),
        1 => Just(MemberLeaves),
        1 => Just(EventJoins),
        1 => Just(EventLeaves),
        2 => (0..8_u32).prop_map(|day| Restate { day }),
    ]
}
