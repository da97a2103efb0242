//! Drives one pipeline through a schedule and compares what is left with the model.

mod changes;
mod memory;
mod uploads;
mod vendor_faults;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use chrono::Duration;
use everycent_domain::derived;
use everycent_domain::window::Window;
use everycent_runtime::bus::Topic;
use everycent_runtime::warehouse::{SqliteWarehouse, differing_charges, stale_charges};
use everycent_schemas::Day;
use vendor_sim::{ApiKeyShape, Options, World, worlds};

use crate::model::{Absence, Model, Report, Time};
use crate::pipeline::{Pipeline, Settings, accounts_of};
use crate::schedule::{Among, Case, Era, Transition};
use crate::tables::{self, Bucket, Record};
use memory::Memory;

/// The first day of a random world. On its third day Cursor's published price changes from requests to tokens.
pub fn first_day() -> Day {
    Era::OfTwoPrices.first_day()
}

impl Era {
    pub fn first_day(self) -> Day {
        let (year, month, day) = match self {
            Self::OfTwoPrices => (2025, 9, 13),
            Self::OfAnalytics => (2025, 12, 31),
        };
        Day::new(year, month, day).expect("invariant: a day of the calendar")
    }
}

/// The world of a case.
pub fn world(case: &Case) -> World {
    let mut world = worlds::random(case.world_seed, case.era.first_day().date(), case.days);
    world.options.today_is_returned = case.today_is_returned;
    for day in case.era.first_day().through(case.era.first_day().plus(case.days)) {
        changes::make_dearer(&mut world, day.date(), case.times_dearer);
    }
    vary(&mut world.options, case.world_seed);
    world
}

/// What the vendors may do in one way or another.
fn vary(options: &mut Options, seed: u64) {
    let bit = |place: u32| seed >> place & 1 == 1;
    options.api_key_shape = match (bit(8), bit(9)) {
        (false, _) => ApiKeyShape::WorkspaceId,
        (true, false) => ApiKeyShape::Scope,
        (true, true) => ApiKeyShape::Both,
    };
    options.claude_code_as_in_2025 = bit(10);
    options.cursor_forgets_removed = bit(14);
    options.analytics_email_is_older = bit(11);
    options.analytics_nobody_rows = if bit(12) { 2 } else { 1 };
    options.analytics_list_markup_percent = if bit(13) { 15 } else { 0 };
}

/// Runs a case to its end; the error says what the tables hold and should not. Gives the calls that the ports got.
pub async fn run(case: &Case) -> Result<Vec<&'static str>> {
    let settings = Settings { on_disk: case.on_disk, shuffle_seed: case.shuffle_seed };
    let pipeline = Pipeline::start(world(case), settings).await?;
    let first_day = case.era.first_day();
    let mut driver = Driver { pipeline, first_day, reports: case.reports.clone(), memory: Memory::default() };
    for transition in &case.transitions {
        driver.apply(transition).await.with_context(|| format!("{transition:?}"))?;
    }
    driver.settle().await.context("after the schedule")?;
    driver.deliver_everything_again().await?;
    driver.heal().await?;
    Ok(driver.pipeline.fate().calls())
}

struct Driver {
    pipeline: Pipeline,
    first_day: Day,
    /// What is asked for.
    reports: Vec<&'static Report>,
    /// Days that a vendor forgot.
    memory: Memory,
}

