//! A service as a process of its own: how it is started, asked, told to stop and judged. For the tests of each service.
#![allow(dead_code, reason = "each service's tests use their part")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until something is there. Panics with its name if it never comes.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain waited for: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A program with a home that nobody else has, and nothing of the environment of the tests.
pub struct Program {
    path: &'static str,
    pub home: TempDir,
}

impl Program {
    pub fn new(path: &'static str) -> Self {
        Self { path, home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, env: &[(&str, &str)]) -> Command {
        let mut command = Command::new(self.path);
        command.env_clear().env("EVERYCENT_HOME", self.home.path()).envs(env.iter().copied());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str], env: &[(&str, &str)]) -> Output {
        self.command(env).args(arguments).output().unwrap()
    }

    /// Starts the service at a free port, and waits until it works.
    pub fn start(&self, env: &[(&str, &str)]) -> Running {
        let log = self.home.path().join("log");
        let mut command = self.command(env);
        command.env("EVERYCENT_LISTEN", "127.0.0.1:0").stderr(File::create(&log).unwrap());
        let mut running = Running { child: command.spawn().unwrap(), log, address: String::new() };
        running.address = until("the address that it listens at", || running.logged("listening", "address"));
        until("a service that works", || (running.get("/healthz")? == (200, "ok\n".to_owned())).then_some(()));
        running
    }
}

/// A service at work. Dropping it kills it.
pub struct Running {
    child: Child,
    log: PathBuf,
    pub address: String,
}

impl Running {
    /// Status and body; `None` when nobody answers.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The value of a series, as it is written.
    pub fn metric(&self, series: &str) -> Option<String> {
        let (_, text) = self.get("/metrics")?;
        text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned))
    }

    #[track_caller]
    pub fn until_metric(&self, series: &str, value: &str) {
        until(&format!("{series} {value}"), || (self.metric(series)? == value).then_some(()));
    }

    pub fn log(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(&self.log).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// A field of the first line with this message.
    pub fn logged(&self, message: &str, field: &str) -> Option<String> {
        let log = self.log();
        let line = log.iter().find(|line| line["message"] == message)?;
        Some(line[field].as_str()?.to_owned())
    }

    pub fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    #[track_caller]
    pub fn end(mut self) -> ExitStatus {
        until("the end of the service", || self.child.try_wait().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What holds for every service: it is healthy at work, says so to its own health check, and ends when it is told to.
pub fn lives_and_ends(program: &Program, env: &[(&str, &str)]) {
    let service = program.start(env);
    let asked = program.run(&["healthcheck"], &[("EVERYCENT_LISTEN", &service.address)]);
    assert_eq!((asked.status.code(), text(&asked.stdout)), (Some(0), "ok\n".to_owned()), "{asked:?}");
    let (status, metrics) = service.get("/metrics").unwrap();
    assert!(status == 200 && metrics.contains("everycent_build_info{"), "{metrics}");
    service.terminate();
    let address = service.address.clone();
    assert_eq!(service.end().code(), Some(0));
    let asked = program.run(&["healthcheck"], &[("EVERYCENT_LISTEN", &address)]);
    assert_eq!(asked.status.code(), Some(1), "{asked:?}");
    assert!(text(&asked.stderr).contains("no answer at http://127.0.0.1:"), "{asked:?}");
}

/// What holds for every service: its arguments teach, and what is wrong with its environment is told.
pub fn teaches(program: &Program) {
    let help = program.run(&["--help"], &[]);
    for taught in ["EVERYCENT_LISTEN", "Exit status", "healthcheck"] {
        assert!(help.status.success() && text(&help.stdout).contains(taught), "{help:?}");
    }
    assert!(program.run(&["--version"], &[]).status.success());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let fails = |arguments: &[&str], env: (&str, &str), code: i32, said: &str| {
        let ended = program.run(arguments, &[env]);
        assert_eq!(ended.status.code(), Some(code), "{arguments:?} {env:?}: {ended:?}");
        assert!(text(&ended.stderr).contains(said), "{said} in {ended:?}");
    };
    let nothing = ("LANG", "C");
    fails(&["--loud"], nothing, 2, "--loud");
    fails(&["healthcheck"], nothing, 1, "EVERYCENT_LISTEN");
    fails(&[], ("EVERYCENT_LISTEN", "8080"), 2, "`8080` is not host:port");
    fails(&[], ("EVERYCENT_LISTEN", &taken), 2, "which EVERYCENT_LISTEN names; end what uses it");
    fails(&[], ("PORT", "http"), 2, "PORT: `http` is not a port");
    fails(&[], ("EVERYCENT_LOG", "everycent=loud"), 2, "EVERYCENT_LOG");
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
