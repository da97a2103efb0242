//! A whole pipeline in a temporary folder: stepped by hand, struck by fate, killed and started again over its files.

mod accounts;
mod clock;
mod decide;
mod replay;
mod services;
mod sources;
mod upload;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use chrono::Duration;
use everycent_runtime::bus::{Bus, Message, Topic};
use everycent_runtime::clock::Clock;
use everycent_runtime::store::Store;
use everycent_runtime::store::file::FileStore;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::worker::publish;
use everycent_schemas::Day;
use everycent_schemas::events::FetchRequested;
use tempfile::TempDir;
use vendor_sim::{Simulator, World, WorldClock};

use self::clock::TickingClock;
use self::services::{BUS, Services, Surroundings};
use crate::fate::Fate;
use crate::model::{Absence, Model, Report};
use crate::ports::{Witness, WitnessStore};
use crate::tables::{Bucket, Tables, late};

pub use accounts::accounts_of;
pub use services::Service;
pub use sources::source_names;

/// Rounds that a pipeline without faults may take to come to rest.
const MOST_ROUNDS: usize = 2_000;

/// How a pipeline is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// Raw pages and rows in files rather than in memory.
    pub on_disk: bool,
    /// Deliver in any order and in groups of any size.
    pub shuffle_seed: Option<u64>,
}

/// One pipeline.
pub struct Pipeline {
    place: TempDir,
    settings: Settings,
    simulator: Arc<Simulator>,
    clock: TickingClock,
    witness: Witness,
    fate: Fate,
    raw: Arc<dyn Store>,
    rule_set: usize,
    starts: u64,
    services: Option<Services>,
}

impl Pipeline {
    /// Starts at noon of the world's present day.
    pub async fn start(mut world: World, settings: Settings) -> Result<Self> {
        world.options.anthropic_other_keys = accounts::keys_of_other_organizations();
        let noon = Day::from(world.options.today).start().plus(Duration::hours(12));
        let place = folder_in_memory()?;
        let simulator = Arc::new(Simulator::start(world).await?);
        let raw: Arc<dyn Store> = match settings.on_disk {
            true => Arc::new(FileStore::open(place.path().join("store"))?),
            false => Arc::new(MemoryStore::default()),
        };
        let mut pipeline = Self {
            place,
            settings,
            witness: Witness::new(Arc::clone(&simulator)),
            simulator,
            clock: TickingClock::at(noon),
            fate: Fate::default(),
            raw,
            rule_set: 0,
            starts: 0,
            services: None,
        };
        pipeline.open().await?;
        Ok(pipeline)
    }

    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    pub fn fate(&self) -> &Fate {
        &self.fate
    }

    pub fn warehouse_file(&self) -> PathBuf {
        self.place.path().join("everycent.sqlite")
    }

    pub fn today(&self) -> Day {
        self.clock.now().day()
    }

    pub fn tables(&self) -> Result<Tables> {
        // Each reading of a list says something new: when it was made.
        let is_judged = |report: &Report| report.absence == Absence::Deleted;
        let mut tables = Tables::read(&self.warehouse_file(), |source| Report::named(source).is_some_and(is_judged))?;
        tables.thin(|bucket| self.is_old(bucket));
        Ok(tables)
    }

    fn is_old(&self, bucket: &Bucket) -> bool {
        let report = Report::named(&bucket.source).expect("invariant: the model knows every source");
        report.is_old_from(bucket.day) <= self.clock.now().micros()
    }

    /// What the model says the tables must hold.
    pub fn expected(&self) -> Result<Tables> {
        let (late, now) = (late(&self.tables()?)?, self.clock.now().micros());
        let mut tables = self.witness.with_model(|model| model.tables(self.rule_set, &late, now));
        tables.thin(|bucket| self.is_old(bucket));
        Ok(tables)
    }

