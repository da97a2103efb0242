//! A month of a company that every source tells of.

use std::fs;

use chrono::{Datelike, Days, NaiveDate, Utc};
use vendor_sim::{ApiKeyShape, KindSpelling, worlds};

use super::Scene;

const DAYS: u32 = 31;
/// What is imported, in words of `everycent import`.
pub const SHEETS: [&str; 3] = ["claude-usage usage.csv", "api-key-owners owners.csv", "people people.csv"];

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

/// Imports the sheets.
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
    let people = format!(
        "email,aliases,team,cost_center,valid_from\nada@example.com,grace@example.com,Search,1,\n\
         ada@example.com,,Ads,2,{handover}\nken@example.com,,Ads,,\n"
    );
    fs::write(scene.path("people.csv"), people).unwrap();
    for sheet in SHEETS {
        scene.run(&format!("import {sheet}")).exits(0);
    }
}
