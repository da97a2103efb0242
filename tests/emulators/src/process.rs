//! A server as a child process: its port, its log, its end.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::afterwards::Afterwards;

/// A server that does not answer by then never will.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(50);

/// Dropping it kills the server and whatever it started, and so does the end of this program.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    killed: Afterwards,
    log: PathBuf,
}

impl Server {
    /// Starts it in a group of its own; what it says goes to `<folder>/<name>.log`.
    pub fn start(name: &'static str, mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log).with_context(|| log.display().to_string())?;
        let errors = out.try_clone()?;
        let child = command.stdin(Stdio::null()).stdout(out).stderr(errors).process_group(0).spawn();
        let child = child.with_context(|| format!("starting {name}: {command:?}"))?;
        let killed = Afterwards::run(r#"kill -KILL "-$1""#, child.id().to_string())?;
        Ok(Self { name, child, killed, log })
    }

    /// Waits until a request for the path is answered with any status below 500.
    pub fn wait(&self, port: u16, path: &str) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if is_answering(port, path).unwrap_or(false) {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        bail!("{} does not answer on port {port}; see {}", self.name, self.log.display())
    }

    pub fn kill(&mut self) {
        self.killed.cancel();
        if let Ok(group) = i32::try_from(self.child.id()) {
            // It may have ended by itself.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_answering(port: u16, path: &str) -> std::io::Result<bool> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(head.starts_with(b"HTTP/1.1 ") && head[9] < b'5')
}

/// The port, or a free one for 0. Another process may take it before the server does; it then does not answer.
pub(crate) fn port_or_free(port: u16) -> anyhow::Result<u16> {
    if port != 0 {
        return Ok(port);
    }
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("a free port")?.local_addr()?.port())
}
