//! `everycent sync`: asks for what is due, lets the services work until nothing is left, and tells how it ended.

mod oddities;
mod outcome;
mod plan;
mod report;

use std::collections::BTreeSet;

use everycent_domain::source::Source;
use everycent_domain::wanted;
use everycent_domain::window::Window;
use everycent_runtime::bus::DeadLetter;
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::publish;
use everycent_schemas::Timestamp;
use tokio_util::sync::CancellationToken;

use outcome::{failed_windows, late_windows, rejected_money};
use plan::{asked_feeds, plan_windows, request};
use report::Ended;
pub use report::{Report, text};

use crate::admission::{self, RefusedAccount};
use crate::begun::{Asked, Begun, Command};
use crate::cli::SyncArgs;
use crate::deployment::{Deployment, Services};
use crate::elsewhere::{self, Answers, Question};
use crate::failure::Failure;
use crate::pipeline::{self, Part};
use crate::progress::Watcher;
use crate::rule_misses::rule_misses;
use crate::scope::{self, Days, Feed};
use crate::show;
use crate::silent::fell_silent;

pub async fn sync(
    deployment: &Deployment,
    args: &SyncArgs,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let days = Days::parse(args.from, args.to, deployment.since(), deployment.clock.now().day())?;
    let watcher = Watcher::new(!json);
    let report = once(deployment, days, &args.sources, &watcher, stop).await?;
    if json {
        show::print_json(&report);
    } else {
        show::print(&text(&report));
    }
    if report.is_clean() { Ok(()) } else { Err(Failure::Reported) }
}

/// One sync from plan to report.
pub async fn once(
    deployment: &Deployment,
    days: Days,
    sources: &[Source],
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Report, Failure> {
    let feeds = asked_feeds(deployment, sources, watcher).await?;
    let now = deployment.clock.now();
    let begun = Begun::begin(deployment.home.data_dir(), Command::Sync, &Asked::new(days, sources), now)?;
    if deployment.services == Services::Here && pipeline::has_work(deployment, Part::Whole).await? {
        watcher.say("finishing what an earlier run left in the queue");
        pipeline::drain(deployment, Part::Whole, watcher.observer(), stop.clone()).await?;
    }
    let before = deployment.whole_coverage().await?;
    let run = Run { deployment, days, feeds, before, begun_at: begun.begun_at, now, watcher, stop: &stop };
    let asking = run.ask(begun.resumed).await?;
    let answers = run.answers(&asking).await?;
    watcher.end();
    let interrupted = stop.is_cancelled();
    if !interrupted {
        begun.end()?;
    }
    let after = deployment.whole_coverage().await?;
    if !interrupted && run.has_opened(&after) {
        return Box::pin(once(deployment, days, sources, watcher, stop)).await;
    }
    let ended = run.ended(asking, answers.as_ref(), &after).await?;
    Ok(Report::new(deployment, watcher.tally(), answers, ended))
}

/// One sync, once it is known what there is.
struct Run<'a> {
    deployment: &'a Deployment,
    days: Days,
    feeds: Vec<Feed>,
    before: Vec<CoverageRow>,
    /// When this question was first asked; before `now` where an earlier run was interrupted.
    begun_at: Timestamp,
    now: Timestamp,
    watcher: &'a Watcher,
    stop: &'a CancellationToken,
}

/// What the fetcher was asked for.
struct Asking {
    windows: BTreeSet<(Feed, Window)>,
    refused: Vec<RefusedAccount>,
    requested_at: Timestamp,
}

