//! An independent simulator of Anthropic's and Cursor's admin APIs over a seeded, made-up world.
//!
//! It enforces what the vendors enforce (credentials, limits, bad ranges, page tokens bound to their query), tells
//! the ground truth to tests, changes under a running reader (restated days, vanished and late rows) and misbehaves
//! on request. It shares no code with the pipeline that reads it, so that one mistake cannot hide in both.
//!
//! # In a test
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use vendor_sim::{Endpoint, Fault, FaultKind, Simulator, When, worlds};
//!
//! let simulator = Simulator::start(worlds::october()).await.unwrap();
//! simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(529)).when(When::Page(2)).times(1));
//! simulator.with_world(|world| world.restate_day("2025-10-05".parse().unwrap()));
//! // ... read from simulator.url() with simulator.anthropic_key() ...
//! assert!(simulator.requests().is_empty());
//! simulator.stop().await;
//! # });
//! ```
//!
//! # As a program
//!
//! `vendor-sim --world october` prints one line with its address and its made-up keys and serves until ctrl-c.
//! `vendor-sim --help` lists worlds and faults.
//!
//! # Worlds
//!
//! See [`worlds`]: `october` (a real month's totals, all of it console use), `company` (two months to look at, with
//! people, keys and every kind of use), `random` (for properties), `cursor_large` (a million rows that are never in
//! memory), `large_company` (the same beside many with Claude Code).
//!
//! # Behaviours
//!
//! What an organization may do, or a vendor bill, beside plain use is added to any world by name:
//! `worlds::company(1, last_day, 61).behaving(&[Behaviour::FastMode, Behaviour::Enterprise])`, or on the command line
//! `--with fast-mode --with enterprise`. [`worlds::Behaviour`] says what each does: a fast mode, inference in the United
//! States, a discount, shared searches and sessions, credits, several people at the console, service accounts and
//! identities of other providers, use of nobody, and an organization on claude.ai beside that of the console. Without them
//! the worlds are as plain as they were.
//!
//! The organization on claude.ai ([`Enterprise`]) has a key of its own, [`Simulator::enterprise_key`]. It opens the endpoints
//! under `analytics/` and answers 403 elsewhere, as the console's key does at `analytics/users`.
//!
//! # One truth
//!
//! All reports tell the same world. Cost rows are the base of everything about Claude: [`World::cost_shares`] splits
//! each among the keys of its workspace and the console, and token usage, Claude Code on API billing and both reports
//! of the analytics are sums of these shares. A mutation of a cost row therefore shows in all of them. Cursor's events are as
//! many as the daily report counts, and spend is the sum of the events of the billing cycle.
//!
//! [`World::charges`] is what all of that comes to: of each day who used what, by account, kind of money, key, person and
//! product, in exact cents. Nothing of it is read back from an answer.
//!
//! | endpoint | ground truth |
//! |---|---|
//! | `cost_report`, `analytics/cost` | [`World::cost_rows`], [`World::cost_cents`], [`World::cost_shares`] |
//! | `usage_report/messages` | [`World::claude_usage`] |
//! | `analytics/usage` | [`World::analytics_usage`] |
//! | `analytics/cost`, `analytics/usage` of claude.ai | [`World::enterprise_shares`], [`World::enterprise_usage`] |
//! | `analytics/users` | [`World::seat_uses`] |
//! | `usage_report/claude_code` | [`World::claude_code_rows`] |
//! | `workspaces`, `api_keys`, `users` | [`World::workspaces`], [`World::api_keys`], [`World::users`] |
//! | `daily-usage-data` | [`World::cursor_rows`], [`World::cursor_rows_of`] |
//! | `filtered-usage-events` | [`World::cursor_events`], [`World::cursor_events_of`] |
//! | `spend`, `members` | [`World::cursor_spend_cents`], [`World::members`] |
//! | no endpoint: the seats on the invoice | [`World::cursor_seat`] |
//!
//! # What no vendor documents
//!
//! Which list says of what tier a seat is and when somebody left, whether today's bucket is answered, whether the day of Cursor's `endDate` is, how long a rate limit is, how Cursor
//! spells kinds and e-mails, in which shape a key names its workspace, when analytics
//! were last refreshed and how they name people: each is a field of [`Options`], or of [`Enterprise`]. How the bill words a
//! fast mode, a place or a credit is made up: nothing should depend on it. Cursor's largest
//! `pageSize` is taken to be 1,000 everywhere, and its events without a range are those of the newest thirty days.
//! An unknown `after_id` is a 400.
//!
//! # What is left out
//!
//! Buckets of an hour or a minute (400), OAuth and service accounts outside the analytics (their ids are always null, and
//! no Cursor event passes a filter for one), engagement beside `analytics/users`, execution spans of code in usage by analytics, the parameter `ids[]` of workspaces, rbac
//! groups, keys of Cursor's organizations. Seat fees are in no API.
//!
//! # To add an endpoint
//!
//! A variant in `endpoint.rs`, a file under `anthropic/` or `cursor/`, a line in that folder's `answer`, its form in
//! `faults/form.rs`.

mod anthropic;
mod cursor;
mod endpoint;
mod exchange;
mod faults;
mod rate_limit;
mod server;
mod world;
pub mod worlds;

pub use self::endpoint::Endpoint;
pub use self::faults::{Fault, FaultKind, FaultTextError, Hostile, When};
pub use self::server::{RequestRecord, Simulator};
pub use self::world::{
    Actor, AnalyticsUsage, ApiKey, ApiKeyShape, Billing, Charge, ChargeKind, ClaudeCodeActor, ClaudeCodeModel,
    ClaudeCodeRow, CostRow, CostShare, CursorEvent, CursorRow, CursorUsage, DefaultWorkspace, Enterprise, EventKind,
    EventTokens, Federation, IdentityProvider, KindSpelling, Member, NEWCOMER, Options, OrganizationHeader, Payer,
    SeatFields, SeatTier, SeatUse, UsageCounts, UsageKey, User, WhoAmI, Workspace, World, WorldClock,
};
