//! `everycent run`: syncs on a schedule until a signal comes.
//!
//! Only the first round may end it, with a wrong call or configuration. Whatever else a round ends with is said once, until
//! a round works again, and the next round is at its turn.

use std::time::Duration;

use anyhow::anyhow;
use everycent_runtime::panics::caught;
use tokio_util::sync::CancellationToken;

use super::sync;
use crate::cli::{Global, RunArgs};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::opening;
use crate::progress::Watcher;
use crate::scope::Days;
use crate::show;

pub async fn run(global: &Global, args: &RunArgs, stop: CancellationToken) -> Result<(), Failure> {
    let mut schedule = Schedule { global, args, deployment: None };
    schedule.open().await.map(drop).or_else(unless_usage)?;
    rounds(args.every, &stop, async || schedule.round(stop.clone()).await, show::tell).await;
    Ok(())
}

/// A wrong call or configuration has to be put right before anything is begun; anything else may pass.
fn unless_usage(failure: Failure) -> Result<(), Failure> {
    match failure {
        Failure::Usage(_) => Err(failure),
        Failure::Reported | Failure::Failed(_) => Ok(()),
    }
}

/// A round, and another one `every` after its end, until `stop`.
async fn rounds(
    every: Duration,
    stop: &CancellationToken,
    mut round: impl AsyncFnMut() -> Result<(), Failure>,
    mut say: impl FnMut(&str),
) {
    let mut trouble = Trouble::default();
    while !stop.is_cancelled() {
        if let Some(words) = trouble.after(&outcome(round()).await, every) {
            say(&words);
        }
        // Over or stopped, the loop decides what is next.
        tokio::time::timeout(every, stop.cancelled()).await.ok();
    }
}

/// Failures that are remembered as said.
const SAID_MAX: usize = 100;

/// Rounds that failed one after the other, and what was said of them.
#[derive(Debug, Default)]
struct Trouble {
    rounds: usize,
    said: Vec<String>,
}

impl Trouble {
    /// What is to be said after a round: why it failed, unless that was said, or that rounds work again.
    fn after(&mut self, ended: &Result<(), Failure>, every: Duration) -> Option<String> {
        let Err(failure) = ended else {
            let rounds = std::mem::take(self).rounds;
            return (rounds > 0).then(|| format!("everycent: syncs work again, after {rounds} that failed"));
        };
        self.rounds += 1;
        let message = failure.message().filter(|message| !self.said.contains(message))?;
        let (seconds, again) = (every.as_secs(), "said once until a sync works again");
        let words = format!("everycent: this sync failed, and the next one begins in {seconds} s ({again}): {message}");
        if self.said.len() < SAID_MAX {
            self.said.push(message);
        }
        Some(words)
    }
}

/// How a round ends. One that panics leaves nothing in its hands: what it began is begun again by the next one.
async fn outcome(round: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    caught(round).await.unwrap_or_else(|panic| {
        let defect = "it panicked, which is a defect of this program; please report it";
        Err(Failure::Failed(anyhow!("{defect}: {panic}")))
    })
}

struct Schedule<'a> {
    global: &'a Global,
    args: &'a RunArgs,
    /// Kept from round to round, and the home's lock with it.
    deployment: Option<Deployment>,
}

impl Schedule<'_> {
    async fn round(&mut self, stop: CancellationToken) -> Result<(), Failure> {
        let (json, sources) = (self.global.json, &self.args.sources);
        let deployment = self.open().await?;
        let days = Days::Due { since: deployment.since() };
        let watcher = Watcher::new(!json);
        let report = sync::once(deployment, days, sources, &watcher, stop).await?;
        if json {
            show::print_json_line(&report);
        } else {
            show::print(&sync::text(&report));
        }
        Ok(())
    }

    /// The deployment with the configuration as it is now: a price or a key that was added holds from this round on.
    async fn open(&mut self) -> Result<&Deployment, Failure> {
        let config = opening::config_to_ask(self.global, &self.args.sources)?;
        match &mut self.deployment {
            Some(open) if open.config.addresses == config.addresses => open.config = config,
            Some(_) => {
                return Err(Failure::usage(anyhow!(
                    "the addresses were changed; restart it to work with the new ones"
                )));
            }
            none => *none = Some(opening::open(self.global, config).await?),
        }
        Ok(self.deployment.as_ref().expect("invariant: it is open by now"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    const EVERY: Duration = Duration::from_secs(3600);

    /// Runs rounds that end as `end` says, until a signal comes in the last one; gives their number and the time they took.
    async fn run(last: u32, end: impl Fn(u32) -> Result<(), Failure>) -> (u32, Duration) {
        let (stop, began, number) = (CancellationToken::new(), Instant::now(), Cell::new(0));
        let round = async || {
            number.set(number.get() + 1);
            if number.get() == last {
                stop.cancel();
            }
            end(number.get())
        };
        rounds(EVERY, &stop, round, |_| ()).await;
        (number.get(), began.elapsed())
    }

    #[test]
    fn a_failure_is_said_once_and_so_is_its_end() {
        let failed = |words: &'static str| Err(Failure::Failed(anyhow!(words)));
        let (mut trouble, mut said) = (Trouble::default(), Vec::new());
        for ended in [Ok(()), failed("locked"), failed("full"), failed("locked"), Ok(()), Ok(()), failed("locked")] {
            said.push(trouble.after(&ended, EVERY).unwrap_or_default());
        }
        let [first, locked, full, same, again, quiet, anew] = &said[..] else { panic!("{said:?}") };
        assert!(first.is_empty() && same.is_empty() && quiet.is_empty(), "{said:?}");
        assert!(locked.ends_with(": locked") && full.ends_with(": full") && locked == anew, "{said:?}");
        assert_eq!(again, "everycent: syncs work again, after 3 that failed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_that_fails_is_followed_by_the_next_one_at_its_turn() {
        let failures = |number| match number % 5 {
            0 => Ok(()),
            1 => Err(Failure::Reported),
            2 => panic!("a defect of a sync"),
            3 => Err(Failure::Failed(anyhow!("warehouse: begin: it is away"))),
            _ => Err(Failure::usage(anyhow!("everycent.toml: line 3: expected a value"))),
        };
        assert_eq!(run(9, failures).await, (9, EVERY * 8));
    }

    #[tokio::test]
    async fn a_panic_of_a_round_is_told_with_its_text() {
        let told = outcome(async { panic!("no page {}", 3) }).await.err().as_ref().and_then(Failure::message);
        assert!(told.is_some_and(|text| text.contains("no page 3") && text.contains("report it")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_signal_ends_it_without_another_round_and_without_the_wait() {
        assert_eq!(run(1, |_| Ok(())).await, (1, Duration::ZERO));
    }

    #[test]
    fn only_a_wrong_call_or_configuration_keeps_it_from_beginning() {
        assert!(unless_usage(Failure::usage(anyhow!("no account is configured"))).is_err());
        assert!(unless_usage(Failure::Failed(anyhow!("the file is locked"))).is_ok());
        assert!(unless_usage(Failure::Reported).is_ok());
    }
}
