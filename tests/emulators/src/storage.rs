//! fake-gcs-server. It keeps objects in a folder, so they outlive it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Installed;
use crate::process::{Server, port_or_free};

#[derive(Debug)]
pub struct Storage {
    server: Server,
    port: u16,
    installed: Installed,
    folder: PathBuf,
}

impl Storage {
    pub fn start(installed: &Installed, folder: &Path, port: u16) -> anyhow::Result<Self> {
        let port = port_or_free(port)?;
        let server = serve(installed, folder, port)?;
        Ok(Self { server, port, installed: installed.clone(), folder: folder.to_owned() })
    }

    pub fn wait(&self) -> anyhow::Result<()> {
        self.server.wait(self.port, "/storage/v1/b?project=x")
    }

    /// As `STORAGE_EMULATOR_HOST` says it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it and starts it again on the same port, over the same objects.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.server.kill();
        self.server = serve(&self.installed, &self.folder, self.port)?;
        self.wait()
    }
}

fn serve(installed: &Installed, folder: &Path, port: u16) -> anyhow::Result<Server> {
    let objects = folder.join("gcs");
    std::fs::create_dir_all(&objects)?;
    let mut command = Command::new(installed.path("gcs/server"));
    command.args(["-backend", "filesystem", "-filesystem-root"]).arg(objects);
    command.args(["-scheme", "http", "-host", "127.0.0.1", "-port", &port.to_string()]);
    command.args(["-external-url", &format!("http://127.0.0.1:{port}"), "-public-host", &format!("127.0.0.1:{port}")]);
    Server::start("storage", command, folder)
}
