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
    /// Leads the scene to the emulators. Nothing is made there yet.
    pub fn begin(mut scene: Scene) -> Self {
        let installed = Installed::for_tests();
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
        Self { scene, emulators, _folder: folder }
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

    /// Waits for the end of a command, while the services are kept running.
    #[track_caller]
    pub fn wait_for_end(&self, services: &mut [Running], command: &mut Running, patience: Duration) {
        let deadline = Instant::now() + patience;
        while command.is_running() {
            self.keep_running(services);
            assert!(Instant::now() < deadline, "it does not end: {}\n{}", command.stderr(), words_of(services));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the services have said some more lines, or a command has ended. They are kept running meanwhile.
    #[track_caller]
    pub fn wait_for_words(&self, services: &mut [Running], lines: usize, command: &mut Running) {
        let until = self.words_said() + lines;
        let deadline = Instant::now() + SILENCE;
        while self.words_said() < until && command.is_running() {
            self.keep_running(services);
            assert!(Instant::now() < deadline, "no {lines} words of the services\n{}", words_of(services));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Lines that all runs have logged, those of the dead as well.
    fn words_said(&self) -> usize {
        let runs = fs::read_dir(self.scene.path("")).unwrap().map(|entry| entry.unwrap().path().join("stderr"));
        runs.filter_map(|log| fs::read_to_string(log).ok()).map(|log| log.lines().count()).sum()
    }

    /// Starts again what ended, for want of a warehouse or a store at its start, as whoever runs services does.
    fn keep_running(&self, services: &mut [Running]) {
        for (service, name) in services.iter_mut().zip(SERVICES) {
            if !service.is_running() {
                *service = self.start(name);
            }
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
        for sheet in super::month::sheets() {
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

fn words_of(services: &[Running]) -> String {
    services.iter().map(Running::stderr).collect::<Vec<_>>().join("\n\n")
}

/// A service, built beside the program. `cargo test` alone does not build it.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_everycent")).with_file_name(name);
    let build = "build it first: cargo build --workspace --bins --features google";
    assert!(fs::exists(&path).unwrap(), "{} is missing; {build}", path.display());
    path
}
