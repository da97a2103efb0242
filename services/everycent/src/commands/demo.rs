//! `everycent demo`: a made-up company, from the simulated vendors' APIs to reconciled tables.

use everycent_domain::vendors::upload;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, anyhow};
use everycent_domain::window::Window;
use everycent_runtime::clock::{Clock, SystemClock};
use everycent_runtime::config::{Config, PeopleShown};
use everycent_runtime::home::Home;
use everycent_runtime::private;
use everycent_schemas::Day;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use vendor_sim::worlds::{self, Behaviour};
use vendor_sim::{Simulator, World};

use super::import;
use super::reconcile::{self, Question};
use super::status::{FeedCoverage, by_feed, coverage_text};
use super::sync;
use crate::cli::Global;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::report::Report as Figures;
use crate::scope::Days;
use crate::show::{self, heading};

/// Where the demo lives unless --home says otherwise.
const HOME: &str = "./everycent-demo";
/// Marks a directory that a demo made, and may make anew.
const MARK: &str = "demo.toml";
const ACCOUNT: &str = "example-company";
const DAYS: u32 = 61;
const SEED: u64 = 2025;

pub async fn demo(global: &Global, stop: CancellationToken) -> Result<(), Failure> {
    let began = Instant::now();
    let home = global.home_or(HOME);
    start_afresh(&home)?;
    let last_day = SystemClock.now().day().minus(1);
    let window = Window::new(last_day.minus(DAYS - 1), last_day)?;
    let simulator = Simulator::start(company(last_day)).await?;
    let config = config(&home, &simulator, window)?;
    let deployment = Deployment::open(&home, config).await?;
    if !global.json {
        show::print(&introduction(&simulator, window));
    }
    let watcher = Watcher::new(!global.json);
    let synced = sync::once(&deployment, Days::Named(window), &[], &watcher, stop.clone()).await?;
    simulator.stop().await;
    for (source, name, text) in [
        (upload::claude_usage::SOURCE, "claude-usage.csv", claude_usage(window)),
        (upload::api_key_owners::SOURCE, "api-key-owners.csv", API_KEY_OWNERS.to_owned()),
        (upload::people::SOURCE, "people.csv", people(window)),
    ] {
        let file = home.join(name);
        private::write(&file, text.as_bytes()).with_context(|| file.display().to_string())?;
        let account_id = source.company_account().unwrap_or(ACCOUNT).into();
        import::sample(&deployment, source, &account_id, &file, stop.clone()).await?;
    }
    let coverage = deployment.whole_coverage().await?;
    // Today is the day of the readings of how things stand.
    let until_now = Window::new(window.from(), last_day.next())?;
    let verdicts = reconcile::check(
        &deployment,
        &Question { window: until_now, stored: until_now, expected: None, wanted_from: Some(window.from()) },
    )
    .await?;
    let figures = Figures::read(deployment.warehouse.as_ref(), window, None, PeopleShown::Names).await?;
    let passed = synced.is_clean() && verdicts.iter().all(|verdict| verdict.passed);
    if global.json {
        show::print_json(&Report { synced, figures, coverage: by_feed(&coverage), reconciled: passed });
    } else {
        let seconds = began.elapsed().as_millis();
        let mut text = sync::text(&synced);
        text += &figures.text();
        text += &reconcile::text(until_now, &verdicts, &reconcile::remarked(&deployment, until_now).await?);
        text += &heading("Coverage, in days (UTC)");
        text += &coverage_text(&by_feed(&coverage));
        text += &outlook(&home, seconds);
        show::print(&text);
    }
    if passed { Ok(()) } else { Err(Failure::Reported) }
}

/// A company that does what a vendor can tell of one, in the console and on claude.ai. Each line of the bill has one person at
/// the console: several would be many rows that show nothing more.
fn company(last_day: Day) -> World {
    let is_shown = |behaviour: &Behaviour| *behaviour != Behaviour::SharedConsole;
    let shown = Behaviour::OF_CONSOLE.iter().copied().filter(is_shown).chain([Behaviour::Enterprise]);
    worlds::company(SEED, last_day.date(), DAYS).behaving(&shown.collect::<Vec<_>>())
}

#[derive(Debug, Serialize)]
struct Report {
    synced: sync::Report,
    #[serde(flatten)]
    figures: Figures,
    coverage: Vec<FeedCoverage>,
    reconciled: bool,
}

/// Removes what an earlier demo left; anything else is not touched.
fn start_afresh(home: &Path) -> Result<(), Failure> {
    if !home.exists() {
        return Ok(());
    }
    let empty = fs::read_dir(home).with_context(|| home.display().to_string())?.next().is_none();
    if empty {
        return Ok(());
    }
    if !home.join(MARK).is_file() {
        return Err(Failure::usage(anyhow!(
            "{} holds something else than a demo; name another directory with --home",
            home.display()
        )));
    }
    // Taken and given back: a demo that still runs keeps its directory.
    drop(Home::open(home).map_err(Failure::usage)?);
    fs::remove_dir_all(home).with_context(|| home.display().to_string())?;
    Ok(())
}

