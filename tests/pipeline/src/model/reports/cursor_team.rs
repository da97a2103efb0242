//! The members of a Cursor team, and what each spent in the billing cycle so far, as it stands when it is read.

use chrono::NaiveDate;
use vendor_sim::{Member, World};

use crate::model::columns::{instant, midnight, nearest_dollars, record};
use crate::model::report::{Absence, Harm, Question, Report, Spoil, Time, Told};
use crate::model::weight::{Scale, Unit};
use crate::tables::Record;

pub(crate) static SPEND: Report = Report {
    source: "cursor/spend",
    tables: &["cursor_spend"],
    time: Time::Now,
    absence: Absence::KeptOfEveryReading,
    money: &["spend_usd", "overall_spend_usd"],
    counts: &["fast_premium_requests"],
    weighs: &[Scale { unit: Unit::Dollars, table: "cursor_spend", columns: Some(&["overall_spend_usd"]) }],
    spoiled_by: &[
        (Spoil::Amount, Harm::Refused("spend_cents")),
        (Spoil::Count, Harm::Lacks(&["fast_premium_requests"])),
    ],
    told: spend,
};

pub(crate) static MEMBERS: Report = Report {
    source: "cursor/members",
    tables: &["dim_cursor_members"],
    time: Time::Now,
    absence: Absence::Kept(&["account_id", "member_id"]),
    money: &[],
    counts: &[],
    weighs: &[],
    spoiled_by: &[],
    told: members,
};

/// Those who belonged to the team in the cycle.
fn spend(world: &World, question: &Question, _: NaiveDate) -> Vec<Told> {
    let (from, today) = (world.cursor_cycle_start(), world.options.today);
    let listed = world.members().iter().filter(|member| member.belongs(from, today));
    listed.map(|member| Told::row(question.to, "cursor_spend", spend_row(world, question, member))).collect()
}

fn members(world: &World, question: &Question, _: NaiveDate) -> Vec<Told> {
    let row = |member| Told::row(question.to, "dim_cursor_members", member_row(world, question, member));
    world.members().iter().map(row).collect()
}

fn spend_row(world: &World, question: &Question, member: &Member) -> Record {
    let cycle_start = world.cursor_cycle_start();
    let (on_demand, overall) = world.cursor_spend_cents(member.user_id);
    record([
        ("account_id", Some(question.account.clone())),
        ("activity_date", Some(question.to.to_string())),
        ("cycle_started_at", Some(midnight(cycle_start))),
        ("billing_cycle_start", Some(cycle_start.to_string())),
        ("user_id", Some(member.team_id())),
        ("email", Some(member.email.to_lowercase())),
        ("name", Some(member.name.clone())),
        ("role", Some(member.role.clone())),
        ("spend_cents", Some(on_demand.normalize().to_string())),
        ("spend_usd", Some(nearest_dollars(on_demand))),
        ("overall_spend_cents", Some(overall.normalize().to_string())),
        ("overall_spend_usd", Some(nearest_dollars(overall))),
        ("fast_premium_requests", Some(world.cursor_premium_requests(member.user_id).to_string())),
        // No limit of a person's own overrides the team's.
        ("hard_limit_override_usd", Some("0".to_owned())),
    ])
}

fn member_row(world: &World, question: &Question, member: &Member) -> Record {
    let is_removed = member.left_on.is_some_and(|last_day| last_day < world.options.today);
    record([
        ("account_id", Some(question.account.clone())),
        ("member_id", Some(member.team_id())),
        ("email", Some(member.email.to_lowercase())),
        ("name", Some(member.name.clone())),
        ("role", Some(member.role.clone())),
        ("is_removed", Some(u8::from(is_removed).to_string())),
        ("last_seen_at", Some(instant(question.asked_at))),
    ])
}
