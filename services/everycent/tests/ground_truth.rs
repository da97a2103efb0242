//! Whose money each cent is: charges, made of several reports, against the simulated world that knows it.
//!
//! Worlds are drawn anew in each run. One that failed is drawn again by `EVERYCENT_SEED=<number of the message>`.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use chrono::{Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use support::Scene;
use vendor_sim::worlds::Behaviour;
use vendor_sim::{Billing, Charge, ChargeKind, Payer, World, worlds};

const DAYS: u64 = 12;

/// Everything that the simulator can tell of an organization of the console, and one on claude.ai beside it.
fn all_behaviours() -> Vec<Behaviour> {
    [Behaviour::OF_CONSOLE, &[Behaviour::Enterprise]].concat()
}

fn seed() -> u64 {
    let given = std::env::var("EVERYCENT_SEED").ok();
    given.map_or_else(|| u64::from(rand::random::<u32>()), |text| text.parse().unwrap())
}

fn days() -> Vec<NaiveDate> {
    (Utc::now().date_naive() - Days::new(DAYS)).iter_days().take(DAYS as usize).collect()
}

/// Three accounts that every source is asked of. The clock of the world is ahead, so that midnight may pass.
struct Told {
    scene: Scene,
    seed: u64,
    days: Vec<NaiveDate>,
}

impl Told {
    fn of(world: impl FnOnce(u64, &[NaiveDate]) -> World) -> Self {
        let (seed, days) = (seed(), days());
        let mut world = world(seed, &days);
        world.options.today = Utc::now().date_naive() + Days::new(2);
        let mut scene = Scene::of(world).with_every_source();
        scene.set("CLAUDE_AI_KEY", scene.simulator.enterprise_key().unwrap());
        scene.configure(
            "[[accounts]]\nid = \"console\"\nvendor = \"anthropic\"\nkey_env = \"ANTHROPIC_ADMIN_KEY\"\n\
             [[accounts]]\nid = \"claude-ai\"\nvendor = \"anthropic\"\nkey_env = \"CLAUDE_AI_KEY\"\n\
             [[accounts]]\nid = \"team\"\nvendor = \"cursor\"\nkey_env = \"CURSOR_API_KEY\"\n\
             [[prices.cursor]]\nfrom = \"2026-01-01\"\nplan = \"token\"\nseat_usd = \"40\"\ncycle_day = 1\n",
        );
        Self { scene, seed, days }
    }

    fn sync(&self) {
        let (first, last) = (self.days[0], self.days[self.days.len() - 1]);
        let ended = self.scene.run(&format!("sync --from {first} --to {last}"));
        assert_eq!(ended.status.code(), Some(0), "seed {}\n{ended}", self.seed);
    }

    fn last_days(&self, count: usize) -> &[NaiveDate] {
        &self.days[self.days.len() - count..]
    }

    /// What the tables say that everything but seats costs, in nano-dollars, by these columns after the day and the account.
    fn found(&self, columns: &str) -> Sums {
        let rows = self.scene.tables().rows(&format!(
            "SELECT activity_date, account_id, {columns}, SUM(cost_nano_usd) FROM charges_nano WHERE kind <> 'seat'
             GROUP BY activity_date, account_id, {columns}"
        ));
        rows.into_iter()
            .map(|mut row| (row.pop().unwrap().parse().unwrap(), row))
            .map(|(sum, row)| (row, sum))
            .collect()
    }

    /// What the world says, exactly, over those charges that are wanted.
    fn expected(&self, wanted: impl Fn(NaiveDate, &Charge) -> bool, names: impl Fn(&Charge) -> Vec<String>) -> Sums {
        let mut sums = Sums::new();
        for day in &self.days {
            let charges = self.scene.simulator.with_world(|world| world.charges(*day));
            for charge in charges.iter().filter(|charge| wanted(*day, charge)) {
                let row = [day.to_string(), account(charge.payer).to_owned()].into_iter().chain(names(charge));
                *sums.entry(row.collect()).or_default() += nanos(charge);
            }
        }
        sums
    }

    /// Sums by day, account, kind and billing are the world's to the nano-dollar, those of the bill line by line.
    #[track_caller]
    fn assert_sums(&self, wanted: impl Fn(NaiveDate, &Charge) -> bool) {
        let names = |charge: &Charge| vec![kind(charge.kind).to_owned(), billing(charge.billing).to_owned()];
        let mut expected = self.expected(|day, charge| charge.payer != Payer::Console && wanted(day, charge), names);
        for day in &self.days {
            let bill = self.scene.simulator.with_world(|world| world.cost_rows(*day).to_vec());
            let row = [&day.to_string(), "console", "usage", "billed"].map(str::to_owned);
            expected.insert(row.to_vec(), bill.iter().map(|line| rounded(line.amount_cents)).sum());
        }
        let what = format!("seed {}, in all", self.seed);
        assert_same(&self.found("kind, billing"), &expected, |_| Decimal::ZERO, &what);
    }

