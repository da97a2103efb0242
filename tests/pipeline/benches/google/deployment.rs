//! Three services as processes of their own on the emulators, and the program that asks them.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use everycent_domain::window::Window;
use everycent_emulators::{Emulators, PROJECT};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::task::block_in_place;
use vendor_sim::Simulator;

use crate::proxy::Proxy;
use crate::sizes::Scales;

const VARIABLE: &str = "EVERYCENT_BENCH_PROGRAM";
const DATASET: &str = "everycent_bench";
const KEYS: [&str; 2] = ["BENCH_CURSOR_KEY", "BENCH_ANTHROPIC_KEY"];

pub struct Deployment {
    /// Before the loader; nobody else asks through it.
    pub proxy: Proxy,
    program: PathBuf,
    env: Vec<(&'static str, String)>,
    services: Vec<Child>,
    folder: TempDir,
}

/// What a sync tells of itself, and how long it took.
#[derive(Debug, Deserialize)]
pub struct Synced {
    pub windows: usize,
    #[serde(skip)]
    pub took: Duration,
}

impl Deployment {
    /// Everything is made, and the services are at work.
    pub async fn start(emulators: &Emulators, simulator: &Simulator) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("everycent.toml"), configuration(&simulator.url()))?;
        let scales = Scales {
            http: reqwest::Client::new(),
            url: emulators.bigquery.url(),
            dataset: format!("{PROJECT}.{DATASET}"),
        };
        let proxy = Proxy::before(scales).await?;
        let mut env = emulators.variables().to_vec();
        env.extend([(KEYS[0], simulator.cursor_key()), (KEYS[1], simulator.anthropic_key())]);
        env.push(("EVERYCENT_CONFIG", folder.path().join("everycent.toml").display().to_string()));
        let mut deployment = Self { proxy, program: program()?, env, services: vec![], folder };
        deployment.run(&["setup"])?;
        for name in ["fetcher", "normalizer", "loader"] {
            let service = deployment.service(name)?;
            deployment.services.push(service);
        }
        Ok(deployment)
    }

    fn service(&self, name: &str) -> anyhow::Result<Child> {
        let log = File::create(self.folder.path().join(format!("{name}.log")))?;
        let mut command = self.command(self.program.with_file_name(name));
        if name == "loader" {
            command.env("BIGQUERY_EMULATOR_HOST", &self.proxy.url);
        }
        command.env("EVERYCENT_HOME", self.folder.path().join(name)).stdout(Stdio::null()).stderr(log);
        command.spawn().with_context(|| format!("{command:?}; `make bench-google` builds it"))
    }

    /// Asks the sources for the days, all of them if none is named, and waits until they are loaded.
    pub fn sync(&self, days: Window, sources: &[&str]) -> anyhow::Result<Synced> {
        let started = Instant::now();
        let (from, to) = (days.from().to_string(), days.to().to_string());
        let mut arguments = vec!["sync", "--json", "--from", &from, "--to", &to];
        arguments.extend(sources.iter().flat_map(|source| ["--source", source]));
        let synced: Synced = serde_json::from_slice(&self.run(&arguments)?).context("the report of a sync")?;
        Ok(Synced { took: started.elapsed(), ..synced })
    }

    pub fn reconcile(&self) -> anyhow::Result<()> {
        self.run(&["reconcile", "--json"]).map(drop)
    }

    /// Runs the program to its end, which must be a success.
    fn run(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let mut command = self.command(self.program.clone());
        command.args(arguments).arg("--home").arg(self.folder.path().join("home"));
        // The simulator and the proxy go on answering on other threads.
        let output = block_in_place(|| command.output()).with_context(|| self.program.display().to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`everycent {}` ended with {}: {said}", arguments[0], output.status);
        Ok(output.stdout)
    }

    fn command(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.env.iter().cloned()).stdin(Stdio::null());
        command
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        for service in &mut self.services {
            // It may be dead already.
            let _ = service.kill();
            let _ = service.wait();
        }
    }
}

/// Where a variable says, or else `target/release/everycent`, seen from `target/release/deps/google-…`. The services lie
/// beside it.
fn program() -> anyhow::Result<PathBuf> {
    let path = match std::env::var_os(VARIABLE) {
        Some(path) => path.into(),
        None => {
            let own = std::env::current_exe()?;
            own.parent()
                .and_then(|deps| deps.parent())
                .context("the benchmark lies in a target folder")?
                .join("everycent")
        }
    };
    ensure!(path.is_file(), "{} is not there; `make bench-google` builds it, or name it in {VARIABLE}", path.display());
    Ok(path)
}

fn configuration(url: &str) -> String {
    let vendor = |name: &str| format!("[vendors.{name}]\nurl = \"{url}\"\nrequests_per_minute = 1000000\n\n");
    let account =
        |name: &str, key: &str| format!("[[accounts]]\nid = \"bench\"\nvendor = \"{name}\"\nkey_env = \"{key}\"\n\n");
    let addresses = format!(
        "[addresses]\nstore = \"gs://everycent-bench/data\"\nbus = \"pubsub://everycent-bench\"\n\
         warehouse = \"bigquery://{PROJECT}/{DATASET}\"\n"
    );
    vendor("cursor") + &vendor("anthropic") + &account("cursor", KEYS[0]) + &account("anthropic", KEYS[1]) + &addresses
}
