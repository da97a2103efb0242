//! Starts the three emulators, prints the variables that lead to them, and ends them at ctrl-c.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Parser;
use everycent_emulators::{Emulators, Installed, Ports};

/// Runs Google's Pub/Sub, Cloud Storage and BigQuery as emulators, without Docker.
///
/// Prints one `export NAME=value` line for each variable and serves until ctrl-c. `tests/emulators/install.sh` (or
/// `make emulators`) installs them first.
#[derive(Parser)]
struct Arguments {
    /// Where they store and log; a folder that ends with them if not given.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Port of Pub/Sub; 0 is any free one.
    #[arg(long, default_value_t = Ports::USUAL.pubsub)]
    pubsub_port: u16,
    /// Port of Cloud Storage.
    #[arg(long, default_value_t = Ports::USUAL.storage)]
    storage_port: u16,
    /// Port of BigQuery.
    #[arg(long, default_value_t = Ports::USUAL.bigquery)]
    bigquery_port: u16,
    /// Port of BigQuery's gRPC.
    #[arg(long, default_value_t = Ports::USUAL.bigquery_grpc)]
    bigquery_grpc_port: u16,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let installed = Installed::find().map_err(|missing| anyhow!(missing))?;
    let own = tempfile::tempdir()?;
    let folder = arguments.folder.unwrap_or_else(|| own.path().to_owned());
    let ports = Ports {
        pubsub: arguments.pubsub_port,
        storage: arguments.storage_port,
        bigquery: arguments.bigquery_port,
        bigquery_grpc: arguments.bigquery_grpc_port,
    };
    let emulators = Emulators::start(&installed, &folder, ports)?;
    for (name, value) in emulators.variables() {
        println!("export {name}={value}");
    }
    tokio::signal::ctrl_c().await?;
    drop(emulators);
    Ok(())
}
