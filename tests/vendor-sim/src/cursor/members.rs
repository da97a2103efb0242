//! `GET /teams/members`: everyone, those who were removed too, in one page.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::range::day_ms;
use super::refusal::Refusal;
use crate::exchange::{Covers, Reply};
use crate::world::{Member, SeatTier, World};

pub(super) fn answer(world: &World) -> Result<Reply, Refusal> {
    if world.options.cursor_members_are_closed {
        return Err(Refusal::forbidden());
    }
    let members: Vec<Value> = world.members().iter().map(|member| item(world, member)).collect();
    let mut reply = Reply::json(200, &json!({"teamMembers": members}));
    reply.covers = Some(Covers::no_day(1));
    Ok(reply)
}

fn item(world: &World, member: &Member) -> Value {
    let removed_on = member.removed_on(world.options.today);
    let mut item = json!({
        "id": member.team_id(),
        "email": told_email(world, member.user_id, &member.email),
        "name": member.name,
        "role": member.role,
        "isRemoved": removed_on.is_some(),
    });
    if world.options.cursor_tiers.in_members() {
        item["billingTier"] = json!(tier_name(member, world.options.today));
    }
    if world.options.cursor_removals.in_members() {
        item["removedAt"] = json!(removed_on.map(day_ms));
    }
    item
}

/// The tier of a seat as both lists of people name it.
pub(super) fn tier_name(member: &Member, day: NaiveDate) -> Option<&'static str> {
    (!member.is_unpaid()).then(|| match member.tier(day) {
        SeatTier::Standard => "standard",
        SeatTier::Premium => "premium",
    })
}

/// The e-mail of a member as reports other than the daily one spell it.
pub(super) fn told_email(world: &World, user_id: u64, email: &str) -> String {
    if !world.options.cursor_emails_vary_in_case || user_id.is_multiple_of(2) {
        return email.to_owned();
    }
    let mut letters = email.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
