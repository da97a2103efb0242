//! What the vendor says to a question, taken from the world itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use vendor_sim::{CostRow, CursorRow, World};

use super::{days, plan, record};
use crate::tables::{Bucket, Record};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Report {
    Costs,
    Totals,
    Usage,
}

impl Report {
    pub const ALL: [Self; 3] = [Self::Costs, Self::Totals, Self::Usage];

    pub fn source(self) -> &'static str {
        match self {
            Self::Costs => "anthropic/cost_report",
            Self::Totals => "anthropic/cost_totals",
            Self::Usage => "cursor/daily_usage",
        }
    }

    pub fn named(source: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|report| report.source() == source)
    }

    pub fn table(self) -> &'static str {
        match self {
            Self::Costs => "claude_costs",
            Self::Totals => "claude_cost_totals",
            Self::Usage => "cursor_usage_stats",
        }
    }

    pub(super) fn settling_days(self) -> u64 {
        match self {
            Self::Costs | Self::Totals => 30,
            Self::Usage => 7,
        }
    }

    pub(super) fn amount(self, record: &Record) -> Decimal {
        let columns: &[&str] = if self == Self::Usage { &["estimated_cost_usd", "seat_usd"] } else { &["amount_usd"] };
        let amounts = columns.iter().filter_map(|column| record.get(*column));
        amounts.map(|amount| amount.parse::<Decimal>().expect("invariant: the model wrote it")).sum()
    }

    pub(super) fn quantity(self, record: &Record) -> u64 {
        let counts = COUNTS.iter().filter_map(|name| record.get(*name));
        counts.map(|count| count.parse::<u64>().expect("invariant: the model wrote it")).sum()
    }
}

/// What was asked, and on which day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub report: Report,
    pub account: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub asked_on: NaiveDate,
}

/// What the vendor said. Every day that it spoke of is there, also one without a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub question: Question,
    /// Records without their platform.
    pub days: BTreeMap<NaiveDate, Vec<Record>>,
    rejected_on: Option<NaiveDate>,
}

impl Answer {
    /// What the world says now. Of a spoiled answer the first record can't be read.
    pub fn of(world: &World, question: &Question, spoiled: bool) -> Self {
        let told_to = question.to.min(world.newest_day());
        // The cost report names the days that it tells of; the usage report speaks of all days up to the present.
        let covered_to = if question.report == Report::Usage { question.to.min(question.asked_on) } else { told_to };
        let mut told = records(world, question, told_to);
        let rejected_on = (spoiled && !told.is_empty()).then(|| told.remove(0).0);
        let mut answer = Self { question: question.clone(), days: BTreeMap::new(), rejected_on };
        answer.days.extend(days(question.from, covered_to).map(|day| (day, Vec::new())));
        for (day, record) in told {
            answer.days.entry(day).or_default().push(record);
        }
        answer
    }

    pub(super) fn bucket(&self, day: NaiveDate) -> Bucket {
        Bucket { source: self.question.report.source().to_owned(), account: self.question.account.clone(), day }
    }

    pub(super) fn rejects_on(&self, day: NaiveDate) -> u64 {
        u64::from(self.rejected_on == Some(day))
    }
}

/// The records in the order in which the vendor tells them.
fn records(world: &World, question: &Question, told_to: NaiveDate) -> Vec<(NaiveDate, Record)> {
    let Question { report, account, from, .. } = question;
    match report {
        Report::Costs => days(*from, told_to)
            .flat_map(|day| world.cost_rows(day).iter().map(move |row| (day, cost(account, day, row))))
            .collect(),
        Report::Totals => days(*from, told_to)
            .filter(|day| !world.cost_rows(*day).is_empty())
            .map(|day| (day, total(account, day, world.cost_cents(day, day))))
            .collect(),
        Report::Usage => {
            world.cursor_rows_of(*from, told_to).iter().map(|row| (row.day, usage(account, row))).collect()
        }
    }
}

fn cost(account: &str, day: NaiveDate, row: &CostRow) -> Record {
    record([
        ("organization_id", Some(account.to_owned())),
        ("activity_date", Some(day.to_string())),
        ("workspace_id", row.workspace_id.clone()),
        ("description", Some(row.description.clone())),
        ("cost_type", Some(row.cost_type.clone())),
        ("model", row.model.clone()),
        ("token_type", row.token_type.clone()),
        ("service_tier", row.service_tier.clone()),
        ("context_window", row.context_window.clone()),
        ("inference_geo", row.inference_geo.clone()),
        ("currency", Some("USD".to_owned())),
        ("amount_cents", Some(row.amount_cents.to_string())),
        ("amount_usd", Some(dollars(row.amount_cents))),
    ])
}

fn total(account: &str, day: NaiveDate, cents: Decimal) -> Record {
    record([
        ("organization_id", Some(account.to_owned())),
        ("activity_date", Some(day.to_string())),
        ("currency", Some("USD".to_owned())),
        ("amount_cents", Some(cents.to_string())),
        ("amount_usd", Some(dollars(cents))),
    ])
}

fn dollars(cents: Decimal) -> String {
    (cents / Decimal::ONE_HUNDRED).normalize().to_string()
}

const COUNTS: [&str; 17] = [
    "total_lines_added",
    "total_lines_deleted",
    "accepted_lines_added",
    "accepted_lines_deleted",
    "total_applies",
    "total_accepts",
    "total_rejects",
    "total_tabs_shown",
    "total_tabs_accepted",
    "composer_requests",
    "chat_requests",
    "agent_requests",
    "cmdk_usages",
    "bugbot_usages",
    "subscription_included_reqs",
    "usage_based_reqs",
    "api_key_reqs",
];

fn usage(account: &str, row: &CursorRow) -> Record {
    let said = &row.usage;
    let counts = [
        said.total_lines_added,
        said.total_lines_deleted,
        said.accepted_lines_added,
        said.accepted_lines_deleted,
        said.total_applies,
        said.total_accepts,
        said.total_rejects,
        said.total_tabs_shown,
        said.total_tabs_accepted,
        said.composer_requests,
        said.chat_requests,
        said.agent_requests,
        said.cmdk_usages,
        said.bugbot_usages,
        said.subscription_included_reqs,
        said.usage_based_reqs,
        said.api_key_reqs,
    ];
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_ref().map(|text| text.clone().into_owned());
    let mut usage = record([
        ("account_id", Some(account.to_owned())),
        ("activity_date", Some(row.day.to_string())),
        ("user_id", Some(row.user_id.to_string())),
        ("email", Some(row.email.clone())),
        ("is_active", Some(u8::from(said.is_active).to_string())),
        ("most_used_model", text(&said.most_used_model)),
        ("apply_most_used_extension", text(&said.apply_most_used_extension)),
        ("tab_most_used_extension", text(&said.tab_most_used_extension)),
        ("client_version", text(&said.client_version)),
        ("platform", Some("cursor".to_owned())),
        ("platform_basis", Some("vendor".to_owned())),
    ]);
    usage.extend(COUNTS.iter().zip(counts).map(|(name, count)| ((*name).to_owned(), count.to_string())));
    usage.extend(plan::columns(row.day, said.usage_based_reqs));
    usage
}
