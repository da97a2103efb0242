//! What figures rest on, in words for whoever reads them: first whether something is missing, then what, then what mends it.

use std::collections::BTreeSet;

use everycent_schemas::{Day, Timestamp};

use super::found::{Completeness, Synced};
use super::gap::{Gap, Kind, in_ranges, join};
use crate::remarks::RemarkRow;
use crate::show::{self, count};

/// Gaps of one kind, ranges of days and kinds of remarks that are shown.
const SHOWN: usize = 5;

impl Completeness {
    /// For people: one line where nothing is missing.
    pub fn text(&self) -> String {
        text(self)
    }
}

fn text(of: &Completeness) -> String {
    let notes: String = alike(&of.notes).iter().filter(|gap| gap.kind != Kind::Open).map(note).collect();
    let remarks = remarks_text(&of.remarks);
    if of.complete {
        let open = alike(&of.notes).iter().find(|gap| gap.kind == Kind::Open).map(open_words);
        let open = open.map_or_else(String::new, |words| format!("; {words}"));
        return format!("✓ Complete: no day of any report is missing; {}{open}\n{notes}{remarks}", as_of(&of.synced));
    }
    let lacks = alike(&of.lacks);
    let mut text = "✗ Incomplete: figures lack what is named here\n".to_owned();
    for kind in lacks.iter().map(|gap| gap.kind).collect::<BTreeSet<_>>() {
        let of_kind: Vec<&Gap> = lacks.iter().filter(|gap| gap.kind == kind).collect();
        text += &of_kind.iter().take(SHOWN).map(|gap| lack(gap)).collect::<String>();
        if of_kind.len() > SHOWN {
            text += &format!("    and {} like this; --json lists all\n", of_kind.len() - SHOWN);
        }
    }
    let open = alike(&of.notes).into_iter().find(|gap| gap.kind == Kind::Open);
    let open = open.map_or_else(String::new, |gap| format!("  note: {}\n", open_words(&gap)));
    text + &open + &notes + &remarks + &synced_text(&of.synced)
}

/// Gaps that one sentence says, as one.
fn alike(gaps: &[Gap]) -> Vec<Gap> {
    let mut joined: Vec<Gap> = Vec::new();
    for gap in gaps {
        match joined.iter_mut().find(|other| is_alike(other, gap)) {
            Some(other) => join(other, gap.clone()),
            None => joined.push(gap.clone()),
        }
    }
    joined.into_iter().map(Gap::with_mend).collect()
}

fn is_alike(one: &Gap, other: &Gap) -> bool {
    let same_account = (one.vendor, &one.account_id) == (other.vendor, &other.account_id);
    let is_alike = match one.kind {
        Kind::OlderRules | Kind::Open => true,
        Kind::NotReportedYet
        | Kind::NotAsked
        | Kind::NotLoaded
        | Kind::Late
        | Kind::Failed
        | Kind::Queued
        | Kind::NotInTables => same_account && one.days == other.days,
        Kind::Unavailable => same_account && one.reason == other.reason,
        _ => false,
    };
    one.kind == other.kind && is_alike
}

fn lack(gap: &Gap) -> String {
    let mend = gap.mend.as_ref().map_or_else(String::new, |mend| format!("    → {mend}\n"));
    format!("  ✗ {}{}\n{mend}", words(gap), reason(gap))
}

fn note(gap: &Gap) -> String {
    format!("  note: {}{}\n", words(gap), reason(gap))
}

fn reason(gap: &Gap) -> String {
    gap.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", show::word(reason)))
}

