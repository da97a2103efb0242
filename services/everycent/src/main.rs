//! `everycent`: the one program for people. It reads the command line, runs one command and tells how it ended.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod admission;
mod answers;
mod begun;
mod cli;
mod commands;
mod completeness;
mod cost_lines;
mod deployment;
mod elsewhere;
mod facts;
mod failure;
mod healed;
mod letters;
mod opening;
mod peak_memory;
mod period;
mod pipeline;
mod progress;
#[cfg(test)]
mod quiet_year;
mod rejects;
mod remarks;
mod report;
mod rule_misses;
mod scope;
mod show;
mod silent;
mod stamps;

use std::process::ExitCode;

use clap::Parser;
use everycent_runtime::secret::process_env;
use everycent_runtime::service::stop_on_signal;
use everycent_runtime::telemetry::{self, Format};

use cli::{AttributionCommand, Cli, Command};
use commands::{
    accept, accounts, attribution, dead_letters, demo, history, import, prune, rebuild, reconcile, repair_clock,
    replay, report as report_command, run, setup, status, sync,
};
use failure::Failure;
use opening::{open_present, open_read_only, open_to_ask, open_to_check};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = pipeline::runtime().expect("invariant: the system grants threads");
    match runtime.block_on(execute(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                show::tell(&format!("everycent: {message}"));
            }
            failure.exit_code()
        }
    }
}

async fn execute(cli: Cli) -> Result<(), Failure> {
    let level = if matches!(cli.command, Command::Run(_)) { tracing::Level::INFO } else { tracing::Level::ERROR };
    telemetry::init(Format::Human, level, &process_env).map_err(Failure::usage)?;
    let stop = stop_on_signal();
    let (global, json) = (&cli.global, cli.global.json);
    match &cli.command {
        Command::Demo => demo::demo(global, stop).await,
        Command::Setup(args) => setup::setup(global, args).await,
        Command::Sync(args) => sync::sync(&open_to_ask(global, &args.sources).await?, args, json, stop).await,
        Command::Run(args) => run::run(global, args, stop).await,
        Command::Replay(args) => replay::replay(&open_present(global).await?, args, json, stop).await,
        Command::RepairClock(args) => repair_clock::repair_clock(&open_present(global).await?, args, json, stop).await,
        Command::Rebuild(args) => rebuild::rebuild(&open_present(global).await?, args, json).await,
        Command::Import(args) => import::import(global, args, stop).await,
        Command::Reconcile(args) => reconcile::reconcile(&open_to_check(global).await?, args, json).await,
        Command::Accept(args) => accept::accept(&open_present(global).await?, args, json, stop).await,
        Command::History(args) => history::history(&open_read_only(global).await?, args, json).await,
        Command::Report(args) => report_command::report(&open_read_only(global).await?, args, json).await,
        Command::Prune(args) => prune::prune(&open_present(global).await?, args, json, stop).await,
        Command::DeadLetters(args) => dead_letters::dead_letters(global, args, stop).await,
        Command::Accounts(args) => accounts::accounts(global, args, stop).await,
        Command::Attribution(AttributionCommand::Test(args)) => {
            attribution::test(&open_read_only(global).await?, args, json).await
        }
        Command::Status => status::status(&open_read_only(global).await?, json).await,
    }
}
