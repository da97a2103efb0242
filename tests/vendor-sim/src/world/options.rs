//! How the vendors of a world behave, where tests differ or no vendor documents it.
//!
//! Owns the switches and their defaults. It must never hold what the vendors report.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// How the vendors behave in this world. Public fields: set them before or while the server runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first day that is not over. Days after it do not exist.
    pub today: NaiveDate,
    /// The world's clock, whose time every answer tells in its header `Date`.
    pub clock: WorldClock,
    /// How long after each request its answer sets out.
    pub latency: Duration,
    /// Whether today's unfinished day is already answered; undocumented, so both must be withstood.
    pub today_is_returned: bool,
    pub anthropic_key: String,
    pub cursor_key: String,
    /// The id of the organization that the Anthropic key opens.
    pub anthropic_organization_id: String,
    /// How `GET /v1/organizations/me` answers.
    pub anthropic_me: WhoAmI,
    /// Which answers of Anthropic name the organization in the header `anthropic-organization-id`.
    pub anthropic_organization_header: OrganizationHeader,
    /// Further keys, each with the id of the organization that it opens. All organizations report the same figures.
    pub anthropic_other_keys: Vec<(String, String)>,
    /// Further keys of the Cursor team.
    pub cursor_other_keys: Vec<String>,
    /// The Cursor key may not list the members, and answers 403 there.
    pub cursor_members_are_closed: bool,
    /// The Anthropic key is genuine but answers 403.
    pub anthropic_key_lacks_scope: bool,
    /// How API keys name their workspace under version 2023-06-01.
    pub api_key_shape: ApiKeyShape,
    /// Whether Claude Code is told as in 2025: days without a time, neither plan nor place of work.
    pub claude_code_as_in_2025: bool,
    /// The real id of the default workspace, where the vendor tells it.
    pub default_workspace_id: String,
    /// In which reports the default workspace goes by its id.
    pub default_workspace: DefaultWorkspace,
    /// By how much of the amount the list amount of the cost by analytics is above it.
    pub analytics_list_markup_percent: u32,
    /// The organization's discount: what it pays is so many percent below list price. Bill and analytics tell what it pays,
    /// and the analytics the amount before beside it.
    pub discount_percent: u32,
    /// By how many people at the console each row of cost is caused.
    pub console_people: u64,
    /// Whether searches of the web and sessions of Managed Agents are caused by several keys and people, as tokens are, and
    /// not each row by one.
    pub other_costs_are_shared: bool,
    /// Of how many shares of the console one has no actor in the analytics; none if all have.
    pub unnamed_every: Option<u64>,
    /// The last day that Anthropic's reports in buckets have, if not the newest. Later ones are missing at their end.
    pub buckets_end_on: Option<NaiveDate>,
    /// Whether Anthropic's reports in buckets refuse a range of which they have no day yet, such as today alone, instead of
    /// an answer without buckets.
    pub buckets_refuse_what_is_not_there: bool,
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
    /// Cursor remembers no event before this day, and its period begins no earlier; none is for ever.
    pub cursor_events_begin_on: Option<NaiveDate>,
    /// Cursor remembers no event before this instant, and says nothing of it; none is for ever.
    pub cursor_events_begin_at: Option<DateTime<Utc>>,
    pub cursor_kinds: KindSpelling,
    /// Whether members with an odd id are spelled with a capital letter outside the daily report.
    pub cursor_emails_vary_in_case: bool,
    /// Whether events of members who left, or are listed no more, come without their address.
    pub cursor_forgets_removed: bool,
    /// Whether requests with an own key are events too. Of these only the token fee is the vendor's.
    pub cursor_own_key_events: bool,
    /// Where `billingTier` is reported.
    pub cursor_tiers: SeatFields,
    /// Where `removedAt` is reported.
    pub cursor_removals: SeatFields,
    /// Whether events come without `chargedCents`, as those of older plans do.
    pub cursor_events_lack_charges: bool,
    /// The day of the month on which Cursor's billing cycle starts, 1 to 31; a shorter month's last day stands for the missing one.
    pub cursor_cycle_day: u32,
}

