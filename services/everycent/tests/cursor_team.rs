//! Cursor's spend, reading by reading, and the members of the team, gone ones too.
#![allow(clippy::unwrap_used)]

mod support;

use chrono::{NaiveDate, Utc};
use rust_decimal::Decimal;
use support::Scene;
use vendor_sim::{Endpoint, Fault, FaultKind, Member, When, World, worlds};

const SYNC_SPEND: &str = "sync --source cursor/spend";
const SYNC_MEMBERS: &str = "sync --source cursor/members";

/// The company as of now, for both sources tell of now. Its e-mails vary in case outside the daily report.
/// In a cycle that has some days behind it, whatever day it is.
fn company() -> World {
    let yesterday = Utc::now().date_naive().pred_opt().unwrap();
    let mut world = worlds::company(7, yesterday, 40);
    let start = world.options.today - chrono::Days::new(9);
    world.options.cursor_cycle_day = chrono::Datelike::day(&start).min(28);
    assert!(world.options.cursor_emails_vary_in_case);
    world
}

fn scene() -> Scene {
    let sources = ["cursor/spend", "cursor/members", "cursor/daily_usage"];
    Scene::of(company()).with_sources("cursor", &sources).with_vendor("cursor", "page_size = 10")
}

fn nanos(cents: Decimal) -> String {
    (cents * Decimal::from(10_000_000)).normalize().to_string()
}

/// What the world says of everybody who spends in the cycle, in the order of ids.
fn spend_of(world: &World) -> Vec<Vec<String>> {
    let spender = |member: &&Member| member.belongs(world.cursor_cycle_start(), world.options.today);
    let row = |member: &Member| {
        let (on_demand, overall) = world.cursor_spend_cents(member.user_id);
        vec![
            member.team_id(),
            member.email.to_lowercase(),
            member.name.clone(),
            member.role.clone(),
            on_demand.normalize().to_string(),
            nanos(on_demand),
            overall.normalize().to_string(),
            nanos(overall),
            world.cursor_premium_requests(member.user_id).to_string(),
            world.cursor_cycle_start().to_string(),
        ]
    };
    world.members().iter().filter(spender).map(row).collect()
}

const SPEND: &str = "SELECT user_id, email, name, role, spend_cents, spend_nano_usd, overall_spend_cents,
    overall_spend_nano_usd, fast_premium_requests, billing_cycle_start FROM cursor_spend_nano";

#[test]
fn spend_is_what_the_vendor_says_of_each_person_in_the_cycle() {
    let scene = scene();
    scene.run(SYNC_SPEND).exits(0);
    let truth = scene.simulator.with_world(|world| spend_of(world));
    assert!(truth.len() > 20 && truth.iter().any(|row| row[7] != "0"));
    assert_eq!(scene.tables().rows(&format!("{SPEND} ORDER BY user_id")), truth);
    let asked = scene.requests_after(0);
    assert_eq!(asked.len(), truth.len().div_ceil(10), "pages of ten, as configured");
    let limits = "SELECT DISTINCT hard_limit_override_usd, monthly_limit_usd, effective_per_user_limit_usd";
    assert_eq!(scene.tables().rows(&format!("{limits} FROM cursor_spend")), [["0", "NULL", "NULL"]]);
}

#[test]
fn every_reading_of_spend_is_kept() {
    let scene = scene();
    scene.run(SYNC_SPEND).exits(0);
    let before = scene.simulator.with_world(|world| {
        let before = spend_of(world);
        let yesterday = world.newest_day();
        let busy = world.cursor_events(yesterday).remove(0);
        world.add_cursor_event(busy);
        before
    });
    scene.run(SYNC_SPEND).exits(0);
    let after = scene.simulator.with_world(|world| spend_of(world));
    let readings = scene.tables().rows("SELECT DISTINCT fetched_at FROM cursor_spend ORDER BY 1");
    assert_eq!(readings.len(), 2);
    for (reading, truth) in readings.iter().zip([before, after]) {
        let sql = format!("{SPEND} WHERE fetched_at = '{}' ORDER BY user_id", reading[0]);
        assert_eq!(scene.tables().rows(&sql), truth);
    }
}

