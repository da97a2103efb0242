//! One entry of what is kept of a vendor's accounts.

use everycent_schemas::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use super::opened::Opened;
use crate::format::{self, Unread};

/// The format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub format: u32,
    pub at: Timestamp,
    pub account_id: AccountId,
    #[serde(flatten)]
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The first answer bound it; to nothing, where the vendor does not say what the key opens.
    Bound { opened: Option<Opened> },
    /// It opens the same, whose name, ids or members are others by now.
    Seen { opened: Opened },
    /// The next answer binds it again.
    Released,
    /// It goes on under another id, with its history.
    Renamed { to: AccountId },
    /// It is asked no more, and its history stays.
    Retired,
    /// It is asked again.
    Resumed,
    /// It was never meant, and what it brought is gone.
    Forgotten,
}

/// The entry can't be read.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEntry {
    #[error("it is not an entry of an account: {0}")]
    Unreadable(String),
    #[error("it has format {0}, and this program reads up to {FORMAT}; upgrade it")]
    TooNew(u32),
}

impl Entry {
    pub fn new(at: Timestamp, account_id: AccountId, change: Change) -> Self {
        Self { format: FORMAT, at, account_id, change }
    }

    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("invariant: an entry has only string keys");
        json.push(b'\n');
        json
    }

    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidEntry> {
        format::read(bytes, FORMAT).map_err(|unread| match unread {
            Unread::NotOne(error) => InvalidEntry::Unreadable(error.to_string()),
            Unread::TooNew(format) => InvalidEntry::TooNew(format),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::vendor::Vendor;

    #[test]
    fn an_entry_comes_back_as_it_went() {
        let opened = Opened::read(Vendor::Anthropic, Some(br#"{"id": "o-1", "name": "Example"}"#), None);
        let changes = [
            Change::Bound { opened: opened.clone() },
            Change::Bound { opened: None },
            Change::Seen { opened: opened.unwrap() },
            Change::Renamed { to: "main".into() },
            Change::Retired,
        ];
        for change in changes {
            let entry = Entry::new(Timestamp::from_micros(1), "default".into(), change);
            assert_eq!(Entry::from_json(&entry.to_json()).unwrap(), entry);
        }
    }

    #[test]
    fn an_entry_of_a_later_format_asks_for_an_upgrade() {
        let error = Entry::from_json(br#"{"format": 2, "change": "sold"}"#).unwrap_err().to_string();
        assert!(error.contains("upgrade"), "{error}");
        assert!(Entry::from_json(br#"{"format": 1, "change": "sold"}"#).is_err());
    }
}
