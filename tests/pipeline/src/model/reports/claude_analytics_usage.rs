//! Requests and tokens of Claude by product, person, key, workspace and model.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::iter::{once, repeat_n};

use chrono::NaiveDate;
use vendor_sim::{AnalyticsUsage, World};

use super::claude_analytics::{Group, Place};
use super::claude_tokens;
use crate::model::calendar::days;
use crate::model::report::{Absence, Covers, Harm, Question, Report, Spoil, Time, Told};
use crate::model::weight::{Scale, Unit};
use crate::tables::Record;

const TABLE: &str = "claude_analytics_usage";
const COUNTS: [&str; 7] = {
    let [input, read, five_minutes, hour, output, searches] = claude_tokens::COLUMNS;
    [input, read, five_minutes, hour, output, searches, "requests"]
};
/// The first ones are of tokens.
const TOKENS: usize = 5;

pub(crate) static USAGE: Report = Report {
    source: "anthropic/analytics_usage",
    tables: &[TABLE],
    time: Time::Days { settling_days: 30, covers: Covers::OverSince2026 },
    absence: Absence::Deleted,
    money: &[],
    counts: &COUNTS,
    weighs: &[Scale { unit: Unit::Tokens, table: TABLE, columns: Some(&claude_tokens::OF_TOKENS) }],
    spoiled_by: &[
        (Spoil::Count, Harm::Refused("output_tokens")),
        (Spoil::Date, Harm::Refused("activity_date")),
        // A sum of both kinds of cache is taken for that of the first.
        (
            Spoil::CacheCreation,
            Harm::Adds(["cache_creation_ephemeral_5m_input_tokens", "cache_creation_ephemeral_1h_input_tokens"], None),
        ),
    ],
    told,
};

fn told(world: &World, question: &Question, to: NaiveDate) -> Vec<Told> {
    let of_day = |day| {
        let lines = lines(world, day).into_iter();
        lines.flat_map(move |line| line.rows(world, &question.account, day))
    };
    days(question.from, to).flat_map(of_day).collect()
}

/// The use that has everything in common that is asked for.
struct Line {
    group: Group,
    counts: [u64; COUNTS.len()],
}

/// In the vendor's order: the group with the most tokens first.
fn lines(world: &World, day: NaiveDate) -> Vec<Line> {
    let mut lines: BTreeMap<Place, Line> = BTreeMap::new();
    for usage in world.analytics_usage(day) {
        let used = counts(&usage);
        let group = group_of(usage);
        let line = lines.entry(group.place(world)).or_insert(Line { group, counts: [0; COUNTS.len()] });
        line.counts.iter_mut().zip(used).for_each(|(sum, count)| *sum += count);
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    lines.sort_by_key(|line| Reverse(tokens(&line.counts)));
    lines
}

fn counts(usage: &AnalyticsUsage) -> [u64; COUNTS.len()] {
    let [input, read, five_minutes, hour, output, searches] = claude_tokens::counts(usage.counts);
    [input, read, five_minutes, hour, output, searches, usage.requests]
}

fn group_of(usage: AnalyticsUsage) -> Group {
    let AnalyticsUsage { key, actor, product, .. } = usage;
    let (api_key_id, workspace_id, model) = (key.api_key_id, key.workspace_id, Some(key.model));
    Group { product, actor, api_key_id, workspace_id, model }
}

fn tokens(counts: &[u64]) -> u64 {
    counts.iter().take(TOKENS).sum()
}

impl Line {
    /// What division leaves is in the first one.
    fn rows(&self, world: &World, account: &str, day: NaiveDate) -> Vec<Told> {
        let others = self.group.rows(world) - 1;
        let piece = self.counts.map(|count| count / u64::from(others + 1));
        let mut first = self.counts;
        first.iter_mut().zip(piece).for_each(|(count, part)| *count -= part * u64::from(others));
        let pieces = once(first).chain(repeat_n(piece, others as usize));
        pieces.map(|counts| Told::row(day, TABLE, self.row(world, account, day, counts))).collect()
    }

    fn row(&self, world: &World, account: &str, day: NaiveDate, counts: [u64; COUNTS.len()]) -> Record {
        let mut row = self.group.columns(world, account, day);
        row.extend(COUNTS.iter().zip(counts).map(|(name, count)| ((*name).to_owned(), count.to_string())));
        row.insert("total_tokens".to_owned(), tokens(&counts).to_string());
        row
    }
}