/// The configuration that the demo runs with, written where a person can read it.
fn config(home: &Path, simulator: &Simulator, window: Window) -> Result<Config, Failure> {
    private::create_folder(home).with_context(|| home.display().to_string())?;
    let file = home.join(MARK);
    private::write(&file, config_text(&simulator.url(), window).as_bytes())
        .with_context(|| file.display().to_string())?;
    let (anthropic, cursor) = (simulator.anthropic_key(), simulator.cursor_key());
    let claude_ai = simulator.enterprise_key();
    let keys = move |name: &str| match name {
        "DEMO_ANTHROPIC_KEY" => Some(anthropic.clone()),
        "DEMO_CLAUDE_AI_KEY" => claude_ai.clone(),
        "DEMO_CURSOR_KEY" => Some(cursor.clone()),
        _ => None,
    };
    Ok(Config::load(Some(&file), &keys)?)
}

fn config_text(url: &str, window: Window) -> String {
    format!(
        r#"# Written by `everycent demo`. The vendors are simulated, and so is the company.

[sync]
since = "{since}"

[vendors.anthropic]
url = "{url}"
requests_per_minute = 6000

[vendors.cursor]
url = "{url}"
requests_per_minute = 6000

[[accounts]]
id = "example-company"
vendor = "anthropic"
key_env = "DEMO_ANTHROPIC_KEY"

# The same company on claude.ai: another organization, whose key opens the analytics and nothing else.
[[accounts]]
id = "example-claude-ai"
vendor = "anthropic"
key_env = "DEMO_CLAUDE_AI_KEY"
sources = ["anthropic/analytics_cost", "anthropic/analytics_usage"]

[[accounts]]
id = "example-company"
vendor = "cursor"
key_env = "DEMO_CURSOR_KEY"

# What this company knows of its workspaces. A name alone would prove nothing.
[[attribution.rules]]
id = "engineers-in-the-terminal"
platform = "claude_code"
workspace_id = "wrkspc_01ClaudeCodeCompany"

[[attribution.rules]]
id = "product-backend"
platform = "claude_api"
workspace_id = "wrkspc_01ProductApi"

[[attribution.rules]]
id = "support-assistant"
platform = "claude_api"
workspace_id = "wrkspc_01SupportAssistant"
"#,
        since = window.from()
    )
}

/// What the company keeps of claude.ai by hand: the first and the last day.
fn claude_usage(window: Window) -> String {
    let (first, last) = (window.from(), window.to());
    format!(
        "date,email,conversations,projects,files,messages\n\
         {first},ada@example.com,4,1,2,61\n{first},hedy@example.com,7,0,5,88\n{last},ada@example.com,3,1,0,40\n"
    )
}

/// Who answers for the keys that nobody, or somebody who left, has made.
const API_KEY_OWNERS: &str = "api_key_id,owner_email,team,note\n\
    apikey_01Program04,sophie@example.com,Support,made by the console\n\
    apikey_01Program03,katherine@example.com,Research,taken over\n";

/// Who works where, as the company's list of people has it: one changed team half way, one has left, one has no team yet,
/// and the newest is not in it.
fn people(window: Window) -> String {
    let change = window.from().plus(DAYS / 2);
    let before = change.minus(1);
    let mut text = "email,name,team,cost_center,valid_from,valid_to\n".to_owned();
    for (team, cost_center, names) in [
        ("Product", "4100", &["Ada", "Barbara", "Dennis", "Grace", "Ken", "Lynn", "Margaret", "Peter"][..]),
        ("Platform", "4100", &["Alan", "Edsger", "Ivan", "Leslie", "Niklaus", "Radia", "Tony"]),
        ("Research", "4200", &["Frances", "Katherine", "Shafi"]),
        ("Support", "4300", &["Joan", "Sophie", "Robin"]),
        ("", "", &["Ursula"]),
    ] {
        for name in names {
            text += &format!("{}@example.com,{name},{team},{cost_center},,\n", name.to_lowercase());
        }
    }
    text += &format!("hedy@example.com,Hedy,Support,4300,,{before}\nhedy@example.com,Hedy,Research,4200,{change},\n");
    text + &format!("ole@example.com,Ole,Product,4100,,{}\n", window.to())
}

fn introduction(simulator: &Simulator, window: Window) -> String {
    format!(
        "EveryCent demo: Example Company, {} to {}.\nBoth vendors' APIs are simulated on {}; nothing leaves this machine.\n\n",
        window.from(),
        window.to(),
        simulator.url()
    )
}

fn outlook(home: &Path, milliseconds: u128) -> String {
    let file = home.join("everycent.sqlite");
    format!(
        r#"
Done in {}.{:01} s. The tables are in {file}; any SQLite tool opens it. Three queries to try:

  sqlite3 {file} "SELECT * FROM claude_daily_summary ORDER BY total_usd DESC LIMIT 10"
  sqlite3 {file} "SELECT platform, platform_basis, round(sum(cost_usd), 2) FROM claude_expenses GROUP BY 1, 2"
  sqlite3 {file} "SELECT team, team_basis, round(sum(cost_usd), 2) FROM ai_spend_by_team GROUP BY 1, 2 ORDER BY 3 DESC"

Your own data: export ANTHROPIC_ADMIN_KEY=... CURSOR_API_KEY=... && everycent sync && everycent reconcile
"#,
        milliseconds / 1000,
        milliseconds % 1000 / 100,
        file = file.display()
    )
}
