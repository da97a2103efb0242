//! `GET /v1/organizations/analytics/users`: what each person of an Enterprise organization did on one day.
//!
//! Owns which days are told, and the form of a person. It has no money.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::anthropic::page_token::{self, Position};
use crate::anthropic::query::Query;
use crate::anthropic::refusal::Refusal;
use crate::anthropic::{organization, rows};
use crate::exchange::{Covers, Reply, Request};
use crate::world::{SeatUse, World};

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let query = Query::read(request, &["date", "limit", "page"], &[])?;
    let day = day(&query)?;
    let epoch = NaiveDate::from_ymd_opt(2026, 1, 1).expect("invariant: a real day");
    if day < epoch {
        return Err(Refusal::invalid(format!("date: Data is available from {epoch} on")));
    }
    let known_until = organization::enterprise(world, request).and_then(|enterprise| enterprise.people_known_until);
    let latest = known_until.unwrap_or(world.newest_day()).min(world.newest_day());
    if day > latest {
        let message = format!("date: Data for {day} is not available yet. The latest available date is {latest}.");
        return Err(Refusal::invalid(message));
    }
    let limit = rows::limit(&query)?;
    let page = match query.single("page") {
        None => 1,
        Some(token) => page_token::read(token, request)?.page,
    };
    let people = world.seat_uses(day);
    let (listed, has_more) = rows::page(&people, page, limit);
    let next = Position { first_day: day, page: page + 1 };
    let body = json!({
        "data": listed.iter().map(|person| record(world, person)).collect::<Vec<Value>>(),
        "has_more": has_more,
        "next_page": has_more.then(|| page_token::write(next, request)),
    });
    let mut reply = Reply::json(200, &body);
    reply.covers = Some(Covers { page, first_day: day, last_day: day });
    Ok(reply)
}

fn day(query: &Query<'_>) -> Result<NaiveDate, Refusal> {
    let text = query.single("date").ok_or_else(|| Refusal::invalid("date: Field required"))?;
    let day = text.parse().ok().filter(|_| text.len() == "YYYY-MM-DD".len());
    day.ok_or_else(|| Refusal::invalid("date: Input should be a date in the form YYYY-MM-DD"))
}

fn record(world: &World, person: &SeatUse) -> Value {
    let user = world.anybody(&person.user_id);
    let address = if world.options.analytics_email_is_older { "email" } else { "email_address" };
    json!({
        "user": {"id": person.user_id, address: user.map(|user| &user.email)},
        "chat_metrics": {
            "message_count": person.messages,
            "distinct_conversation_count": person.conversations,
            "distinct_projects_used_count": person.projects_used,
            "distinct_files_uploaded_count": person.files_uploaded,
        },
        "claude_code_metrics": {
            "core_metrics": {
                "distinct_session_count": person.code_sessions,
                "commit_count": person.commits,
                "pull_request_count": person.pull_requests,
                "lines_of_code": {"added_count": person.lines_added, "removed_count": person.lines_removed},
            },
        },
        "cowork_metrics": {"distinct_session_count": person.cowork_sessions},
    })
}
