//! The users that the pages of one reading tell of: each stands on one page only.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::user_id::UserId;
use crate::paging::PagingFault;
use crate::vendors::Address;

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
    email: Option<Address<'a>>,
}

impl Record<'_> {
    fn user(&self) -> Option<String> {
        let person = || self.email.as_ref()?.person().map(str::to_owned);
        self.user_id.as_ref().map(|id| format!("id {id}")).or_else(person)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_user_is_one_in_every_spelling_and_an_empty_address_is_no_user() {
        let raw = |json: &str| serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let (ann, nobody) = (raw(r#"{"email": "Ann@example.com"}"#), raw(r#"{"email": " "}"#));
        let mut users = Users::default();
        users.take(1, &[&ann, &nobody]).unwrap();
        assert_eq!(users.count(), 1);
        users.take(2, &[&nobody]).unwrap();
        assert!(users.take(3, &[&raw(r#"{"email": " ANN@example.com "}"#)]).is_err());
    }
}
