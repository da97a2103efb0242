//! What a vendor has not reported yet is not zero: such a day is not covered, it is asked for again, and it is loaded
//! when it comes.
#![allow(clippy::unwrap_used)]

mod support;

use chrono::{Days, NaiveDate, Utc};
use support::Scene;
use vendor_sim::{World, worlds};

const COST: &str = "anthropic/cost_report";
const ANALYTICS: &str = "anthropic/analytics_cost";

/// So many days before today.
fn ago(days: u64) -> NaiveDate {
    Utc::now().date_naive() - Days::new(days)
}

/// A company's bill up to yesterday, of which one source is asked.
fn bill(source: &str) -> Scene {
    let mut scene = Scene::of(worlds::company(7, ago(1), 31)).with_sources("anthropic", &[source]);
    scene.unset("CURSOR_API_KEY");
    scene
}

fn sync(from: u64, to: u64) -> String {
    format!("sync --from {} --to {}", ago(from), ago(to))
}

/// Days of the source in coverage that are loaded and that failed.
fn days(scene: &Scene) -> (i64, i64) {
    let count = |state: &str| scene.tables().count(&format!("SELECT COUNT(*) FROM coverage WHERE state {state}"));
    (count("<> 'failed'"), count("= 'failed'"))
}

#[test]
fn analytics_that_were_never_exported_erase_nothing_and_load_nothing() {
    let scene = bill(ANALYTICS);
    let never = |is: bool| scene.simulator.with_world(|world| world.options.analytics_never_refreshed = is);
    never(true);
    scene.run(&sync(10, 2)).exits(0);
    assert_eq!(days(&scene), (0, 0));

    never(false);
    scene.run(&sync(10, 2)).exits(0);
    let before = scene.tables().facts();
    assert_eq!(days(&scene), (9, 0));
    never(true);
    scene.run(&sync(10, 2)).exits(0);
    assert_eq!(scene.tables().facts(), before);
}

#[test]
fn days_missing_at_the_end_of_the_bill_are_quiet_then_late_then_failed_and_load_when_they_come() {
    let scene = bill(COST);
    let until = |day| scene.simulator.with_world(|world| world.options.buckets_end_on = day);
    until(Some(ago(2)));
    let quiet = scene.run(&sync(10, 1)).exits(0);
    assert!(!quiet.stdout.contains("Late"), "{quiet}");
    assert_eq!(days(&scene), (9, 0));

    let scene = bill(COST);
    let until = |day| scene.simulator.with_world(|world| world.options.buckets_end_on = day);
    until(Some(ago(4)));
    scene.run(&sync(10, 1)).exits(0).says(&["Late", &format!("{COST} of default, {} to {} (2 days)", ago(3), ago(2))]);
    assert_eq!(days(&scene), (7, 0));
    scene.run("status").exits(0).says(&["Late days", &format!("{COST} of default, {}", ago(3))]);

    let scene = bill(COST);
    let until = |day| scene.simulator.with_world(|world| world.options.buckets_end_on = day);
    until(Some(ago(6)));
    scene.run(&sync(10, 1)).exits(1).says(&["Late", "has not reported it yet", "(2 days)"]);
    assert_eq!(days(&scene), (5, 2));
    scene.run("status").exits(0).says(&["Failed days", "has not reported it yet"]);

    until(None);
    let healed = scene.run(&sync(10, 1)).exits(0);
    assert!(!healed.stdout.contains("Late"), "{healed}");
    assert_eq!(days(&scene), (10, 0));
}

#[test]
fn a_question_for_nothing_but_what_is_not_reported_yet_is_no_failure() {
    let scene = bill(COST);
    scene.run(&sync(10, 1)).exits(0);
    let before = scene.tables().facts();
    scene.simulator.with_world(|world| world.options.buckets_refuse_what_is_not_there = true);
    scene.run(&sync(0, 0)).exits(0);
    scene.simulator.with_world(|world| world.options.buckets_end_on = Some(ago(2)));
    scene.run(&sync(1, 1)).exits(0);
    assert_eq!((scene.tables().facts(), days(&scene)), (before, (10, 0)));
    scene.simulator.with_world(|world| world.options.buckets_end_on = Some(ago(20)));
    scene.run(&sync(12, 9)).exits(1).says(&["refused (400)"]);
}

#[test]
fn a_feed_of_events_that_remembers_no_more_erases_and_loads_nothing_of_the_days_before() {
    let world = worlds::company(7, ago(1), 31);
    let mut scene = Scene::of(world).with_sources("cursor", &["cursor/usage_events"]);
    scene.unset("ANTHROPIC_ADMIN_KEY");
    let remembers = |from| scene.simulator.with_world(|world| world.options.cursor_events_begin_on = from);
    remembers(Some(ago(8)));
    scene.run(&format!("{} --source cursor/usage_events", sync(10, 1))).exits(0);
    assert_eq!(days(&scene), (8, 0));

    remembers(None);
    scene.run(&format!("{} --source cursor/usage_events", sync(10, 1))).exits(0);
    assert_eq!(days(&scene), (10, 0));
    let before = scene.tables().facts();
    remembers(Some(ago(5)));
    scene.run(&format!("{} --source cursor/usage_events", sync(10, 1))).exits(0);
    assert_eq!((scene.tables().facts(), days(&scene)), (before, (10, 0)));
}

