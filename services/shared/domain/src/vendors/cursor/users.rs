//! The users that the pages of one reading tell of: each stands on one page only.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::user_id::UserId;
use crate::paging::PagingFault;
use crate::vendors::Text;

/// Counts users over pages.
#[derive(Debug, Default)]
pub struct Users(HashSet<String>);

impl Users {
    /// A user whose records stand on two pages was shifted between them.
    pub fn take(&mut self, page: u32, records: &[&RawValue]) -> Result<(), PagingFault> {
        let read = |raw: &&RawValue| serde_json::from_str::<Record<'_>>(raw.get()).ok()?.user();
        let on_page: HashSet<String> = records.iter().filter_map(read).collect();
        if on_page.iter().any(|user| self.0.contains(user)) {
            let reason = format!("a user of page {page} stood on an earlier page");
            return Err(PagingFault::moved(reason));
        }
        self.0.extend(on_page);
        Ok(())
    }

    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

/// What paging looks at in a record. It is lenient: a record that does not read becomes a reject later on.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(default, borrow, rename = "userId", deserialize_with = "lenient")]
    user_id: Option<UserId<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient")]
    email: Option<Text<'a>>,
}

impl Record<'_> {
    fn user(&self) -> Option<String> {
        match (&self.user_id, &self.email) {
            (Some(id), _) => Some(format!("id {id}")),
            (None, Some(email)) => Some(email.to_lowercase()),
            (None, None) => None,
        }
    }
}

/// The value if it reads as one, else nothing.
pub(super) fn lenient<'de: 'a, 'a, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + 'a,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}
