//! A year in which nothing is wrong, synced by the hour and by the day, and the same with each fault in it: the first holds
//! nothing back and warns of nothing, and in the second no wrong total is green.
//!
//! Everything is the program's own but the time: the vendors answer over HTTP, by the clock of their world.
//! `EVERYCENT_YEAR=365` makes the years whole and `EVERYCENT_PEOPLE=2000` the large company that large, which takes long;
//! without them they are as long and large as a run of all tests can bear.
#![allow(clippy::unwrap_used)]

mod faults;
mod older;
mod vendors;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Days as DaysOf, NaiveDate, TimeDelta, Utc};
use everycent_domain::window::Window;
use everycent_runtime::clock::Clock;
use everycent_runtime::config::Config;
use everycent_schemas::{Day, Timestamp};
use rust_decimal::Decimal;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use vendor_sim::{Simulator, World, worlds};

use crate::cli::ReplayArgs;
use crate::commands::reconcile::{self, Question};
use crate::commands::replay;
use crate::commands::sync::{self, Report};
use crate::deployment::Deployment;
use crate::facts;
use crate::pipeline;
use crate::progress::Watcher;
use crate::scope::Days;
use vendors::{Vendors, every, truth};

/// History that is there when the year begins.
const BEFORE: u32 = 20;
/// Days whose answers are looked at after each sync: all that may still change, and some more.
const LOOKED_AT: u64 = 35;
/// Syncs from one reconciliation to the next.
const CHECKED_EVERY: usize = 9;

const RULES: &str = "
[[attribution.rules]]
id = \"rest\"
platform = \"claude_api\"
workspace_id = \"default\"

[[prices.cursor]]
from = \"2025-01-01\"
plan = \"token\"
seat_usd = \"32.00\"
";

/// It moves on by a microsecond whenever it is looked at, for two things never happen at the same time.
#[derive(Debug)]
struct SetClock(Mutex<DateTime<Utc>>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock().unwrap();
        *now += TimeDelta::microseconds(1);
        Timestamp::from(*now)
    }
}

/// A company in the course of time, and its deployment.
struct Year {
    simulator: Simulator,
    vendors: Vendors,
    deployment: Deployment,
    clock: Arc<SetClock>,
    first: NaiveDate,
    /// What each day cost by what the vendors knew when they were last asked about it.
    truth: BTreeMap<NaiveDate, [Decimal; 2]>,
    folder: TempDir,
}

impl Year {
    async fn begin(world: fn(NaiveDate, u32) -> World, days: u32) -> Self {
        let start: NaiveDate = "2026-01-05".parse().unwrap();
        let first = start - DaysOf::new(u64::from(BEFORE));
        let last = start + DaysOf::new(u64::from(days));
        let world = world(last, BEFORE + days + 1);
        let simulator = Simulator::start(world.clone()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock(Mutex::new(DateTime::UNIX_EPOCH)));
        let deployment = open(folder.path(), &simulator, first, &clock).await;
        let vendors = Vendors::new(world, 11, start);
        Self { simulator, vendors, deployment, clock, first, truth: BTreeMap::new(), folder }
    }

    fn start(&self) -> NaiveDate {
        self.first + DaysOf::new(u64::from(BEFORE))
    }

    /// It is so late now, and the vendors report what they know, as `spoil` leaves it.
    fn move_to(&mut self, now: DateTime<Utc>, spoil: impl FnOnce(&mut World)) {
        let mut world = self.vendors.at(now);
        let today = now.date_naive();
        for day in self.days_looked_at(today) {
            self.truth.insert(day, truth(&world, day));
        }
        spoil(&mut world);
        self.simulator.with_world(|known| *known = world);
        *self.clock.0.lock().unwrap() = now;
    }

    fn days_looked_at(&self, today: NaiveDate) -> impl Iterator<Item = NaiveDate> + use<> {
        let first = self.first.max(today - DaysOf::new(LOOKED_AT));
        first.iter_days().take_while(move |day| *day < today)
    }

    async fn sync(&self) -> Report {
        let since = Days::Due { since: Day::from(self.first) };
        let watcher = Watcher::new(false);
        sync::once(&self.deployment, since, &[], &watcher, CancellationToken::new()).await.unwrap()
    }

