//! A first sync of a year of a large company from every source: how many requests it takes, beside the fewest that the
//! vendors' page limits allow, and what it holds in memory, beside a quarter of that history.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use chrono::NaiveDate;
use everycent_domain::window::Window;
use everycent_runtime::clock::{Clock, SystemClock};
use vendor_sim::{Endpoint, RequestRecord, Simulator, worlds};

use super::program::Program;
use super::scale::Scale;
use super::verdicts::Verdicts;

/// Past days, up to yesterday: some reports answer no older ones.
const DAYS: [u32; 2] = [90, 365];
const UNGROUPED: &str = "anthropic/cost_report, not grouped";
const CLAUDE_CODE_PEOPLE: u32 = 200;
/// Percent that the peak of the longer history may be above that of the shorter one.
const PEAK_GROWTH_MAX: u64 = 10;

/// Of Cursor's reports by user: the program's own choice, for the vendor names no limit.
const USERS_ON_A_PAGE: u64 = 500;

/// One backfill.
struct Run {
    days: u32,
    peak_bytes: u64,
    /// Requests, and the fewest that do where that is known, by report.
    requests: BTreeMap<&'static str, (u64, Option<u64>)>,
}

pub async fn run(scale: Scale, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let program = Program::find()?;
    let claude_code_people = scale.of(CLAUDE_CODE_PEOPLE);
    println!("backfill of every source: {} Cursor users, {claude_code_people} with Claude Code", scale.people());
    let mut runs = Vec::new();
    for days in DAYS {
        let run = once(&program, scale.people(), claude_code_people, days).await?;
        run.print();
        runs.push(run);
    }
    println!();
    let [short, long] = &runs[..] else { return Ok(()) };
    for (report, (asked, fewest)) in &long.requests {
        let Some(fewest) = fewest else { continue };
        verdicts.check(format!("backfill: {asked} requests of {report}, {fewest} are the fewest"), asked <= fewest);
    }
    let percent = long.peak_bytes * 100 / short.peak_bytes;
    let most = 100 + PEAK_GROWTH_MAX;
    let target =
        format!("backfill: the peak of {} days is {percent} % of that of {}, at most {most} %", long.days, short.days);
    verdicts.check(target, percent <= most);
    Ok(())
}

async fn once(program: &Program, people: u32, claude_code_people: u32, days: u32) -> anyhow::Result<Run> {
    let yesterday = SystemClock.now().day().minus(1);
    let window = Window::new(yesterday.minus(days - 1), yesterday)?;
    let world = worlds::large_company(people, claude_code_people, window.from().date(), days);
    let simulator = Simulator::start(world).await?;
    let home = program.home_of_every_source(&simulator)?;
    let synced = home.sync(window)?;
    let requests = simulator.requests();
    let refused = requests.iter().filter(|request| request.status != 200).count();
    ensure!(refused == 0, "{refused} requests were refused");
    let mut reports: BTreeMap<&'static str, (u64, Option<u64>)> = fewest(&simulator, window);
    for request in &requests {
        let endpoint = request.endpoint.context("a request of no report")?;
        reports.entry(report(endpoint, request)).or_default().0 += 1;
    }
    simulator.stop().await;
    println!("  {days} days: {} rows written in {} s", synced.rows_written, synced.took.as_secs());
    Ok(Run { days, peak_bytes: synced.peak_memory_bytes, requests: reports })
}

fn report(endpoint: Endpoint, request: &RequestRecord) -> &'static str {
    let is_grouped = request.query.iter().any(|(name, _)| name == "group_by[]");
    match endpoint {
        Endpoint::AnthropicCostReport if !is_grouped => UNGROUPED,
        endpoint => endpoint.name(),
    }
}

/// The fewest requests that tell a range, by report, from the vendors' limits: days of a bucketed report on a page,
/// records on a page, and days in a range. Of cost by analytics the pages depend on groups that are not counted here.
fn fewest(simulator: &Simulator, window: Window) -> BTreeMap<&'static str, (u64, Option<u64>)> {
    let days: Vec<NaiveDate> = window.days().map(|day| day.date()).collect();
    let count = days.len() as u64;
    let (people, pages_of_events, pages_of_claude_code) = simulator.with_world(|world| {
        let events = |month: &[NaiveDate]| month.iter().map(|day| world.cursor_events(*day).len() as u64).sum();
        let rows = |day: &NaiveDate| world.claude_code_rows(*day).len() as u64;
        (
            world.members().len() as u64,
            days.chunks(30).map(events).map(|events: u64| events.div_ceil(1_000).max(1)).sum::<u64>(),
            days.iter().map(rows).map(|rows| rows.div_ceil(1_000).max(1)).sum::<u64>(),
        )
    });
    [
        (Endpoint::AnthropicCostReport.name(), count.div_ceil(31)),
        (UNGROUPED, count.div_ceil(31)),
        (Endpoint::AnthropicUsageMessages.name(), count.div_ceil(7)),
        (Endpoint::AnthropicClaudeCode.name(), pages_of_claude_code),
        // As a report, and once for all answers that are of workspaces.
        (Endpoint::AnthropicWorkspaces.name(), 2),
        (Endpoint::AnthropicApiKeys.name(), 1),
        (Endpoint::AnthropicUsers.name(), 1),
        (Endpoint::CursorDailyUsageData.name(), count.div_ceil(30) * people.div_ceil(USERS_ON_A_PAGE)),
        (Endpoint::CursorUsageEvents.name(), pages_of_events),
        (Endpoint::CursorSpend.name(), people.div_ceil(USERS_ON_A_PAGE)),
        (Endpoint::CursorMembers.name(), 1),
    ]
    .into_iter()
    .map(|(report, fewest)| (report, (0, Some(fewest))))
    .collect()
}

impl Run {
    fn print(&self) {
        let all: u64 = self.requests.values().map(|(asked, _)| asked).sum();
        println!("    peak memory of the program {} MiB, {all} requests:", self.peak_bytes >> 20);
        for (report, (asked, _)) in &self.requests {
            println!("      {report:<40} {asked:>7}");
        }
    }
}
