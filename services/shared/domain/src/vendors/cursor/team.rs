//! Which team a key opens. Cursor has no id of a team, so its members stand for it: `GET /teams/members`.
//!
//! Neither ids nor addresses are kept, only hashes of them. What is odd about a member leaves that member out.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::members::List;
use super::user_id::UserId;
use crate::identity::IdHasher;
use crate::paging::{Method, PageRequest};
use crate::rows::PageText;
use crate::vendors::Address;

/// A team, by those who are or were its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Hashes of members' ids.
    pub ids: BTreeSet<String>,
    /// Hashes of their addresses.
    pub addresses: BTreeSet<String>,
}

impl Team {
    /// Of the answer's body. `None` where it names nobody.
    pub fn read(body: &[u8]) -> Option<Self> {
        let body = PageText::new(body);
        let list = List::read(&body).ok()?;
        let mut team = Self { ids: BTreeSet::new(), addresses: BTreeSet::new() };
        for member in list.members {
            let one = serde_json::from_str::<Id<'_>>(member.get()).ok().and_then(|member| member.id);
            team.ids.extend(one.and_then(|id| hash("member id", &id.text())));
            let one = serde_json::from_str::<Named<'_>>(member.get()).ok().and_then(|member| member.email);
            team.addresses.extend(one.and_then(|email| hash("member address", email.person()?)));
        }
        (team.size() > 0).then_some(team)
    }

    /// How many people are known of it.
    pub fn size(&self) -> usize {
        self.ids.len().max(self.addresses.len())
    }

    /// Whether anybody is in both.
    pub fn meets(&self, other: &Self) -> bool {
        let (mine, theirs) = self.comparable(other);
        !mine.is_disjoint(theirs)
    }

    /// How many of a hundred who are in either are in both.
    pub fn likeness_percent(&self, other: &Self) -> usize {
        let (mine, theirs) = self.comparable(other);
        100 * mine.intersection(theirs).count() / mine.union(theirs).count().max(1)
    }

    /// By ids where both have some; the vendor's ids came late.
    fn comparable<'a>(&'a self, other: &'a Self) -> (&'a BTreeSet<String>, &'a BTreeSet<String>) {
        if self.ids.is_empty() || other.ids.is_empty() {
            (&self.addresses, &other.addresses)
        } else {
            (&self.ids, &other.ids)
        }
    }
}

impl fmt::Display for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.size() {
            1 => f.write_str("a team of 1 member"),
            size => write!(f, "a team of {size} members"),
        }
    }
}

#[derive(Deserialize)]
struct Id<'a> {
    #[serde(borrow)]
    id: Option<UserId<'a>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    email: Option<Address<'a>>,
}

fn hash(kind: &str, text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| IdHasher::new(kind).part(text).finish().short())
}

/// The question.
pub fn request() -> PageRequest {
    PageRequest { method: Method::Get, path: super::members::PATH, query: vec![], headers: vec![], body: None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn team(members: &str) -> Team {
        Team::read(format!(r#"{{"teamMembers": [{members}]}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn members_are_known_by_id_and_else_by_address_in_any_case() {
        let ann = team(r#"{"id": "user_1", "email": "ann@example.com"}"#);
        assert!(ann.meets(&team(r#"{"id": "user_1", "email": "ann.m@example.com"}, {"id": "user_2"}"#)));
        assert!(ann.meets(&team(r#"{"email": " ANN@example.com"}"#)), "one reading has no ids");
        assert!(
            !ann.meets(&team(r#"{"id": "user_3", "email": "ann@example.com"}"#)),
            "ids decide where both have some"
        );
        assert!(!ann.meets(&team(r#"{"email": "bob@example.com"}"#)));
        assert!(team(r#"{"id": 7}"#).meets(&team(r#"{"id": 7, "email": 7}"#)));
    }

    #[test]
    fn likeness_counts_those_in_both() {
        let (three, two) = (team(r#"{"id": 1}, {"id": 2}, {"id": 3}"#), team(r#"{"id": 3}, {"id": 2}"#));
        assert_eq!((three.likeness_percent(&two), three.likeness_percent(&three)), (66, 100));
        assert_eq!(three.likeness_percent(&team(r#"{"id": 9}"#)), 0);
    }

    #[test]
    fn an_answer_that_names_nobody_gives_no_team_and_no_address_is_kept() {
        for body in ["", "{", "7", r#"{"teamMembers": []}"#, r#"{"teamMembers": [{"id": null, "email": " "}, 7]}"#] {
            assert_eq!(Team::read(body.as_bytes()), None, "{body}");
        }
        let kept = serde_json::to_string(&team(r#"{"id": "user_1", "email": "ann@example.com"}"#)).unwrap();
        assert!(!kept.contains("user_1") && !kept.contains('@'), "{kept}");
    }
}