impl Run<'_> {
    fn is_of_due_days(&self) -> bool {
        matches!(self.days, Days::Due { .. })
    }

    async fn ask(&self, resumed: bool) -> Result<Asking, Failure> {
        let deployment = self.deployment;
        // Who is interrupted here asks for nothing more, or it would be asked for twice.
        let mut windows = match self.stop.is_cancelled() {
            true => Vec::new(),
            false => {
                let since = wanted::Since { begun_at: self.begun_at, now: deployment.clock.now() };
                plan_windows(deployment, &self.before, self.days, &self.feeds, since)?
            }
        };
        let refused = tokio::select! {
            refused = admission::take_out_refused(deployment, &mut windows) => refused?,
            () = self.stop.cancelled() => Vec::new(),
        };
        match self.stop.is_cancelled() {
            true => windows.clear(),
            false => self.watcher.begin(windows.len(), resumed),
        }
        let requested_at = match deployment.services {
            Services::Here => self.now,
            // What an interrupted sync asked for may be under way still; stored since, it is not asked of the vendor again.
            Services::Elsewhere => self.begun_at,
        };
        for (feed, window) in &windows {
            publish(deployment.bus.as_ref(), &request(feed, *window, requested_at)).await?;
        }
        Ok(Asking { windows: windows.into_iter().collect(), refused, requested_at })
    }

    /// Lets the services work, and waits for those that work elsewhere.
    async fn answers(&self, asking: &Asking) -> Result<Option<Answers>, Failure> {
        match self.deployment.services {
            Services::Here => {
                pipeline::drain(self.deployment, Part::Whole, self.watcher.observer(), self.stop.clone()).await?;
                Ok(None)
            }
            Services::Elsewhere => {
                let windows = asking.windows.clone();
                let question = Question { windows, requested_at: asking.requested_at, before: &self.before };
                elsewhere::until_answered(self.deployment, question, self.watcher, self.stop).await.map(Some)
            }
        }
    }

    /// Whether a report is open that was not. One window was asked for to see that; now the others are due.
    fn has_opened(&self, after: &[CoverageRow]) -> bool {
        let closed = scope::unavailable(&self.before);
        let has_opened = |feed: &Feed| {
            let key = (feed.source.name().to_owned(), feed.account_id.clone());
            closed.contains_key(&key) && after.iter().any(|row| feed.is_loaded_by(row))
        };
        self.is_of_due_days() && self.feeds.iter().any(has_opened)
    }

    async fn ended(&self, asking: Asking, answers: Option<&Answers>, after: &[CoverageRow]) -> Result<Ended, Failure> {
        let Asking { windows, refused, .. } = asking;
        let is_ours = |letter: &DeadLetter| match self.deployment.services {
            Services::Here => true,
            Services::Elsewhere => elsewhere::is_about(letter, &windows),
        };
        let dead_letters = pipeline::dead_letters_since(self.deployment, self.now, is_ours).await?;
        let misses = rule_misses(self.deployment, None, &self.before).await?;
        let unavailable = scope::unavailable(after).into_iter().filter(|((source, account_id), _)| {
            self.feeds.iter().any(|feed| feed.source.name() == source && feed.account_id == *account_id)
        });
        let count = windows.len();
        // Windows of this question that are over, and those that an earlier run had left.
        let is_left = |asked: &(Feed, Window)| answers.is_some_and(|answers| answers.left.contains(asked));
        let over: BTreeSet<(Feed, Window)> = windows.into_iter().filter(|asked| !is_left(asked)).collect();
        let over_or_left = over.iter().cloned().chain(self.watcher.tally().failed).collect();
        Ok(Ended {
            of_due_days: self.is_of_due_days(),
            windows: count,
            refused,
            late: late_windows(after, &over, self.deployment.clock.now()),
            failed: failed_windows(after, &over_or_left),
            rejected_money: rejected_money(after, &over_or_left),
            unavailable: unavailable.collect(),
            without_money: scope::without_money(&self.feeds, after),
            dead_letters,
            silent: fell_silent(&self.before, after),
            rises: oddities::rises(&self.before, after),
            restated: oddities::restated(&self.before, after),
            forgetful: oddities::forgetful(&self.before, after),
            shorter_lists: oddities::shorter_lists(&self.before, after, &self.deployment.config.acceptance),
            rules: misses.iter().map(ToString::to_string).collect(),
            interrupted: self.stop.is_cancelled(),
        })
    }
}