#[test]
fn a_member_who_joins_or_leaves_while_spend_is_paged_is_noticed_and_it_is_read_again() {
    for kind in [FaultKind::MemberJoins, FaultKind::MemberLeaves] {
        let scene = scene();
        scene.simulator.inject(Fault::on(Endpoint::CursorSpend, kind.clone()).when(When::Page(2)).times(1));
        scene.run(SYNC_SPEND).exits(0);
        let truth = scene.simulator.with_world(|world| spend_of(world));
        assert_eq!(scene.tables().rows(&format!("{SPEND} ORDER BY user_id")), truth, "{kind:?}");
        let pages: Vec<Option<u32>> = scene.requests_after(0).iter().map(|request| request.page).collect();
        assert_eq!(pages, [1, 2, 1, 2, 3].map(Some), "{kind:?}");
    }
}

#[test]
fn spend_members_and_daily_usage_meet_on_the_address_in_lower_case() {
    let scene = scene();
    let day = scene.simulator.with_world(|world| world.newest_day());
    scene.run(&format!("sync --from {day} --to {day}")).exits(0);
    let tables = scene.tables();
    let active = scene.simulator.with_world(|world| world.cursor_rows(day).len());
    let joined = "SELECT COUNT(*) FROM cursor_usage_stats u
        JOIN cursor_spend s USING (account_id, email) JOIN dim_cursor_members m USING (account_id, email)";
    assert_eq!(tables.count(joined) as usize, active);
    assert_eq!(
        tables.count(&format!("{joined} WHERE s.user_id = m.member_id AND u.user_id <> s.user_id")),
        active as i64
    );
}

#[test]
fn members_are_listed_and_one_who_vanished_stays_with_the_time_it_was_last_seen() {
    let scene = scene();
    scene.run(SYNC_MEMBERS).exits(0);
    let columns = "SELECT member_id, email, name, role, is_removed FROM dim_cursor_members";
    let truth = |world: &World| -> Vec<Vec<String>> {
        let is_gone = |left: NaiveDate| left < world.options.today;
        let row = |member: &Member| {
            let removed = member.left_on.is_some_and(is_gone);
            let [name, role] = [&member.name, &member.role].map(Clone::clone);
            vec![member.team_id(), member.email.to_lowercase(), name, role, i32::from(removed).to_string()]
        };
        world.members().iter().map(row).collect()
    };
    let all = scene.simulator.with_world(|world| truth(world));
    assert!(all.iter().any(|row| row[4] == "1"), "somebody has left");
    assert_eq!(scene.tables().rows(&format!("{columns} ORDER BY member_id")), all);

    let gone = scene.simulator.with_world(|world| {
        let gone = world.members()[0].user_id;
        world.remove_member(gone).unwrap()
    });
    scene.run(SYNC_MEMBERS).exits(0);
    assert_eq!(scene.tables().rows(&format!("{columns} ORDER BY member_id")), all, "nobody is deleted");
    let last_seen = scene.tables().rows(
        "SELECT member_id FROM dim_cursor_members
         WHERE last_seen_at < (SELECT MAX(last_seen_at) FROM dim_cursor_members)",
    );
    assert_eq!(last_seen, [[gone.team_id()]]);
}

#[test]
fn a_record_of_spend_that_does_not_parse_is_rejected_and_its_neighbours_load() {
    let scene = scene();
    scene.simulator.inject(Fault::on(Endpoint::CursorSpend, FaultKind::AmountText).when(When::Page(1)));
    scene.simulator.inject(Fault::on(Endpoint::CursorSpend, FaultKind::UnknownFields));
    scene.simulator.inject(Fault::on(Endpoint::CursorSpend, FaultKind::UnknownValues).when(When::Page(2)));
    scene.run(SYNC_SPEND).exits(1);
    let tables = scene.tables();
    let rejects = tables.rows("SELECT position, reason FROM rejected_records");
    assert_eq!(rejects, [["/teamMemberSpend/0", "spendCents: `abc` is not a decimal number"]]);
    let told = scene.simulator.with_world(|world| spend_of(world)).len();
    assert_eq!(tables.count("SELECT COUNT(*) FROM cursor_spend") as usize, told - 1);
    assert_eq!(tables.count("SELECT COUNT(*) FROM cursor_spend WHERE role = 'dreamer'"), 1);
}
