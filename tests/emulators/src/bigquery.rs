//! local-bigquery. It keeps tables in a folder, and reads `gs://` from the storage emulator.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Server, port_or_free};
use crate::{Installed, PROJECT, Storage};

const SHIM: &str = include_str!("../shim/python/sitecustomize.py");

#[derive(Debug)]
pub struct BigQuery {
    server: Server,
    port: u16,
    grpc_port: u16,
    installed: Installed,
    folder: PathBuf,
    storage_url: String,
}

impl BigQuery {
    pub fn start(
        installed: &Installed,
        folder: &Path,
        port: u16,
        grpc_port: u16,
        storage: &Storage,
    ) -> anyhow::Result<Self> {
        let (port, grpc_port) = (port_or_free(port)?, port_or_free(grpc_port)?);
        let storage_url = storage.url();
        let server = serve(installed, folder, port, grpc_port, &storage_url)?;
        Ok(Self { server, port, grpc_port, installed: installed.clone(), folder: folder.to_owned(), storage_url })
    }

    pub fn wait(&self) -> anyhow::Result<()> {
        self.server.wait(self.port, &format!("/bigquery/v2/projects/{PROJECT}/datasets"))
    }

    /// As `BIGQUERY_EMULATOR_HOST` says it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it and starts it again on the same port, over the same tables.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.server.kill();
        self.server = serve(&self.installed, &self.folder, self.port, self.grpc_port, &self.storage_url)?;
        self.wait()
    }
}

fn serve(installed: &Installed, folder: &Path, port: u16, grpc_port: u16, storage_url: &str) -> anyhow::Result<Server> {
    let mut command = Command::new(installed.path("bigquery/bin/local-bigquery"));
    command.args(["serve", "--host", "127.0.0.1", "--port", &port.to_string(), "--grpc-port", &grpc_port.to_string()]);
    command.args(["--project", PROJECT, "--data-dir"]).arg(folder.join("bigquery"));
    command.env("PYTHONPATH", shim(folder)?).env("PYTHONDONTWRITEBYTECODE", "1");
    // Its extensions lie in the home that they were installed into.
    command.env("HOME", installed.path("home")).env("STORAGE_EMULATOR_HOST", storage_url);
    Server::start("bigquery", command, folder)
}

/// Writes what it lacks beside what it stores: whoever built this may be gone from where it was built.
fn shim(folder: &Path) -> std::io::Result<PathBuf> {
    let shim = folder.join("shim");
    fs::create_dir_all(&shim)?;
    fs::write(shim.join("sitecustomize.py"), SHIM)?;
    Ok(shim)
}
