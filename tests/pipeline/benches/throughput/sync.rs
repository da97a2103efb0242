//! A sync by the released program as a process of its own, against a simulator in this one: both share the machine.

use std::time::Duration;

use anyhow::ensure;
use vendor_sim::{Simulator, worlds};

use super::program::{Program, Synced};
use super::samples::{Samples, Work};
use super::scale::Scale;
use super::snapshots;
use super::verdicts::Verdicts;

const REPETITIONS: u32 = 3;
/// Shorter and longer histories.
const DAYS: [u32; 3] = [100, 500, 1_000];
const PEAK_BYTES_MAX: u64 = 200 << 20;
/// Percent that the peak of the next longer history may be above that of a shorter one.
const PEAK_GROWTH_MAX: u64 = 10;

/// Syncs of one length.
struct Runs {
    days: u32,
    times: Samples,
    reconciles: Samples,
    /// Peak memory of each, sorted.
    peaks: Vec<u64>,
}

pub async fn run(scale: Scale, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let program = Program::find()?;
    let mut all =
        DAYS.map(|days| Runs { days, times: Samples::default(), reconciles: Samples::default(), peaks: vec![] });
    for _ in 0..REPETITIONS {
        for runs in &mut all {
            let (synced, reconciled) = once(&program, scale, runs.days).await?;
            runs.times.add(synced.took);
            runs.reconciles.add(reconciled);
            runs.peaks.push(synced.peak_memory_bytes);
            runs.peaks.sort_unstable();
        }
    }
    println!("sync cursor/daily_usage: the program against a simulator on the same cores");
    for runs in &all {
        runs.print(scale);
    }
    println!();
    check(&all, verdicts);
    Ok(())
}

/// A sync into a new home, and its reconciliation.
async fn once(program: &Program, scale: Scale, days: u32) -> anyhow::Result<(Synced, Duration)> {
    let window = snapshots::days(days)?;
    let simulator = Simulator::start(worlds::cursor_large(scale.people(), window.from().date(), days)).await?;
    let home = program.home_of_daily_usage(&simulator)?;
    let synced = home.sync(window)?;
    let rows = rows(scale, days);
    ensure!(synced.rows_written == rows, "{} rows were written of {rows}", synced.rows_written);
    let reconciled = home.reconcile()?;
    simulator.stop().await;
    Ok((synced, reconciled))
}

fn rows(scale: Scale, days: u32) -> u64 {
    u64::from(scale.people()) * u64::from(days)
}

impl Runs {
    fn peak(&self) -> u64 {
        self.peaks[self.peaks.len() / 2]
    }

    fn print(&self, scale: Scale) {
        let work = Work { rows: rows(scale, self.days), bytes: None };
        let [least, most] = [self.peaks[0], self.peaks[self.peaks.len() - 1]].map(mib);
        self.times.print(&format!("{} days, {} rows", self.days, work.rows), work, None);
        println!("  {:<46} {:>10} ({least} to {most})", "  peak memory of the program", mib(self.peak()));
        self.reconciles.print("  reconcile, exits 0", work, None);
    }
}

fn check(all: &[Runs], verdicts: &mut Verdicts) {
    for runs in all {
        let target = format!("sync of {} days: peak {}, under {}", runs.days, mib(runs.peak()), mib(PEAK_BYTES_MAX));
        verdicts.check(target, runs.peaks.iter().all(|peak| *peak < PEAK_BYTES_MAX));
    }
    for pair in all.windows(2) {
        let (short, long) = (&pair[0], &pair[1]);
        let percent = long.peak() * 100 / short.peak();
        let most = 100 + PEAK_GROWTH_MAX;
        let target =
            format!("sync: the peak of {} days is {percent} % of that of {}, at most {most} %", long.days, short.days);
        verdicts.check(target, percent <= most);
    }
}

fn mib(bytes: u64) -> String {
    format!("{}.{} MiB", bytes >> 20, ((bytes & ((1 << 20) - 1)) * 10) >> 20)
}
