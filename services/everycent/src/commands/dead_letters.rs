//! `everycent dead-letters`: messages that were given up, and what a person does about them.

mod forget;
mod letter;
mod list;
mod redeliver;
mod shown;

use tokio_util::sync::CancellationToken;

use crate::cli::{DeadLettersArgs, DeadLettersCommand, Global};
use crate::failure::Failure;
use crate::opening::{open_present, open_read_only};

pub async fn dead_letters(global: &Global, args: &DeadLettersArgs, stop: CancellationToken) -> Result<(), Failure> {
    let json = global.json;
    match &args.command {
        None | Some(DeadLettersCommand::List) => list::list(&open_read_only(global).await?, json).await,
        Some(DeadLettersCommand::Redeliver(args)) => {
            redeliver::redeliver(&open_present(global).await?, args, json, stop).await
        }
        Some(DeadLettersCommand::Forget(args)) => forget::forget(&open_present(global).await?, args, json).await,
    }
}
