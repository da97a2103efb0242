//! What the three deployables have in common: arguments, settings from the environment, HTTP beside the work, signals,
//! and the end.

mod arguments;
mod health;
mod http;
mod listen;
mod role;
mod watched;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use self::arguments::Asked;
use self::watched::Watched;
use crate::bus::Bus;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::failure::{message, say};
use crate::home::Home;
use crate::open;
use crate::progress::Observer;
use crate::secret::process_env;
use crate::store::Store;
use crate::telemetry;
use crate::worker::{Handler, Published, Worker};

pub use role::Role;

/// The last signal was one too many.
const ENDED_BY_FORCE: i32 = 1;
const FAILED: u8 = 1;
const NOT_STARTED: u8 = 2;

/// What a service lives in. It shares its home with the other services, and with nobody else.
pub struct Service {
    pub config: Config,
    pub home: Home,
    pub store: Arc<dyn Store>,
    pub bus: Arc<dyn Bus>,
    pub clock: Arc<dyn Clock>,
    /// Counts what the service tells of its progress.
    pub observer: Observer,
    stop: CancellationToken,
    watched: Arc<Watched>,
}

impl Service {
    /// Reads `EVERYCENT_CONFIG` and `EVERYCENT_HOME`, and opens the store and the bus.
    async fn start(watched: Arc<Watched>, stop: CancellationToken) -> anyhow::Result<Self> {
        let path = process_env("EVERYCENT_CONFIG").map(PathBuf::from);
        let config = Config::load(path.as_deref(), &process_env)?;
        let home = process_env("EVERYCENT_HOME").unwrap_or_else(|| "./everycent-data".to_owned());
        let home = Home::join(home)?;
        if let Some(closed) = home.closed() {
            tracing::warn!("{closed}");
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = open::store(&config.addresses, home.data_dir())?;
        let bus = open::bus_anywhere(&config.addresses, home.data_dir(), Arc::clone(&clock)).await?;
        let observer = watched.metrics.observer();
        Ok(Self { config, home, store, bus, clock, observer, stop, watched })
    }

    /// Cancelled when the service is to end.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Handles events until a signal comes, and then ends with what is in hand. When it ends for another reason, the
    /// workers beside it end with what they have in hand as well.
    pub async fn work<H: Handler>(&self, handler: H) -> anyhow::Result<()> {
        self.watched.begin(H::Event::TOPIC);
        let worker = Worker::new(Arc::clone(&self.bus), handler).watched_by(Arc::clone(&self.watched) as _);
        let ended = worker.run(self.stop.clone()).await;
        self.stop.cancel();
        Ok(ended?)
    }
}

/// The whole `main` of a service: logs as JSON, one error line at the end.
///
/// Exit status 0 after a signal, 1 when it ended for a reason that a person must put right, 2 when it could not start.
pub fn main<F>(role: Role, run: impl FnOnce(Service) -> F) -> ExitCode
where
    F: Future<Output = anyhow::Result<()>>,
{
    let asked = arguments::read(&role);
    let runtime = tokio::runtime::Runtime::new().expect("invariant: the system grants threads");
    let ended = match asked {
        Asked::Work => runtime.block_on(live(&role, run)),
        Asked::Healthcheck => runtime.block_on(http::ask(&process_env)).map_err(|error| (FAILED, error)),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err((status, error)) => {
            say(&format!("{}: {}", role.name, message(error.as_ref())));
            ExitCode::from(status)
        }
    }
}

/// From the first log line to the last exported span.
async fn live<F>(role: &Role, run: impl FnOnce(Service) -> F) -> Result<(), (u8, anyhow::Error)>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let telemetry = telemetry::init_service(role.name, &process_env)
        .map_err(|error| (NOT_STARTED, anyhow::Error::from(error).context("it could not start")))?;
    let stop = stop_on_signal();
    let watched = Arc::new(Watched::new(role.name, stop.clone()));
    let outcome = start_and_work(run, &watched, stop).await;
    let status = if watched.has_begun() { FAILED } else { NOT_STARTED };
    telemetry.end().await;
    outcome.map_err(|error| (status, error))
}

async fn start_and_work<F>(
    run: impl FnOnce(Service) -> F,
    watched: &Arc<Watched>,
    stop: CancellationToken,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    const NO_START: &str = "it could not start";
    let _server = http::serve(Arc::clone(watched), &process_env).await.context(NO_START)?;
    let service = Service::start(Arc::clone(watched), stop).await.context(NO_START)?;
    let bus = Arc::clone(&service.bus);
    let outcome = run(service).await;
    watched.end(outcome.as_ref().err());
    bus.close().await;
    if watched.has_begun() { outcome } else { outcome.context(NO_START) }
}

/// Cancelled by the first interrupt or termination; the second ends the process at once.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        signal().await;
        cancelled.cancel();
        say("stopping; a second signal stops at once");
        signal().await;
        std::process::exit(ENDED_BY_FORCE);
    });
    stop
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("invariant: signals can be listened to");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