    /// What the tables say that these days cost, in cents.
    async fn tables(&self, today: NaiveDate) -> BTreeMap<NaiveDate, [Decimal; 2]> {
        let days: Vec<NaiveDate> = self.days_looked_at(today).collect();
        let window = Window::new(Day::from(days[0]), Day::from(days[days.len() - 1])).unwrap();
        let warehouse = self.deployment.warehouse.as_ref();
        let bill = facts::money::bill(warehouse, "anthropic/cost_report".parse().unwrap(), window, None).await.unwrap();
        let charged = facts::cursor::charged_events(warehouse, window).await.unwrap();
        let mut found: BTreeMap<NaiveDate, [Decimal; 2]> =
            days.into_iter().map(|day| (day, [Decimal::ZERO; 2])).collect();
        let cents = |usd: everycent_schemas::Usd| usd.to_string().parse::<Decimal>().unwrap() * Decimal::ONE_HUNDRED;
        for ((_, day), usd) in bill {
            found.get_mut(&day.date()).unwrap()[0] += cents(usd);
        }
        for ((_, day), charged) in charged {
            found.get_mut(&day.date()).unwrap()[1] += cents(charged.overall_usd);
        }
        found
    }

    /// Days that are over for a day at least and of which the tables say something else than the vendors, by more than so
    /// much of what they say and a dollar, or by anything if that is zero.
    async fn wrong_days(&self, today: NaiveDate, part: Decimal) -> Vec<String> {
        let found = self.tables(today).await;
        let is_wrong = |(expected, found): (&Decimal, &Decimal)| {
            let off = (expected - found).abs();
            off > expected * part && (part.is_zero() || off > Decimal::ONE_HUNDRED)
        };
        let whole = found.into_iter().filter(|(day, _)| *day < today - DaysOf::new(1));
        let wrong = whole.filter(|(day, found)| self.truth[day].iter().zip(found).any(is_wrong));
        wrong.map(|(day, found)| format!("{day}: {found:?}, and the vendors report {:?}", self.truth[&day])).collect()
    }

    async fn change_rules(&mut self) {
        self.deployment.config = configuration(self.folder.path(), &self.simulator, self.first, RULES);
        self.replay().await;
    }

    async fn replay(&self) {
        let all = ReplayArgs {
            from: None,
            to: None,
            sources: Vec::new(),
            account: None,
            at_once: 32,
            anew: false,
            dry_run: false,
        };
        let replayed = replay::replay(&self.deployment, &all, false, CancellationToken::new()).await;
        let letters = self.deployment.bus.dead_letters(10).await.unwrap();
        assert!(replayed.is_ok(), "{:?}", letters.iter().map(|letter| &letter.reason).collect::<Vec<_>>());
    }

    /// The home is one of an earlier release, and the program goes on with it.
    async fn upgrade(self) -> Self {
        let Self { deployment, folder, .. } = self;
        drop(deployment);
        older::make_older(&folder.path().join("home"));
        let deployment = open(folder.path(), &self.simulator, self.first, &self.clock).await;
        Self { deployment, folder, ..self }
    }

    /// Checks that fail.
    async fn failed_checks(&self, today: NaiveDate) -> Vec<String> {
        let window = Window::new(Day::from(self.first), Day::from(today - DaysOf::new(1))).unwrap();
        let question = Question { window, stored: window, expected: None, wanted_from: None };
        let verdicts = reconcile::check(&self.deployment, &question).await.unwrap();
        verdicts.iter().filter(|verdict| !verdict.passed).map(|verdict| format!("{verdict:?}")).collect()
    }
}

async fn open(folder: &Path, simulator: &Simulator, since: NaiveDate, clock: &Arc<SetClock>) -> Deployment {
    let config = configuration(folder, simulator, since, "");
    let mut deployment = Deployment::open(&folder.join("home"), config).await.unwrap();
    deployment.clock = Arc::clone(clock) as Arc<dyn Clock>;
    deployment
}

