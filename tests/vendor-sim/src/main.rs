//! The simulator as a program: builds a world, prints where it is served, serves until ctrl-c.

mod arguments;

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use self::arguments::{Arguments, WorldName};
use chrono::{Days, TimeDelta, Utc};
use clap::Parser;
use vendor_sim::{Fault, Simulator, World, WorldClock, worlds};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let faults = faults(&arguments)?;
    let address = (arguments.host, arguments.port).into();
    let simulator = Simulator::start_at(world(&arguments), address).await?;
    for fault in faults {
        simulator.inject(fault);
    }
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    // Asked once before the address is told: whoever has read it may already interrupt.
    tokio::select! {
        biased;
        done = &mut interrupted => return Ok(done?),
        () = tell(&simulator) => {}
    }
    interrupted.await?;
    simulator.stop().await;
    Ok(())
}

async fn tell(simulator: &Simulator) {
    let (url, anthropic, cursor) = (simulator.url(), simulator.anthropic_key(), simulator.cursor_key());
    let enterprise = simulator.enterprise_key().map(|key| format!(" enterprise-key={key}")).unwrap_or_default();
    println!("{url} anthropic-key={anthropic} cursor-key={cursor}{enterprise}");
}

fn world(arguments: &Arguments) -> World {
    let today = arguments.today.unwrap_or_else(|| Utc::now().date_naive());
    let ending_yesterday = |default| {
        let days = arguments.days.unwrap_or(default);
        (today - Days::new(u64::from(days)), days)
    };
    let mut world = match arguments.world {
        WorldName::October => worlds::october(),
        WorldName::Company => worlds::company(arguments.seed, today - Days::new(1), arguments.days.unwrap_or(61)),
        WorldName::Random => {
            let (first_day, days) = ending_yesterday(30);
            worlds::random(arguments.seed, first_day, days)
        }
        WorldName::CursorLarge => {
            let (first_day, days) = ending_yesterday(500);
            worlds::cursor_large(arguments.people, first_day, days)
        }
    };
    world = world.behaving(&arguments.behaviours);
    world.options.today = arguments.today.unwrap_or(world.options.today);
    world.options.today_is_returned = arguments.with_today;
    world.options.clock = WorldClock::Offset(TimeDelta::seconds(arguments.clock_offset));
    world.options.cursor_requests_per_minute = arguments.cursor_per_minute;
    world.options.analytics_requests_per_minute = arguments.analytics_per_minute;
    world.options.latency = Duration::from_millis(arguments.latency_ms);
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