    /// How many nano-dollars of the console's bill keys pay for each other on a day.
    fn wrongly_shared(&self, day: NaiveDate) -> Decimal {
        let of_key = |charge: &Charge| vec![or_null(charge.api_key_id.as_ref())];
        let expected = self.expected(|of, charge| of == day && charge.payer == Payer::Console, of_key);
        let found = self.found("api_key_id");
        expected.iter().map(|(row, sum)| (sum - found.get(row).copied().unwrap_or_default()).abs()).sum()
    }

    /// Those by key, person and platform are, within a nano-dollar for each line of the bill.
    #[track_caller]
    fn assert_shares(&self, days: &[NaiveDate]) {
        let lines: BTreeMap<String, Decimal> = self.scene.simulator.with_world(|world| {
            days.iter().map(|day| (day.to_string(), Decimal::from(world.cost_rows(*day).len()))).collect()
        });
        let tolerated = |row: &[String]| if row[1] == "console" { lines[&row[0]] } else { Decimal::ZERO };
        let of_days = |day: NaiveDate, _: &Charge| days.contains(&day);
        let name =
            |of: fn(&Charge) -> String| move |charge: &Charge| vec![billing(charge.billing).to_owned(), of(charge)];
        for (column, of) in [
            ("api_key_id", (|charge| or_null(charge.api_key_id.as_ref())) as fn(&Charge) -> String),
            ("person", |charge| or_null(charge.person.as_ref())),
            ("platform", |charge| platform(charge).to_owned()),
        ] {
            let mut found = self.found(&format!("billing, {column}"));
            found.retain(|row, _| lines.contains_key(&row[0]));
            let expected = self.expected(of_days, name(of));
            assert!(expected.len() > days.len(), "seed {}: too little by {column}", self.seed);
            assert_same(&found, &expected, tolerated, &format!("seed {}, by {column}", self.seed));
        }
    }
}

/// Nano-dollars by the names that are asked for.
type Sums = BTreeMap<Vec<String>, Decimal>;

/// Nothing and zero are the same.
#[track_caller]
fn assert_same(found: &Sums, expected: &Sums, tolerated: impl Fn(&[String]) -> Decimal, what: &impl Display) {
    let names: BTreeSet<&Vec<String>> = found.keys().chain(expected.keys()).collect();
    let of = |sums: &Sums, row: &Vec<String>| sums.get(row).copied().unwrap_or_default();
    let differing = names.iter().filter(|row| (of(found, row) - of(expected, row)).abs() > tolerated(row));
    let lines: Vec<String> = differing
        .map(|row| format!("{}: found {}, expected {}", row.join(" "), of(found, row), of(expected, row)))
        .collect();
    assert!(lines.is_empty(), "{what}, in nano-dollars:\n{}", lines.join("\n"));
}

/// A nano-dollar is the finest of what is kept. A half goes to the even one.
fn rounded(cents: Decimal) -> Decimal {
    (cents * Decimal::from(10_000_000)).round_dp(0)
}

/// Each of Cursor's events has an amount of its own; what one line of Claude's bill is made of has one together.
fn nanos(charge: &Charge) -> Decimal {
    let cents = charge.amount_cents;
    if charge.payer == Payer::Cursor { rounded(cents) } else { cents * Decimal::from(10_000_000) }
}

fn account(payer: Payer) -> &'static str {
    match payer {
        Payer::Console => "console",
        Payer::Enterprise => "claude-ai",
        Payer::Cursor => "team",
    }
}

/// A credit is a line of the bill like any other.
fn kind(kind: ChargeKind) -> &'static str {
    match kind {
        ChargeKind::Usage | ChargeKind::Credit => "usage",
    }
}

fn billing(billing: Billing) -> &'static str {
    match billing {
        Billing::Billed => "billed",
        Billing::Included => "included",
        Billing::NotCharged => "not_charged",
    }
}

