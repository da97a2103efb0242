//! The command line of the program.
//!
//! Owns names, defaults and help. It must never build or serve a world.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Parser, ValueEnum};
use vendor_sim::Fault;
use vendor_sim::worlds::Behaviour;

const FAULTS_HELP: &str = "\
Faults: ENDPOINT[?TEXT]:KIND[=VALUE][@WHEN][*TIMES]
  ENDPOINT  any, anthropic/me, anthropic/cost_report, anthropic/usage_messages,
            anthropic/claude_code, anthropic/analytics_cost,
            anthropic/analytics_usage, anthropic/analytics_users,
            anthropic/workspaces, anthropic/api_keys, anthropic/users,
            cursor/daily-usage-data, cursor/usage-events, cursor/spend,
            cursor/members
  ?TEXT     only requests whose query or body contains TEXT (!TEXT: does not), such as ?group_by
  KIND      429[=RETRY_AFTER_S], 500, 504, 529 or another status,
            cut[=BYTES], slow[=PAUSE_MS], huge[=BYTES], not-json, wrong-content,
            repeated-page, next-page-loop, empty-pages, missing-bucket,
            restate=DAY, hostile=VALUE (utf8, nul, surrogate, exponent,
            digits, nesting, twice, word),
            member-joins, member-leaves, member-swap, event-joins, event-leaves,
            missing-scope, expired-cursor, held,
            unknown-fields, unknown-values,
            amount-text, amount-number, huge-amounts, huge-counts,
            date-missing, count-text
  @WHEN     always (default), nth=N (the N-th such request), page=N,
            day=YYYY-MM-DD (answers that cover it)
  *TIMES    at most so often; without end by default

Examples:
  vendor-sim --world october --fault 'anthropic/cost_report:529@page=2*1'
  vendor-sim --world company --with fast-mode --with enterprise
  vendor-sim --world company --fault 'any:429=2@nth=3' --fault 'cursor/daily-usage-data:cut*1'";

/// Simulates Anthropic's and Cursor's admin APIs over a made-up world.
#[derive(Parser)]
#[command(version, after_help = FAULTS_HELP)]
pub struct Arguments {
    /// Which world to serve.
    #[arg(long, value_enum)]
    pub world: WorldName,
    /// Seed of the company and random worlds.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Address to listen on; only a container has a reason for another one.
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub host: IpAddr,
    /// Port; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// The world's today, YYYY-MM-DD (UTC). Worlds other than october end on the day before. Default: the real
    /// today, and 2025-11-25 for october.
    #[arg(long, value_name = "DAY")]
    pub today: Option<NaiveDate>,
    /// Days of data before today, except for october. Default: company 61, random 30, cursor-large 500.
    #[arg(long)]
    pub days: Option<u32>,
    /// Members of cursor-large.
    #[arg(long, default_value_t = 2_000)]
    pub people: u32,
    /// Also answer today's unfinished day.
    #[arg(long)]
    pub with_today: bool,
    /// What the organization does, or the vendor bills, beside plain use. Can be repeated; added in this order.
    #[arg(long = "with", value_enum, value_name = "BEHAVIOUR")]
    pub behaviours: Vec<Behaviour>,
    /// So many seconds is the world's clock, which answers tell in `Date`, later than this machine's; negative is earlier.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    pub clock_offset: i64,
    /// Limit of each Cursor endpoint; the vendor's own is 20.
    #[arg(long, value_name = "REQUESTS")]
    pub cursor_per_minute: Option<u32>,
    /// Limit of Anthropic's analytics, all endpoints together; the vendor's own is 60.
    #[arg(long, value_name = "REQUESTS")]
    pub analytics_per_minute: Option<u32>,
    /// How long after each request its answer sets out.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Something that goes wrong, see below. Can be repeated.
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<Fault>,
    /// A JSON file with a list of such faults as texts.
    #[arg(long, value_name = "FILE")]
    pub faults_file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum WorldName {
    October,
    Company,
    Random,
    CursorLarge,
}
