//! `POST /teams/daily-usage-data`: counts of each member and day.
//!
//! Owns the form of the answer, written straight into one buffer since a page may hold tens of thousands of rows.

use chrono::NaiveDate;
use serde_json::json;

use super::body::body;
use super::paging::Paging;
use super::range::{Range, day_ms};
use super::refusal::Refusal;
use crate::exchange::{Covers, Reply, Request};
use crate::world::{CursorUsage, Member, World, days_of};

/// Enough for most rows.
const ROW_BYTES: usize = 768;

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let body = body(request)?;
    let range = Range::read(&body, world)?;
    let paging = Paging::read(&body)?;
    let members: Vec<&Member> = listed(world, range);
    let positions = paging.map_or(0..members.len(), |paging| paging.positions(members.len()));
    let mut out = write_data(world, &members[positions], range, paging.is_none());
    if let Some(paging) = paging {
        push_json(&mut out, ",\"pagination\":", &paging.pagination(members.len()));
    }
    let period = json!({"startDate": range.start_ms, "endDate": range.end_ms});
    push_json(&mut out, ",\"period\":", &period);
    out.push(b'}');
    let mut reply = Reply::bytes(200, "application/json", out);
    reply.covers = Some(Covers {
        page: paging.map_or(1, |paging| paging.page()),
        first_day: range.first_day,
        last_day: range.last_day,
    });
    Ok(reply)
}

/// Every member with membership in the range, in the order of user ids.
fn listed(world: &World, range: Range) -> Vec<&Member> {
    let belongs = |member: &&Member| member.belongs(range.first_day, range.last_day);
    world.members().iter().filter(belongs).collect()
}

fn write_data(world: &World, members: &[&Member], range: Range, only_active: bool) -> Vec<u8> {
    let days: Vec<Day> = days_of(range.first_day, range.last_day).map(Day::new).collect();
    let mut out = Vec::with_capacity(members.len() * days.len() * ROW_BYTES + 512);
    out.extend_from_slice(b"{\"data\":[");
    let mut is_first = true;
    for member in members {
        let email = json!(member.email).to_string();
        for day in &days {
            let usage = world.cursor_usage(member, day.day);
            if only_active && !usage.is_active {
                continue;
            }
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            write_row(&mut out, member.user_id, &email, day, &usage);
        }
    }
    out.push(b']');
    out
}

/// A day in the two spellings of the report.
struct Day {
    day: NaiveDate,
    text: String,
    ms: u64,
}

impl Day {
    fn new(day: NaiveDate) -> Day {
        let ms = u64::try_from(day_ms(day)).unwrap_or_default();
        Day { day, text: day.to_string(), ms }
    }
}

fn write_row(out: &mut Vec<u8>, user_id: u64, email: &str, day: &Day, usage: &CursorUsage) {
    push_count(out, "{\"userId\":", user_id);
    out.extend_from_slice(b",\"day\":\"");
    out.extend_from_slice(day.text.as_bytes());
    push_count(out, "\",\"date\":", day.ms);
    out.extend_from_slice(if usage.is_active { b",\"isActive\":true" } else { b",\"isActive\":false" });
    push_count(out, ",\"totalLinesAdded\":", usage.total_lines_added);
    push_count(out, ",\"totalLinesDeleted\":", usage.total_lines_deleted);
    push_count(out, ",\"acceptedLinesAdded\":", usage.accepted_lines_added);
    push_count(out, ",\"acceptedLinesDeleted\":", usage.accepted_lines_deleted);
    push_count(out, ",\"totalApplies\":", usage.total_applies);
    push_count(out, ",\"totalAccepts\":", usage.total_accepts);
    push_count(out, ",\"totalRejects\":", usage.total_rejects);
    push_count(out, ",\"totalTabsShown\":", usage.total_tabs_shown);
    push_count(out, ",\"totalTabsAccepted\":", usage.total_tabs_accepted);
    push_count(out, ",\"composerRequests\":", usage.composer_requests);
    push_count(out, ",\"chatRequests\":", usage.chat_requests);
    push_count(out, ",\"agentRequests\":", usage.agent_requests);
    push_count(out, ",\"cmdkUsages\":", usage.cmdk_usages);
    push_count(out, ",\"subscriptionIncludedReqs\":", usage.subscription_included_reqs);
    push_count(out, ",\"apiKeyReqs\":", usage.api_key_reqs);
    push_count(out, ",\"usageBasedReqs\":", usage.usage_based_reqs);
    push_count(out, ",\"bugbotUsages\":", usage.bugbot_usages);
    push_json(out, ",\"mostUsedModel\":", &usage.most_used_model);
    push_json(out, ",\"applyMostUsedExtension\":", &usage.apply_most_used_extension);
    push_json(out, ",\"tabMostUsedExtension\":", &usage.tab_most_used_extension);
    push_json(out, ",\"clientVersion\":", &usage.client_version);
    out.extend_from_slice(b",\"email\":");
    out.extend_from_slice(email.as_bytes());
    out.push(b'}');
}

fn push_json(out: &mut Vec<u8>, label: &str, value: &impl serde::Serialize) {
    out.extend_from_slice(label.as_bytes());
    serde_json::to_writer(out, value).expect("invariant: plain values always encode into memory");
}

fn push_count(out: &mut Vec<u8>, label: &str, mut count: u64) {
    out.extend_from_slice(label.as_bytes());
    let (mut digits, mut at) = ([0; 20], 20);
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(count % 10).expect("invariant: a digit is below ten");
        count /= 10;
        if count == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
