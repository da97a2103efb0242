//! The stack under test, and one machine to compare it with. It knows what runs only by asking for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use everycent_runtime::google::endpoints::Endpoints;
use everycent_runtime::warehouse::BigQueryWarehouse;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use super::rows::Systems;
use super::support::{Ended, Running};

/// The services that listen on these ports of the machine.
pub const SERVICES: [&str; 3] = ["fetcher", "normalizer", "loader"];
pub const LOADER: &str = "loader";
const PORTS: [(&str, u16); 3] = [("fetcher", 8101), ("normalizer", 8102), ("loader", 8103)];
/// All ports that the stack opens.
const OPEN: [u16; 8] = [8085, 4443, 9050, 9060, 8088, 8101, 8102, 8103];
const VENDORS: &str = "http://127.0.0.1:8088";
const BIGQUERY: u16 = 9050;
/// Merges take turns by it; one machine has one writer.
const BIGQUERYS_OWN: [&str; 1] = ["merge_turn"];
const USER: &str = "65532";

/// The folder that is built and started.
pub fn folder() -> PathBuf {
    std::env::var_os("EVERYCENT_COMPOSE_TREE").expect("started by tests/compose/run.sh").into()
}

pub fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn shell(line: &str) -> Ended {
    eprintln!("$ {line}");
    Ended::of(line, &mut command(line))
}

fn command(line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(folder());
    command
}

pub struct Stack {
    scratch: TempDir,
}

impl Stack {
    /// Nothing of an earlier run is left.
    pub fn begin() -> Self {
        shell("docker compose down --volumes");
        let stack = Self { scratch: tempfile::tempdir().unwrap() };
        stack.assert_no_trace();
        stack
    }

    pub fn run(&self, line: &str) -> Ended {
        shell(line)
    }

    pub fn start(&self, line: &str) -> Running {
        eprintln!("$ {line} &");
        Running::start(line, command(line), self.scratch.path())
    }

    pub fn logs(&self, service: &str) -> String {
        shell(&format!("podman logs {}", container(service))).to_string()
    }

    /// A field of a container's state.
    pub fn state(&self, service: &str, field: &str) -> String {
        inspect(service, &format!(".State.{field}"))
    }

    pub fn systems(&self) -> Systems {
        let endpoints = Endpoints { bigquery: Some(format!("http://127.0.0.1:{BIGQUERY}")), ..Endpoints::default() };
        let (project, dataset) = warehouse();
        Systems::of(&BigQueryWarehouse::new(&endpoints, &project, &dataset).read_only())
    }

