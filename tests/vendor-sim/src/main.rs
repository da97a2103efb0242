//! The simulator as a program: builds a world, prints where it is served, serves until ctrl-c.

use std::error::Error;
use std::path::PathBuf;

use chrono::{Days, NaiveDate, Utc};
use clap::{Parser, ValueEnum};
use vendor_sim::{Fault, Simulator, World, worlds};

const FAULTS_HELP: &str = "\
Faults: ENDPOINT[?TEXT]:KIND[=VALUE][@WHEN][*TIMES]
  ENDPOINT  any, anthropic/me, anthropic/cost_report, cursor/daily-usage-data
  ?TEXT     only requests whose query or body contains TEXT (!TEXT: does not), such as ?group_by
  KIND      429[=RETRY_AFTER_S], 500, 504, 529 or another status,
            cut[=BYTES], slow[=PAUSE_MS], huge[=BYTES], not-json, wrong-content,
            repeated-page, next-page-loop, missing-bucket, restate=DAY,
            member-joins, member-leaves, member-swap,
            unknown-fields, unknown-values,
            amount-text, amount-number, date-missing, count-text
  @WHEN     always (default), nth=N (the N-th such request), page=N,
            day=YYYY-MM-DD (answers that cover it)
  *TIMES    at most so often; without end by default

Examples:
  vendor-sim --world october --fault 'anthropic/cost_report:529@page=2*1'
  vendor-sim --world company --fault 'any:429=2@nth=3' --fault 'cursor/daily-usage-data:cut*1'";

/// Simulates Anthropic's and Cursor's admin APIs over a made-up world, on a loopback port.
#[derive(Parser)]
#[command(version, after_help = FAULTS_HELP)]
struct Arguments {
    /// Which world to serve.
    #[arg(long, value_enum)]
    world: WorldName,
    /// Seed of the company and random worlds.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Port on 127.0.0.1; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The world's today, YYYY-MM-DD (UTC). Worlds other than october end on the day before. Default: the real
    /// today, and 2025-11-25 for october.
    #[arg(long, value_name = "DAY")]
    today: Option<NaiveDate>,
    /// Days of data before today, except for october. Default: company 61, random 30, cursor-large 500.
    #[arg(long)]
    days: Option<u32>,
    /// Members of cursor-large.
    #[arg(long, default_value_t = 2_000)]
    people: u32,
    /// Also answer today's unfinished day.
    #[arg(long)]
    with_today: bool,
    /// Limit of each Cursor endpoint; the vendor's own is 20.
    #[arg(long, value_name = "REQUESTS")]
    cursor_per_minute: Option<u32>,
    /// Something that goes wrong, see below. Can be repeated.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// A JSON file with a list of such faults as texts.
    #[arg(long, value_name = "FILE")]
    faults_file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum WorldName {
    October,
    Company,
    Random,
    CursorLarge,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let faults = faults(&arguments)?;
    let simulator = Simulator::start_on(world(&arguments), arguments.port).await?;
    for fault in faults {
        simulator.inject(fault);
    }
    let (url, anthropic, cursor) = (
        simulator.url(),
        simulator.anthropic_key(),
        simulator.cursor_key(),
    );
    println!("{url} anthropic-key={anthropic} cursor-key={cursor}");
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}

fn world(arguments: &Arguments) -> World {
    let today = arguments.today.unwrap_or_else(|| Utc::now().date_naive());
    let ending_yesterday = |default| {
        let days = arguments.days.unwrap_or(default);
        (today - Days::new(u64::from(days)), days)
    };
    let mut world = match arguments.world {
        WorldName::October => worlds::october(),
        WorldName::Company => worlds::company(
            arguments.seed,
            today - Days::new(1),
            arguments.days.unwrap_or(61),
        ),
        WorldName::Random => {
            let (first_day, days) = ending_yesterday(30);
            worlds::random(arguments.seed, first_day, days)
        }
        WorldName::CursorLarge => {
            let (first_day, days) = ending_yesterday(500);
            worlds::cursor_large(arguments.people, first_day, days)
        }
    };
    world.options.today = arguments.today.unwrap_or(world.options.today);
    world.options.today_is_returned = arguments.with_today;
    world.options.cursor_requests_per_minute = arguments.cursor_per_minute;
    world
}

fn faults(arguments: &Arguments) -> Result<Vec<Fault>, Box<dyn Error>> {
    let mut faults = arguments.faults.clone();
    if let Some(file) = &arguments.faults_file {
        let in_file = |error: &dyn Error| format!("{}: {error}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| in_file(&error))?;
        let listed: Vec<String> = serde_json::from_str(&text).map_err(|error| in_file(&error))?;
        for fault in listed {
            faults.push(fault.parse()?);
        }
    }
    Ok(faults)
}
