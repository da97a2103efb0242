//! What is done when this program has ended, however it ended.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A shell that waits until whoever holds this is gone, and then runs a script.
#[derive(Debug)]
pub(crate) struct Afterwards(Child);

impl Afterwards {
    /// The script finds the argument as `$1`.
    pub fn run(script: &str, argument: impl AsRef<OsStr>) -> io::Result<Self> {
        // The pipe that it reads from ends with us. In a group of its own it outlives a ctrl-c.
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("read -r nothing; {script}"), "sh"]).arg(argument).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(Self)
    }

    /// It is not run after all.
    pub fn cancel(&mut self) {
        // Only what is dead already can't be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that goes with this program. Servers may write in it to the end.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    _removed: Afterwards,
}

impl Scratch {
    pub fn new() -> io::Result<Self> {
        let path = tempfile::tempdir()?.keep();
        let removed = Afterwards::run(r#"until rm -rf -- "$1"; do sleep 0.1; done"#, &path)?;
        Ok(Self { path, _removed: removed })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}
