//! What people did in Cursor: counts with seats, and events with charges or units, on plans of both kinds.

use everycent_schemas::rows::{CursorEventPerson, CursorUsageEvent, CursorUsageStat};
use everycent_schemas::{Day, Usd};

use super::super::world::{Answer, at, day};
use super::dice::Dice;

pub(super) const STATS: &str = "cursor/daily_usage";
pub(super) const EVENTS: &str = "cursor/usage_events";

const PEOPLE: [&str; 4] = ["ann@example.com", "bob@example.com", "cy@example.com", "dee@example.com"];
const MODELS: [Option<&str>; 5] = [None, Some("default"), Some("a/b"), Some("a~b"), Some("~")];
const CENT: i64 = 10_000_000;

/// The plan of an account on a day: the team's own kind, its cycle, and what is included.
struct Plan {
    name: Option<&'static str>,
    cycle_start: Option<Day>,
    included_requests: Option<i64>,
    request_usd: Option<Usd>,
}

impl Plan {
    /// Three kinds of teams: by requests, by tokens, and one that changes in the middle of a cycle. A day without a price is
    /// rare. A cycle has fifteen days, so that a short world has several.
    fn of(kind: u64, offset: u32, dice: &mut Dice) -> Self {
        let start = Some(day(offset / 15 * 15));
        if dice.once_in(15) {
            return Self { name: None, cycle_start: None, included_requests: None, request_usd: None };
        }
        if kind == 1 || (kind == 2 && offset >= 20) {
            return Self { name: Some("token"), cycle_start: start, included_requests: None, request_usd: None };
        }
        let price = if offset < 15 { 4 * CENT } else { 4 * CENT + 1 };
        let request_usd = Some(Usd::from_nanos(price.into()));
        Self { name: Some("request"), cycle_start: start, included_requests: Some(3), request_usd }
    }
}

/// The name of the plan of a day, if it has a price.
pub(super) fn plan_name(kind: u64, offset: u32, mut of_day: Dice) -> Option<&'static str> {
    Plan::of(kind, offset, &mut of_day).name
}

/// The counts of a day as the version of the answer has them.
pub(super) fn stats(
    answer: &Answer,
    (kind, offset): (u64, u32),
    [mut of_day, mut of_answer]: [Dice; 2],
) -> Vec<CursorUsageStat<'static>> {
    let plan = Plan::of(kind, offset, &mut of_day);
    let rows = of_day.below(6);
    let row = |place: u64| {
        let email = if of_day.once_in(6) { None } else { Some(PEOPLE[usize::try_from(place % 4).unwrap()]) };
        let user_id = of_day.one_of(&[Some("7"), Some("8"), None]);
        CursorUsageStat {
            account_id: answer.account,
            activity_date: day(offset),
            row_id: format!("stat-{place}").leak(),
            user_id,
            email,
            is_active: Some(true),
            total_lines_added: of_day.count(9),
            total_lines_deleted: 0,
            accepted_lines_added: 1,
            accepted_lines_deleted: 0,
            total_applies: 2,
            total_accepts: 1,
            total_rejects: 0,
            total_tabs_shown: 0,
            total_tabs_accepted: 0,
            composer_requests: 0,
            chat_requests: 0,
            agent_requests: 0,
            cmdk_usages: 0,
            bugbot_usages: 0,
            subscription_included_reqs: of_day.count(3),
            usage_based_reqs: if of_answer.once_in(4) { 2 } else { of_day.count(2) },
            api_key_reqs: 0,
            most_used_model: None,
            apply_most_used_extension: None,
            tab_most_used_extension: None,
            client_version: None,
            estimated_cost_usd: plan.request_usd,
            plan: plan.name,
            billing_cycle_start: plan.cycle_start,
            seat_usd: (!of_day.once_in(4)).then(|| Usd::from_nanos(1_290_322_581)),
            included_requests: plan.included_requests,
            request_usd: plan.request_usd,
            platform: "cursor",
            platform_basis: Some("vendor"),
            snapshot_id: answer.snapshot_id,
            fetched_at: at(answer.fetched),
            ingestion_timestamp: at(answer.normalized),
        }
    };
    (0..rows).map(row).collect()
}

/// The events of a day, likewise.
pub(super) fn events(
    answer: &Answer,
    (kind, offset): (u64, u32),
    [mut of_day, mut of_answer]: [Dice; 2],
) -> Vec<CursorUsageEvent<'static>> {
    let plan = Plan::of(kind, offset, &mut of_day);
    let rows = of_day.below(8);
    let row = |place: u64| {
        let person = of_day.one_of(&PEOPLE);
        let billing = of_day.one_of(&["included", "on_demand", "on_demand", "not_charged", "own_key", "unknown"]);
        let restated = if of_answer.once_in(4) { of_answer.count(1_000_003) } else { 0 };
        let mut nanos = |times: u64| {
            let nanos = of_day.count(3_000_000_007) + restated;
            (!of_day.once_in(times)).then(|| Usd::from_nanos(nanos.into()))
        };
        let (charged_usd, computed_charge_usd, token_cost_usd) = (nanos(2), nanos(2), nanos(3));
        let is_service = of_day.once_in(6);
        CursorUsageEvent {
            account_id: answer.account,
            activity_date: day(offset),
            row_id: format!("event-{place}").leak(),
            event_id: Some(format!("event-{place}").leak()),
            twin_id: Some(format!("twin-{restated}").leak()),
            occurred_at: day(offset).start(),
            email: (!is_service && !of_answer.once_in(5)).then_some(person),
            service_account_id: None,
            service_account_name: is_service.then_some("robot"),
            cloud_agent_id: None,
            automation_id: None,
            conversation_id: None,
            model: of_day.one_of(&MODELS),
            kind: None,
            billing,
            max_mode: None,
            is_token_based_call: None,
            is_chargeable: None,
            is_headless: None,
            requests_costs: None,
            request_micro_units: (!of_day.once_in(5)).then(|| of_day.count(2_500_001)),
            input_tokens: Some(of_day.count(1_000)),
            output_tokens: None,
            cache_write_tokens: None,
            cache_read_tokens: None,
            token_cost_cents: None,
            token_cost_usd,
            discount_percent_off: None,
            charged_cents: None,
            charged_usd,
            computed_charge_usd,
            cursor_token_fee_cents: None,
            cursor_token_fee_usd: of_day.one_of(&[None, Some(Usd::from_nanos(33_333_333))]),
            plan: plan.name,
            billing_cycle_start: plan.cycle_start,
            included_requests: plan.included_requests,
            request_usd: plan.request_usd,
            platform: "cursor",
            platform_basis: Some("vendor"),
            snapshot_id: answer.snapshot_id,
            fetched_at: at(answer.fetched),
            ingestion_timestamp: at(answer.normalized),
        }
    };
    (0..rows).map(row).collect()
}

/// Whom the events name.
pub(super) fn people(events: &[CursorUsageEvent<'static>]) -> Vec<CursorEventPerson<'static>> {
    let person = |event: &CursorUsageEvent<'static>| {
        Some(CursorEventPerson {
            account_id: event.account_id,
            activity_date: event.activity_date,
            event_id: event.event_id?,
            twin_id: event.twin_id?,
            email: event.email?,
            ordinal: 1,
            snapshot_id: event.snapshot_id,
            fetched_at: event.fetched_at,
            ingestion_timestamp: event.ingestion_timestamp,
        })
    };
    events.iter().filter_map(person).collect()
}
