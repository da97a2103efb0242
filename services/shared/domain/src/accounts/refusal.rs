//! Why an account is not asked, in words for who configures it.

use everycent_schemas::{AccountId, Day};

use super::opened::Opened;
use crate::vendor::Vendor;

/// Why an account is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "{vendor} account `{account_id}` was {was} since {since}, and this key opens {now}: nothing is asked of it, for \
         the one would replace the other in the tables. Set the key of the first; give the other an account id of its \
         own; or let the account go on as the other with `everycent accounts rebind {account_id}`"
    )]
    AnotherBehind { vendor: Vendor, account_id: AccountId, was: Box<Opened>, since: Day, now: Box<Opened> },
    #[error(
        "{vendor} accounts `{other}` and `{account_id}` are one: account `{other}` is {known} since {since}, and the key \
         of `{account_id}` opens {now}. Its money would be in the tables twice, so nothing is asked of `{account_id}`. \
         Leave it out of the configuration or give it the id `{other}`; if it shall have the new id, \
         `everycent accounts rebind {other} {account_id}` takes its history along"
    )]
    OneBehindTwo {
        vendor: Vendor,
        account_id: AccountId,
        other: AccountId,
        known: Box<Opened>,
        since: Day,
        now: Box<Opened>,
    },
    #[error(
        "{vendor} account `{account_id}` is new, and account `{stranger}` has answers in the store and is not configured. \
         If they are one under two names, its money would be in the tables twice: give the account its id `{stranger}` \
         again, or rename it with `everycent accounts rebind {stranger} {account_id}`. If they are two, say so with \
         `everycent accounts retire {stranger}`"
    )]
    StrangerBeside { vendor: Vendor, account_id: AccountId, stranger: AccountId },
    #[error(
        "{vendor} account `{account_id}` is retired since {since}, so it is not asked. `everycent accounts resume \
         {account_id}` asks it again"
    )]
    Retired { vendor: Vendor, account_id: AccountId, since: Day },
    #[error(
        "{vendor} account `{account_id}` goes on as `{now}`, so it is not asked under its earlier id. Configure it as \
         `{now}`"
    )]
    Renamed { vendor: Vendor, account_id: AccountId, now: AccountId },
    #[error(
        "{vendor} account `{account_id}` was `{formerly}`, and answers are still stored under that id: the renaming was \
         interrupted. `everycent accounts rebind {formerly} {account_id}` goes on with it"
    )]
    HalfRenamed { vendor: Vendor, account_id: AccountId, formerly: AccountId },
}
