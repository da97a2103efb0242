//! Which price holds when, for whom, and what it makes of a day.
#![allow(clippy::unwrap_used)]

use everycent_schemas::{AccountId, Day, Usd};

use super::*;
use crate::identity::IdHasher;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn acme() -> AccountId {
    "acme".into()
}

fn dollars(text: &str) -> Usd {
    crate::money::usd_from_dollars(text).unwrap()
}

fn request(from: &str, request_usd: &str) -> CursorPrice {
    let plan = Plan::Request { included_requests: 500, request_usd: dollars(request_usd) };
    CursorPrice { from: day(from), seat_usd: dollars("40"), premium_seat_usd: None, cycle_day: CycleDay::FIRST, plan }
}

fn estimate(prices: &CursorPrices, on: &str, requests: i64) -> String {
    prices.on(&acme(), day(on)).unwrap().estimate(requests).unwrap().map_or("none".into(), Usd::short)
}

#[test]
fn the_price_of_the_day_counts() {
    let prices = CursorPrices::overridden([(None, request("2025-06-01", "0.08"))]);
    assert_eq!(estimate(&prices, "2025-05-31", 5), "0.20");
    assert_eq!(estimate(&prices, "2025-06-01", 5), "0.40");
}

#[test]
fn the_public_prices_are_those_of_a_request_plan_and_from_15_september_2025_of_token_plans() {
    let prices = CursorPrices::public();
    for (on, plan, included, cost) in [
        ("2023-01-01", "request", Some(500), "0.12"),
        ("2025-09-14", "request", Some(500), "0.12"),
        ("2025-09-15", "token", None, "none"),
        ("2026-05-31", "token", None, "none"),
        ("2026-06-01", "token", None, "none"),
    ] {
        let found = prices.on(&acme(), day(on)).unwrap();
        assert_eq!((found.plan, found.included_requests, estimate(&prices, on, 3).as_str()), (plan, included, cost));
        assert_eq!(found.request_usd.is_some(), plan == "request", "{on}");
    }
}

#[test]
fn an_own_price_takes_the_place_of_every_public_one_from_its_day_on() {
    let prices = CursorPrices::overridden([(None, request("2022-01-01", "0.08"))]);
    for on in ["2022-05-31", "2025-05-31", "2026-07-01"] {
        assert_eq!(estimate(&prices, on, 5), "0.40", "{on}");
    }
}

#[test]
fn the_prices_of_one_account_are_its_own_from_the_first_of_them_on() {
    let for_acme = |price| (Some(acme()), price);
    let prices = CursorPrices::overridden([
        for_acme(request("2025-03-01", "0.03")),
        for_acme(request("2025-02-01", "0.02")),
        (None, request("2025-04-01", "0.09")),
    ]);
    for (on, acme, other) in [
        ("2025-01-31", "0.40", "0.40"),
        ("2025-02-28", "0.20", "0.40"),
        ("2025-03-31", "0.30", "0.40"),
        ("2025-04-01", "0.30", "0.90"),
    ] {
        assert_eq!(estimate(&prices, on, 10), acme, "{on}");
        assert_eq!(prices.on(&"other".into(), day(on)).unwrap().estimate(10).unwrap(), Some(dollars(other)), "{on}");
    }
}

#[test]
fn the_days_of_a_cycle_add_up_to_the_price_of_the_seat() {
    let prices = CursorPrices::public();
    for (first, last) in [("2025-02-01", "2025-02-28"), ("2024-02-01", "2024-02-29"), ("2025-10-01", "2025-10-31")] {
        let parts = day(first).through(day(last)).map(|day| prices.on(&acme(), day).unwrap());
        assert_eq!(parts.clone().map(|part| part.seat_usd).sum::<Usd>(), dollars("40"), "{first}");
        assert!(parts.clone().all(|part| part.billing_cycle_start == day(first)));
    }
    // 40 / 31 dollars a day: 1.290322580645..., of which the first day is rounded down.
    assert_eq!(prices.on(&acme(), day("2025-10-01")).unwrap().seat_usd, dollars("1.290322580"));
    assert_eq!(prices.on(&acme(), day("2025-10-02")).unwrap().seat_usd, dollars("1.290322581"));
}

