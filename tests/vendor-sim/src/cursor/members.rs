//! `GET /teams/members`: everyone, those who were removed too, in one page.

use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::exchange::{Covers, Reply};
use crate::world::{Member, World};

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
    json!({
        "id": member.team_id(),
        "email": told_email(world, member.user_id, &member.email),
        "name": member.name,
        "role": member.role,
        "isRemoved": member.left_on.is_some_and(|last_day| last_day < world.options.today),
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
