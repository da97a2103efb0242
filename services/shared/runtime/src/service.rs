//! What the three deployables have in common: settings from the environment, signals, and the end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::home::Home;
use crate::open;
use crate::secret::process_env;
use crate::store::Store;
use crate::telemetry::{self, Format};
use crate::worker::{Handler, Worker};

/// What a service lives in. It shares its home with the other services, and with nobody else.
pub struct Service {
    pub config: Config,
    pub home: Home,
    pub store: Arc<dyn Store>,
    pub bus: Arc<dyn Bus>,
    pub clock: Arc<dyn Clock>,
    pub stop: CancellationToken,
}

impl Service {
    /// Reads `EVERYCENT_CONFIG` and `EVERYCENT_HOME`, and opens the store and the bus.
    async fn start() -> anyhow::Result<Self> {
        let path = process_env("EVERYCENT_CONFIG").map(PathBuf::from);
        let config = Config::load(path.as_deref(), &process_env)?;
        let home = process_env("EVERYCENT_HOME").unwrap_or_else(|| "./everycent-data".to_owned());
        let home = Home::join(home)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = open::store(&config.addresses, home.data_dir())?;
        let bus = open::bus_anywhere(&config.addresses, home.data_dir(), Arc::clone(&clock)).await?;
        Ok(Self { config, home, store, bus, clock, stop: stop_on_signal() })
    }

    /// Handles events until a signal comes, and then ends with what is in hand.
    pub async fn work<H: Handler>(&self, handler: H) -> anyhow::Result<()> {
        Ok(Worker::new(Arc::clone(&self.bus), handler).run(self.stop.clone()).await?)
    }
}

/// The whole `main` of a service: logs as JSON, one error line at the end, exit status 2 when it could not start.
pub fn main<F>(name: &str, run: impl FnOnce(Service) -> F) -> ExitCode
where
    F: Future<Output = anyhow::Result<()>>,
{
    let runtime = tokio::runtime::Runtime::new().expect("invariant: the system grants threads");
    runtime.block_on(async {
        let started = match telemetry::init(Format::Json, tracing::Level::INFO, &process_env) {
            Ok(()) => Service::start().await.context("it could not start"),
            Err(error) => Err(error.into()),
        };
        let (outcome, failed) = match started {
            Ok(service) => {
                let bus = Arc::clone(&service.bus);
                let outcome = run(service).await;
                bus.close().await;
                (outcome, 1)
            }
            Err(error) => (Err(error), 2),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{name}: {error:#}");
                ExitCode::from(failed)
            }
        }
    })
}

/// Cancelled by the first interrupt or termination; the second ends the process at once.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        signal().await;
        cancelled.cancel();
        eprintln!("stopping; a second signal stops at once");
        signal().await;
        std::process::exit(1);
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
