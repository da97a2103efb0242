//! The made-up world that both APIs report on: the ground truth of every test.
//!
//! Owns the facts, the getters that tests compare with, and the mutations. It must never know how a fact
//! is paged, encoded or asked for.

mod activity;
mod analytics_usage;
mod charges;
mod claude_code;
mod cost;
mod days;
mod directory;
mod draw;
mod enterprise;
mod event_cache;
mod event_prices;
mod events;
mod federation;
mod members;
mod options;
pub(crate) mod prices;
mod records;
mod seats;
mod shares;
mod tokens;
mod usage;

use std::collections::BTreeMap;

use chrono::NaiveDate;

pub use self::analytics_usage::AnalyticsUsage;
pub use self::charges::{Billing, Charge, ChargeKind, Payer};
pub use self::claude_code::{ClaudeCodeActor, ClaudeCodeModel, ClaudeCodeRow};
pub use self::members::NEWCOMER;
pub use self::options::{
    ApiKeyShape, DefaultWorkspace, KindSpelling, Options, OrganizationHeader, SeatFields, WhoAmI, WorldClock,
};
pub use self::records::{
    Actor, ApiKey, CostRow, CostShare, CursorEvent, CursorUsage, Enterprise, EventKind, EventTokens, Federation,
    IdentityProvider, Member, SeatTier, SeatUse, User, Workspace,
};
pub use self::tokens::{UsageCounts, UsageKey};
pub use self::usage::CursorRow;

pub(crate) use self::activity::{Activity, is_weekend};
pub(crate) use self::days::days_of;
use self::event_cache::EventCache;
pub(crate) use self::shares::SHARE_DECIMALS;

/// What the vendors know. Made by [`crate::worlds`], changed through [`crate::Simulator::with_world`].
#[derive(Clone, Debug)]
pub struct World {
    pub options: Options,
    pub(crate) organization: String,
    pub(crate) workspaces: Vec<Workspace>,
    pub(crate) api_keys: Vec<ApiKey>,
    pub(crate) users: Vec<User>,
    /// By the id of an API key.
    pub(crate) federations: BTreeMap<String, Federation>,
    /// The id of the service account that a key acts for, by the id of the key.
    pub(crate) service_accounts: BTreeMap<String, String>,
    /// The organization on claude.ai beside that of the console.
    pub enterprise: Option<Enterprise>,
    pub(crate) costs: BTreeMap<NaiveDate, Vec<CostRow>>,
    /// Sorted by user id, which is also the order of the pages.
    pub(crate) members: Vec<Member>,
    pub(crate) activity: Activity,
    /// Usage that a mutation put in the place of the generated one.
    pub(crate) told: BTreeMap<(NaiveDate, u64), CursorUsage>,
    /// Days whose events a mutation put in the place of the generated ones.
    pub(crate) told_events: BTreeMap<NaiveDate, Vec<CursorEvent>>,
    event_cache: EventCache,
}

impl World {
    /// A world without any workspace, member or cost.
    pub fn empty(today: NaiveDate) -> World {
        World {
            options: Options::at(today),
            organization: "Example Org".to_owned(),
            workspaces: vec![Workspace::default_one()],
            api_keys: Vec::new(),
            users: Vec::new(),
            federations: BTreeMap::new(),
            service_accounts: BTreeMap::new(),
            enterprise: None,
            costs: BTreeMap::new(),
            members: Vec::new(),
            activity: Activity::none(),
            told: BTreeMap::new(),
            told_events: BTreeMap::new(),
            event_cache: EventCache::default(),
        }
    }

    /// The newest day that the vendors answer.
    pub fn newest_day(&self) -> NaiveDate {
        if self.options.today_is_returned {
            self.options.today
        } else {
            self.options.today.pred_opt().unwrap_or(NaiveDate::MIN)
        }
    }
}
