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
//! See [`worlds`]: `october` (a real month's totals), `company` (two months to look at), `random` (for properties),
//! `cursor_large` (a million rows that are never in memory).
//!
//! # What no vendor documents
//!
//! Whether today's bucket is answered, whether the day of Cursor's `endDate` is, how long a rate limit is: each is a
//! field of [`Options`]. Cursor's largest `pageSize` is taken to be 1,000, as for its other reports.
//!
//! # To add an endpoint
//!
//! A variant in `endpoint.rs`, a file under `anthropic/` or `cursor/`, a line in that folder's `answer`.

mod anthropic;
mod cursor;
mod endpoint;
mod exchange;
mod faults;
mod server;
mod world;
pub mod worlds;

pub use self::endpoint::Endpoint;
pub use self::faults::{Fault, FaultKind, FaultTextError, When};
pub use self::server::{RequestRecord, Simulator};
pub use self::world::{
    Actor, ApiKey, ApiKeyShape, ClaudeCodeActor, ClaudeCodeModel, ClaudeCodeRow, CostRow, CostShare, CursorEvent,
    CursorRow, CursorUsage, EventKind, EventTokens, KindSpelling, Member, Options, UsageCounts, UsageKey, User,
    Workspace, World,
};
