//! Services that work elsewhere: what was asked of them is followed until it is done.
//!
//! Nothing here does their work, and nothing here counts messages: coverage tells which windows are answered, and
//! `BatchMerged` which snapshots are merged.

mod answers;
mod merges;

use std::time::Duration;

use everycent_schemas::Timestamp;
use tokio::time::Instant;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::pipeline;
use crate::progress::Watcher;

pub use answers::{Answers, until_answered};
pub use merges::{Order, until_merged};

/// So long without a word from the services, and one looks whether they gave up.
const QUIET: Duration = Duration::from_secs(30);
/// So long, and one waits no more.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How long the services have been silent, and what that means.
struct Silence {
    asked_at: Timestamp,
    since: Instant,
    looked_at: Instant,
}

impl Silence {
    fn begin(asked_at: Timestamp) -> Self {
        let now = Instant::now();
        Self { asked_at, since: now, looked_at: now }
    }

    /// They did something.
    fn ends(&mut self) {
        *self = Self::begin(self.asked_at);
    }

    /// Whether to wait no more for what is left: all of it was given up, or nothing came for too long.
    async fn is_final(&mut self, deployment: &Deployment, left: usize, watcher: &Watcher) -> Result<bool, Failure> {
        if self.looked_at.elapsed() < QUIET {
            return Ok(false);
        }
        let given_up = pipeline::dead_letters_since(deployment, self.asked_at).await?;
        self.looked_at = Instant::now();
        if usize::try_from(given_up).unwrap_or(usize::MAX) >= left {
            return Ok(true);
        }
        let (minutes, patience) = (self.since.elapsed().as_secs() / 60, PATIENCE.as_secs() / 60);
        watcher.say(&format!(
            "waiting for the services; left: {left}, last word {minutes} min ago (until {patience} min)"
        ));
        Ok(self.since.elapsed() >= PATIENCE)
    }
}