/// All sources of both vendors.
fn configuration(folder: &Path, simulator: &Simulator, since: NaiveDate, rules: &str) -> Config {
    let file = folder.join("everycent.toml");
    let pace = "requests_per_minute = 1000000\nmax_attempts = 1\n";
    let text = format!("[sync]\nsince = \"{since}\"\n\n[vendors.anthropic]\n{pace}\n[vendors.cursor]\n{pace}{rules}");
    std::fs::write(&file, text).unwrap();
    let (url, anthropic, cursor) = (simulator.url(), simulator.anthropic_key(), simulator.cursor_key());
    let env = move |name: &str| match name {
        "ANTHROPIC_ADMIN_KEY" => Some(anthropic.clone()),
        "CURSOR_API_KEY" => Some(cursor.clone()),
        "EVERYCENT_ANTHROPIC_URL" | "EVERYCENT_CURSOR_URL" => Some(url.clone()),
        _ => None,
    };
    Config::load(Some(&file), &env).unwrap()
}

/// What a sync said that a person would have to read.
fn words(report: &Report) -> Vec<String> {
    let json = serde_json::to_value(report).unwrap();
    let silent = [
        "home",
        "warehouse",
        "windows",
        "windows_fetched",
        "rows",
        "pages",
        "body_bytes",
        "rows_written",
        "rows_deleted",
        "tables",
        "peak_memory_bytes",
    ];
    let is_said = |(name, value): &(&String, &serde_json::Value)| {
        let is_nothing =
            value.is_null() || **value == 0 || **value == false || value.as_array().is_some_and(Vec::is_empty);
        !silent.contains(&name.as_str()) && !is_nothing
    };
    let said = json.as_object().unwrap().iter().filter(is_said);
    said.map(|(name, value)| format!("{name}: {value}")).collect()
}

fn chosen(variable: &str, few: u32) -> u32 {
    std::env::var(variable).map_or(few, |number| number.parse().unwrap())
}

/// Syncs at these times, of which none says anything, and after each the tables are what the vendors report. After a third
/// the program is upgraded, and a sync later all rows are made again, and once more half way by other prices and rules.
async fn is_quiet(mut year: Year, times: Vec<DateTime<Utc>>) {
    let (mut syncs, mut rows, mut checks) = (0, 0, 0);
    let (third, half) = (times.len() / 3, times.len() / 2);
    for now in times {
        if syncs == third {
            year = year.upgrade().await;
        }
        if syncs == third + 1 {
            year.replay().await;
        }
        if syncs == half {
            year.change_rules().await;
        }
        year.move_to(now, |_| ());
        let report = year.sync().await;
        assert!(report.is_clean(), "{now}: {}", sync::text(&report));
        assert_eq!(words(&report), [] as [&str; 0], "{now}");
        (syncs, rows) = (syncs + 1, rows + report.rows);
        let today = now.date_naive();
        if syncs % CHECKED_EVERY == 1 && syncs != third + 1 {
            assert_eq!(year.failed_checks(today).await, [] as [&str; 0], "{now}");
            checks += 1;
        }
        assert_eq!(year.wrong_days(today, Decimal::ZERO).await, [] as [&str; 0], "{now}");
    }
    println!("{syncs} syncs, {rows} rows read, {checks} reconciliations: nothing was said");
}

/// As many days as `EVERYCENT_YEAR` says, or so few; a sync every so many hours.
fn hears_nothing(world: fn(NaiveDate, u32) -> World, few: u32, hours: i64) {
    let days = chosen("EVERYCENT_YEAR", few);
    pipeline::runtime().unwrap().block_on(async {
        let year = Year::begin(world, days).await;
        let start = year.start();
        is_quiet(year, every(hours, start, days).collect()).await;
    });
}

fn pair(last: NaiveDate, days: u32) -> World {
    worlds::pair(5, last, days)
}

fn company(last: NaiveDate, days: u32) -> World {
    worlds::company(5, last, days)
}

/// A third of them have keys of Claude Code.
fn large_company(last: NaiveDate, days: u32) -> World {
    let people = chosen("EVERYCENT_PEOPLE", 60);
    worlds::large_company(people, people / 3, last - DaysOf::new(u64::from(days - 1)), days)
}

#[test]
fn two_people_by_the_hour_hear_nothing() {
    hears_nothing(pair, 3, 1);
}

#[test]
fn twenty_five_people_by_the_day_hear_nothing() {
    hears_nothing(company, 34, 24);
}

#[test]
fn a_large_company_by_the_day_hears_nothing() {
    hears_nothing(large_company, 6, 24);
}
