//! A scene: simulated vendors, a home, and the program run in it as a person runs it.
//!
//! It owns processes, their environment and what they leave behind. It never reaches into the program.
#![allow(dead_code, unused_imports, reason = "each file of tests uses its part")]

mod claude_truth;
pub mod month;
mod process;
mod tables;
mod truth;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use vendor_sim::{Endpoint, RequestRecord, Simulator, World};

pub use claude_truth::{assert_tells_claude_code, assert_tells_usage, days_of, sorted, usage_of};
pub use process::{Ended, Running, until};
pub use tables::{FACTS, HISTORY, Tables};
pub use truth::{asked_days, assert_tells, company_days};

/// The October that everybody knows the totals of.
pub const OCTOBER: &str = "--from 2025-10-03 --to 2025-10-17";

/// The sources that scenes ask unless they say otherwise: the facts and one control.
const BASIC: [(&str, &str); 2] =
    [("anthropic", r#"["anthropic/cost_report", "anthropic/cost_totals"]"#), ("cursor", r#"["cursor/daily_usage"]"#)];

/// Dropping it ends the simulator and removes the home.
pub struct Scene {
    pub simulator: Simulator,
    env: BTreeMap<String, String>,
    vendors: BTreeMap<&'static str, String>,
    sources: BTreeMap<&'static str, String>,
    rest: String,
    folder: TempDir,
    runtime: Runtime,
}

impl Scene {
    /// Both keys are set, both addresses lead to the simulator, and no pace is kept.
    pub fn of(world: World) -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(Simulator::start(world)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = simulator.url();
        let env = [
            ("ANTHROPIC_ADMIN_KEY", simulator.anthropic_key()),
            ("CURSOR_API_KEY", simulator.cursor_key()),
            ("EVERYCENT_ANTHROPIC_URL", url.clone()),
            ("EVERYCENT_CURSOR_URL", url),
            ("EVERYCENT_CONFIG", folder.path().join("everycent.toml").display().to_string()),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value)).into();
        let pace = "requests_per_minute = 60000\nmax_attempts = 2\n";
        let vendors = ["anthropic", "cursor"].map(|vendor| (vendor, pace.to_owned())).into();
        let sources = BASIC.map(|(vendor, sources)| (vendor, sources.to_owned())).into();
        let scene = Self { simulator, env, vendors, sources, rest: String::new(), folder, runtime };
        scene.write_configuration();
        scene
    }

    pub fn october() -> Self {
        Self::of(vendor_sim::worlds::october())
    }

    /// A hundred days of a company, which are four windows of each source; Cursor's are three pages each.
    pub fn company() -> Self {
        let (_, last) = company_days();
        Self::of(vendor_sim::worlds::company(7, last.parse().unwrap(), 100)).with_vendor("cursor", "page_size = 10")
    }

    /// Adds a line to a vendor's table of the configuration.
    pub fn with_vendor(mut self, vendor: &'static str, line: &str) -> Self {
        self.vendors.entry(vendor).or_default().push_str(&format!("{line}\n"));
        self.write_configuration();
        self
    }

    /// Asks these sources of a vendor, and no others.
    pub fn with_sources(mut self, vendor: &'static str, sources: &[&str]) -> Self {
        self.sources.insert(vendor, format!("{sources:?}"));
        self.write_configuration();
        self
    }

    /// Asks every source that there is.
    pub fn with_every_source(mut self) -> Self {
        self.sources.clear();
        self.write_configuration();
        self
    }

    /// The tables of the configuration besides the vendors'.
    pub fn configure(&mut self, tables: &str) {
        tables.clone_into(&mut self.rest);
        self.write_configuration();
    }

    fn write_configuration(&self) {
        let sources = |vendor: &str| {
            let named = self.sources.get(vendor);
            named.map_or_else(String::new, |names| format!("sources = {names}\n"))
        };
        let vendors =
            self.vendors.iter().map(|(vendor, lines)| format!("[vendors.{vendor}]\n{lines}{}\n", sources(vendor)));
        fs::write(self.path("everycent.toml"), vendors.collect::<String>() + &self.rest).unwrap();
    }

    /// Adds to the configuration what it does not have.
    pub fn add(&mut self, tables: &str) {
        self.rest += tables;
        self.write_configuration();
    }

    /// Keeps the configuration as it is now under another name.
    pub fn keep_configuration(&self, name: &str) {
        fs::copy(self.path("everycent.toml"), self.path(name)).unwrap();
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.insert(name.to_owned(), value.into());
    }

    pub fn unset(&mut self, name: &str) {
        self.env.remove(name);
    }

    /// The folder that holds the home; the program's working directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// The program with these words and no other environment than the scene's. Without a `--home` it gets the scene's.
    pub fn command(&self, words: &str) -> Command {
        let mut command = self.bare_command(words);
        if !words.contains("--home") {
            command.arg("--home").arg(self.home());
        }
        command
    }

    /// The same, and whatever home it finds.
    pub fn bare_command(&self, words: &str) -> Command {
        let mut command = self.program(Path::new(env!("CARGO_BIN_EXE_everycent")));
        command.args(words.split_whitespace());
        command
    }

    /// Another program in the same environment.
    pub fn program(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        command.current_dir(self.folder.path()).env_clear().envs(&self.env);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, words: &str) -> Ended {
        Ended::of(words, &mut self.command(words))
    }

    /// Accepts every answer that is held; says how many there were.
    pub fn accept_held(&self) -> usize {
        let held = self.tables().rows("SELECT source, account_id, activity_date FROM coverage WHERE state = 'held'");
        for bucket in &held {
            let [source, account, day] = &bucket[..] else { panic!("{bucket:?}") };
            self.run(&format!("accept {day} --source {source} --account {account}")).exits(0);
        }
        held.len()
    }

    /// Starts the program and leaves it running.
    pub fn start(&self, words: &str) -> Running {
        Running::start(words, self.command(words), self.folder.path())
    }

    pub fn tables(&self) -> Tables {
        Tables::open(&self.home())
    }

    /// What was asked after the first `count` requests, without the questions what a key opens and what workspaces there are.
    pub fn requests_after(&self, count: usize) -> Vec<RequestRecord> {
        let mut requests = self.simulator.requests().split_off(count);
        requests.retain(|request| !is_about_the_key(request));
        requests
    }

    pub fn request_count(&self) -> usize {
        self.simulator.requests().len()
    }

    /// The objects below a folder of the home, in order.
    pub fn objects(&self, folder: &str) -> Vec<PathBuf> {
        files(&self.home().join(folder))
    }

    /// The manifests of a source.
    pub fn manifests(&self, source: &str) -> Vec<PathBuf> {
        let all = self.objects(&format!("raw/{source}"));
        all.into_iter().filter(|path| path.ends_with("manifest.json")).collect()
    }
}

/// Where members and workspaces are no source, the former say which team the key opens, the latter are asked for beside what
/// lies in them.
pub fn is_about_the_key(request: &RequestRecord) -> bool {
    matches!(request.endpoint, Some(Endpoint::AnthropicMe | Endpoint::AnthropicWorkspaces | Endpoint::CursorMembers))
}

/// Every file below a folder, in order; none if there is no such folder. One that vanishes meanwhile is left out.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(_) => found.push(entry.path()),
            Err(_) => {}
        }
    }
    found.sort();
    found
}