/// No rule is configured: the vendor's product decides.
fn platform(charge: &Charge) -> &'static str {
    match (charge.payer, charge.product.as_deref()) {
        (Payer::Cursor, _) => "cursor",
        (_, Some("claude_code")) => "claude_code",
        (_, Some("messages_api" | "message_batches_api" | "managed_agents_api" | "claude_console")) => "claude_api",
        (_, Some("chat" | "cowork" | "claude_design" | "claude_in_chrome" | "office_agent")) => "claude.ai",
        (_, None) => "unattributed",
        (_, Some(other)) => panic!("a product that no case was made for: {other}"),
    }
}

fn or_null(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "NULL".to_owned())
}

fn company(seed: u64, days: &[NaiveDate]) -> World {
    worlds::company(seed, days[days.len() - 1], days.len() as u32).behaving(&all_behaviours())
}

/// Amounts of the bill have up to ten decimals of a cent, three more than a nano-dollar has.
fn random(seed: u64, days: &[NaiveDate]) -> World {
    let mut world = worlds::random(seed, days[0], days.len() as u32).behaving(&all_behaviours());
    for (number, day) in (0i64..).zip(days) {
        for (index, row) in world.cost_rows(*day).to_vec().iter().enumerate().filter(|(_, row)| !row.is_credit()) {
            let fine = Decimal::new((number * 7_919 + index as i64 * 104_729) % 9_999, 10);
            world.set_cost_amount(*day, index, row.amount_cents + fine);
        }
    }
    world
}

const EVERYTHING: fn(NaiveDate, &Charge) -> bool = |_, _| true;

#[test]
fn each_cent_of_a_company_is_of_the_key_the_person_and_the_platform_that_it_is_of() {
    let told = Told::of(company);
    told.sync();
    told.assert_sums(EVERYTHING);
    told.assert_shares(&told.days);
    let ended = told.scene.run("reconcile");
    assert_eq!(ended.status.code(), Some(0), "seed {}\n{ended}", told.seed);
}

#[test]
fn each_cent_of_a_random_world_is_of_the_key_the_person_and_the_platform_that_it_is_of() {
    let told = Told::of(random);
    told.sync();
    told.assert_sums(EVERYTHING);
    told.assert_shares(&told.days);
    told.scene.simulator.with_world(|world| told.days.iter().for_each(|day| world.restate_day(*day)));
    told.sync();
    told.assert_sums(EVERYTHING);
    told.assert_shares(&told.days);
}

#[test]
fn a_restated_bill_is_shared_out_anew_and_a_replay_changes_nothing() {
    let told = Told::of(company);
    told.sync();
    let (restated, late) = (told.days[3], told.days[7]);
    told.scene.simulator.with_world(|world| {
        world.restate_day(restated);
        world.add_late_cost_rows(late, 2);
        // Whom the vendor names no more, what they used is told without a person.
        let leaver = world.users().last().unwrap().id.clone();
        world.remove_user(&leaver);
        let enterprise = world.enterprise.as_mut().unwrap();
        enterprise.restate_day(restated);
        enterprise.remove_user("user_02SeatAda");
    });
    told.sync();
    told.assert_sums(EVERYTHING);
    told.assert_shares(&told.days);
    told.scene.run("replay").exits(0).says(&["; 0 rows changed"]);
    told.assert_sums(EVERYTHING);
    told.assert_shares(&told.days);
    told.scene.run("rebuild --all").exits(0);
    told.assert_shares(&told.days);
}

#[test]
fn a_day_is_whole_by_its_bill_before_the_analytics_have_it_and_by_person_after() {
    let told = Told::of(company);
    let last = told.days[told.days.len() - 1];
    let noon_before = (last - Days::new(1)).and_hms_opt(12, 0, 0).unwrap().and_utc();
    told.scene.simulator.with_world(|world| {
        world.options.analytics_refreshed_on = Some(last);
        world.enterprise.as_mut().unwrap().refreshed_at = Some(noon_before);
    });
    told.sync();
    let unknown = told.last_days(2);
    told.assert_sums(|day, charge| charge.payer != Payer::Enterprise || !unknown.contains(&day));
    told.assert_shares(&told.days[..told.days.len() - 2]);
    // By tokens alone a fast mode is paid by the wrong keys: the day is whole and not yet right.
    let [whose, of_keys] = [told.wrongly_shared(last), told.wrongly_shared(told.days[0])];
    assert!(
        whose > Decimal::from(1_000_000_000) && of_keys < Decimal::from(1_000),
        "seed {}: {whose} and {of_keys} nano-dollars",
        told.seed
    );

    told.scene.simulator.with_world(|world| {
        world.options.analytics_refreshed_on = None;
        world.enterprise.as_mut().unwrap().refreshed_at = None;
    });
    told.sync();
    told.assert_sums(EVERYTHING);
    told.assert_shares(&told.days);
}
