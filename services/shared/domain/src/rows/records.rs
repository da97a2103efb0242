//! Reading a page so that one bad record never costs its neighbours.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::NormalizeError;
use crate::manifest::Manifest;
use crate::objects::ObjectName;

/// Which page is read.
#[derive(Debug, Clone, Copy)]
pub struct PageContext<'a> {
    /// From 1.
    pub number: u32,
    pub object: &'a ObjectName,
    pub manifest: &'a Manifest,
}

impl PageContext<'_> {
    pub fn not_whole(&self, reason: impl ToString) -> NormalizeError {
        NormalizeError::NotWhole {
            snapshot_id: self.manifest.snapshot_id.clone(),
            page: self.number,
            reason: reason.to_string(),
        }
    }
}

/// Where a record stands in its page; displayed as a JSON pointer, in a file as the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    InData(usize),
    InBucket(usize, usize),
    /// In the list of this name; of no name, where the page is the list.
    InList(&'static str, usize),
    /// A line of a file that a person imported, from 1.
    InLine(u64),
    /// Of no record, but of the answer.
    WholePage,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InData(index) => write!(f, "/data/{index}"),
            Self::InLine(number) => write!(f, "line {number}"),
            // The whole document, as a JSON pointer says it.
            Self::WholePage => Ok(()),
            Self::InBucket(bucket, index) => write!(f, "/data/{bucket}/results/{index}"),
            Self::InList("", index) => write!(f, "/{index}"),
            Self::InList(list, index) => write!(f, "/{list}/{index}"),
        }
    }
}

/// Reads one record of a page that does not read as a whole; the error says why this one does not.
pub fn read_alone<'a, R: Deserialize<'a>>(raw: &'a RawValue) -> Result<R, String> {
    serde_json::from_str(raw.get()).map_err(|error| reason_of(raw.get(), &error))
}

/// The field where one is to blame, and what is wrong with it.
pub(super) fn reason_of(record: &str, error: &serde_json::Error) -> String {
    match field_at(record, error) {
        Some(field) => format!("{field}: {error}"),
        None => error.to_string(),
    }
}

/// The same of a record that holds what no reason may repeat: it names the field and quotes nothing.
pub fn discreet_reason_of(record: &str, error: &serde_json::Error) -> String {
    match field_at(record, error) {
        Some(field) => format!("{field}: {}", without_content(error)),
        None => without_content(error),
    }
}

/// What is wrong with a page, without a word of the page itself: it may name people, and the words go into logs.
pub(super) fn without_content(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "a value of another type, or a field that is missing",
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Io | serde_json::error::Category::Syntax => "it is not JSON",
    };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

/// The field whose value an error points at: the last name before it. At the end it points at the whole record.
fn field_at<'a>(text: &'a str, error: &serde_json::Error) -> Option<&'a str> {
    let is_value = error.is_data() && error.line() == 1 && error.column() < text.len();
    let before = text.get(..error.column()).filter(|_| is_value)?;
    let (names, _) = before.rsplit_once("\":")?;
    let (_, name) = names.rsplit_once('"')?;
    Some(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it reads matters")]
    struct Record {
        first: u32,
        second: Option<u32>,
    }

    #[test]
    fn the_reason_names_the_field_where_one_is_to_blame() {
        let reason = |text: &str| read_alone::<Record>(&RawValue::from_string(text.to_owned()).unwrap()).unwrap_err();
        let many = r#"{"first":1,"second":"many","third":3}"#;
        assert_eq!(reason(many), "second: invalid type: string \"many\", expected u32 at line 1 column 26");
        assert!(reason(r#"{"first":-1}"#).starts_with("first: invalid value"), "{}", reason(r#"{"first":-1}"#));
        assert!(reason("7").starts_with("invalid type"), "{}", reason("7"));
        assert!(reason(r#"{"second":1}"#).starts_with("missing field `first`"), "{}", reason(r#"{"second":1}"#));
    }
}
