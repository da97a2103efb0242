//! Drives one pipeline through a schedule and compares what is left with the model.

use anyhow::{Context, Result, ensure};
use chrono::{Duration, NaiveDate};
use everycent_runtime::bus::Topic;
use everycent_schemas::Day;
use vendor_sim::{Endpoint, Fault, FaultKind, Member, When, World, worlds};

use crate::pipeline::{ACCOUNTS, Pipeline, Settings};
use crate::schedule::{Case, Transition, VendorFault};
use crate::tables::{self, Bucket};

/// The first day of every random world. On its third day Cursor's published price changes from requests to tokens.
pub fn first_day() -> Day {
    Day::new(2025, 9, 13).expect("invariant: a day of the calendar")
}

/// The world of a case.
pub fn world(case: &Case) -> World {
    let mut world = worlds::random(case.world_seed, first_day().date(), case.days);
    world.options.today_is_returned = case.today_is_returned;
    world
}

/// Runs a case to its end; the error says what the tables hold and should not. Gives the calls that the ports got.
pub async fn run(case: &Case) -> Result<Vec<&'static str>> {
    let settings = Settings { on_disk: case.on_disk, shuffle_seed: case.shuffle_seed };
    let mut driver = Driver { pipeline: Pipeline::start(world(case), settings).await? };
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
}

impl Driver {
    async fn apply(&mut self, transition: &Transition) -> Result<()> {
        match transition {
            Transition::Request { report, account, from, days } => {
                let accounts: Vec<&str> = accounts_of(report.source()).collect();
                let account = account.map(|place| accounts[place % accounts.len()]);
                let (from, to) = self.range(*from, *days);
                self.pipeline.request(report.source(), account, from, to).await
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
                self.pipeline.simulator().clear_faults();
                self.pipeline.simulator().inject(simulated(*fault, *page, *times));
                Ok(())
            }
            Transition::AdvanceClock { hours } => {
                self.pipeline.advance(Duration::hours(*hours));
                Ok(())
            }
            Transition::Replay { from, days } => self.pipeline.replay(Some(self.range(*from, *days))).await,
            Transition::ChangeRules { rule_set } => self.pipeline.change_rules(*rule_set).await,
            change => {
                self.pipeline.simulator().with_world(|world| change_world(world, change));
                Ok(())
            }
        }
    }

    /// Days from the first one on, none of them in the future.
    fn range(&self, from: u32, days: u32) -> (Day, Day) {
        let to = first_day().plus(from + days - 1).min(self.pipeline.today());
        (first_day().plus(from).min(to), to)
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
        let (found, expected) = (self.pipeline.tables()?, self.pipeline.expected());
        if let Some(difference) = found.difference(&expected) {
            anyhow::bail!("the tables are not what the vendor told:\n{difference}");
        }
        ensure!(found == expected, "invariant: a difference is found where there is one");
        let forgotten = self.pipeline.with_model(|model| model.forgotten(&sources_and_accounts(), &found));
        ensure!(forgotten.is_empty(), "days that were asked for are neither loaded nor failed: {forgotten:?}");
        row_ids_are_unique(&self.pipeline)?;
        self.pipeline.assert_no_dead_letter().await
    }

    /// Every message comes once more, but for the questions: the vendor may answer those otherwise by now.
    async fn deliver_everything_again(&mut self) -> Result<()> {
        let before = tables::everything(&self.pipeline.warehouse_file())?;
        for (topic, message) in self.pipeline.messages() {
            if topic != Topic::FetchRequested {
                self.pipeline.deliver_again(topic, message).await?;
            }
        }
        self.pipeline.drain().await?;
        let after = tables::everything(&self.pipeline.warehouse_file())?;
        ensure!(before == after, "delivering everything once more changed a row");
        Ok(())
    }

    /// With vendors that answer, one request for everything heals whatever failed.
    async fn heal(&mut self) -> Result<()> {
        let (from, to) = self.range(0, 12);
        self.pipeline.request_all(from, to).await?;
        self.pipeline.drain().await?;
        self.check().await.context("after a sync of everything")?;
        let tables = self.pipeline.tables()?;
        // A day that is not over may be told by nobody yet, and so stay as it was.
        let over = |bucket: &Bucket| bucket.day < self.pipeline.today().date();
        let failed = tables.coverage.iter().filter(|(bucket, known)| over(bucket) && known.state == "failed");
        let failed: Vec<_> = failed.collect();
        ensure!(failed.is_empty(), "days stay failed: {failed:?}");
        let missing = |day: NaiveDate| {
            let loaded = tables.coverage.keys().filter(|bucket| bucket.day == day).count();
            loaded != sources_and_accounts().len()
        };
        let mut over = from.through(to).filter(|day| *day < self.pipeline.today());
        ensure!(!over.any(|day| missing(day.date())), "a day that was asked for is missing: {:?}", tables.coverage);
        Ok(())
    }
}

