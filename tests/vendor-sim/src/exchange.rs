//! A request and the reply to it, free of any HTTP library.
//!
//! Owns what an endpoint may look at and what it may say. It must never hold a connection or a clock.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;

/// A request, completely read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// Position among all requests of this server, from 1.
    pub number: u64,
    pub method: String,
    pub path: String,
    /// Decoded name and value pairs in the order in which they came.
    pub query: Vec<(String, String)>,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether one of the comma lists of beta headers names this beta.
    pub(crate) fn has_beta(&self, beta: &str) -> bool {
        let lists = self.headers.iter().filter(|(name, _)| name == "anthropic-beta");
        lists.flat_map(|(_, list)| list.split(',')).any(|named| named.trim() == beta)
    }

    /// Query and body as one text, for faults that look for a word in it.
    pub(crate) fn text(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}\n{}", query.join("&"), String::from_utf8_lossy(&self.body))
    }
}

/// What an endpoint says.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Where in the data this answer lies; none for a refusal.
    pub covers: Option<Covers>,
}

/// The page and the days that an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Covers {
    /// From 1.
    pub page: u32,
    pub first_day: NaiveDate,
    /// Inclusive; before `first_day` if the answer is not about days.
    pub last_day: NaiveDate,
}

impl Covers {
    /// A page of something that has no days.
    pub(crate) fn no_day(page: u32) -> Covers {
        Covers { page, first_day: NaiveDate::MAX, last_day: NaiveDate::MIN }
    }
}

impl Reply {
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Reply {
        let body = serde_json::to_vec(value).expect("invariant: replies are plain values with text keys");
        Reply::bytes(status, "application/json", body)
    }

    pub(crate) fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Reply {
        Reply { status, headers: vec![("content-type", content_type.to_owned())], body, covers: None }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }
}

/// A JSON number with just the digits of the decimal.
pub(crate) fn exactly(number: Decimal) -> Box<RawValue> {
    RawValue::from_string(number.to_string()).expect("invariant: a decimal is a JSON number")
}
