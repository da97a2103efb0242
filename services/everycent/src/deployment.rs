//! The three addresses, opened, with what a command needs beside them.

use std::path::Path;
use std::sync::Arc;

use everycent_domain::wanted::DayState;
use everycent_domain::window::{EmptyWindow, Window};
use everycent_runtime::bus::Bus;
use everycent_runtime::clock::{Clock, SystemClock};
use everycent_runtime::config::{BusAddress, Config};
use everycent_runtime::home::{Home, HomeError};
use everycent_runtime::open::{self, OpenError};
use everycent_runtime::store::Store;
use everycent_runtime::warehouse::{CoverageRow, Rebuild, Warehouse, rebuild, stale_charges};
use everycent_schemas::Day;

use crate::failure::Failure;
use crate::scope::{self, Feed};
use crate::show;

/// History that is fetched when no start is configured.
const DEFAULT_HISTORY_DAYS: u32 = 90;

/// Where the three services work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Services {
    /// In this process, while a command runs.
    Here,
    /// In processes of their own, on a bus between machines.
    Elsewhere,
}

impl Services {
    pub fn of(config: &Config, home: &Path) -> Self {
        match config.addresses.bus_in(home) {
            BusAddress::Sqlite(_) => Self::Here,
            BusAddress::PubSub { .. } => Self::Elsewhere,
        }
    }
}

/// An open deployment. It holds the home's lock as long as it lives, unless it was opened to read.
pub struct Deployment {
    pub services: Services,
    pub config: Config,
    pub home: Home,
    pub store: Arc<dyn Store>,
    pub bus: Arc<dyn Bus>,
    pub warehouse: Arc<dyn Warehouse>,
    pub clock: Arc<dyn Clock>,
}

impl Deployment {
    /// Opens everything to work with it; nobody else may do so in the same home at the same time.
    pub async fn open(home: &Path, config: Config) -> Result<Self, Failure> {
        let home = match Services::of(&config, home) {
            Services::Here => Home::open(home),
            Services::Elsewhere => Home::open_for_commands(home),
        }
        .map_err(holding)?;
        if let Some(closed) = home.closed() {
            show::tell(&closed);
        }
        let warehouse = open::warehouse(&config.addresses, home.data_dir()).map_err(opening)?;
        if Services::of(&config, home.data_dir()) == Services::Here {
            let bus = open::bus(&config.addresses, home.data_dir(), Arc::new(SystemClock)).map_err(opening)?;
            // Whoever held a lease is gone, for we hold the lock.
            bus.release_all_leases().await?;
            warehouse.migrate().await?;
            make_charges(warehouse.as_ref()).await?;
        }
        Self::with(home, config, warehouse).await
    }

    /// Opens what is there to look at it, also while another process works with it.
    pub async fn open_read_only(home: &Path, config: Config) -> Result<Self, Failure> {
        let home = Self::present(home, &config)?;
        let warehouse = open::warehouse_read_only(&config.addresses, home.data_dir()).map_err(opening)?;
        if Services::of(&config, home.data_dir()) == Services::Here {
            make_charges_beside(warehouse.as_ref(), &home, &config).await?;
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let bus = open::bus_read_only(&config.addresses, home.data_dir(), Arc::clone(&clock)).await.map_err(opening)?;
        Self::of(home, config, warehouse, (bus, clock))
    }

    /// Opens what is there to look at it and to note verdicts, also while another process works with it.
    pub async fn open_to_check(home: &Path, config: Config) -> Result<Self, Failure> {
        let home = Self::present(home, &config)?;
        // Opened to read first: what is not there yet is not created by a check.
        open::warehouse_read_only(&config.addresses, home.data_dir()).map_err(opening)?;
        let warehouse = open::warehouse(&config.addresses, home.data_dir()).map_err(opening)?;
        if Services::of(&config, home.data_dir()) == Services::Here {
            warehouse.migrate().await?;
            make_charges(warehouse.as_ref()).await?;
        }
        Self::with(home, config, warehouse).await
    }

    /// A home that is there. Where the services work elsewhere it holds no more than notes of commands, and may be missing.
    pub fn present(home: &Path, config: &Config) -> Result<Home, Failure> {
        match Services::of(config, home) {
            Services::Here => Home::open_shared(home),
            Services::Elsewhere => Home::without_data(home),
        }
        .map_err(Failure::usage)
    }

    async fn with(home: Home, config: Config, warehouse: Arc<dyn Warehouse>) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let bus = open::bus_anywhere(&config.addresses, home.data_dir(), Arc::clone(&clock)).await.map_err(opening)?;
        Self::of(home, config, warehouse, (bus, clock))
    }