    /// The tables and views that there are, but for BigQuery's own.
    pub fn names(&self) -> BTreeSet<String> {
        let (project, dataset) = warehouse();
        let list = format!("/bigquery/v2/projects/{project}/datasets/{dataset}/tables?maxResults=1000");
        let answer = get(BIGQUERY, &list);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let list: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
        let tables = list["tables"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let names = tables.iter().map(|table| table["tableReference"]["tableId"].as_str().unwrap().to_owned());
        names.filter(|name| !BIGQUERYS_OWN.contains(&name.as_str())).collect()
    }

    pub fn one_machine(&self) -> OneMachine {
        OneMachine::new(self.scratch.path())
    }

    /// It answers about its health and its work, to this machine and to its own `healthcheck`.
    pub fn assert_watched(&self, service: &str) {
        let health = get(port(service), "/healthz");
        assert!(health.starts_with("HTTP/1.1 200"), "{service}: {health}");
        let metrics = get(port(service), "/metrics");
        assert!(metrics.starts_with("HTTP/1.1 200") && metrics.contains("# TYPE "), "{service}: {metrics}");
        let container = container(service);
        shell(&format!("podman exec {container} /usr/local/bin/{service} healthcheck")).exits(0);
    }

    /// It is nobody, may not gain rights, writes to its home only, and there is no shell.
    pub fn assert_confined(&self, service: &str) {
        let process = self.state(service, "Pid");
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let is = |field: &str, value: &str| {
            let line = status.lines().find(|line| line.starts_with(field)).unwrap();
            assert!(line[field.len()..].split_whitespace().all(|word| word == value), "{service}: {line}");
        };
        is("Uid:", USER);
        is("Gid:", USER);
        is("NoNewPrivs:", "1");
        is("CapEff:", "0000000000000000");
        is("CapBnd:", "0000000000000000");
        assert_eq!(inspect(service, ".HostConfig.ReadonlyRootfs"), "true", "{service}");
        let container = container(service);
        let changed = shell(&format!("podman diff {container}")).exits(0).stdout;
        let outside: Vec<_> = changed.lines().filter(|line| !is_of_the_engine(line)).collect();
        assert!(outside.is_empty(), "{service} wrote {outside:?}");
        let shell_there = shell(&format!("podman exec {container} /bin/sh -c true"));
        assert!(!shell_there.status.success(), "{service} has a shell");
    }

    /// It has events that it has not settled.
    #[track_caller]
    pub fn wait_for_work(&self, service: &str) {
        let has_work = |line: &str| line.starts_with("everycent_events_in_hand{") && !line.ends_with(" 0");
        wait_for(&format!("work of {service}"), || get(port(service), "/metrics").lines().any(has_work).then_some(()));
    }

    /// Its process dies as in a crash. Gives the dead one.
    pub fn kill(&self, service: &str) -> String {
        let process = self.state(service, "Pid");
        shell(&format!("kill -9 {process}")).exits(0);
        process
    }

    /// It runs again, and is well.
    pub fn wait_for_another(&self, service: &str, dead: &str) {
        wait_for(&format!("another {service} than {dead}"), || {
            let process = self.state(service, "Pid");
            (process != dead && process != "0").then_some(())
        });
        let check = format!("podman healthcheck run {}", container(service));
        wait_for(&format!("{service} to be healthy"), || {
            Ended::of(&check, &mut command(&check)).status.success().then_some(())
        });
    }

    /// A SIGTERM ends it with status 0, which is when nothing is in hand any more; and it starts again. A merge into an
    /// emulator on a busy machine takes a minute, and a loader has some of them in hand.
    pub fn assert_drains(&self, service: &str) {
        let container = container(service);
        shell(&format!("podman stop --time 600 {container}")).exits(0);
        assert_eq!(self.state(service, "ExitCode"), "0", "{}", self.logs(service));
        assert!(self.logs(service).contains("stopping; "), "{}", self.logs(service));
        shell(&format!("podman start {container}")).exits(0);
        self.wait_for_another(service, "0");
    }

    /// No container, volume or network is left, and no port is open.
    pub fn assert_no_trace(&self) {
        let label = "label=io.podman.compose.project=everycent";
        for list in ["ps --all --quiet", "volume ls --quiet", "network ls --quiet"] {
            let left = shell(&format!("podman {list} --filter {label}")).exits(0);
            assert!(left.stdout.trim().is_empty(), "podman {list}: {}", left.stdout);
        }
        for port in OPEN {
            let is_open = TcpStream::connect(("127.0.0.1", port)).is_ok();
            assert!(!is_open, "port {port} is open: something else uses it, or the stack is not gone");
        }
    }
}

/// The project and the dataset that the stack is configured with.
fn warehouse() -> (String, String) {
    let config = read("infra/compose/everycent.toml");
    let address = config.split("bigquery://").nth(1).unwrap().split('"').next().unwrap();
    let (project, dataset) = address.split_once('/').unwrap();
    (project.to_owned(), dataset.to_owned())
}

fn container(service: &str) -> String {
    format!("everycent_{service}_1")
}

fn inspect(service: &str, field: &str) -> String {
    let container = container(service);
    let mut command = command(&format!("podman inspect --format '{{{{{field}}}}}' {container}"));
    Ended::of(field, &mut command).exits(0).stdout.trim().to_owned()
}

/// Where Podman mounts the configuration.
fn is_of_the_engine(line: &str) -> bool {
    let path = line.split_whitespace().last().unwrap();
    ["/etc", "/etc/everycent", "/etc/everycent/everycent.toml"].contains(&path)
}

fn port(service: &str) -> u16 {
    PORTS.into_iter().find(|(name, _)| *name == service).unwrap().1
}

/// Polls until something is there, for longer than a lease, after which what a dead process held comes again.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(600);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain waited for: {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The program on this machine, asking the stack's vendors.
pub struct OneMachine {
    home: PathBuf,
    config: PathBuf,
}

impl OneMachine {
    /// Configured as the stack is, with other addresses.
    fn new(folder: &Path) -> Self {
        let (home, config) = (folder.join("home"), folder.join("everycent.toml"));
        let stack = read("infra/compose/everycent.toml");
        let (without_addresses, _) = stack.split_once("[addresses]").unwrap();
        let here = |line: &str| match line.starts_with("url = ") {
            true => format!("url = \"{VENDORS}\"\n"),
            false => format!("{line}\n"),
        };
        fs::write(&config, without_addresses.lines().map(here).collect::<String>()).unwrap();
        Self { home, config }
    }

    pub fn sync(&self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_everycent"));
        command.arg("sync").arg("--home").arg(&self.home).arg("--config").arg(&self.config);
        command.env("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-sim").env("CURSOR_API_KEY", "crsr_sim");
        Ended::of("sync", &mut command).exits(0);
    }

    pub fn systems(&self) -> Systems {
        Systems::of_machine(&self.home)
    }

    /// The tables and views that there are, by the names that people use.
    pub fn names(&self) -> BTreeSet<String> {
        let file = Connection::open(self.home.join("everycent.sqlite")).unwrap();
        let sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'";
        let mut names = file.prepare(sql).unwrap();
        let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
        // The same in nano-dollars.
        names.map(|name| name.unwrap().trim_end_matches("_nano").to_owned()).collect()
    }
}