pub(super) fn words(gap: &Gap) -> String {
    let (days, which) = (count(gap.days.len(), "day"), days_text(&gap.days));
    let account = format!("{} account `{}`", gap.vendor, gap.account_id);
    let reports = Vec::from_iter(gap.sources.iter().copied()).join(", ");
    let of = format!("{reports} of account `{}`", gap.account_id);
    match gap.kind {
        Kind::NoMoneyReport => format!("{account}: no report that says what is billed is open to its key"),
        Kind::NothingLoaded => format!("{account}: nothing is loaded of {days} ({which})"),
        Kind::Failed => format!("{of}: the last attempt failed for {days} ({which})"),
        Kind::NotAsked => {
            format!("{of}: it said what is billed and is not configured any more, so {days} are missing ({which})")
        }
        Kind::NotLoaded => format!("{of}: {days} were never loaded ({which})"),
        Kind::Late => format!("{of}: the vendor is late, {days} are not reported yet ({which})"),
        Kind::Held => {
            format!("{of}: earlier figures are shown for {days} ({which}), as the vendor's newest answer is held")
        }
        Kind::Replaying => format!("{of}: the rows of {days} are being made again ({which})"),
        Kind::Queued => format!("{of}: answers about {days} are fetched and wait to be loaded ({which})"),
        Kind::NotInTables => format!("{of}: newer answers about {days} are stored and not in the tables ({which})"),
        Kind::ChargesNotMade => format!("{account}: the charges of {days} are not made of what is loaded ({which})"),
        Kind::Rejected => {
            let records = count(gap.records.unwrap_or_default(), "record");
            format!("{of}: {records} could not be read and went into no figure ({which})")
        }
        Kind::OlderRules => {
            format!("{days} were made by older rules, prices or program than are in use now ({which})")
        }
        Kind::ReportedByApi => {
            format!("{of}: the file's money of {days} is not counted, for the vendor's API reports it too ({which})")
        }
        Kind::Open => open_words(gap),
        Kind::NotReportedYet => format!("{of}: not reported by the vendor yet, as is usual ({which})"),
        Kind::Unavailable => format!("{of}: not available to the key"),
    }
}

fn open_words(gap: &Gap) -> String {
    format!("the vendor may still correct {} ({})", count(gap.days.len(), "day"), days_text(&gap.days))
}

/// The first ranges of the days.
pub(super) fn days_text(days: &BTreeSet<Day>) -> String {
    let ranges = in_ranges(days);
    let range = |range: &everycent_domain::window::Window| match range.from() == range.to() {
        true => range.from().to_string(),
        false => format!("{} to {}", range.from(), range.to()),
    };
    let shown: Vec<String> = ranges.iter().take(SHOWN).map(range).collect();
    let left: usize = ranges.iter().skip(SHOWN).map(|range| range.days().count()).sum();
    let more = if left > 0 { format!(" and {}", count(left, "more day")) } else { String::new() };
    shown.join(", ") + &more
}

/// The time up to which all accounts were read.
fn as_of(synced: &[Synced]) -> String {
    match synced.iter().map(|account| account.last_answer_at).min().flatten() {
        Some(at) => format!("last sync {}", minute(at)),
        None => "no account is asked".to_owned(),
    }
}

fn synced_text(synced: &[Synced]) -> String {
    if synced.is_empty() {
        return String::new();
    }
    let each = synced.iter().map(|Synced { vendor, account_id, last_answer_at }| {
        format!("{vendor} account `{account_id}` {}", last_answer_at.map_or_else(|| "never".to_owned(), minute))
    });
    format!("  Last sync: {}\n", each.collect::<Vec<_>>().join(", "))
}

fn minute(at: Timestamp) -> String {
    at.to_chrono().format("%Y-%m-%d %H:%M UTC").to_string()
}

fn remarks_text(remarks: &[RemarkRow]) -> String {
    let (of_answers, of_records): (Vec<&RemarkRow>, Vec<&RemarkRow>) =
        remarks.iter().partition(|remark| remark.field.is_empty());
    let records = |remarks: &[&RemarkRow]| remarks.iter().map(|remark| remark.records).sum::<i64>();
    let mut text = String::new();
    if !of_answers.is_empty() {
        let told = match records(&of_answers) {
            1 => "1 answer does not agree with itself, and figures may lack what it does not tell".to_owned(),
            answers => {
                format!("{answers} answers do not agree with themselves, and figures may lack what they do not tell")
            }
        };
        text += &format!("  note: {told}\n{}", kinds_text(&of_answers));
    }
    if !of_records.is_empty() {
        let odd = match records(&of_records) {
            1 => "1 record is".to_owned(),
            records => format!("{records} records are"),
        };
        text +=
            &format!("  note: {odd} odd beside the money, and nothing is missing by it\n{}", kinds_text(&of_records));
    }
    text
}

fn kinds_text(remarks: &[&RemarkRow]) -> String {
    let mut text = String::new();
    for remark in remarks.iter().take(SHOWN) {
        let RemarkRow { source, account_id, field, reason, records, .. } = remark;
        let field = if field.is_empty() { String::new() } else { format!(", {field}") };
        text += &format!(
            "    {source} of account `{account_id}`{}: {} ({records})\n",
            show::word(field),
            show::word(reason)
        );
    }
    match remarks.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text}    and {}; the table remarks has all\n", count(more, "more kind")),
    }
}
