//! The stack under test, and one machine to compare it with. It knows what runs only by asking for it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use everycent_runtime::google::endpoints::Endpoints;
use everycent_runtime::warehouse::BigQueryWarehouse;
use tempfile::TempDir;

use super::rows::Systems;
use super::support::{Ended, Running, until};

/// The services that listen on these ports of the machine.
pub const SERVICES: [&str; 3] = ["fetcher", "normalizer", "loader"];
const PORTS: [(&str, u16); 3] = [("fetcher", 8101), ("normalizer", 8102), ("loader", 8103)];
/// All ports that the stack opens.
const OPEN: [u16; 8] = [8085, 4443, 9050, 9060, 8088, 8101, 8102, 8103];
const VENDORS: &str = "http://127.0.0.1:8088";
const BIGQUERY: &str = "http://127.0.0.1:9050";
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
        let endpoints = Endpoints { bigquery: Some(BIGQUERY.to_owned()), ..Endpoints::default() };
        let config = read("infra/compose/everycent.toml");
        let address = config.split("bigquery://").nth(1).unwrap().split('"').next().unwrap();
        let (project, dataset) = address.split_once('/').unwrap();
        Systems::of(&BigQueryWarehouse::new(&endpoints, project, dataset).read_only())
    }

    pub fn one_machine(&self) -> OneMachine {
        OneMachine::new(self.scratch.path())
    }

    /// It answers about its health and its work, to this machine and to its own `healthcheck`.
    pub fn assert_watched(&self, service: &str) {
        let (_, port) = PORTS.into_iter().find(|(name, _)| *name == service).unwrap();
        let health = get(port, "/healthz");
        assert!(health.starts_with("HTTP/1.1 200"), "{service}: {health}");
        let metrics = get(port, "/metrics");
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

    /// Its process dies as in a crash. Gives the dead one.
    pub fn kill(&self, service: &str) -> String {
        let process = self.state(service, "Pid");
        shell(&format!("kill -9 {process}")).exits(0);
        process
    }

    /// It runs again, and is well.
    pub fn wait_for_another(&self, service: &str, dead: &str) {
        until(&format!("another {service} than {dead}"), || {
            let process = self.state(service, "Pid");
            (process != dead && process != "0").then_some(())
        });
        let check = format!("podman healthcheck run {}", container(service));
        until(&format!("{service} to be healthy"), || shell(&check).status.success().then_some(()));
    }

    /// A SIGTERM ends it with status 0, in time; and it starts again.
    pub fn assert_drains(&self, service: &str) {
        let container = container(service);
        shell(&format!("podman stop --time 60 {container}")).exits(0);
        assert_eq!(self.state(service, "ExitCode"), "0", "{}", self.logs(service));
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
}