impl Driver {
    async fn apply(&mut self, transition: &Transition) -> Result<()> {
        match transition {
            Transition::Request { report, account, from, days } => {
                let report = self.reports[report % self.reports.len()];
                let accounts: Vec<&str> = accounts_of(report).collect();
                let account = account.map(|place| accounts[place % accounts.len()]);
                let (from, to) = self.range(*from, *days);
                self.pipeline.request_askable(report, account, from, to).await
            }
            Transition::RequestEverything => {
                let (from, to) = self.range(0, 6);
                self.pipeline.request_all(&self.reports, from, to).await
            }
            Transition::UploadUsage { account, dies_once_stored, .. }
            | Transition::UploadOwners { account, dies_once_stored, .. } => {
                let sheet = uploads::sheet(transition, self.first_day.date(), self.pipeline.today().date());
                let accounts: Vec<&str> = accounts_of(sheet.report()).collect();
                self.pipeline.upload(accounts[account % accounts.len()], &sheet, *dies_once_stored).await
            }
            Transition::UploadPeople { dies_once_stored, .. } => {
                let sheet = uploads::sheet(transition, self.first_day.date(), self.pipeline.today().date());
                self.pipeline.upload(uploads::COMPANY, &sheet, *dies_once_stored).await
            }
            Transition::Step { service, rounds } => {
                for _ in 0..*rounds {
                    self.pipeline.step(*service).await?;
                }
                Ok(())
            }
            Transition::Round => self.pipeline.round().await.map(drop),
            Transition::Settle => self.settle().await,
            Transition::DeliverAgain { topic, place, copies } => self.deliver_again(*topic, *place, *copies).await,
            Transition::Crash { leases_released } => self.pipeline.crash(*leases_released).await,
            Transition::Strike { operation, skip, blow } => {
                self.pipeline.fate().strike(*operation, *skip, *blow);
                Ok(())
            }
            Transition::VendorFault { fault, page, times } => {
                let fault = vendor_faults::simulated(*fault, *page, *times, self.first_day.date());
                self.pipeline.simulator().clear_faults();
                self.pipeline.simulator().inject(fault);
                Ok(())
            }
            Transition::AdvanceClock { hours } => {
                self.pipeline.advance(Duration::hours(*hours));
                Ok(())
            }
            Transition::Replay { from, days } => self.pipeline.replay(Some(self.range(*from, *days))).await,
            Transition::ChangeRules { rule_set } => self.pipeline.change_rules(*rule_set).await,
            Transition::Decide { among, place, word, dies_once_stored } => {
                let answers = self.answers(*among)?;
                let Some(answer) = answers.get(place % answers.len().max(1)) else { return Ok(()) };
                self.pipeline.decide(answer, *word, *dies_once_stored).await
            }
            Transition::LoseTables => {
                self.settle().await?;
                self.pipeline.lose_the_tables().await
            }
            Transition::DayIsForgotten { day, kept } => {
                let (day, memory) = (self.first_day.plus(*day).date(), &mut self.memory);
                self.pipeline.simulator().with_world(|world| memory.forget(world, day, *kept));
                Ok(())
            }
            Transition::DayErodes { day } => {
                let (day, memory) = (self.first_day.plus(*day).date(), &mut self.memory);
                self.pipeline.simulator().with_world(|world| memory.erode(world, day));
                Ok(())
            }
            Transition::DayIsRemembered { day } => {
                let (day, memory) = (self.first_day.plus(*day).date(), &mut self.memory);
                self.pipeline.simulator().with_world(|world| memory.remember(world, day));
                Ok(())
            }
            change => {
                let first_day = self.first_day.date();
                self.pipeline.simulator().with_world(|world| changes::apply(world, change, first_day));
                Ok(())
            }
        }
    }

    fn answers(&self, among: Among) -> Result<Vec<(Bucket, i64, String)>> {
        match among {
            Among::Held => tables::held(&self.pipeline.warehouse_file()),
            Among::Announced => Ok(self.pipeline.with_model(Model::answers_to_decide)),
        }
    }

    /// Days from the first one on, none of them in the future.
    fn range(&self, from: u32, days: u32) -> (Day, Day) {
        let to = self.first_day.plus(from + days - 1).min(self.pipeline.today());
        (self.first_day.plus(from).min(to), to)
    }

    async fn deliver_again(&self, topic: Option<Topic>, place: usize, copies: u32) -> Result<()> {
        let mut messages = self.pipeline.messages();
        messages.retain(|(of, _)| topic.is_none_or(|topic| topic == *of));
        if messages.is_empty() {
            return Ok(());
        }
        let (topic, message) = &messages[place % messages.len()];
        for _ in 0..copies {
            self.pipeline.deliver_again(*topic, message.clone()).await?;
        }
        Ok(())
    }

    /// What is armed may still befall it.
    async fn settle(&mut self) -> Result<()> {
        self.pipeline.rest().await?;
        self.check().await
    }

    async fn check(&self) -> Result<()> {
        let (found, expected) = (self.pipeline.tables()?, self.pipeline.expected()?);
        if let Some(difference) = found.difference(&expected) {
            anyhow::bail!("the tables are not what the vendor told:\n{difference}");
        }
        ensure!(found == expected, "invariant: a difference is found where there is one");
        let forgotten = self.pipeline.with_model(|model| model.forgotten(&sources_and_accounts(), &found));
        ensure!(forgotten.is_empty(), "days that were asked for are neither loaded nor failed: {forgotten:?}");
        ids_make_sense(&self.pipeline)?;
        self.charges_are_what_the_facts_make().await?;
        self.pipeline.assert_no_dead_letter().await
    }

    /// However the facts came, what is derived from them is what it would be if all of it were made now.
    async fn charges_are_what_the_facts_make(&self) -> Result<()> {
        let warehouse = SqliteWarehouse::open_read_only(&self.pipeline.warehouse_file())?;
        let stale = stale_charges(&warehouse).await?;
        ensure!(stale.is_empty(), "charges are not made of what is loaded: {stale:?}");
        let days = Window::new(self.first_day.minus(40), self.first_day.plus(100))?;
        let vendor = |(source, account): (String, String)| Some((derived::input(&source)?.vendor(), account));
        for (vendor, account) in sources_and_accounts().into_iter().filter_map(vendor).collect::<BTreeSet<_>>() {
            let differing = differing_charges(&warehouse, vendor, &account.as_str().into(), days).await?;
            ensure!(differing.is_empty(), "charges of {vendor} are not what the facts make: {differing:?}");
        }
        Ok(())
    }

