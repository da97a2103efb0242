//! A plan from a day on, and what it means for one day.

use everycent_schemas::{Day, Usd};

use super::cycle::CycleDay;
use super::error::PriceError;
use crate::identity::IdHasher;
use crate::money;

/// What Cursor asks from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorPrice {
    pub from: Day,
    /// The price of a Standard seat for a billing cycle.
    pub seat_usd: Usd,
    /// That of a Premium seat. `None`: the price that Cursor published for the day.
    pub premium_seat_usd: Option<Usd>,
    pub cycle_day: CycleDay,
    pub plan: Plan,
}

/// What a seat includes, and how the rest is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// By requests over the included ones.
    Request {
        /// Request units for a user and cycle.
        included_requests: i64,
        /// The price of a unit over them.
        request_usd: Usd,
    },
    /// By tokens. What an event costs is told by the event itself; the figures here are to know the plan by.
    Token { included_usage_usd: Option<Usd>, token_fee_usd_per_million: Option<Usd> },
}

impl Plan {
    pub fn name(self) -> &'static str {
        match self {
            Self::Request { .. } => "request",
            Self::Token { .. } => "token",
        }
    }
}

/// Where a price is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceBasis {
    Configured,
    /// Published by Cursor and not set by the configuration: an assumption.
    Public,
}

impl PriceBasis {
    pub fn name(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Public => "public",
        }
    }
}

/// What seats mean on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanDay {
    /// Name of the plan.
    pub plan: &'static str,
    /// First day of the billing cycle that holds the day.
    pub billing_cycle_start: Day,
    /// Its last day.
    pub billing_cycle_end: Day,
    /// This day's part of the price of a Standard seat. The days of a cycle add up to the price.
    pub seat_usd: Usd,
    /// The same of a Premium seat.
    pub premium_seat_usd: Usd,
    /// Where the two prices are from.
    pub seat_price_basis: PriceBasis,
    pub premium_seat_price_basis: PriceBasis,
    /// Request units for a user and cycle; `None` on a token plan.
    pub included_requests: Option<i64>,
    /// Price of a unit over them; `None` on a token plan.
    pub request_usd: Option<Usd>,
}

impl PlanDay {
    /// Estimated cost of a day's usage-based requests. `None` on a token plan, where counts tell no cost.
    pub fn estimate(&self, usage_based_requests: i64) -> Result<Option<Usd>, PriceError> {
        let Some(price) = self.request_usd else { return Ok(None) };
        let cost = price.checked_mul(usage_based_requests).ok().filter(|cost| money::is_storable(*cost));
        cost.map(Some).ok_or(PriceError::Absurd { requests: usage_based_requests })
    }
}

impl CursorPrice {
    /// What the price means for a day. `public` is what Cursor published for it.
    pub(super) fn on(&self, day: Day, basis: PriceBasis, public: Option<&CursorPrice>) -> PlanDay {
        let cycle = self.cycle_day.cycle_of(day);
        let (included_requests, request_usd) = match self.plan {
            Plan::Request { included_requests, request_usd } => (Some(included_requests), Some(request_usd)),
            Plan::Token { .. } => (None, None),
        };
        let (premium_usd, premium_basis) = match (self.premium_seat_usd, public) {
            (Some(own), _) => (own, basis),
            // Seats are not to be counted.
            (None, _) if self.seat_usd == Usd::ZERO => (Usd::ZERO, basis),
            (None, Some(CursorPrice { premium_seat_usd: Some(public), .. })) => (*public, PriceBasis::Public),
            // There were no tiers yet.
            (None, _) => (self.seat_usd, basis),
        };
        PlanDay {
            plan: self.plan.name(),
            billing_cycle_start: cycle.start,
            billing_cycle_end: cycle.end(),
            seat_usd: cycle.part_of(self.seat_usd),
            premium_seat_usd: cycle.part_of(premium_usd),
            seat_price_basis: basis,
            premium_seat_price_basis: premium_basis,
            included_requests,
            request_usd,
        }
    }

    pub(super) fn fingerprint(&self, hasher: IdHasher) -> IdHasher {
        let hasher = hasher
            .number(self.from.epoch_days().into())
            .part(&self.seat_usd.to_string())
            .optional(self.premium_seat_usd.map(|price| price.to_string()).as_deref())
            .number(self.cycle_day.day_of_month().into())
            .part(self.plan.name());
        match self.plan {
            Plan::Request { included_requests, request_usd } => {
                hasher.number(included_requests).part(&request_usd.to_string())
            }
            Plan::Token { included_usage_usd, token_fee_usd_per_million } => {
                let text = |amount: Option<Usd>| amount.map(|amount| amount.to_string());
                let hasher = hasher.optional(text(included_usage_usd).as_deref());
                hasher.optional(text(token_fee_usd_per_million).as_deref())
            }
        }
    }
}
