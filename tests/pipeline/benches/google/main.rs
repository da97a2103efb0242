//! `make bench-google`: the bodies of the ports on Google Cloud, on emulators of its services.
//!
//! Times say something about the emulators as well. Jobs and bytes do not: the first are counted where the loader asks
//! for them, the second are reckoned by BigQuery's own rule from what lies in the tables at that moment.

mod backfill;
mod deployment;
mod jobs;
mod proxy;
mod pubsub;
mod reckoning;
mod script;
mod sizes;
#[path = "../throughput/verdicts.rs"]
mod verdicts;

use anyhow::Context;
use everycent_emulators::{Emulators, Installed, Ports};
use verdicts::Verdicts;

fn main() -> anyhow::Result<()> {
    everycent_runtime::google::endpoints::install_tls();
    let installed = Installed::find().map_err(anyhow::Error::msg).context("`make bench-google` installs them")?;
    let folder = tempfile::tempdir()?;
    let emulators = Emulators::start(&installed, folder.path(), Ports::default())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut verdicts = Verdicts::default();
    if is_asked("pubsub") {
        runtime.block_on(pubsub::run(&emulators))?;
    }
    if is_asked("backfill") {
        runtime.block_on(backfill::run(&emulators, &mut verdicts))?;
    }
    verdicts.print();
    Ok(())
}

/// Whether the subject is named on the command line, or none is.
fn is_asked(subject: &str) -> bool {
    let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    named.peek().is_none() || named.any(|name| name == subject)
}