/// What a Standard and a Premium seat cost over the days, and where both prices are from.
fn seats(prices: &CursorPrices, from: &str, to: &str) -> [(Usd, PriceBasis); 2] {
    let days: Vec<PlanDay> = day(from).through(day(to)).map(|day| prices.on(&acme(), day).unwrap()).collect();
    [
        (days.iter().map(|day| day.seat_usd).sum(), days[0].seat_price_basis),
        (days.iter().map(|day| day.premium_seat_usd).sum(), days[0].premium_seat_price_basis),
    ]
}

#[test]
fn a_premium_seat_costs_120_dollars_a_cycle_since_june_2026_and_before_there_was_one_tier() {
    let public = CursorPrices::public();
    let both = |standard: &str, premium: &str, basis| [(dollars(standard), basis), (dollars(premium), basis)];
    assert_eq!(seats(&public, "2026-05-01", "2026-05-31"), both("40", "40", PriceBasis::Public));
    assert_eq!(seats(&public, "2026-06-01", "2026-06-30"), both("40", "120", PriceBasis::Public));
    assert_eq!(seats(&public, "2026-07-01", "2026-07-31"), both("40", "120", PriceBasis::Public));
}

#[test]
fn a_configured_price_that_leaves_premium_out_takes_the_public_one_and_says_so() {
    let token = Plan::Token { included_usage_usd: None, token_fee_usd_per_million: None };
    let own = CursorPrice { seat_usd: dollars("32"), plan: token, ..request("2026-01-01", "0") };
    let prices = CursorPrices::overridden([(None, own)]);
    let (configured, public) = (PriceBasis::Configured, PriceBasis::Public);
    assert_eq!(seats(&prices, "2026-05-01", "2026-05-31"), [(dollars("32"), configured), (dollars("32"), configured)]);
    assert_eq!(seats(&prices, "2026-11-01", "2026-11-30"), [(dollars("32"), configured), (dollars("120"), public)]);
    let both = CursorPrice { premium_seat_usd: Some(dollars("96")), ..own };
    let prices = CursorPrices::overridden([(Some(acme()), both)]);
    assert_eq!(seats(&prices, "2026-11-01", "2026-11-30"), [(dollars("32"), configured), (dollars("96"), configured)]);
    assert_eq!(prices.on(&"other".into(), day("2026-11-01")).unwrap().seat_price_basis, public);
}

#[test]
fn both_seats_of_a_cycle_on_any_day_of_the_month_add_up_to_their_prices() {
    for cycle_day in 1..=31 {
        let cycle_day = CycleDay::new(cycle_day).unwrap();
        let own = CursorPrice {
            premium_seat_usd: Some(dollars("119.999999999")),
            cycle_day,
            ..request("2024-01-01", "0.04")
        };
        let prices = CursorPrices::overridden([(None, own)]);
        let mut cycles: std::collections::BTreeMap<Day, [Usd; 2]> = std::collections::BTreeMap::new();
        for day in day("2024-01-31").through(day("2026-01-31")) {
            let paid = prices.on(&acme(), day).unwrap();
            let sums = cycles.entry(paid.billing_cycle_start).or_default();
            *sums = [sums[0] + paid.seat_usd, sums[1] + paid.premium_seat_usd];
        }
        let whole: Vec<[Usd; 2]> = cycles.into_values().collect();
        // The first and the last may be cut off by the range.
        for sums in &whole[1..whole.len() - 1] {
            assert_eq!(*sums, [dollars("40"), dollars("119.999999999")], "{cycle_day:?}");
        }
    }
}