fn accounts_of(source: &str) -> impl Iterator<Item = &'static str> {
    ACCOUNTS.into_iter().filter(move |(vendor, _)| source.starts_with(vendor)).map(|(_, account)| account)
}

fn sources_and_accounts() -> Vec<(String, String)> {
    let sources = crate::model::Report::ALL.map(crate::model::Report::source);
    sources
        .into_iter()
        .flat_map(|source| accounts_of(source).map(move |account| (source.to_owned(), account.to_owned())))
        .collect()
}

fn row_ids_are_unique(pipeline: &Pipeline) -> Result<()> {
    for (table, rows) in tables::everything(&pipeline.warehouse_file())? {
        let key = ["organization_id", "source", "account_id", "activity_date", "row_id"];
        let mut keys: Vec<Vec<Option<&String>>> =
            rows.iter().map(|row| key.iter().map(|column| row.get(*column)).collect()).collect();
        keys.sort();
        keys.dedup();
        ensure!(keys.len() == rows.len(), "{table} has the same row twice");
    }
    Ok(())
}

fn change_world(world: &mut World, change: &Transition) {
    let at = |day: u32| first_day().plus(day).date();
    match change {
        Transition::Restate { day } => world.restate_day(at(*day)),
        Transition::VanishRow { day, place } => {
            let rows = world.cost_rows(at(*day)).len();
            if rows > 0 {
                world.remove_cost_row(at(*day), place % rows);
            }
        }
        Transition::LateRows { day, count } => world.add_late_cost_rows(at(*day), *count),
        Transition::RestateCursorDay { day } => world.restate_cursor_day(at(*day)),
        Transition::ClearCursorUsage { day, place } => {
            if let Some(user_id) = member(world, *place) {
                world.clear_cursor_usage(user_id, at(*day));
            }
        }
        Transition::MemberJoins { user_id } => {
            world.add_member(Member::new(*user_id, &format!("new-{user_id}@example.com"), "New"));
        }
        Transition::MemberErased { place } => {
            if let Some(user_id) = member(world, *place) {
                world.remove_member(user_id);
            }
        }
        Transition::MembershipEnds { place, day } => {
            if let Some(user_id) = member(world, *place) {
                world.end_membership(user_id, at(*day));
            }
        }
        _ => unreachable!("invariant: every other transition is applied to the pipeline"),
    }
}

fn member(world: &World, place: usize) -> Option<u64> {
    let members = world.members();
    (!members.is_empty()).then(|| members[place % members.len()].user_id)
}

/// What changes the world in the middle of a reading happens once, and where a whole answer still tells one state of it.
fn simulated(fault: VendorFault, page: Option<u32>, times: u32) -> Fault {
    let cost = |kind| Fault::on(Endpoint::AnthropicCostReport, kind);
    let cursor = |kind| Fault::on(Endpoint::CursorDailyUsageData, kind);
    let anywhere = Fault::anywhere;
    let when = page.map_or(When::Always, When::Page);
    let (fault, when, times) = match fault {
        VendorFault::Status(status) => (anywhere(FaultKind::Status(status)), when, times),
        VendorFault::TooManyRequests(retry_after_s) => {
            (anywhere(FaultKind::TooManyRequests { retry_after_s }), when, times)
        }
        VendorFault::Cut => (anywhere(FaultKind::CutBody { after_bytes: None }), when, times),
        VendorFault::RepeatedPage => (cursor(FaultKind::RepeatedPage), when, times),
        VendorFault::NotJson => (anywhere(FaultKind::NotJson), when, times),
        VendorFault::WrongContent => (anywhere(FaultKind::WrongContent), when, times),
        // Of a day that is over: one that is not may be left out of a whole answer.
        VendorFault::MissingBucket => (cost(FaultKind::MissingBucket), When::Day(first_day().date()), times),
        VendorFault::NextPageLoop => (anywhere(FaultKind::NextPageLoop), when, times),
        VendorFault::UnknownFields => (anywhere(FaultKind::UnknownFields), when, times),
        VendorFault::AmountText => (cost(FaultKind::AmountText), When::Page(1), times),
        VendorFault::AmountNumber => (cost(FaultKind::AmountNumber), When::Page(1), times),
        VendorFault::CountText => (cursor(FaultKind::CountText), When::Page(1), times),
        VendorFault::DateMissing => (anywhere(FaultKind::DateMissing), When::Page(1), times),
        VendorFault::MemberJoins => (cursor(FaultKind::MemberJoins), when, 1),
        VendorFault::MemberLeaves => (cursor(FaultKind::MemberLeaves), when, 1),
        VendorFault::Restate { day } => (anywhere(FaultKind::Restate(first_day().plus(day).date())), When::Page(1), 1),
    };
    fault.when(when).times(times)
}
