//! Faults as text, for command lines, files and records.
//!
//! Owns the grammar `ENDPOINT[?TEXT]:KIND[=VALUE][@WHEN][*TIMES]`, both ways.

use std::fmt;
use std::str::FromStr;

use super::{Fault, FaultKind, Hostile, When};
use crate::endpoint::Endpoint;

const DEFAULT_PAUSE_MS: u64 = 200;
const DEFAULT_HUGE_BYTES: u64 = 1 << 30;

/// Why a text is no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultTextError(String);

impl fmt::Display for FaultTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FaultTextError {}

impl FromStr for Fault {
    type Err = FaultTextError;

    fn from_str(text: &str) -> Result<Fault, FaultTextError> {
        let (place, rest) =
            text.split_once(':').ok_or_else(|| FaultTextError(format!("fault `{text}`: expected ENDPOINT:KIND")))?;
        let (place, containing) = split(place, '?');
        let (rest, times) = split(rest, '*');
        let (kind, when) = split(rest, '@');
        let fault = Fault {
            endpoint: endpoint(place)?,
            containing: containing.map(str::to_owned),
            when: when.map_or(Ok(When::Always), read_when)?,
            kind: read_kind(kind)?,
            times: times.map(|times| number(times, "TIMES")).transpose()?,
        };
        if fault.is_possible() {
            Ok(fault)
        } else {
            Err(FaultTextError(format!("fault `{text}`: {kind} means nothing at {place}")))
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.endpoint.map_or("any", Endpoint::name))?;
        if let Some(containing) = &self.containing {
            write!(f, "?{containing}")?;
        }
        write!(f, ":{}", self.kind)?;
        match self.when {
            When::Always => {}
            When::Nth(nth) => write!(f, "@nth={nth}")?,
            When::Page(page) => write!(f, "@page={page}")?,
            When::Day(day) => write!(f, "@day={day}")?,
        }
        match self.times {
            Some(times) => write!(f, "*{times}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::TooManyRequests { retry_after_s: None } => f.write_str("429"),
            FaultKind::TooManyRequests { retry_after_s: Some(seconds) } => write!(f, "429={seconds}"),
            FaultKind::Status(status) => write!(f, "{status}"),
            FaultKind::CutBody { after_bytes: None } => f.write_str("cut"),
            FaultKind::CutBody { after_bytes: Some(bytes) } => write!(f, "cut={bytes}"),
            FaultKind::SlowBody { pause_ms } => write!(f, "slow={pause_ms}"),
            FaultKind::HugeBody { bytes } => write!(f, "huge={bytes}"),
            FaultKind::Restate(day) => write!(f, "restate={day}"),
            FaultKind::Hostile(hostile) => write!(f, "hostile={}", hostile.name()),
            plain => {
                let name = PLAIN.iter().find(|(_, kind)| kind == plain).map(|(name, _)| name);
                f.write_str(name.expect("invariant: every kind without a value has its name in the table"))
            }
        }
    }
}

/// The kinds without a value.
const PLAIN: [(&str, FaultKind); 28] = [
    ("held", FaultKind::Held),
    ("repeated-page", FaultKind::RepeatedPage),
    ("member-joins", FaultKind::MemberJoins),
    ("member-leaves", FaultKind::MemberLeaves),
    ("member-swap", FaultKind::MemberSwap),
    ("event-joins", FaultKind::EventJoins),
    ("event-leaves", FaultKind::EventLeaves),
    ("missing-scope", FaultKind::MissingScope),
    ("closed-report", FaultKind::ClosedReport),
    ("odd-fields", FaultKind::OddFields),
    ("fine-amounts", FaultKind::FineAmounts),
    ("miscounted-events", FaultKind::MiscountedEvents),
    ("expired-cursor", FaultKind::ExpiredCursor),
    ("unknown-fields", FaultKind::UnknownFields),
    ("unknown-values", FaultKind::UnknownValues),
    ("amount-text", FaultKind::AmountText),
    ("amount-number", FaultKind::AmountNumber),
    ("date-missing", FaultKind::DateMissing),
    ("count-text", FaultKind::CountText),
    ("huge-amounts", FaultKind::HugeAmounts),
    ("huge-counts", FaultKind::HugeCounts),
    ("flat-cache-creation", FaultKind::FlatCacheCreation),
    ("not-json", FaultKind::NotJson),
    ("wrong-content", FaultKind::WrongContent),
    ("missing-bucket", FaultKind::MissingBucket),
    ("results-missing", FaultKind::ResultsMissing),
    ("next-page-loop", FaultKind::NextPageLoop),
    ("empty-pages", FaultKind::EmptyPages),
];

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn endpoint(name: &str) -> Result<Option<Endpoint>, FaultTextError> {
    if name == "any" {
        return Ok(None);
    }
    let known = || Endpoint::ALL.iter().map(|endpoint| endpoint.name()).collect::<Vec<_>>().join(", ");
    match Endpoint::named(name) {
        Some(endpoint) => Ok(Some(endpoint)),
        None => Err(FaultTextError(format!("no endpoint `{name}`; there are: any, {}", known()))),
    }
}

fn read_when(text: &str) -> Result<When, FaultTextError> {
    match split(text, '=') {
        ("always", None) => Ok(When::Always),
        ("nth", Some(nth)) => Ok(When::Nth(number(nth, "nth")?)),
        ("page", Some(page)) => Ok(When::Page(number(page, "page")?)),
        ("day", Some(day)) => Ok(When::Day(number(day, "day")?)),
        _ => Err(FaultTextError(format!("no time `{text}`; there are: always, nth=N, page=N, day=YYYY-MM-DD"))),
    }
}

fn read_kind(text: &str) -> Result<FaultKind, FaultTextError> {
    let (name, value) = split(text, '=');
    let kind = match (name, value) {
        ("429", None) => FaultKind::TooManyRequests { retry_after_s: None },
        ("429", Some(seconds)) => FaultKind::TooManyRequests { retry_after_s: Some(number(seconds, name)?) },
        ("cut", None) => FaultKind::CutBody { after_bytes: None },
        ("cut", Some(bytes)) => FaultKind::CutBody { after_bytes: Some(number(bytes, name)?) },
        ("slow", None) => FaultKind::SlowBody { pause_ms: DEFAULT_PAUSE_MS },
        ("slow", Some(pause)) => FaultKind::SlowBody { pause_ms: number(pause, name)? },
        ("huge", None) => FaultKind::HugeBody { bytes: DEFAULT_HUGE_BYTES },
        ("huge", Some(bytes)) => FaultKind::HugeBody { bytes: number(bytes, name)? },
        ("restate", Some(day)) => FaultKind::Restate(number(day, name)?),
        ("hostile", Some(name)) => match Hostile::ALL.into_iter().find(|hostile| hostile.name() == name) {
            Some(hostile) => FaultKind::Hostile(hostile),
            None => return Err(unknown_kind(text)),
        },
        (name, None) => match PLAIN.iter().find(|(known, _)| *known == name) {
            Some((_, kind)) => kind.clone(),
            None => status(name)?,
        },
        _ => return Err(unknown_kind(text)),
    };
    Ok(kind)
}

fn status(name: &str) -> Result<FaultKind, FaultTextError> {
    match name.parse() {
        Ok(status @ 400..=599) => Ok(FaultKind::Status(status)),
        _ => Err(unknown_kind(name)),
    }
}

fn unknown_kind(text: &str) -> FaultTextError {
    let plain = PLAIN.map(|(name, _)| name).join(", ");
    let valued = "429[=RETRY_AFTER_S], a status of 400 to 599, cut[=BYTES], slow[=PAUSE_MS], huge[=BYTES], restate=DAY, \
                  hostile=VALUE";
    FaultTextError(format!("no fault `{text}`; there are: {valued}, {plain}"))
}

fn number<T: FromStr>(text: &str, name: &str) -> Result<T, FaultTextError> {
    text.parse().map_err(|_| FaultTextError(format!("`{text}` is no value for {name}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_fault_reads_back_as_it_was_written() {
        let mut valued = vec!["429", "429=0", "500", "529", "cut", "cut=10", "slow=5", "huge=99", "restate=2025-10-04"];
        valued.extend(["hostile=utf8", "hostile=twice"]);
        for kind in valued.into_iter().chain(PLAIN.map(|(name, _)| name)) {
            for place in ["any", "any?group_by[]=description", "any?!group_by"] {
                for when in ["", "@nth=2", "@page=3", "@day=2025-10-05", "*4", "@page=1*2"] {
                    let text = format!("{place}:{kind}{when}");
                    assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
                }
            }
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_there_is() {
        let cases = [
            ("429", "expected ENDPOINT:KIND"),
            ("anthropic/nope:429", "anthropic/cost_report"),
            ("any:explode", "next-page-loop"),
            ("any:200", "no fault"),
            ("any:429@noon", "day=YYYY-MM-DD"),
            ("any:429*often", "TIMES"),
            ("cursor/daily-usage-data:amount-text", "means nothing"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
