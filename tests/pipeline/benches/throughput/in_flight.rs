//! A first sync of a year of Claude Code, a window a day, from a vendor that takes its time to answer: with one window in
//! flight, and with as many as by default.

use std::time::Duration;

use anyhow::ensure;
use everycent_domain::window::Window;
use everycent_runtime::clock::{Clock, SystemClock};
use vendor_sim::{Simulator, worlds};

use super::program::{Program, Synced};
use super::samples::Ratio;
use super::scale::Scale;
use super::verdicts::Verdicts;

const PEOPLE: u32 = 200;
const DAYS: u32 = 365;
/// From a request to its answer.
const LATENCY: Duration = Duration::from_millis(200);
/// The time of one window in flight is at least so many times that of the default.
const TARGET: u128 = 3;

pub async fn run(scale: Scale, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let program = Program::find()?;
    let people = scale.of(PEOPLE);
    println!("first sync of {DAYS} days of Claude Code, {people} people, {} ms to an answer", LATENCY.as_millis());
    let one = once(&program, people, "windows_in_flight = 1\n").await?;
    print("one window in flight", &one);
    let several = once(&program, people, "").await?;
    print("as many as by default", &several);
    println!();
    ensure!(
        one.rows_written == several.rows_written,
        "they wrote {} rows and {}",
        one.rows_written,
        several.rows_written
    );
    let ratio = Ratio::of(several.took, one.took);
    let is_met = several.took.as_nanos() * TARGET <= one.took.as_nanos();
    verdicts.check(format!("in flight: {ratio} of the time of one window at a time, at most a third"), is_met);
    Ok(())
}

fn print(label: &str, synced: &Synced) {
    let (took, peak) = (synced.took.as_millis(), synced.peak_memory_bytes >> 20);
    println!("  {label:<46} {took:>8} ms {:>9} rows, peak {peak} MiB", synced.rows_written);
}

async fn once(program: &Program, people: u32, setting: &str) -> anyhow::Result<Synced> {
    let yesterday = SystemClock.now().day().minus(1);
    let window = Window::new(yesterday.minus(DAYS - 1), yesterday)?;
    let mut world = worlds::large_company(1, people, window.from().date(), DAYS);
    world.options.latency = LATENCY;
    let simulator = Simulator::start(world).await?;
    let synced = program.home_of_claude_code(&simulator, setting)?.sync(window)?;
    ensure!(simulator.over_the_rate() == 0, "{} requests were over the rate", simulator.over_the_rate());
    simulator.stop().await;
    Ok(synced)
}
