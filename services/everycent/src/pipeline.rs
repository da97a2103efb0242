//! The three services in this process, until nothing is left to do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use everycent_fetcher::{Fetcher, FetcherSettings, accounts};
use everycent_loader::{DecisionRecorder, FailureRecorder, Loader};
use everycent_normalizer::Normalizer;
use everycent_runtime::bus::{DeadLetter, Topic};
use everycent_runtime::progress::Observer;
use everycent_runtime::worker::{Handler, Worker, WorkerError, WorkerSettings};
use everycent_schemas::Timestamp;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::healed;

/// Threads of async work. Each thread has a heap of its own, so that more of them hold more, with nothing to win.
const ASYNC_THREADS: usize = 2;
/// Threads of what computes, reads or writes. Nothing on them waits for anything else on them, so any number is enough:
/// what waits, a merge and a snapshot that is normalized, has a thread of its own beside them.
const BLOCKING_THREADS: usize = 2;
/// How long a worker may end what is in its hand, such as the wait that a vendor asked for.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often the queue is looked at for its end.
const LOOK: Duration = Duration::from_millis(50);

/// What the services run on: the same number of threads on any machine.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(ASYNC_THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
}

/// Which of the services work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Whole,
    /// All but the fetcher: no vendor is asked, and requests that wait are left for who may ask.
    FromStored,
}

/// Whether messages wait for this part.
pub async fn has_work(deployment: &Deployment, part: Part) -> Result<bool, Failure> {
    let concerns = |topic: Topic| part == Part::Whole || topic != Topic::FetchRequested;
    Ok(deployment.bus.depths().await?.iter().any(|depth| concerns(depth.topic) && depth.ready + depth.leased > 0))
}

/// Dead letters that are counted at most.
pub const LETTERS_MAX: usize = 1000;

/// Messages that were given up since then, as far as they are ours.
pub async fn dead_letters_since(
    deployment: &Deployment,
    since: Timestamp,
    is_ours: impl Fn(&DeadLetter) -> bool,
) -> Result<u64, Failure> {
    let letters = deployment.bus.dead_letters(LETTERS_MAX).await?;
    Ok(letters.iter().filter(|letter| letter.at >= since && is_ours(letter)).count() as u64)
}

/// Runs the services until their queue is empty, or until `stop`. A message is acked after what follows from it was
/// published, so an empty queue means that all is done.
pub async fn drain(
    deployment: &Deployment,
    part: Part,
    observer: Observer,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let shutdown = stop.child_token();
    let mut workers = start(deployment, part, &observer, &shutdown);
    let outcome = until_idle(deployment, part, &mut workers, &stop).await;
    shutdown.cancel();
    let ended = tokio::time::timeout(PATIENCE, end(&mut workers)).await;
    // What is dropped here is as if the process had died: it is begun again by the next command.
    workers.shutdown().await;
    outcome?;
    ended.unwrap_or(Ok(()))?;
    forget_healed(deployment).await
}

/// What was given up once and is loaded now is no failure any more.
async fn forget_healed(deployment: &Deployment) -> Result<(), Failure> {
    let letters = deployment.bus.dead_letters(LETTERS_MAX).await?;
    if letters.is_empty() {
        return Ok(());
    }
    let coverage = deployment.whole_coverage().await?;
    let (healed, _) = healed::split(deployment, letters, &coverage).await?;
    Ok(deployment.bus.forget_dead_letters(&healed).await?)
}

async fn end(workers: &mut JoinSet<Result<(), WorkerError>>) -> anyhow::Result<()> {
    let mut ended = Ok(());
    while let Some(worker) = workers.join_next().await {
        ended = ended.and(worker_end(worker));
    }
    ended
}

/// A worker catches the panics of its handler; one of its own ends the command, not the process.
fn worker_end(worker: Result<Result<(), WorkerError>, JoinError>) -> anyhow::Result<()> {
    Ok(worker.context("a worker ended, which is a defect of this program; please report it")??)
}

async fn until_idle(
    deployment: &Deployment,
    part: Part,
    workers: &mut JoinSet<Result<(), WorkerError>>,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    while has_work(deployment, part).await? {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            Some(ended) = workers.join_next() => worker_end(ended)?,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}

fn start(
    deployment: &Deployment,
    part: Part,
    observer: &Observer,
    shutdown: &CancellationToken,
) -> JoinSet<Result<(), WorkerError>> {
    let mut workers = JoinSet::new();
    if part == Part::Whole {
        start_fetcher(&mut workers, deployment, observer, shutdown);
    }
    let (store, bus) = (&deployment.store, &deployment.bus);
    let recipe = Arc::new(deployment.config.recipe.clone());
    let normalizer = Normalizer::new(Arc::clone(store), Arc::clone(bus), recipe, observer.clone());
    work(&mut workers, deployment, Arc::new(normalizer), shutdown);
    let loader = Loader::new(
        Arc::clone(store),
        Arc::clone(bus),
        Arc::clone(&deployment.warehouse),
        Arc::clone(&deployment.clock),
        Arc::new(deployment.config.acceptance.clone()),
        observer.clone(),
    );
    work(&mut workers, deployment, Arc::new(DecisionRecorder::new(loader.clone())), shutdown);
    work(&mut workers, deployment, Arc::new(loader), shutdown);
    let failures = FailureRecorder::new(Arc::clone(&deployment.warehouse));
    work(&mut workers, deployment, Arc::new(failures), shutdown);
    workers
}

/// One fetcher, for a vendor's rate limit holds for all windows of an account together, and a page in memory is the
/// largest thing that a sync holds. It decides how many windows it asks for at once.
fn start_fetcher(
    workers: &mut JoinSet<Result<(), WorkerError>>,
    deployment: &Deployment,
    observer: &Observer,
    shutdown: &CancellationToken,
) {
    let fetcher = Fetcher::new(
        accounts(&deployment.config, &deployment.clock),
        Arc::clone(&deployment.store),
        Arc::clone(&deployment.bus),
        Arc::clone(&deployment.clock),
        FetcherSettings::from(&deployment.config),
        observer.clone(),
    );
    work(workers, deployment, Arc::new(fetcher.until(shutdown.clone())), shutdown);
}

fn work<H: Handler + 'static>(
    workers: &mut JoinSet<Result<(), WorkerError>>,
    deployment: &Deployment,
    handler: Arc<H>,
    shutdown: &CancellationToken,
) {
    let settings = WorkerSettings { idle_wait: LOOK, ..WorkerSettings::default() };
    let worker = Worker::new(Arc::clone(&deployment.bus), handler).with_settings(settings);
    let shutdown = shutdown.clone();
    workers.spawn(async move { worker.run(shutdown).await });
}