    /// Every message comes once more, but for the questions: the vendor may answer those otherwise by now.
    async fn deliver_everything_again(&mut self) -> Result<()> {
        let before = self.but_for_thinning()?;
        self.deliver_messages_again().await?;
        ensure!(before == self.but_for_thinning()?, "delivering everything once more changed a row");
        self.check().await.context("after everything was delivered once more")
    }

    /// Every row, but for lines of answers: whatever is merged may take out those that have become due, and which merge does
    /// depends on what it brings. What is left of them is compared with the model.
    fn but_for_thinning(&self) -> Result<BTreeMap<String, Vec<Record>>> {
        let mut tables = tables::everything(&self.pipeline.warehouse_file())?;
        tables.remove("answers");
        for coverage in tables.get_mut("coverage").into_iter().flatten() {
            coverage.remove("judgement");
        }
        Ok(tables)
    }

    async fn deliver_messages_again(&mut self) -> Result<()> {
        for (topic, message) in self.pipeline.messages() {
            if topic != Topic::FetchRequested {
                self.pipeline.deliver_again(topic, message).await?;
            }
        }
        self.pipeline.drain().await
    }

    /// With vendors that answer, one request for everything heals whatever failed.
    async fn heal(&mut self) -> Result<()> {
        let (from, to) = self.range(0, 12);
        let today = self.pipeline.today();
        self.pipeline.request_all(&self.reports, from, to).await?;
        self.pipeline.drain().await?;
        self.check().await.context("after a sync of everything")?;
        let coverage = self.pipeline.tables()?.coverage;
        for bucket in self.asked_and_over(from, to, today) {
            let state = coverage.get(&bucket).map(|known| known.state.as_str());
            ensure!(state.is_some_and(|state| state != "failed"), "{bucket:?} was asked for and is {state:?}");
        }
        Ok(())
    }

    /// The buckets that an answer tells of when everything between two days is asked for today. A day that is not over
    /// may be told by nobody yet.
    fn asked_and_over(&self, from: Day, to: Day, today: Day) -> Vec<Bucket> {
        let mut buckets = Vec::new();
        for report in &self.reports {
            let Some((first, last)) = report.askable(from.date(), to.date(), today.date()) else { continue };
            let days: Vec<Day> = match report.time {
                Time::Days { .. } => Day::from(first).through(last.into()).filter(|day| *day < today).collect(),
                Time::Now | Time::Uploaded => vec![last.into()],
            };
            for account in accounts_of(report) {
                buckets.extend(days.iter().map(|day| Bucket {
                    source: report.source.to_owned(),
                    account: account.to_owned(),
                    day: day.date(),
                }));
            }
        }
        buckets
    }
}

fn sources_and_accounts() -> Vec<(String, String)> {
    let pairs = |report| accounts_of(report).map(|account| (report.source.to_owned(), account.to_owned()));
    Report::ALL.into_iter().filter(|report| report.is_asked()).flat_map(pairs).collect()
}

/// No row is there twice, and each row that belongs to another has it.
fn ids_make_sense(pipeline: &Pipeline) -> Result<()> {
    let tables = tables::everything(&pipeline.warehouse_file())?;
    for (table, rows) in &tables {
        let mut keys: Vec<Vec<Option<&String>>> =
            rows.iter().map(|row| key_of(table).iter().map(|column| row.get(*column)).collect()).collect();
        keys.sort();
        keys.dedup();
        ensure!(keys.len() == rows.len(), "{table} has the same row twice");
    }
    let of_day = |row: &'_ tables::Record, id: &str| {
        ["organization_id", "activity_date", id].map(|column| row.get(column).cloned())
    };
    let stats: BTreeSet<_> = tables["claude_code_usage_stats"].iter().map(|row| of_day(row, "row_id")).collect();
    let alone = tables["claude_code_model_usage"].iter().find(|row| !stats.contains(&of_day(row, "usage_row_id")));
    ensure!(alone.is_none(), "claude_code_model_usage has a row of nobody's: {alone:?}");
    Ok(())
}

/// The columns that tell the rows of a table apart.
fn key_of(table: &str) -> Vec<&'static str> {
    let kept = Report::ALL.into_iter().find(|report| report.tables.contains(&table)).map(|report| report.absence);
    match kept {
        _ if table == "cursor_event_people" => {
            vec!["account_id", "activity_date", "event_id", "twin_id", "email", "ordinal"]
        }
        _ if table == "charges" => vec!["vendor", "account_id", "activity_date", "charge_id"],
        _ if table == "spend_daily" => vec!["vendor", "account_id", "activity_date", "platform", "basis", "spend_id"],
        _ if table == "spend_monthly" => vec!["vendor", "account_id", "month", "spend_id"],
        _ if table == "derived" || table == "cursor_plan_days" => vec!["source", "account_id", "activity_date"],
        _ if table == "cursor_seat_readings" => vec!["source", "account_id", "activity_date", "member_id"],
        _ if table == "answers" => vec!["source", "account_id", "activity_date", "snapshot_id"],
        Some(Absence::Kept(columns)) => columns.to_vec(),
        _ => vec!["organization_id", "source", "account_id", "activity_date", "row_id"],
    }
}
