//! The made-up world that both APIs report on: the ground truth of every test.
//!
//! Owns the facts, the getters that tests compare with, and the mutations. It must never know how a fact
//! is paged, encoded or asked for.

mod activity;
mod analytics_usage;
mod claude_code;
mod cost;
mod directory;
mod draw;
mod event_cache;
mod event_prices;
mod events;
mod federation;
mod members;
pub(crate) mod prices;
mod shares;
mod tokens;
mod usage;

use std::collections::BTreeMap;

use chrono::NaiveDate;

pub use self::analytics_usage::AnalyticsUsage;
pub use self::claude_code::{ClaudeCodeActor, ClaudeCodeModel, ClaudeCodeRow};
pub use self::cost::CostRow;
pub use self::directory::{ApiKey, ApiKeyShape, User, Workspace};
pub use self::events::{CursorEvent, EventKind, EventTokens, KindSpelling};
pub use self::federation::{Federation, IdentityProvider};
pub use self::members::Member;
pub use self::shares::{Actor, CostShare};
pub use self::tokens::{UsageCounts, UsageKey};
pub use self::usage::{CursorRow, CursorUsage};

pub(crate) use self::activity::{Activity, is_weekend};
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

/// How the vendors behave in this world. Public fields: set them before or while the server runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The world's clock. Days after it do not exist.
    pub today: NaiveDate,
    /// Whether today's unfinished day is already answered; undocumented, so both must be withstood.
    pub today_is_returned: bool,
    pub anthropic_key: String,
    pub cursor_key: String,
    /// The Anthropic key is genuine but answers 403.
    pub anthropic_key_lacks_scope: bool,
    /// How API keys name their workspace under version 2023-06-01.
    pub api_key_shape: ApiKeyShape,
    /// Whether Claude Code is told as in 2025: days without a time, neither plan nor place of work.
    pub claude_code_as_in_2025: bool,
    /// The real id of the default workspace, where the vendor tells it.
    pub default_workspace_id: String,
    /// By how much of the amount the list amount of the cost by analytics is above it.
    pub analytics_list_markup_percent: u32,
    /// The midnight at which the analytics were last refreshed, if not that after the newest day. Days from it on
    /// are incomplete.
    pub analytics_refreshed_on: Option<NaiveDate>,
    /// Whether the analytics were never refreshed: `data_refreshed_at` is null, and all days are incomplete.
    pub analytics_never_refreshed: bool,
    /// Whether the analytics call an address `email`, as older answers do, and not `email_address`.
    pub analytics_email_is_older: bool,
    /// In how many rows the analytics split what no actor is known of.
    pub analytics_nobody_rows: u32,
    /// Requests that both endpoints of the analytics together take in a minute before they answer 429; none is no
    /// limit. The vendor's own figure is 60.
    pub analytics_requests_per_minute: Option<u32>,
    /// The ids of the models whose use is reported as fast; the price stays the same.
    pub fast_models: Vec<String>,
    /// The Cursor key is genuine but answers 403.
    pub cursor_key_lacks_scope: bool,
    /// Requests that each Cursor endpoint takes in a minute before it answers 429; none is no limit.
    /// The vendor's own figure is 20.
    pub cursor_requests_per_minute: Option<u32>,
    /// Whether the day of Cursor's `endDate` itself is answered; undocumented for daily usage.
    pub cursor_end_is_inclusive: bool,
    pub cursor_kinds: KindSpelling,
    /// Whether members with an odd id are spelled with a capital letter outside the daily report.
    pub cursor_emails_vary_in_case: bool,
    /// The day of the month on which Cursor's billing cycle starts, 1 to 28.
    pub cursor_cycle_day: u32,
}

impl Options {
    pub fn at(today: NaiveDate) -> Options {
        Options {
            today,
            today_is_returned: false,
            anthropic_key: "sk-ant-admin01-sim".to_owned(),
            cursor_key: "crsr_sim".to_owned(),
            anthropic_key_lacks_scope: false,
            api_key_shape: ApiKeyShape::WorkspaceId,
            claude_code_as_in_2025: false,
            default_workspace_id: "wrkspc_01Default".to_owned(),
            analytics_list_markup_percent: 0,
            analytics_refreshed_on: None,
            analytics_never_refreshed: false,
            analytics_email_is_older: false,
            analytics_nobody_rows: 1,
            analytics_requests_per_minute: None,
            fast_models: Vec::new(),
            cursor_key_lacks_scope: false,
            cursor_requests_per_minute: None,
            cursor_end_is_inclusive: true,
            cursor_kinds: KindSpelling::Labels,
            cursor_emails_vary_in_case: false,
            cursor_cycle_day: 1,
        }
    }
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

/// All days of a range, both ends included.
pub(crate) fn days_of(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |day| *day <= last)
}
