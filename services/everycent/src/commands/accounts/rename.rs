//! `everycent accounts rebind ID NEW_ID`: an account goes on under another id, with its history.
//!
//! The stored answers are copied under the new id, what the tables have of the old one is taken out, the copies are
//! replayed, and the old ones deleted. Each step may be done again, so the same command goes on where it was interrupted;
//! until it has ended, neither id is asked.

use anyhow::anyhow;
use everycent_domain::accounts::{Book, Change};
use everycent_schemas::AccountId;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::forget::{Held, held, held_text};
use super::known::known;
use super::objects::{self, Stored};
use super::subject::{Subject, change, subject};
use crate::cli::RebindArgs;
use crate::commands::replay::{self, Done};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::show::{self, count};

pub(super) async fn rename(
    deployment: &Deployment,
    args: &RebindArgs,
    to: &AccountId,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let from = subject(deployment, &args.account).await?;
    refuse_a_name_in_use(deployment, &from, to).await?;
    let stored = objects::stored(deployment.store.as_ref(), from.vendor, &from.account_id).await?;
    let tables = held(deployment, from.vendor, &from.account_id).await?;
    let mut report = Report {
        vendor: from.vendor.name(),
        account_id: from.account_id.clone(),
        new_id: to.clone(),
        answers: stored.answers,
        tables,
        dead_letters: 0,
        done: false,
    };
    if args.yes {
        let replayed = move_over(deployment, &from, to, &stored, &Watcher::new(!json), stop).await?;
        (report.done, report.dead_letters) = (!replayed.is_cut_short(), replayed.dead_letters);
    }
    if json {
        show::print_json(&report);
    } else {
        show::print(&report.text(args.yes));
    }
    if args.yes && !(report.done && report.dead_letters == 0) { Err(Failure::Reported) } else { Ok(()) }
}

/// The new id must be new, unless the renaming was begun before.
async fn refuse_a_name_in_use(deployment: &Deployment, from: &Subject, to: &AccountId) -> Result<(), Failure> {
    if from.account_id == *to {
        return Err(Failure::usage(anyhow!("account `{to}` has this id already")));
    }
    let accounts = known(deployment).await?;
    let same = accounts.iter().find(|account| (account.vendor, &account.account_id) == (from.vendor, to));
    let Some(standing) = same.and_then(|account| account.standing.as_ref()) else {
        let answers = objects::stored(deployment.store.as_ref(), from.vendor, to).await?.answers;
        return if answers == 0 { Ok(()) } else { Err(in_use(from, to)) };
    };
    if standing.formerly.contains(&from.account_id) { Ok(()) } else { Err(in_use(from, to)) }
}

fn in_use(from: &Subject, to: &AccountId) -> Failure {
    Failure::usage(anyhow!(
        "{} account `{to}` has a history of its own; choose another id, or forget it first with `everycent accounts \
         forget {to}`",
        from.vendor
    ))
}

async fn move_over(
    deployment: &Deployment,
    from: &Subject,
    to: &AccountId,
    stored: &Stored,
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Done, Failure> {
    let Subject { vendor, account_id } = from;
    let is_renamed = |book: &Book| book.get(account_id).is_none() && book.renamed(account_id) == Some(to);
    change(deployment, from, Change::Renamed { to: to.clone() }, is_renamed).await?;
    watcher.say(&format!("moving {}", count(stored.answers, "stored answer")));
    objects::copy(deployment.store.as_ref(), stored, account_id, to).await?;
    // Of the new id there is nothing but what failed.
    for id in [account_id, to] {
        deployment.warehouse.forget_account(*vendor, id).await?;
    }
    let done = replay::of_account(deployment, *vendor, to, watcher, stop).await?;
    watcher.end();
    if !done.is_cut_short() {
        objects::delete(deployment.store.as_ref(), stored).await?;
    }
    Ok(done)
}

#[derive(Debug, Serialize)]
struct Report {
    vendor: &'static str,
    account_id: AccountId,
    new_id: AccountId,
    /// Stored answers that move.
    answers: usize,
    /// Rows of the old id, in whose place those of the new one come.
    tables: Vec<Held>,
    /// Messages of the replay that were given up.
    dead_letters: u64,
    done: bool,
}

impl Report {
    fn text(&self, is_meant: bool) -> String {
        let Self { vendor, account_id, new_id, .. } = self;
        let answers = count(self.answers, "stored answer");
        match (self.done, is_meant) {
            (true, _) => {
                format!("{vendor} account `{account_id}` is `{new_id}` now, with {answers}; configure it by this id\n")
            }
            (false, true) => format!(
                "not all of {answers} was replayed; the same command goes on. Until then nothing is asked of \
                 `{new_id}`\n"
            ),
            (false, false) => format!(
                "{vendor} account `{account_id}` would be `{new_id}`. {answers} would move to the new id and be \
                 replayed, with the rules and prices of today, in the place of these rows:\n{}A stored answer replaces \
                 nothing that was fetched later, and no vendor is asked. Nothing was done; --yes does it\n",
                held_text(&self.tables)
            ),
        }
    }
}
