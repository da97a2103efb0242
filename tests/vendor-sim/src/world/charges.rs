//! Whose money each cent is: the ground truth of everything that is made of several reports.
//!
//! Owns the list of what is paid for on a day, with who used it. It must never look at how an endpoint tells it.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Actor, CostShare, EventKind, World};

/// Whom the money is owed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payer {
    /// The organization of the Claude Console.
    Console,
    /// The organization on claude.ai.
    Enterprise,
    /// The Cursor team.
    Cursor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChargeKind {
    Usage,
    /// The vendor takes it off the bill.
    Credit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Billing {
    Billed,
    /// The plan includes it; the amount is what the vendor says that it is worth.
    Included,
    NotCharged,
}

/// What one key or person cost on a day at the finest grain that the world knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub payer: Payer,
    pub kind: ChargeKind,
    pub billing: Billing,
    /// None for use without a key, and for a credit.
    pub api_key_id: Option<String>,
    /// The address in lower case. None where the vendor can name nobody.
    pub person: Option<String>,
    /// The vendor's product; none for Cursor and for a credit.
    pub product: Option<String>,
    pub amount_cents: Decimal,
}

impl World {
    /// Everything that is paid for on a day, over all accounts, in exact cents.
    pub fn charges(&self, day: NaiveDate) -> Vec<Charge> {
        let mut charges: Vec<Charge> =
            self.cost_shares(day).into_iter().map(|share| self.charge(Payer::Console, share)).collect();
        charges.extend(self.cost_rows(day).iter().filter(|row| row.is_credit()).map(|row| Charge {
            payer: Payer::Console,
            kind: ChargeKind::Credit,
            billing: Billing::Billed,
            api_key_id: None,
            person: None,
            product: None,
            amount_cents: row.amount_cents,
        }));
        charges.extend(self.enterprise_shares(day).into_iter().map(|share| self.charge(Payer::Enterprise, share)));
        charges.extend(self.cursor_events(day).into_iter().map(|event| {
            let (billing, amount_cents) = match event.kind {
                EventKind::UsageBased => (Billing::Billed, event.charged_cents),
                // The model is on somebody else's bill; the fee is on this one.
                EventKind::OwnKey => (Billing::Billed, event.token_fee_cents.unwrap_or_default()),
                EventKind::Included => (Billing::Included, event.charged_cents),
                EventKind::ErroredNotCharged => (Billing::NotCharged, Decimal::ZERO),
            };
            Charge {
                payer: Payer::Cursor,
                kind: ChargeKind::Usage,
                billing,
                api_key_id: None,
                person: self.names_in_events(event.user_id).then(|| event.user_email.to_lowercase()),
                product: None,
                amount_cents,
            }
        }));
        charges
    }

    fn charge(&self, payer: Payer, share: CostShare) -> Charge {
        let person = match &share.actor {
            Some(Actor::User(id)) => self.anybody(id).map(|user| user.email.to_lowercase()),
            Some(Actor::ApiKey(_)) | None => None,
        };
        Charge {
            payer,
            kind: ChargeKind::Usage,
            billing: Billing::Billed,
            api_key_id: share.api_key_id,
            person,
            product: Some(share.product),
            amount_cents: share.amount_cents,
        }
    }
}
