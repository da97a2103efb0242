//! Google's own Pub/Sub emulator, with the class that it lacks. It keeps everything in memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Installed;
use crate::process::{Server, port_or_free};

const MAIN: &str = "com.google.cloud.pubsub.testing.v1.Main";

#[derive(Debug)]
pub struct PubSub {
    server: Server,
    port: u16,
    installed: Installed,
    folder: PathBuf,
}

impl PubSub {
    pub fn start(installed: &Installed, folder: &Path, port: u16) -> anyhow::Result<Self> {
        let port = port_or_free(port)?;
        let server = serve(installed, folder, port)?;
        Ok(Self { server, port, installed: installed.clone(), folder: folder.to_owned() })
    }

    pub fn wait(&self) -> anyhow::Result<()> {
        self.server.wait(self.port, "/")
    }

    /// As `PUBSUB_EMULATOR_HOST` says it.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills it and starts it again on the same port, empty.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.server.kill();
        self.server = serve(&self.installed, &self.folder, self.port)?;
        self.wait()
    }
}

fn serve(installed: &Installed, folder: &Path, port: u16) -> anyhow::Result<Server> {
    let classes =
        format!("{}:{}", installed.path("pubsub/shim").display(), installed.path("pubsub/emulator.jar").display());
    let mut command = Command::new("java");
    command.args(["-Xmx1g", "-cp", &classes, MAIN, "--host=127.0.0.1", &format!("--port={port}")]);
    Server::start("pubsub", command, folder)
}
