//! `everycent accounts`: what the key of each account opens, and what a person does about an account.

mod forget;
mod list;
mod objects;
mod rename;

use std::sync::Arc;

use anyhow::anyhow;
use everycent_domain::accounts::{Book, Change, Standing, State};
use everycent_domain::vendor::Vendor;
use everycent_runtime::accounts::AccountLog;
use everycent_runtime::store::StoreError;
use everycent_schemas::AccountId;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::cli::{AccountArgs, AccountsArgs, AccountsCommand, Global, RebindArgs};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::opening::{open_present, open_read_only};
use crate::show;
use list::known;

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

/// An account that is known, by its vendor.
struct Subject {
    vendor: Vendor,
    account_id: AccountId,
}

/// The one account of this id that is known, or the one of the named vendor.
async fn subject(deployment: &Deployment, args: &AccountArgs) -> Result<Subject, Failure> {
    let account_id = &args.account;
    let accounts = known(deployment).await?;
    let of_this_id = accounts.iter().filter(|account| account.account_id == *account_id);
    let vendors: Vec<Vendor> = of_this_id.map(|account| account.vendor).collect();
    let subject = |vendor| Ok(Subject { vendor, account_id: account_id.clone() });
    match (args.vendor, &vendors[..]) {
        (Some(vendor), _) if vendors.contains(&vendor) => subject(vendor),
        (None, [vendor]) => subject(*vendor),
        (None, [_, _, ..]) => {
            Err(Failure::usage(anyhow!("both vendors have an account `{account_id}`: name one with --vendor")))
        }
        _ => {
            let ids: Vec<String> =
                accounts.iter().map(|account| format!("{} of {}", account.account_id, account.vendor)).collect();
            let ids = if ids.is_empty() { "there is none yet".to_owned() } else { ids.join(", ") };
            Err(Failure::usage(anyhow!("no account `{account_id}` is known; known are: {ids}")))
        }
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
        show::print(&format!("{said}\n"));
    } else {
        show::print(&format!("{said}\nNothing was done; --yes does it\n"));
    }
}

/// Adds an entry, unless `is_so` already.
async fn change(
    deployment: &Deployment,
    subject: &Subject,
    change: Change,
    is_so: impl Fn(&Book) -> bool,
) -> Result<Book, StoreError> {
    let log = AccountLog::new(Arc::clone(&deployment.store));
    let decide = |book: &Book| Ok::<_, StoreError>((!is_so(book)).then(|| change.clone()));
    log.change(subject.vendor, &subject.account_id, deployment.clock.now(), decide).await
}

async fn standing(deployment: &Deployment, subject: &Subject) -> Result<Option<Standing>, StoreError> {
    let book = AccountLog::new(Arc::clone(&deployment.store)).book(subject.vendor).await?;
    Ok(book.get(&subject.account_id).cloned())
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

/// How an account stands, in a word.
fn state_word(standing: Option<&Standing>) -> &'static str {
    match standing {
        Some(Standing { state: State::Retired { .. }, .. }) => "retired",
        Some(Standing { opened: Some(_), .. }) => "bound",
        Some(Standing { opened: None, .. }) => "unbound",
        None => "new",
    }
}
