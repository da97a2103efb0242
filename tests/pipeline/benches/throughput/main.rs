//! `make bench`: how fast the product normalizes, merges and syncs, beside the least work that could do the same.
//!
//! Each subject is a module that gives lines with figures; this file only runs them and says which targets are missed.
//! Nothing here is compared with a figure of another machine.

mod backfill;
mod bare;
mod in_flight;
mod merge;
mod money;
mod normalize;
mod program;
mod samples;
mod scale;
mod snapshots;
mod sync;
mod verdicts;

use scale::Scale;
use verdicts::Verdicts;

fn main() -> anyhow::Result<()> {
    let scale = Scale::from_env()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut verdicts = Verdicts::default();
    println!("{scale}\n");
    if is_asked("normalize") {
        runtime.block_on(normalize::run(scale, &mut verdicts))?;
    }
    if is_asked("merge") {
        runtime.block_on(merge::run(scale, &mut verdicts))?;
    }
    if is_asked("sync") {
        runtime.block_on(sync::run(scale, &mut verdicts))?;
    }
    if is_asked("backfill") {
        runtime.block_on(backfill::run(scale, &mut verdicts))?;
    }
    if is_asked("money") {
        runtime.block_on(money::run(scale, &mut verdicts))?;
    }
    if is_asked("in_flight") {
        runtime.block_on(in_flight::run(scale, &mut verdicts))?;
    }
    verdicts.print();
    Ok(())
}

/// Whether the subject is named on the command line, or none is.
fn is_asked(subject: &str) -> bool {
    let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    named.peek().is_none() || named.any(|name| name == subject)
}
