//! `everycent`: the one program for people. It reads the command line, runs one command and tells how it ended.

mod begun;
mod cli;
mod commands;
mod deployment;
mod facts;
mod failure;
mod peak_memory;
mod pipeline;
mod progress;
mod scope;
mod show;
mod spend;

use std::process::ExitCode;

use clap::Parser;
use everycent_runtime::config::Config;
use everycent_runtime::telemetry::{self, Format};
use tokio_util::sync::CancellationToken;

use cli::{Cli, Command, DEFAULT_HOME, Global};
use commands::{demo, reconcile, replay, run, status, sync};
use deployment::Deployment;
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Runtime::new().expect("invariant: the system grants threads");
    match runtime.block_on(execute(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("everycent: {message}");
            }
            failure.exit_code()
        }
    }
}

async fn execute(cli: Cli) -> Result<(), Failure> {
    let level = if matches!(cli.command, Command::Run(_)) { tracing::Level::INFO } else { tracing::Level::ERROR };
    telemetry::init(Format::Human, level, &environment).map_err(Failure::usage)?;
    let stop = stop_on_signal();
    let (global, json) = (&cli.global, cli.global.json);
    match &cli.command {
        Command::Demo => demo::demo(global, stop).await,
        Command::Sync(args) => sync::sync(&open(global).await?, args, json, stop).await,
        Command::Run(args) => run::run(&open(global).await?, args, json, stop).await,
        Command::Replay(args) => replay::replay(&open(global).await?, args, json, stop).await,
        Command::Reconcile(args) => reconcile::reconcile(&open(global).await?, args, json).await,
        Command::Status => status::status(&open_read_only(global)?, json).await,
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

async fn open(global: &Global) -> Result<Deployment, Failure> {
    Deployment::open(&global.home_or(DEFAULT_HOME), config(global)?).await
}

fn open_read_only(global: &Global) -> Result<Deployment, Failure> {
    Deployment::open_read_only(&global.home_or(DEFAULT_HOME), config(global)?)
}

fn config(global: &Global) -> Result<Config, Failure> {
    Config::load(global.config.as_deref(), &environment).map_err(Failure::usage)
}

/// Cancelled by the first interrupt or termination; the second ends the process at once.
fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        signal().await;
        cancelled.cancel();
        eprintln!("everycent: stopping; once more to stop at once");
        signal().await;
        std::process::exit(1);
    });
    stop
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("invariant: signals can be listened to");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