    pub fn with_model<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        self.witness.with_model(look)
    }

    /// Asks for days of a source; of all its accounts when none is named.
    pub async fn request(&self, source: &str, account: Option<&str>, from: Day, to: Day) -> Result<()> {
        let event = FetchRequested {
            source: source.to_owned(),
            trailing_days: 0,
            account_id: account.map(Into::into),
            from_date: Some(from),
            to_date: Some(to),
            requested_at: Some(self.clock.now()),
        };
        Ok(publish(&self.services().witnessed_bus, &event).await?)
    }

    /// Asks for those of the days that the vendor answers, if any.
    pub async fn request_askable(&self, report: &Report, account: Option<&str>, from: Day, to: Day) -> Result<()> {
        match report.askable(from.date(), to.date(), self.today().date()) {
            Some((from, to)) => self.request(report.source, account, from.into(), to.into()).await,
            None => Ok(()),
        }
    }

    /// Asks for the days in each of these reports.
    pub async fn request_all(&self, reports: &[&Report], from: Day, to: Day) -> Result<()> {
        for report in reports {
            self.request_askable(report, None, from, to).await?;
        }
        Ok(())
    }

    /// Lets a service do one round; says how many messages it took. A process that died in it is started again.
    pub async fn step(&mut self, service: Service) -> Result<usize> {
        // The vendors' clocks are right, and so is the pipeline's.
        let now = self.clock.now().to_chrono();
        self.simulator.with_world(|world| world.options.clock = WorldClock::At(now));
        let taken = self.services().step(service).await;
        if self.fate.is_dead() {
            self.crash(self.starts.is_multiple_of(2)).await?;
        }
        taken
    }

    /// Lets every service do one round.
    pub async fn round(&mut self) -> Result<usize> {
        let mut taken = 0;
        for service in Service::ALL {
            taken += self.step(service).await?;
        }
        Ok(taken)
    }

    /// Drops the process and starts another over the same files. It gives back the leases of the dead one only when it
    /// is told to; otherwise they have to run out.
    pub async fn crash(&mut self, leases_released: bool) -> Result<()> {
        self.services = None;
        self.fate.revive();
        self.open().await?;
        if leases_released {
            self.services().bus.release_all_leases().await?;
        }
        Ok(())
    }

    /// Takes another set of rules and applies it to history, as an operator does: a new process, and a replay of all.
    pub async fn change_rules(&mut self, rule_set: usize) -> Result<()> {
        self.rule_set = rule_set;
        self.crash(true).await?;
        self.replay(None).await
    }

    /// The tables are lost, while nothing is under way, and made again from the raw store alone. What failed stays unknown,
    /// and no message of the time before comes again.
    pub async fn lose_the_tables(&mut self) -> Result<()> {
        self.services = None;
        for ending in ["", "-wal", "-shm"] {
            let mut file = self.warehouse_file().into_os_string();
            file.push(ending);
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        self.witness.forget_the_tables();
        self.fate.revive();
        self.open().await?;
        self.replay(None).await
    }

    /// Every message that was ever published to a topic with a reader, in order.
    pub fn messages(&self) -> Vec<(Topic, Message)> {
        self.witness.messages().into_iter().filter(|(topic, _)| topic.has_reader()).collect()
    }

    /// Delivers a message again, whatever became of it before.
    pub async fn deliver_again(&self, topic: Topic, message: Message) -> Result<()> {
        Ok(self.services().bus.publish(topic, message).await?)
    }

    /// The clock of the pipeline and of the vendors goes on.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        let today = self.today().date();
        self.simulator.with_world(|world| world.options.today = today);
    }

    /// Without any fault, works until nothing is left to do.
    pub async fn drain(&mut self) -> Result<()> {
        self.fate.calm();
        self.simulator.clear_faults();
        self.rest().await
    }

    /// Works until nothing is left to do, whatever befalls it.
    pub async fn rest(&mut self) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            let taken = self.round().await?;
            let depths = self.services().bus.depths().await?;
            if depths.iter().all(|depth| depth.ready + depth.leased == 0) {
                return Ok(());
            }
            if taken == 0 {
                // Somebody's lease has to run out first.
                self.advance(Duration::from_std(BUS.lease)?);
            }
        }
        anyhow::bail!("the pipeline does not come to rest")
    }

    pub async fn assert_no_dead_letter(&self) -> Result<()> {
        let dead = self.services().bus.dead_letters(1).await?;
        ensure!(dead.is_empty(), "a dead letter: {}", dead[0].reason);
        Ok(())
    }

    async fn open(&mut self) -> Result<()> {
        self.starts += 1;
        let surroundings = Surroundings {
            folder: self.place.path(),
            warehouse_file: &self.warehouse_file(),
            simulator: &self.simulator,
            clock: &self.clock,
            witness: &self.witness,
            fate: &self.fate,
            rule_set: self.rule_set,
            shuffle_seed: self.settings.shuffle_seed.map(|seed| seed.wrapping_add(self.starts)),
        };
        let services = Services::open(&surroundings, Arc::new(self.witnessed_store())).await;
        let services = services.context("the pipeline does not start")?;
        self.services = Some(services);
        Ok(())
    }

    fn witnessed_store(&self) -> WitnessStore {
        WitnessStore { inner: Arc::clone(&self.raw), witness: self.witness.clone() }
    }

    fn services(&self) -> &Services {
        self.services.as_ref().expect("invariant: a crash starts the next process")
    }
}

/// Nothing here pulls a plug, so nothing is gained by waiting for a disk; where the system has no such folder it is an
/// ordinary one.
fn folder_in_memory() -> Result<TempDir> {
    let shared_memory = Path::new("/dev/shm");
    if shared_memory.is_dir() { Ok(tempfile::tempdir_in(shared_memory)?) } else { Ok(tempfile::tempdir()?) }
}
