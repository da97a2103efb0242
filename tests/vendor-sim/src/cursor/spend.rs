//! `POST /teams/spend`: what each member spent in the billing cycle so far.
//!
//! Owns search, order, pages and the form of the answer; the sums are those of the cycle's events.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::body::body;
use super::members::{tier_name, told_email};
use super::paging::{self, number};
use super::range::day_ms;
use super::refusal::Refusal;
use crate::exchange::{Covers, Reply, Request, exactly};
use crate::world::{Member, World};

const DEFAULT_PAGE_SIZE: u64 = 10;

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let body = body(request)?;
    let page = number(&body, "page", u64::from(u32::MAX))?.unwrap_or(1);
    let page_size = number(&body, "pageSize", paging::MAX_PAGE_SIZE)?.unwrap_or(DEFAULT_PAGE_SIZE);
    let members = ordered(world, &body)?;
    let total = members.len() as u64;
    let place = |number: u64| usize::try_from(number).map_or(members.len(), |place| place.min(members.len()));
    let listed = place((page - 1).saturating_mul(page_size))..place(page.saturating_mul(page_size));
    let answer = Answer {
        team_member_spend: members[listed].iter().map(|member| Spend::new(world, member)).collect(),
        subscription_cycle_start: day_ms(world.cursor_cycle_start()),
        total_members: total,
        total_pages: total.div_ceil(page_size),
    };
    let mut reply = Reply::json(200, &answer);
    reply.covers = Some(Covers::no_day(u32::try_from(page).unwrap_or(u32::MAX)));
    Ok(reply)
}

/// Everyone who belonged to the team in the cycle and is searched for.
fn ordered<'a>(world: &'a World, body: &Map<String, Value>) -> Result<Vec<&'a Member>, Refusal> {
    let word = |name: &str, known: &[&'static str]| match body.get(name).and_then(Value::as_str) {
        None => Ok(known[0]),
        Some(given) => known
            .iter()
            .copied()
            .find(|known| *known == given)
            .ok_or_else(|| Refusal::invalid(format!("{name} must be one of {}", known.join(", ")))),
    };
    let sort_by = word("sortBy", &["date", "amount", "user"])?;
    let descending = word("sortDirection", &["asc", "desc"])? == "desc";
    let searched = body.get("searchTerm").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let mut members: Vec<&Member> = world
        .members()
        .iter()
        .filter(|member| member.belongs(world.cursor_cycle_start(), world.options.today))
        .filter(|member| member.email.to_lowercase().contains(&searched))
        .collect();
    match sort_by {
        "amount" => members.sort_by_cached_key(|member| world.cursor_spend_cents(member.user_id)),
        "user" => members.sort_by(|one, other| one.email.cmp(&other.email)),
        _ => {}
    }
    if descending {
        members.reverse();
    }
    Ok(members)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    team_member_spend: Vec<Spend>,
    subscription_cycle_start: i64,
    total_members: u64,
    total_pages: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spend {
    user_id: String,
    name: String,
    email: String,
    role: String,
    spend_cents: Box<RawValue>,
    overall_spend_cents: Box<RawValue>,
    fast_premium_requests: u64,
    hard_limit_override_dollars: u64,
    monthly_limit_dollars: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_at: Option<i64>,
}

impl Spend {
    fn new(world: &World, member: &Member) -> Spend {
        let (on_demand, overall): (Decimal, Decimal) = world.cursor_spend_cents(member.user_id);
        Spend {
            user_id: member.team_id(),
            name: member.name.clone(),
            email: told_email(world, member.user_id, &member.email),
            role: member.role.clone(),
            // A JSON number keeps no zeros behind its last digit.
            spend_cents: exactly(on_demand.normalize()),
            overall_spend_cents: exactly(overall.normalize()),
            fast_premium_requests: world.cursor_premium_requests(member.user_id),
            hard_limit_override_dollars: 0,
            monthly_limit_dollars: None,
            billing_tier: world
                .options
                .cursor_tiers
                .in_spend()
                .then(|| tier_name(member, world.options.today))
                .flatten(),
            removed_at: world
                .options
                .cursor_removals
                .in_spend()
                .then(|| member.removed_on(world.options.today).map(day_ms))
                .flatten(),
        }
    }
}