#[test]
fn each_day_of_a_cycle_has_the_part_of_the_price_of_that_day() {
    let dearer = CursorPrice { seat_usd: dollars("60"), ..request("2025-06-11", "0.04") };
    let prices = CursorPrices::overridden([(None, dearer)]);
    let june: Usd =
        day("2025-06-01").through(day("2025-06-30")).map(|day| prices.on(&acme(), day).unwrap().seat_usd).sum();
    // Ten days of thirty at 40 dollars and twenty at 60: 13.333333333 and 40.
    assert_eq!(june, dollars("53.333333333"));
}

#[test]
fn a_cycle_begins_on_its_configured_day() {
    let price = CursorPrice { cycle_day: CycleDay::new(20).unwrap(), ..request("2025-01-01", "0.04") };
    let prices = CursorPrices::overridden([(None, price)]);
    let start = |on: &str| prices.on(&acme(), day(on)).unwrap().billing_cycle_start.to_string();
    assert_eq!((start("2025-06-19").as_str(), start("2025-06-20").as_str()), ("2025-05-20", "2025-06-20"));
    let days = day("2025-05-20").through(day("2025-06-19"));
    let cycle: Usd = days.map(|day| prices.on(&acme(), day).unwrap().seat_usd).sum();
    assert_eq!(cycle, dollars("40"));
}

#[test]
fn a_day_before_the_first_price_is_an_error_that_names_it() {
    let error = CursorPrices::public().on(&acme(), day("2022-12-31")).unwrap_err();
    assert!(error.to_string().contains("2022-12-31"));
}

#[test]
fn a_count_that_cannot_be_meant_is_refused_where_requests_are_paid() {
    let prices = CursorPrices::public();
    let error = prices.on(&acme(), day("2025-01-01")).unwrap().estimate(i64::MAX).unwrap_err();
    assert_eq!(error, PriceError::Absurd { requests: i64::MAX });
    assert_eq!(prices.on(&acme(), day("2026-01-01")).unwrap().estimate(i64::MAX), Ok(None));
}

#[test]
fn days_worked_out_before_are_those_worked_out_one_by_one() {
    let prices = CursorPrices::public();
    let days = ["2025-09-15", "2022-12-31", "2025-09-14"].map(day);
    let known = prices.plan_days(&acme(), &days);
    for day in days.into_iter().chain([day("2026-06-01"), day("2022-01-01")]) {
        assert_eq!(known.on(day), prices.on(&acme(), day), "{day}");
    }
}

#[test]
fn every_part_of_a_price_is_in_the_fingerprint() {
    let request_price = request("2025-01-01", "0.04");
    let token = |included: Option<&str>, fee: Option<&str>| CursorPrice {
        plan: Plan::Token { included_usage_usd: included.map(dollars), token_fee_usd_per_million: fee.map(dollars) },
        ..request_price
    };
    let more = Plan::Request { included_requests: 501, request_usd: dollars("0.04") };
    let own = [
        (None, request_price),
        (Some(acme()), request_price),
        (Some("other".into()), request_price),
        (None, CursorPrice { from: day("2025-01-02"), ..request_price }),
        (None, CursorPrice { seat_usd: dollars("41"), ..request_price }),
        (None, CursorPrice { premium_seat_usd: Some(dollars("120")), ..request_price }),
        (None, CursorPrice { premium_seat_usd: Some(dollars("121")), ..request_price }),
        (None, CursorPrice { cycle_day: CycleDay::new(2).unwrap(), ..request_price }),
        (None, CursorPrice { plan: more, ..request_price }),
        (None, request("2025-01-01", "0.05")),
        (None, token(None, None)),
        (None, token(Some("20"), None)),
        (None, token(None, Some("20"))),
    ];
    let lists = own.map(|price| CursorPrices::overridden([price])).into_iter().chain([CursorPrices::public()]);
    let mut ids: Vec<String> =
        lists.map(|prices| prices.fingerprint(IdHasher::new("prices")).finish().short()).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
