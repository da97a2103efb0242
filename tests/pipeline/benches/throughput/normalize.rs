//! From pages to row files, beside a bare parse of the same pages.

use everycent_domain::vendors::{anthropic, cursor};
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::ensure;
use everycent_domain::recipe::Recipe;
use everycent_domain::source::Source;
use vendor_sim::worlds;

use super::bare;
use super::samples::{Ratio, Samples, Work};
use super::scale::Scale;
use super::snapshots::{self, Snapshot};
use super::verdicts::Verdicts;

/// Times of a bare parse that normalizing may take.
const TARGET: u128 = 3;
const REPETITIONS: u32 = 9;
/// A repetition goes over the same pages until it did this much, to be longer than the clock's and the scheduler's grain.
const REPETITION_BYTES: u64 = 32 << 20;
/// A year of cost reports: a dozen windows.
const COST_DAYS: u32 = 372;
const COST_SEED: u64 = 7;

pub async fn run(scale: Scale, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let usage = snapshots::days(30)?;
    let world = worlds::cursor_large(scale.people(), usage.from().date(), 30);
    let snapshots = snapshots::fetch(world, cursor::daily_usage::SOURCE, usage).await?;
    measure("cursor/daily_usage", cursor::daily_usage::SOURCE, &snapshots, verdicts)?;

    let cost = snapshots::days(COST_DAYS)?;
    let world = worlds::company(COST_SEED, cost.to().date(), COST_DAYS);
    let snapshots = snapshots::fetch(world, anthropic::cost_report::SOURCE, cost).await?;
    measure("anthropic/cost_report", anthropic::cost_report::SOURCE, &snapshots, verdicts)
}

fn measure(name: &str, source: Source, snapshots: &[Snapshot], verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let recipe = Recipe::default();
    let page_bytes: u64 = snapshots.iter().map(Snapshot::body_bytes).sum();
    let rounds = (REPETITION_BYTES / page_bytes).max(1);
    let (mut bare, mut normalized) = (Samples::default(), Samples::default());
    let mut rows = 0;
    for _ in 0..REPETITIONS {
        let (took, parsed) = parse(source, snapshots, rounds)?;
        bare.add(took);
        let (took, written) = normalize(snapshots, &recipe, rounds)?;
        normalized.add(took);
        ensure!(parsed == written, "{parsed} records became {written} rows");
        rows = written;
    }
    let work = Work { rows, bytes: Some(page_bytes * rounds) };
    let pages: usize = snapshots.iter().map(|snapshot| snapshot.pages.len()).sum();
    println!("normalize {name}: {pages} pages, {page_bytes} bytes, {} rows, {rounds} times over", rows / rounds);
    bare.print("serde_json into records, nothing else", work, None);
    normalized.print("normalizer, pages to row files", work, Some(&bare));
    println!();
    let ratio = Ratio::of(normalized.median(), bare.median());
    verdicts.check(format!("normalize {name}: {ratio} of a bare parse, at most {TARGET} x"), ratio.is_within(TARGET));
    Ok(())
}

fn parse(source: Source, snapshots: &[Snapshot], rounds: u64) -> anyhow::Result<(Duration, u64)> {
    let mut records = 0;
    let started = Instant::now();
    for _ in 0..rounds {
        for page in snapshots.iter().flat_map(|snapshot| &snapshot.pages) {
            records += bare::parse(source, black_box(page))?;
        }
    }
    Ok((started.elapsed(), records))
}

fn normalize(snapshots: &[Snapshot], recipe: &Recipe, rounds: u64) -> anyhow::Result<(Duration, u64)> {
    let mut rows = 0;
    let started = Instant::now();
    for _ in 0..rounds {
        for snapshot in black_box(snapshots) {
            let batch = snapshot.normalize(recipe, |file| drop(black_box(file)))?;
            rows += batch.buckets.iter().map(|bucket| bucket.rows.unsigned_abs()).sum::<u64>();
        }
    }
    Ok((started.elapsed(), rows))
}