/// The events of so long ago are not there, by the minute.
#[test]
fn a_day_of_which_the_feed_forgets_one_hour_after_the_other_stays_as_it_was() {
    let mut scene = Scene::of(worlds::company(7, ago(1), 31)).with_sources("cursor", &["cursor/usage_events"]);
    scene.unset("ANTHROPIC_ADMIN_KEY");
    let asked = format!("{} --source cursor/usage_events", sync(6, 1));
    scene.run(&asked).exits(0);
    let before = scene.tables().rows(EVENTS);
    let hours = |age: u64, hours: &[u32]| -> Vec<_> {
        hours.iter().map(|hour| ago(age).and_hms_opt(*hour, 30, 0).unwrap().and_utc()).collect()
    };
    let instants = [hours(6, &[8, 9, 10, 11, 12, 14, 16, 20, 23]), hours(5, &[9, 12])].concat();
    for instant in instants {
        scene.simulator.with_world(|world| world.options.cursor_events_begin_at = Some(instant));
        scene.run(&asked).exits(0);
        assert_eq!(scene.tables().rows(EVENTS), before, "{instant}");
    }
    let words = "has nothing before";
    scene.run(&format!("history {} --source cursor/usage_events", ago(6))).exits(0).says(&[words]);
    scene.run("replay").exits(0);
    assert_eq!(scene.tables().rows(EVENTS), before);
    // What is lost within the feed's memory is held as ever.
    scene.simulator.with_world(|world| {
        world.options.cursor_events_begin_at = None;
        while world.cursor_events(ago(3)).len() > 1 {
            world.remove_cursor_event(ago(3), 0);
        }
    });
    scene.run(&asked).exits(1).says(&["held"]);
}

/// Nobody can know what was forgotten before anything was asked.
#[test]
fn a_feed_whose_first_answer_begins_within_a_day_is_said_once_to_begin_there() {
    let mut scene = Scene::of(worlds::company(7, ago(1), 31)).with_sources("cursor", &["cursor/usage_events"]);
    scene.unset("ANTHROPIC_ADMIN_KEY");
    let noon = ago(4).and_hms_opt(12, 0, 0).unwrap().and_utc();
    scene.simulator.with_world(|world| world.options.cursor_events_begin_at = Some(noon));
    let asked = format!("{} --source cursor/usage_events", sync(12, 1));
    let said = [format!("nothing before {}T", ago(4)), format!("{} is only a part of a day", ago(4))];
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    scene.run(&asked).exits(0).says(&said);
    scene.run(&asked).exits(0).says_nothing_of(&said);

    let mut scene = Scene::of(worlds::company(7, ago(1), 31)).with_sources("cursor", &["cursor/usage_events"]);
    scene.unset("ANTHROPIC_ADMIN_KEY");
    scene.run(&asked).exits(0).says_nothing_of(&["is only a part of a day"]);
}

/// What every day cost.
const EVENTS: &str =
    "SELECT activity_date, COUNT(*), SUM(charged_nano_usd) FROM cursor_usage_events_nano GROUP BY 1 ORDER BY 1";

#[test]
fn a_report_that_stood_still_is_loaded_by_a_plain_sync_when_it_moves_again() {
    let mut still = World::empty(ago(0));
    still.options = worlds::company(7, ago(1), 31).options;
    let mut scene = Scene::of(still).with_sources("anthropic", &["anthropic/claude_code"]);
    scene.unset("CURSOR_API_KEY");
    scene.run(&sync(20, 1)).exits(0);
    let settled = format!("SELECT COUNT(*) FROM coverage WHERE state = 'settled' AND activity_date <= '{}'", ago(9));
    assert_eq!(scene.tables().count(&settled), 12, "the vendor restates these days no more");

    scene.simulator.with_world(|world| *world = worlds::company(7, ago(1), 31));
    scene.run("sync --source anthropic/claude_code").exits(0);
    let loaded = "SELECT COUNT(DISTINCT activity_date) FROM claude_code_usage_stats";
    let told = |from: u64, to: u64| {
        let days = (to..=from).map(ago);
        scene.simulator.with_world(|world| days.filter(|day| !world.claude_code_rows(*day).is_empty()).count())
    };
    let expected = i64::try_from(told(20, 9)).unwrap();
    assert!(expected > 0);
    let old = format!("{loaded} WHERE activity_date BETWEEN '{}' AND '{}'", ago(20), ago(9));
    assert_eq!(scene.tables().count(&old), expected);
}
