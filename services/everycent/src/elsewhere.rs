//! Services that work elsewhere: what was asked of them is followed until it is done.
//!
//! Nothing here does their work, and nothing here counts messages: coverage tells which windows are answered, and
//! `BatchMerged` which snapshots are merged.

mod answers;
mod merges;

use std::time::Duration;

use everycent_runtime::bus::DeadLetter;
use everycent_schemas::Timestamp;
use tokio::time::Instant;

use crate::deployment::Deployment;
use crate::failure::Failure;
pub use crate::letters::is_about;
use crate::pipeline;
use crate::progress::Watcher;

pub use answers::{Answers, Question, until_answered};
pub use merges::{Merges, Order, until_merged};

/// So long without a word from the services, and one looks whether they gave up; the next time after twice as long.
const QUIET: Duration = Duration::from_secs(30);
const QUIET_MAX: Duration = Duration::from_secs(5 * 60);
/// So long, and one waits no more. A window of a large company is asked for an hour and longer where the vendor answers 20
/// requests a minute.
const PATIENCE: Duration = Duration::from_secs(3 * 60 * 60);

/// What a silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    WaitOn,
    /// All that is left was given up.
    GivenUp,
    TooLong,
}

/// How long the services have been silent.
struct Silence {
    asked_at: Timestamp,
    since: Instant,
    next_look: Duration,
}

impl Silence {
    fn begin(asked_at: Timestamp) -> Self {
        Self { asked_at, since: Instant::now(), next_look: QUIET }
    }

    /// They did something.
    fn ends(&mut self) {
        *self = Self::begin(self.asked_at);
    }

    /// Whether it is time to look what it means.
    fn is_due(&self) -> bool {
        self.since.elapsed() >= self.next_look
    }

    async fn verdict(
        &mut self,
        deployment: &Deployment,
        left: usize,
        is_ours: impl Fn(&DeadLetter) -> bool,
        watcher: &Watcher,
    ) -> Result<Verdict, Failure> {
        let silent = self.since.elapsed();
        self.next_look = silent + silent.min(QUIET_MAX);
        let given_up = pipeline::dead_letters_since(deployment, self.asked_at, is_ours).await?;
        if usize::try_from(given_up).unwrap_or(usize::MAX) >= left {
            return Ok(Verdict::GivenUp);
        }
        let seconds = silent.as_secs();
        watcher
            .say(&format!("no word from the services for {seconds} s; left: {left}. They go on without this command"));
        Ok(if silent >= PATIENCE { Verdict::TooLong } else { Verdict::WaitOn })
    }
}
