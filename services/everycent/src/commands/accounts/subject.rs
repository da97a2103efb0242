//! The account that a command is about.

use std::sync::Arc;

use anyhow::anyhow;
use everycent_domain::accounts::{Book, Change, Standing};
use everycent_domain::vendor::Vendor;
use everycent_runtime::accounts::AccountLog;
use everycent_runtime::store::StoreError;
use everycent_schemas::AccountId;

use super::known::known;
use crate::cli::AccountArgs;
use crate::deployment::Deployment;
use crate::failure::Failure;

/// An account that is known, by its vendor.
pub(super) struct Subject {
    pub vendor: Vendor,
    pub account_id: AccountId,
}

/// The one account of this id that is known, or the one of the named vendor.
pub(super) async fn subject(deployment: &Deployment, args: &AccountArgs) -> Result<Subject, Failure> {
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

/// Adds an entry, unless `is_so` already.
pub(super) async fn change(
    deployment: &Deployment,
    subject: &Subject,
    change: Change,
    is_so: impl Fn(&Book) -> bool,
) -> Result<Book, StoreError> {
    let log = AccountLog::new(Arc::clone(&deployment.store));
    let decide = |book: &Book| Ok::<_, StoreError>((!is_so(book)).then(|| change.clone()));
    log.change(subject.vendor, &subject.account_id, deployment.clock.now(), decide).await
}

pub(super) async fn standing(deployment: &Deployment, subject: &Subject) -> Result<Option<Standing>, StoreError> {
    let book = AccountLog::new(Arc::clone(&deployment.store)).book(subject.vendor).await?;
    Ok(book.get(&subject.account_id).cloned())
}