impl Options {
    pub fn at(today: NaiveDate) -> Options {
        Options {
            today,
            clock: WorldClock::default(),
            latency: Duration::ZERO,
            today_is_returned: false,
            anthropic_key: "sk-ant-admin01-sim".to_owned(),
            cursor_key: "crsr_sim".to_owned(),
            anthropic_organization_id: "00000000-0000-4000-8000-000000000001".to_owned(),
            anthropic_me: WhoAmI::Answered,
            anthropic_organization_header: OrganizationHeader::Always,
            anthropic_other_keys: Vec::new(),
            cursor_other_keys: Vec::new(),
            cursor_members_are_closed: false,
            anthropic_key_lacks_scope: false,
            api_key_shape: ApiKeyShape::WorkspaceId,
            claude_code_as_in_2025: false,
            default_workspace_id: "wrkspc_01Default".to_owned(),
            default_workspace: DefaultWorkspace::AsDocumented,
            analytics_list_markup_percent: 0,
            discount_percent: 0,
            console_people: 1,
            other_costs_are_shared: false,
            unnamed_every: None,
            buckets_end_on: None,
            buckets_refuse_what_is_not_there: false,
            analytics_refreshed_on: None,
            analytics_never_refreshed: false,
            analytics_email_is_older: false,
            analytics_nobody_rows: 1,
            analytics_requests_per_minute: None,
            fast_models: Vec::new(),
            cursor_key_lacks_scope: false,
            cursor_requests_per_minute: None,
            cursor_end_is_inclusive: true,
            cursor_events_begin_on: None,
            cursor_events_begin_at: None,
            cursor_kinds: KindSpelling::Labels,
            cursor_emails_vary_in_case: false,
            cursor_forgets_removed: false,
            cursor_own_key_events: false,
            cursor_tiers: SeatFields::Nowhere,
            cursor_removals: SeatFields::Nowhere,
            cursor_events_lack_charges: false,
            cursor_cycle_day: 1,
        }
    }
}

/// In which form a list of API keys names their workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyShape {
    /// `workspace_id`, null for the default workspace.
    WorkspaceId,
    /// `scope`, with a real id for the default workspace too. The only shape from version 2026-10-21 on.
    Scope,
    /// Both fields.
    Both,
}

/// In which reports the default workspace goes by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultWorkspace {
    /// In the analytics, in `scope` of keys, and in the list of workspaces on request. In the older reports it is null.
    AsDocumented,
    /// The same, but the list does not know `include_default`, and leaves it out.
    Unlisted,
    /// In the older reports too.
    ByIdEverywhere,
}

/// Which of Cursor's lists of people has a field about seats, which is in no documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatFields {
    Nowhere,
    /// In the answer about spend alone.
    InSpend,
    /// In the list of members alone.
    InMembers,
    InBoth,
}

impl SeatFields {
    pub(crate) fn in_spend(self) -> bool {
        matches!(self, SeatFields::InSpend | SeatFields::InBoth)
    }

    pub(crate) fn in_members(self) -> bool {
        matches!(self, SeatFields::InMembers | SeatFields::InBoth)
    }
}

/// How Cursor's API spells the kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindSpelling {
    /// Such as `Usage-based`.
    Labels,
    /// Such as `USAGE_EVENT_KIND_USAGE_BASED`.
    Constants,
}

/// What time it is for the vendors. Readers have clocks of their own, which may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorldClock {
    /// So much later than this machine's clock; negative is earlier. A reader on this machine has a clock that is wrong by
    /// as much the other way.
    Offset(TimeDelta),
    /// Stands still: for readers whose clock a test moves on.
    At(DateTime<Utc>),
    /// An answer tells no time that can be read.
    Unreadable,
}

impl Default for WorldClock {
    fn default() -> WorldClock {
        WorldClock::Offset(TimeDelta::zero())
    }
}

impl WorldClock {
    /// The value of `Date`, as RFC 9110 writes it.
    pub(crate) fn date_header(self, machine: DateTime<Utc>) -> String {
        let instant = match self {
            WorldClock::Offset(offset) => machine + offset,
            WorldClock::At(instant) => instant,
            WorldClock::Unreadable => return "today".to_owned(),
        };
        instant.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

/// How the endpoint that says whose a key is answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoAmI {
    /// With id, type and name.
    Answered,
    /// With 403: the key has no scope for it.
    Forbidden,
    /// With 404: this kind of organization does not have it.
    NotFound,
    /// With `id: null`.
    IdIsNull,
    /// With a list, as the directory's endpoints answer.
    AnotherForm,
}

/// Which answers name the organization in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationHeader {
    Always,
    /// Refusals do not.
    OnSuccess,
    Never,
}
