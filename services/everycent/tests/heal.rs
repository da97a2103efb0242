//! A vendor that fails half way through a window: nothing of it is published, and the next sync heals it.
#![allow(clippy::unwrap_used)]

mod support;

use support::{OCTOBER, Scene, assert_tells, company_days};
use vendor_sim::{Endpoint, Fault, FaultKind, When};

/// One window of each source, Cursor's in three pages.
fn september() -> Scene {
    Scene::company()
}
const SEPTEMBER: &str = "--from 2025-09-01 --to 2025-09-30";

fn states(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows("SELECT source, state, COUNT(*) FROM coverage GROUP BY 1, 2 ORDER BY 1, 2")
}

/// Cursor fails as the fault says; Claude loads; without the fault the next sync loads Cursor too.
#[track_caller]
fn cursor_fails_and_heals(fault: Fault, reason: &str) {
    let scene = september();
    scene.simulator.inject(fault);
    scene.run(&format!("sync {SEPTEMBER}")).exits(1).says(&[
        "✗ cursor/daily_usage of default, 2025-09-01 to 2025-09-30 (30 days)",
        reason,
        "2 windows fetched",
    ]);
    let failed = ["cursor/daily_usage", "failed", "30"];
    assert_eq!(
        states(&scene),
        [["anthropic/cost_report", "settled", "30"], ["anthropic/cost_totals", "settled", "30"], failed]
    );
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM cursor_usage_stats"), 0);
    assert!(scene.manifests("cursor").is_empty());
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_cost_totals"), 30);
    scene.run("status").exits(0).says(&["Failed days", "2025-09-01", reason]);
    scene.run("reconcile").exits(1).says(&["no_missing_bucket 2025-09-01", reason]);

    scene.simulator.clear_faults();
    scene.run(&format!("sync {SEPTEMBER}")).exits(0).says_nothing_of(&["Failed"]);
    assert_tells(&scene, "2025-09-01", "2025-09-30");
    assert_eq!(scene.tables().rows("SELECT DISTINCT state FROM coverage"), [["settled"]]);
    assert_eq!(scene.manifests("cursor").len(), 1);
    scene.run("status").exits(0).says_nothing_of(&["Failed days"]);
    scene.run("reconcile").exits(0);
}

fn cursor(kind: FaultKind) -> Fault {
    Fault::on(Endpoint::CursorDailyUsageData, kind).when(When::Page(2))
}

#[test]
fn a_second_page_that_is_a_server_error() {
    cursor_fails_and_heals(cursor(FaultKind::Status(500)), "failed at the vendor (500) 2 times");
}

#[test]
fn a_second_page_that_is_cut_off() {
    cursor_fails_and_heals(cursor(FaultKind::CutBody { after_bytes: None }), "cut off after");
}

#[test]
fn a_second_page_that_is_a_page_of_html() {
    cursor_fails_and_heals(cursor(FaultKind::NotJson), "the answer is not JSON");
}

#[test]
fn a_second_page_of_another_form() {
    cursor_fails_and_heals(cursor(FaultKind::WrongContent), "page 2 is not as documented");
}

#[test]
fn a_second_page_that_repeats_the_first() {
    cursor_fails_and_heals(cursor(FaultKind::RepeatedPage), "the data moved while it was paged");
}

#[test]
fn a_second_page_with_no_end() {
    cursor_fails_and_heals(cursor(FaultKind::HugeBody { bytes: 70 << 20 }), "larger than 67108864 bytes");
}

#[test]
fn a_vendor_that_is_not_there_at_all() {
    let mut scene = Scene::october();
    let url = scene.simulator.url();
    scene.set("EVERYCENT_CURSOR_URL", "http://127.0.0.1:1");
    scene.run(&format!("sync {OCTOBER}")).exits(1).says(&["127.0.0.1:1 could not be reached", "check the address"]);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.set("EVERYCENT_CURSOR_URL", url);
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    scene.run("reconcile").exits(0);
}

#[test]
fn a_failed_window_keeps_the_rows_that_it_had() {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    let before = scene.tables().facts();
    scene.simulator.with_world(|world| world.restate_day("2025-10-05".parse().unwrap()));
    scene
        .simulator
        .inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(529)).containing("group_by[]=description"));
    scene.run(&format!("sync {OCTOBER} --source anthropic/cost_report")).exits(1).says(&["(529)"]);
    assert_eq!(scene.tables().facts(), before);
    scene.simulator.clear_faults();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
}

#[test]
fn what_passes_by_itself_is_no_failure() {
    let scene = september();
    for fault in [
        Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(529)).times(1),
        cursor(FaultKind::TooManyRequests { retry_after_s: Some(1) }).times(1),
        Fault::on(Endpoint::CursorDailyUsageData, FaultKind::CutBody { after_bytes: None })
            .when(When::Page(3))
            .times(1),
        Fault::on(Endpoint::CursorDailyUsageData, FaultKind::MemberJoins).when(When::Page(2)).times(1),
        Fault::anywhere(FaultKind::UnknownFields),
        Fault::anywhere(FaultKind::SlowBody { pause_ms: 2 }),
    ] {
        scene.simulator.inject(fault);
    }
    scene.run(&format!("sync {SEPTEMBER}")).exits(0);
    assert_tells(&scene, "2025-09-01", "2025-09-30");
    scene.run("reconcile").exits(0);
}

#[test]
fn one_failed_window_of_many_leaves_the_others() {
    let (first, last) = company_days();
    let scene = Scene::company();
    scene.simulator.inject(
        Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(500)).when(When::Day("2025-08-10".parse().unwrap())),
    );
    scene
        .run(&format!("sync --from {first} --to {last}"))
        .exits(1)
        .says(&["✗ anthropic/cost_report of default", "✗ anthropic/cost_totals of default"]);
    let failed = scene.tables().rows("SELECT source, COUNT(*) FROM coverage WHERE state = 'failed' GROUP BY 1");
    assert_eq!(failed, [["anthropic/cost_report", "31"], ["anthropic/cost_totals", "31"]]);
    assert_tells(&scene, "2025-08-24", last);
    scene.simulator.clear_faults();
    scene.run(&format!("sync --from {first} --to {last}")).exits(0);
    assert_tells(&scene, first, last);
}
