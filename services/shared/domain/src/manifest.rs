//! The manifest of a snapshot: what was asked, and which pages answer it.

use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::format::{self, Unread};
use crate::identity::IdHasher;
use crate::objects::{ObjectName, SnapshotFolder};
use crate::window::Window;

/// All that is needed to read a snapshot without the vendor. It is written last: a snapshot without one is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format.
    pub format: u32,
    pub snapshot_id: SnapshotId,
    pub source: String,
    pub account_id: AccountId,
    pub window: Window,
    pub fetched_at: Timestamp,
    /// The exact query that the pages answer, the page's own position left out.
    pub query: Value,
    /// Days that the answer covers: closed ones of the window that the vendor reports by now, and today if it told it.
    pub covered: Vec<Day>,
    /// Closed days that the vendor has yet to report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<Day>,
    pub pages: Vec<PageEntry>,
    /// What was known of the account's workspaces when it was fetched: an object beside the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspaces: Option<ObjectName>,
    /// What was odd about the answer and yet accepted.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// The time in the future that a clock which was ahead had given it. Then `fetched_at` is only the latest that it can
    /// be, so the answer is no last word on a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redated_from: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageEntry {
    pub object: ObjectName,
    /// Bytes as received, before compression.
    pub body_bytes: u64,
    /// Hex, of the bytes as received.
    pub sha256: String,
    /// The vendor's id of the request, for asking its support.
    #[serde(default)]
    pub request_id: Option<String>,
}

/// The format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// The manifest can't be read.
#[derive(Debug, thiserror::Error)]
pub enum InvalidManifest {
    #[error("it is not a manifest: {0}")]
    Unreadable(String),
    #[error("it has format {0}, and this program reads up to {FORMAT}; upgrade it")]
    TooNew(u32),
    /// An answer about some days has a page, even one without records.
    #[error("it says that days are answered and names no page; it was changed after it was written")]
    WithoutPages,
}

impl Manifest {
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("invariant: a manifest has only string keys");
        json.push(b'\n');
        json
    }

    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidManifest> {
        let manifest: Self = format::read(bytes, FORMAT).map_err(|unread| match unread {
            Unread::NotOne(error) => InvalidManifest::Unreadable(error.to_string()),
            Unread::TooNew(format) => InvalidManifest::TooNew(format),
        })?;
        match manifest.pages.is_empty() && !manifest.covered.is_empty() {
            true => Err(InvalidManifest::WithoutPages),
            false => Ok(manifest),
        }
    }

    /// The same answer with another time. Its pages stay where they are. What is read of a moment is of the day on which it
    /// was read, so it moves with it.
    #[must_use]
    pub fn redated(self, fetched_at: Timestamp, is_of_a_moment: bool) -> Self {
        let day = fetched_at.day();
        let (window, covered) = match is_of_a_moment && self.window.from() > day {
            true => (Window::of(day), vec![day]),
            false => (self.window, self.covered),
        };
        let snapshot_id = snapshot_id(&self.source, &self.account_id, window, fetched_at);
        let redated_from = Some(self.redated_from.unwrap_or(self.fetched_at));
        Self { snapshot_id, window, covered, fetched_at, redated_from, ..self }
    }

    pub fn folder(&self) -> SnapshotFolder {
        let (from, to) = (self.window.from(), self.window.to());
        SnapshotFolder::new(&self.source, &self.account_id, from, to, self.fetched_at, &self.snapshot_id)
    }

    pub fn body_bytes(&self) -> u64 {
        self.pages.iter().fold(0, |sum: u64, page| sum.saturating_add(page.body_bytes))
    }
}

/// The id of the snapshot that begins now.
pub fn snapshot_id(source: &str, account_id: &AccountId, window: Window, fetched_at: Timestamp) -> SnapshotId {
    IdHasher::new("snapshot")
        .part(source)
        .part(account_id.as_str())
        .number(window.from().epoch_days().into())
        .number(window.to().epoch_days().into())
        .number(fetched_at.micros())
        .finish()
        .short()
        .into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn manifest() -> Manifest {
        let day = Day::new(2025, 10, 3).unwrap();
        Manifest {
            format: FORMAT,
            snapshot_id: "ab12".into(),
            source: "anthropic/cost_report".into(),
            account_id: "acme".into(),
            window: Window::new(day, day).unwrap(),
            fetched_at: Timestamp::from_micros(1),
            query: serde_json::json!({"group_by[]": ["workspace_id", "description"]}),
            covered: vec![day],
            pages: vec![PageEntry {
                object: "raw/x/page-00001.json.zst".parse().unwrap(),
                body_bytes: 3,
                sha256: crate::identity::sha256_hex(b"{}\n"),
                request_id: None,
            }],
            workspaces: None,
            remarks: vec![],
            awaited: Vec::new(),
            redated_from: None,
        }
    }

    #[test]
    fn an_answer_with_another_time_keeps_its_pages_and_says_which_time_it_had() {
        let now: Timestamp = "2025-10-20T12:00:00Z".parse().unwrap();
        let redated = manifest().redated(now, false);
        assert_eq!((redated.fetched_at, redated.redated_from), (now, Some(Timestamp::from_micros(1))));
        assert_eq!((&redated.pages, redated.window), (&manifest().pages, manifest().window));
        assert_ne!(redated.snapshot_id, manifest().snapshot_id);
        assert_eq!(Manifest::from_json(&redated.to_json()).unwrap(), redated);
    }

    #[test]
    fn a_reading_of_a_day_that_has_not_begun_is_one_of_the_day_that_it_is_dated_to() {
        let ahead = Day::new(2026, 1, 9).unwrap();
        let reading = Manifest {
            source: "cursor/members".to_owned(),
            window: Window::of(ahead),
            covered: vec![ahead],
            ..manifest()
        };
        let redated = reading.redated("2025-10-20T12:00:00Z".parse().unwrap(), true);
        let day = Day::new(2025, 10, 20).unwrap();
        assert_eq!((redated.window, redated.covered), (Window::of(day), vec![day]));
    }

    #[test]
    fn a_manifest_comes_back_as_it_went() {
        assert_eq!(Manifest::from_json(&manifest().to_json()).unwrap(), manifest());
    }

    #[test]
    fn a_manifest_that_answers_days_without_a_page_is_refused() {
        let edited = Manifest { pages: vec![], ..manifest() };
        let error = Manifest::from_json(&edited.to_json()).unwrap_err().to_string();
        assert!(error.contains("names no page"), "{error}");
        let nothing_yet = Manifest { covered: vec![], ..edited };
        assert!(Manifest::from_json(&nothing_yet.to_json()).is_ok(), "an answer about no day has none");
    }

    #[test]
    fn sizes_that_no_number_holds_are_no_panic() {
        let page = PageEntry { body_bytes: u64::MAX, ..manifest().pages.remove(0) };
        let edited = Manifest { pages: vec![page.clone(), page], ..manifest() };
        assert_eq!(edited.body_bytes(), u64::MAX);
    }

    #[test]
    fn a_manifest_of_a_later_format_asks_for_an_upgrade() {
        let mut later = manifest();
        later.format = FORMAT + 1;
        let error = Manifest::from_json(&later.to_json()).unwrap_err().to_string();
        assert!(error.contains("upgrade"), "{error}");
        assert!(Manifest::from_json(b"{").is_err());
    }
}
