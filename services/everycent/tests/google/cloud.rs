//! A deployment on emulators: its addresses, its three service processes, and one machine to compare it with.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use everycent_emulators::{Emulators, Installed, PROJECT, Ports};
use everycent_runtime::google::endpoints::Endpoints;
use everycent_runtime::warehouse::BigQueryWarehouse;
use tempfile::TempDir;

use super::rows::Systems;
use super::support::{Ended, Running, Scene};

/// What a dead process held comes again when its lease is over; until then nobody may have work.
const SILENCE: Duration = Duration::from_secs(180);

pub const SERVICES: [&str; 3] = ["fetcher", "normalizer", "loader"];

const DATASET: &str = "everycent";

/// Vendors, and emulators of its own, which a test may end and start.
pub struct Cloud {
    pub scene: Scene,
    pub emulators: Emulators,
    _folder: TempDir,
}

impl Cloud {
    /// Leads the scene to the emulators. Nothing is made there yet. Nothing where none are installed and none required.
    pub fn begin(mut scene: Scene) -> Option<Self> {
        let installed = match Installed::find() {
            Ok(installed) => installed,
            Err(missing) => {
                assert!(std::env::var_os("EVERYCENT_EMULATORS_REQUIRED").is_none(), "{missing}");
                eprintln!("LEFT OUT: {missing}");
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let emulators = Emulators::start(&installed, folder.path(), Ports::default()).unwrap();
        scene.keep_configuration("one-machine.toml");
        scene.add(&format!(
            "[addresses]\nstore = \"gs://everycent-test/data\"\nbus = \"pubsub://{PROJECT}\"\n\
             warehouse = \"bigquery://{PROJECT}/{DATASET}\"\n"
        ));
        for (name, value) in emulators.variables() {
            scene.set(name, value);
        }
        Some(Self { scene, emulators, _folder: folder })
    }

    /// `everycent`, as its operator runs it.
    pub fn run(&self, words: &str) -> Ended {
        self.scene.run(words)
    }

    pub fn start_services(&self) -> Vec<Running> {
        SERVICES.into_iter().map(|name| self.start(name)).collect()
    }

    pub fn start(&self, name: &str) -> Running {
        let mut command = self.scene.program(&program(name));
        command.env("EVERYCENT_HOME", self.scene.path(name));
        Running::start(name, command, &self.scene.path(""))
    }

    /// Waits for the end of a command. Meanwhile a service that ended, for want of a warehouse or a store at its start, is
    /// started again, as whoever runs services does.
    #[track_caller]
    pub fn look_after(&self, services: &mut [Running], command: &mut Running, patience: Duration) {
        let deadline = Instant::now() + patience;
        while command.is_running() {
            for (service, name) in services.iter_mut().zip(SERVICES) {
                if !service.is_running() {
                    *service = self.start(name);
                }
            }
            let said =
                || services.iter().map(Running::stderr).chain([command.stderr()]).collect::<Vec<_>>().join("\n\n");
            assert!(Instant::now() < deadline, "the command does not end\n{}", said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a service says something that it had not said.
    pub fn wait_for_work(&self, services: &[Running]) {
        let said = || services.iter().map(|service| service.stderr().len()).sum::<usize>();
        let before = said();
        let deadline = Instant::now() + SILENCE;
        while said() == before {
            assert!(Instant::now() < deadline, "no word of a service");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The same vendors' month on one machine; gives its home.
    pub fn one_machine(&self) -> PathBuf {
        let home = self.scene.path("one-machine");
        let config = self.scene.path("one-machine.toml");
        let run = |words: &str| {
            let mut command = self.scene.bare_command(words);
            command.arg("--home").arg(&home).arg("--config").arg(&config);
            Ended::of(words, &mut command).exits(0);
        };
        run(&super::month::sync());
        for sheet in super::month::SHEETS {
            run(&format!("import {sheet}"));
        }
        home
    }

    pub fn systems(&self) -> Systems {
        let bigquery = Some(self.emulators.bigquery.url());
        let endpoints = Endpoints { bigquery, ..Endpoints::default() };
        Systems::of(&BigQueryWarehouse::new(&endpoints, PROJECT, DATASET).read_only())
    }
}

/// A service, built beside the program. `cargo test` alone does not build it.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_everycent")).with_file_name(name);
    let build = "build it first: cargo build --workspace --bins --features google";
    assert!(fs::exists(&path).unwrap(), "{} is missing; {build}", path.display());
    path
}
