//! A first sync of a year of a company from every source, and after it what the schedules ask for on an ordinary day: the
//! jobs that the loader asks of BigQuery, and the bytes that they would process by the bounds in their own text.

use anyhow::{Context, ensure};
use everycent_domain::report::Origin;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_emulators::Emulators;
use everycent_runtime::clock::{Clock, SystemClock};
use everycent_schemas::Day;
use vendor_sim::{Simulator, worlds};

use super::deployment::Deployment;
use super::jobs::{Jobs, Merge};
use super::reckoning::Bytes;
use super::verdicts::Verdicts;

const VARIABLE: &str = "EVERYCENT_BENCH_DAYS";
const DAYS: u32 = 365;
const PEOPLE: u32 = 50;
const CLAUDE_CODE_PEOPLE: u32 = 20;
/// Batches of a merge, at the least, where nothing holds up the vendors.
const BATCHES_MIN: usize = 10;
/// What a scheduler asks for by default: a source, how many closed days (none where it is read as it stands), and how
/// often a day.
fn schedules() -> impl Iterator<Item = (&'static str, u32, usize)> {
    Source::ALL.iter().filter_map(|source| match &source.report().origin {
        Origin::Api { schedule, .. } => {
            let times = if schedule.cron.contains("*/6") { 4 } else { 1 };
            Some((source.name(), schedule.trailing_days, times))
        }
        Origin::Upload(_) => None,
    })
}

pub async fn run(emulators: &Emulators, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let yesterday = SystemClock.now().day().minus(1);
    let days = days()?;
    let first = yesterday.minus(days);
    let world = worlds::large_company(PEOPLE, CLAUDE_CODE_PEOPLE, first.date(), days + 1);
    let simulator = Simulator::start(world).await?;
    let deployment = Deployment::start(emulators, &simulator).await?;
    // Making the tables is no part of it.
    deployment.proxy.take().await?;
    println!("backfill of every source: {PEOPLE} Cursor users, {CLAUDE_CODE_PEOPLE} with Claude Code");
    first_sync(&deployment, Window::new(first, yesterday.minus(1))?, verdicts).await?;
    ordinary_day(&deployment, yesterday, verdicts).await?;
    deployment.reconcile()?;
    simulator.stop().await;
    Ok(())
}

/// Fewer for a quick look.
fn days() -> anyhow::Result<u32> {
    let Ok(text) = std::env::var(VARIABLE) else { return Ok(DAYS) };
    let days = text.parse().ok().filter(|days| (35..=DAYS).contains(days));
    days.with_context(|| format!("{VARIABLE} is `{text}`; it is a number of days from 35 to {DAYS}"))
}

async fn first_sync(deployment: &Deployment, days: Window, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let synced = deployment.sync(days, &[])?;
    let jobs = deployment.proxy.take().await?;
    let (windows, merges) = (synced.windows, jobs.merges.len());
    let batches: usize = jobs.merges.iter().map(|merge| merge.batches).sum();
    ensure!(batches == windows, "{batches} batches were merged of {windows} windows");
    println!("  {} days: {windows} windows in {} s", days.days().count(), synced.took.as_secs());
    println!("    load jobs {}, merges {merges}, queries beside them {}", jobs.loads, jobs.queries);
    head();
    for (number, merge) in jobs.merges.iter().enumerate() {
        row(&format!("merge {}", number + 1), Some(merge), merge.bytes);
    }
    totals(&jobs);
    let target = format!("backfill: {merges} merges of {windows} batches, at most one for {BATCHES_MIN}");
    verdicts.check(target, merges * BATCHES_MIN <= windows);
    Ok(())
}

async fn ordinary_day(deployment: &Deployment, yesterday: Day, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    println!("  an ordinary day after it, each request of the schedules once:");
    head();
    let (mut day, mut merges, mut loads, mut queries) = (Bytes::default(), 0, 0, 0);
    let mut too_wide = Vec::new();
    for (source, trailing_days, times) in schedules() {
        let asked = Window::new(yesterday.minus(trailing_days.max(1) - 1), yesterday)?;
        deployment.sync(asked, &[source])?;
        let jobs = deployment.proxy.take().await?;
        for merge in &jobs.merges {
            row(&format!("{source} ({times} a day)"), Some(merge), merge.bytes);
            // What is read now is of today.
            let is_within = |(first, last): (Day, Day)| first >= asked.from() && last <= yesterday.plus(1);
            if !merge.days.is_none_or(is_within) {
                too_wide.push(source);
            }
        }
        for _ in 0..times {
            jobs.merges.iter().for_each(|merge| day += merge.bytes);
            day += jobs.query_bytes;
        }
        (merges, loads, queries) =
            (merges + jobs.merges.len() * times, loads + jobs.loads * times, queries + jobs.queries * times);
    }
    println!("    a day: merges {merges}, load jobs {loads}, queries beside them {queries}");
    row("all of a day", None, day);
    println!();
    let target = format!("ordinary day: {} merges read days that were not asked for {too_wide:?}", too_wide.len());
    verdicts.check(target, too_wide.is_empty());
    let (within, all) = (day.bounded, day.unbounded);
    let target = format!(
        "ordinary day: {} kB of partitions are read, of {} kB without bounds, at most a fifth",
        within / 1_000,
        all / 1_000
    );
    verdicts.check(target, within * 5 <= all);
    Ok(())
}

fn head() {
    println!(
        "    {:<38} {:>7} {:>6} {:<24} {:>12} {:>12} {:>12} {:>12}",
        "", "batches", "tables", "days", "kB in bounds", "without", "MB billed", "without"
    );
}

fn row(label: &str, merge: Option<&Merge>, bytes: Bytes) {
    let days = merge.and_then(|merge| merge.days).map_or(String::new(), |(first, last)| format!("{first}..{last}"));
    let count = |of: fn(&Merge) -> usize| merge.map_or(String::new(), |merge| of(merge).to_string());
    println!(
        "    {label:<38} {:>7} {:>6} {days:<24} {:>12} {:>12} {:>12} {:>12}",
        count(|merge| merge.batches),
        count(|merge| merge.tables),
        bytes.processed() / 1_000,
        bytes.processed_unbounded() / 1_000,
        bytes.billed >> 20,
        bytes.billed_unbounded >> 20,
    );
}

fn totals(jobs: &Jobs) {
    let mut all = Bytes::default();
    jobs.merges.iter().for_each(|merge| all += merge.bytes);
    row("all merges", None, all);
    row("all queries beside them", None, jobs.query_bytes);
}
