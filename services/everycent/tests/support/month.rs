//! A month of a company that every source tells of.

use std::fs;

use chrono::{Datelike, Days, NaiveDate, Utc};
use vendor_sim::{ApiKeyShape, KindSpelling, worlds};

use super::Scene;

const DAYS: u32 = 31;
/// What people are billed in claude.ai by the spend file of the month: 31.01 and 0.99 dollars.
const SPEND: &str = "\
user_email,account_uuid,product,model,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd,total_gross_spend_usd
ada@example.com,u-1,Chat,opus,30,3000,300,31.01,40.00
Ken@example.com,u-2,Cowork,opus,3,30,3,0.99,
";
/// All of it.
#[allow(dead_code, reason = "each test uses its part")]
pub const SPEND_NANOS: i64 = 32_000_000_000;

/// What is imported, in words of `everycent import`.
pub fn sheets() -> [String; 4] {
    let (first, last) = month();
    [
        "claude-usage usage.csv".to_owned(),
        "api-key-owners owners.csv".to_owned(),
        "people people.csv".to_owned(),
        format!("claude-spend spend.csv --from {first} --to {last}"),
    ]
}

/// First and last day of the month that ends yesterday: some reports answer no older ones.
pub fn month() -> (NaiveDate, NaiveDate) {
    let last = Utc::now().date_naive() - Days::new(1);
    (last - Days::new(u64::from(DAYS) - 1), last)
}

/// A company whose vendors use every spelling that they may.
pub fn scene() -> Scene {
    let (_, last) = month();
    let mut world = worlds::company(41, last, DAYS);
    world.options.cursor_emails_vary_in_case = true;
    world.options.cursor_kinds = KindSpelling::Constants;
    world.options.api_key_shape = ApiKeyShape::Scope;
    world.options.analytics_list_markup_percent = 15;
    world.options.cursor_cycle_day = cycle_day();
    let mut scene = Scene::of(world).with_every_source().with_vendor("cursor", "page_size = 10");
    scene.configure(&format!(
        "[[prices.cursor]]\nfrom = \"2026-01-01\"\nplan = \"token\"\nseat_usd = \"40\"\ncycle_day = {}\n",
        cycle_day()
    ));
    scene
}

/// The day of the month on which a billing cycle began that lies within the month, with whole days behind it.
fn cycle_day() -> u32 {
    let (_, last) = month();
    (last - Days::new(10)).day().min(28)
}

pub fn sync() -> String {
    let (first, last) = month();
    format!("sync --from {first} --to {last}")
}

/// Imports a file of each of these kinds.
pub fn upload(scene: &Scene) {
    let (first, last) = month();
    let usage = format!(
        "date,email,conversations,projects,files,messages\n{first},ada@example.com,3,1,0,40\n{last},ken@example.com,1,0,2,9\n"
    );
    fs::write(scene.path("usage.csv"), usage).unwrap();
    let handover = first + Days::new(10);
    let owners = format!(
        "api_key_id,owner_email,team,note,valid_from\napikey_01Program04,support@example.com,Support,no creator,\n\
         apikey_01Program04,ken@example.com,Support,taken over,{handover}\n"
    );
    fs::write(scene.path("owners.csv"), owners).unwrap();
    fs::write(scene.path("spend.csv"), SPEND).unwrap();
    let people = format!(
        "email,aliases,team,cost_center,valid_from\nada@example.com,grace@example.com,Search,1,\n\
         ada@example.com,,Ads,2,{handover}\nken@example.com,,Ads,,\n"
    );
    fs::write(scene.path("people.csv"), people).unwrap();
    for sheet in sheets() {
        scene.run(&format!("import {sheet}")).exits(0);
    }
}
