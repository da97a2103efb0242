//! `everycent accounts`: what the key of each account opens, and what a person does about an account.

mod forget;
mod known;
mod list;
mod objects;
mod rename;
mod subject;

use everycent_domain::accounts::{Book, Change};
use everycent_schemas::AccountId;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::cli::{AccountArgs, AccountsArgs, AccountsCommand, Global, RebindArgs};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::opening::{open_present, open_read_only};
use crate::show;
use subject::{Subject, change, standing, subject};

pub async fn accounts(global: &Global, args: &AccountsArgs, stop: CancellationToken) -> Result<(), Failure> {
    let json = global.json;
    match &args.command {
        None => list::list(&open_read_only(global).await?, json).await,
        Some(AccountsCommand::Rebind(args)) => rebind(&open_present(global).await?, args, json, stop).await,
        Some(AccountsCommand::Retire(args)) => retire(&open_present(global).await?, args, json).await,
        Some(AccountsCommand::Resume(args)) => resume(&open_present(global).await?, args, json).await,
        Some(AccountsCommand::Forget(args)) => forget::forget(&open_present(global).await?, args, json).await,
    }
}

/// What was done, or would be.
#[derive(Debug, Serialize)]
struct Done<'a> {
    vendor: &'static str,
    account_id: &'a AccountId,
    done: bool,
    said: String,
}

fn tell(subject: &Subject, done: bool, said: String, json: bool) {
    let Subject { vendor, account_id } = subject;
    if json {
        show::print_json(&Done { vendor: vendor.name(), account_id, done, said });
    } else if done {
        show::print(&format!("{}\n", show::word(said)));
    } else {
        show::print(&format!("{}\nNothing was done; --yes does it\n", show::word(said)));
    }
}

async fn retire(deployment: &Deployment, args: &AccountArgs, json: bool) -> Result<(), Failure> {
    let subject = subject(deployment, args).await?;
    let account_id = subject.account_id.clone();
    change(deployment, &subject, Change::Retired, |book| book.is_retired(&account_id)).await?;
    let said = format!(
        "{} account `{account_id}` is retired: it is asked no more, its history stays, and reconcile does not miss its \
         days. `everycent accounts resume {account_id}` asks it again",
        subject.vendor
    );
    tell(&subject, true, said, json);
    Ok(())
}

async fn resume(deployment: &Deployment, args: &AccountArgs, json: bool) -> Result<(), Failure> {
    let subject = subject(deployment, args).await?;
    let account_id = subject.account_id.clone();
    change(deployment, &subject, Change::Resumed, |book| !book.is_retired(&account_id)).await?;
    tell(&subject, true, format!("{} account `{account_id}` is asked by the next sync", subject.vendor), json);
    Ok(())
}

async fn rebind(
    deployment: &Deployment,
    args: &RebindArgs,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    match &args.to {
        Some(to) => rename::rename(deployment, args, to, json, stop).await,
        None => release(deployment, args, json).await,
    }
}

/// Lets the next answer bind the account.
async fn release(deployment: &Deployment, args: &RebindArgs, json: bool) -> Result<(), Failure> {
    let subject = subject(deployment, &args.account).await?;
    let Subject { vendor, account_id } = &subject;
    let Some((was, since)) = standing(deployment, &subject).await?.and_then(|now| Some((now.opened?, now.since)))
    else {
        let said = format!("{vendor} account `{account_id}` is bound to nothing; the next answer binds it");
        tell(&subject, true, said, json);
        return Ok(());
    };
    let said = format!(
        "{vendor} account `{account_id}` is {was} since {}. The next answer binds it to what its key opens then. What is \
         loaded stays; the days that are not final yet are asked again, and hold what the new one reports of them. Where \
         both shall be kept apart, give the new one an account id of its own instead",
        since.day()
    );
    if args.yes {
        let is_released = |book: &Book| book.get(account_id).is_none_or(|standing| standing.opened.is_none());
        change(deployment, &subject, Change::Released, is_released).await?;
    }
    tell(&subject, args.yes, said, json);
    Ok(())
}
