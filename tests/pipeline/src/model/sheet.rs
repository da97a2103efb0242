//! A sheet that a person fills in: its lines, and the rows that come of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::columns::{instant, record};
use super::report::{Question, Report, Told};
use super::reports::sheets;
use crate::tables::Record;

/// A key and the day from which its owner holds; none for all days.
pub type KeyFrom = (String, Option<NaiveDate>);

/// Lines with no two of the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// Conversations, projects, files and messages of a person on a day.
    ClaudeUsage(BTreeMap<(NaiveDate, String), [u32; 4]>),
    /// Owner, team and note of a key from a day on, or on all days; the last two may be empty.
    ApiKeyOwners(BTreeMap<KeyFrom, [String; 3]>),
    /// Another address, which nobody else has, and team of a person from a day on, or on all days until the next line's.
    People(BTreeMap<KeyFrom, [String; 2]>),
}

impl Sheet {
    pub fn report(&self) -> &'static Report {
        match self {
            Self::ClaudeUsage(_) => &sheets::CLAUDE_USAGE,
            Self::ApiKeyOwners(_) => &sheets::API_KEY_OWNERS,
            Self::People(_) => &sheets::PEOPLE,
        }
    }

    /// As a file.
    pub fn csv(&self) -> String {
        match self {
            Self::ClaudeUsage(lines) => {
                let line = |((day, email), [a, b, c, d]): (&(NaiveDate, String), &[u32; 4])| {
                    format!("{day},{email},{a},{b},{c},{d}\n")
                };
                let header = "date,email,conversations,projects,files,messages\n".to_owned();
                header + &lines.iter().map(line).collect::<String>()
            }
            Self::ApiKeyOwners(lines) => {
                let line = |((id, from), [owner, team, note]): (&KeyFrom, &[String; 3])| {
                    let from = from.map(|day| day.to_string()).unwrap_or_default();
                    format!("{id},{owner},{team},{note},{from}\n")
                };
                let header = "api_key_id,owner_email,team,note,valid_from\n".to_owned();
                header + &lines.iter().map(line).collect::<String>()
            }
            Self::People(lines) => {
                let line = |((email, from), [alias, team]): (&KeyFrom, &[String; 2])| {
                    let from = from.map(|day| day.to_string()).unwrap_or_default();
                    format!("{team},{email},{from},{alias}\n")
                };
                let header = "team,email,valid_from,aliases\n".to_owned();
                header + &lines.iter().map(line).collect::<String>()
            }
        }
    }

    /// The days that it is the truth of: from its first to its last, or the day on which it was uploaded.
    pub(super) fn days(&self, uploaded_on: NaiveDate) -> (NaiveDate, NaiveDate) {
        match self {
            Self::ClaudeUsage(lines) => {
                let days: BTreeSet<NaiveDate> = lines.keys().map(|(day, _)| *day).collect();
                let (first, last) = days.first().zip(days.last()).expect("invariant: a sheet has a line");
                (*first, *last)
            }
            Self::ApiKeyOwners(_) | Self::People(_) => (uploaded_on, uploaded_on),
        }
    }

    pub(super) fn told(&self, question: &Question) -> Vec<Told> {
        match self {
            Self::ClaudeUsage(lines) => {
                let told = |((day, email), counts): (&(NaiveDate, String), &[u32; 4])| {
                    Told::row(*day, "claude_usage_stats", usage(question, *day, email, counts))
                };
                lines.iter().map(told).collect()
            }
            Self::ApiKeyOwners(lines) => {
                // The lines of a key stand in the order of their days.
                let next = lines.keys().skip(1).map(Some).chain([None]);
                lines.iter().zip(next).map(|(line, next)| told_owner(question, line, next)).collect()
            }
            Self::People(lines) => {
                let next = lines.keys().skip(1).map(Some).chain([None]);
                let periods = lines.iter().zip(next).map(|(line, next)| told_person(question, line, next));
                let aliases: BTreeSet<[&String; 2]> =
                    lines.iter().map(|((email, _), [alias, _])| [alias, email]).collect();
                let aliases = aliases.into_iter().filter(|[alias, _]| !alias.is_empty());
                periods.chain(aliases.map(|alias| told_alias(question, alias))).collect()
            }
        }
    }
}

fn told_person(question: &Question, (key, [_, team]): (&KeyFrom, &[String; 2]), next: Option<&KeyFrom>) -> Told {
    let (email, from) = key;
    let next = next.filter(|(next_email, _)| next_email == email).and_then(|(_, day)| *day);
    let record = record([
        ("account_id", Some(question.account.clone())),
        ("email", Some(email.to_lowercase())),
        ("team", Some(team.clone())),
        ("valid_from", from.map(|day| day.to_string())),
        ("valid_to", next.and_then(|day| day.pred_opt()).map(|day| day.to_string())),
        ("last_seen_at", Some(instant(question.asked_at))),
    ]);
    Told::row(question.to, "people", record)
}

fn told_alias(question: &Question, [alias, email]: [&String; 2]) -> Told {
    let record = record([
        ("account_id", Some(question.account.clone())),
        ("address", Some(alias.to_lowercase())),
        ("email", Some(email.to_lowercase())),
        ("last_seen_at", Some(instant(question.asked_at))),
    ]);
    Told::row(question.to, "people_aliases", record)
}

/// Whom another one follows is an earlier owner.
fn told_owner(question: &Question, (key, cells): (&KeyFrom, &[String; 3]), next: Option<&KeyFrom>) -> Told {
    let (id, from) = key;
    let until = next.filter(|(next_id, _)| next_id == id).and_then(|(_, day)| *day);
    let table = if until.is_some() { "dim_api_key_earlier_owners" } else { "dim_api_key_owners" };
    let days = [("valid_from", *from), ("valid_until", until)];
    let mut record = owner(question, id, cells);
    record.extend(days.into_iter().filter_map(|(name, day)| Some((name.to_owned(), day?.to_string()))));
    Told::row(question.to, table, record)
}

fn usage(question: &Question, day: NaiveDate, email: &str, counts: &[u32; 4]) -> Record {
    let [conversations, projects, files, messages] = counts.map(|count| Some(count.to_string()));
    record([
        ("organization_id", Some(question.account.clone())),
        ("activity_date", Some(day.to_string())),
        ("email", Some(email.to_lowercase())),
        ("conversations", conversations),
        ("projects", projects),
        ("files", files),
        ("messages", messages),
        ("platform", Some("claude.ai".to_owned())),
        ("platform_basis", Some("upload".to_owned())),
    ])
}

fn owner(question: &Question, id: &str, [owner, team, note]: &[String; 3]) -> Record {
    let filled = |cell: &String| Some(cell.clone()).filter(|cell| !cell.is_empty());
    record([
        ("organization_id", Some(question.account.clone())),
        ("api_key_id", Some(id.to_owned())),
        ("owner_email", Some(owner.to_lowercase())),
        ("team", filled(team)),
        ("note", filled(note)),
        ("last_seen_at", Some(instant(question.asked_at))),
    ])
}