    fn of(
        home: Home,
        config: Config,
        warehouse: Arc<dyn Warehouse>,
        (bus, clock): (Arc<dyn Bus>, Arc<dyn Clock>),
    ) -> Result<Self, Failure> {
        let services = Services::of(&config, home.data_dir());
        let store = open::store(&config.addresses, home.data_dir()).map_err(opening)?;
        Ok(Self { services, store, bus, warehouse, config, home, clock })
    }

    /// The first day of history.
    pub fn since(&self) -> Day {
        self.config.since.unwrap_or_else(|| self.clock.now().day().minus(DEFAULT_HISTORY_DAYS))
    }

    /// The range of days that are due at all: without a configured start it reaches back to the first day that was ever
    /// loaded, so that no gap grows too old to be filled.
    pub fn history(&self, range: Window, known: &[DayState]) -> Result<Window, EmptyWindow> {
        let loaded = known.iter().filter(|state| state.fetched_at.is_some()).map(|state| state.day).min();
        match (self.config.since, loaded) {
            (None, Some(first)) => Window::new(range.from().min(first), range.to()),
            _ => Ok(range),
        }
    }

    /// Coverage of all days there are.
    pub async fn whole_coverage(&self) -> Result<Vec<CoverageRow>, Failure> {
        let (first, last) = (Day::new(1, 1, 1), Day::new(9999, 12, 31));
        let days = first.zip(last).expect("invariant: days of the calendar");
        Ok(self.warehouse.coverage(days.0, days.1).await?)
    }

    /// Configured feeds; none is no mistake here.
    pub fn feeds(&self) -> Vec<Feed> {
        scope::feeds(&self.config, &[]).unwrap_or_default()
    }
}

/// A home that is another process's or none at all is a mistake of the call; a disk that is full or away may pass.
fn holding(error: HomeError) -> Failure {
    match error {
        HomeError::Unusable { may_pass: true, .. } => Failure::Failed(error.into()),
        HomeError::Unusable { .. } | HomeError::AlreadyRunning { .. } | HomeError::Missing { .. } => {
            Failure::usage(error)
        }
    }
}

/// An address that can't be served is a mistake of the configuration; the rest is trouble with what is there.
pub fn opening(error: OpenError) -> Failure {
    match error {
        OpenError::NotInThisBuild(_) | OpenError::NoProject(_) => Failure::usage(error),
        OpenError::Nothing(_) | OpenError::Store(_) | OpenError::Bus(_) | OpenError::Warehouse(_) => {
            Failure::Failed(error.into())
        }
    }
}

/// Makes the charges that an earlier release, or a command that was stopped, has left to be made.
async fn make_charges(warehouse: &dyn Warehouse) -> Result<(), Failure> {
    rebuild(warehouse, Rebuild::Stale, &tell_days).await?;
    Ok(())
}

/// Who only reads has them made too, lest a report lacks them. Where nothing can be written the report is shown without.
async fn make_charges_beside(warehouse: &dyn Warehouse, home: &Home, config: &Config) -> Result<(), Failure> {
    let stale = stale_charges(warehouse).await?;
    if stale.is_empty() {
        return Ok(());
    }
    let made = match open::warehouse(&config.addresses, home.data_dir()) {
        Ok(writable) => make_charges(writable.as_ref()).await.map_err(|failure| failure.message().unwrap_or_default()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(reason) = made {
        show::tell(&format!(
            "The charges of {} are not up to date, and can't be made now: {reason}",
            show::count(stale.len(), "day")
        ));
    }
    Ok(())
}

/// Progress of making charges, which takes a while after an upgrade.
pub fn tell_days(done: usize, all: usize) {
    show::tell(&format!("Making charges: {done} of {}", show::count(all, "day")));
}
