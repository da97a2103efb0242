//! The program under measurement: where it is, what it is told, what it answers.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use everycent_domain::window::Window;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::task::block_in_place;
use vendor_sim::Simulator;

const VARIABLE: &str = "EVERYCENT_BENCH_PROGRAM";
const CURSOR_KEY: &str = "BENCH_CURSOR_KEY";
const ANTHROPIC_KEY: &str = "BENCH_ANTHROPIC_KEY";

/// The program, built before.
pub struct Program(PathBuf);

/// A home of the program, with a configuration that asks a simulator.
pub struct Home {
    program: PathBuf,
    folder: TempDir,
    keys: [(&'static str, String); 2],
}

/// What a sync tells of itself, and how long it took.
#[derive(Debug, Deserialize)]
pub struct Synced {
    pub rows_written: u64,
    pub peak_memory_bytes: u64,
    #[serde(skip)]
    pub took: Duration,
}

impl Program {
    /// Where a variable says, or else beside the folder of this benchmark.
    pub fn find() -> anyhow::Result<Self> {
        let path = match std::env::var_os(VARIABLE) {
            Some(path) => path.into(),
            None => beside()?,
        };
        ensure!(path.is_file(), "{} is not there; `make bench` builds it, or name it in {VARIABLE}", path.display());
        Ok(Self(path))
    }

    /// A home that asks for Cursor's daily usage and nothing else.
    pub fn home_of_daily_usage(&self, simulator: &Simulator) -> anyhow::Result<Home> {
        let source = "sources = [\"cursor/daily_usage\"]\n";
        self.home(simulator, &account("cursor", CURSOR_KEY, source))
    }

    /// A home that asks for all that there is.
    pub fn home_of_every_source(&self, simulator: &Simulator) -> anyhow::Result<Home> {
        self.home(simulator, &(account("cursor", CURSOR_KEY, "") + &account("anthropic", ANTHROPIC_KEY, "")))
    }

    /// A home that asks for Claude Code and nothing else, with a line more about the vendor.
    pub fn home_of_claude_code(&self, simulator: &Simulator, setting: &str) -> anyhow::Result<Home> {
        let source = "sources = [\"anthropic/claude_code\"]\n";
        // The vendors' tables end with that of Anthropic.
        self.home(simulator, &(setting.to_owned() + &account("anthropic", ANTHROPIC_KEY, source)))
    }

    fn home(&self, simulator: &Simulator, accounts: &str) -> anyhow::Result<Home> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("everycent.toml"), vendors(&simulator.url()) + accounts)?;
        let keys = [(CURSOR_KEY, simulator.cursor_key()), (ANTHROPIC_KEY, simulator.anthropic_key())];
        Ok(Home { program: self.0.clone(), folder, keys })
    }
}

/// `target/release/everycent`, seen from `target/release/deps/throughput-…`.
fn beside() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let release = own.parent().and_then(|deps| deps.parent()).context("the benchmark lies in a target folder")?;
    Ok(release.join("everycent"))
}

fn vendors(url: &str) -> String {
    let vendor = |name: &str| format!("[vendors.{name}]\nurl = \"{url}\"\nrequests_per_minute = 1000000\n\n");
    vendor("cursor") + &vendor("anthropic")
}

fn account(vendor: &str, key: &str, sources: &str) -> String {
    format!("[[accounts]]\nid = \"bench\"\nvendor = \"{vendor}\"\nkey_env = \"{key}\"\n{sources}\n")
}

impl Home {
    pub fn sync(&self, days: Window) -> anyhow::Result<Synced> {
        let (from, to) = (days.from().to_string(), days.to().to_string());
        let (output, took) = self.run(&["sync", "--json", "--from", &from, "--to", &to])?;
        let report: Synced = serde_json::from_slice(&output.stdout).context("the report of a sync")?;
        Ok(Synced { took, ..report })
    }

    pub fn reconcile(&self) -> anyhow::Result<Duration> {
        Ok(self.run(&["reconcile", "--json"])?.1)
    }

    /// Runs the program to its end, which must be a success.
    fn run(&self, arguments: &[&str]) -> anyhow::Result<(Output, Duration)> {
        let started = Instant::now();
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--home").arg(self.folder.path().join("home"));
        command.arg("--config").arg(self.folder.path().join("everycent.toml"));
        command.env_clear().envs(self.keys.clone()).stdin(Stdio::null());
        // The simulator goes on answering on other threads.
        let output = block_in_place(|| command.output()).with_context(|| self.program.display().to_string())?;
        let took = started.elapsed();
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`everycent {}` ended with {}: {said}", arguments[0], output.status);
        Ok((output, took))
    }
}
