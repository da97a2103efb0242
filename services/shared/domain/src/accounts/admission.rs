//! Whether an account may be asked: the decision on what its key opens and on what is known of all accounts.

use std::collections::BTreeSet;

use everycent_schemas::AccountId;

use super::book::{Book, Standing, State};
use super::entry::Change;
use super::opened::Opened;
use super::refusal::Refusal;
use crate::vendor::Vendor;

/// What there is beside an account.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    pub vendor: Vendor,
    /// The vendor's configured accounts.
    pub configured: &'a BTreeSet<AccountId>,
    /// Accounts that have stored answers. It matters for an account that nothing is known of, or that was renamed.
    pub with_answers: &'a BTreeSet<AccountId>,
}

/// What is to be written down before the account is asked, if anything; or why it must not be. `opened` is `None` where
/// the vendor did not say.
pub fn admit(
    book: &Book,
    beside: Surroundings<'_>,
    account_id: &AccountId,
    opened: Option<&Opened>,
) -> Result<Option<Change>, Refusal> {
    let vendor = beside.vendor;
    let standing = book.get(account_id);
    if let Some(Standing { state: State::Retired { since }, .. }) = standing {
        return Err(Refusal::Retired { vendor, account_id: account_id.clone(), since: since.day() });
    }
    if let (None, Some(now)) = (standing, book.renamed(account_id)) {
        return Err(Refusal::Renamed { vendor, account_id: account_id.clone(), now: now.clone() });
    }
    if let Some(opened) = opened {
        refuse_one_behind_two(book, beside, account_id, opened)?;
    }
    let is_left = |id: &&AccountId| beside.with_answers.contains(*id) && book.get(id).is_none();
    if let Some(formerly) = standing.and_then(|standing| standing.formerly.iter().find(is_left)).cloned() {
        return Err(Refusal::HalfRenamed { vendor, account_id: account_id.clone(), formerly });
    }
    match (standing, standing.and_then(|standing| standing.opened.as_ref()), opened) {
        (Some(standing), Some(was), Some(now)) if !now.continues(was) => Err(Refusal::AnotherBehind {
            vendor,
            account_id: account_id.clone(),
            was: Box::new(was.clone()),
            since: standing.since.day(),
            now: Box::new(now.clone()),
        }),
        (_, Some(was), Some(now)) => Ok(now.worth_noting(was).map(|opened| Change::Seen { opened })),
        (Some(_), _, None) => Ok(None),
        (Some(_), None, Some(now)) => Ok(Some(Change::Bound { opened: Some(now.clone()) })),
        (None, ..) => {
            refuse_beside_a_stranger(book, beside, account_id)?;
            Ok(Some(Change::Bound { opened: opened.cloned() }))
        }
    }
}

fn refuse_one_behind_two(
    book: &Book,
    beside: Surroundings<'_>,
    account_id: &AccountId,
    opened: &Opened,
) -> Result<(), Refusal> {
    let others = book.accounts().filter(|(other, _)| *other != account_id);
    let one = others.into_iter().find(|(other, standing)| is_one(beside, other, standing, opened));
    let Some((other, standing)) = one else { return Ok(()) };
    let known = standing.opened.as_ref().or(standing.earlier.first()).unwrap_or(opened);
    Err(Refusal::OneBehindTwo {
        vendor: beside.vendor,
        account_id: account_id.clone(),
        other: other.clone(),
        known: Box::new(known.clone()),
        since: standing.since.day(),
        now: Box::new(opened.clone()),
    })
}

/// An account that is configured no more is one under an earlier name if it may be; another one only if it surely is.
fn is_one(beside: Surroundings<'_>, other: &AccountId, standing: &Standing, opened: &Opened) -> bool {
    let is_left = standing.state == State::Active && !beside.configured.contains(other);
    let may_be = is_left && standing.opened.as_ref().is_some_and(|known| opened.continues(known));
    may_be || standing.has_history_of(opened)
}

/// Whoever has no answers yet may be somebody who has some under another name, of whom nothing is known.
fn refuse_beside_a_stranger(book: &Book, beside: Surroundings<'_>, account_id: &AccountId) -> Result<(), Refusal> {
    if beside.with_answers.contains(account_id) {
        return Ok(());
    }
    let is_unknown = |other: &&AccountId| {
        let standing = book.get(other);
        !beside.configured.contains(*other) && standing.is_none_or(is_active_and_unbound)
    };
    match beside.with_answers.iter().find(is_unknown) {
        Some(stranger) => Err(Refusal::StrangerBeside {
            vendor: beside.vendor,
            account_id: account_id.clone(),
            stranger: stranger.clone(),
        }),
        None => Ok(()),
    }
}

fn is_active_and_unbound(standing: &Standing) -> bool {
    standing.state == State::Active && standing.opened.is_none()
}

#[cfg(test)]
mod tests;
