//! Which organization a key opens: `GET /v1/organizations/me`, and a header of every answer.
//!
//! Source: platform.claude.com/docs, Admin API. What is odd about the answer counts as not given, for no figure comes
//! from it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api;
use crate::paging::{Method, PageRequest};

/// Longer texts are no id.
const ID_MAX_CHARS: usize = 128;

/// An organization, by each id that the vendor gave for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// At least one, in lower case.
    pub ids: BTreeSet<String>,
    #[serde(default)]
    pub name: Option<String>,
}

impl Organization {
    /// Of the answer's body, the header beside it, or both. `None` where neither gives an id.
    pub fn read(body: Option<&[u8]>, header: Option<&str>) -> Option<Self> {
        let body = body.and_then(|body| serde_json::from_slice::<Value>(body).ok()).unwrap_or_default();
        let told = |field: &str| body.get(field).and_then(Value::as_str);
        let ids: BTreeSet<String> = [told("id"), header].into_iter().flatten().filter_map(id).collect();
        (!ids.is_empty())
            .then(|| Self { ids, name: told("name").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned) })
    }

    pub fn is_same(&self, other: &Self) -> bool {
        !self.ids.is_disjoint(&other.ids)
    }
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.ids.first().map_or("without an id", String::as_str);
        match &self.name {
            Some(name) => write!(f, "organization {name} ({id})"),
            None => write!(f, "organization {id}"),
        }
    }
}

fn id(text: &str) -> Option<String> {
    let text = text.trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_id = !text.is_empty() && text.len() <= ID_MAX_CHARS && text.chars().all(is_plain);
    is_id.then(|| text.to_ascii_lowercase())
}

/// The question.
pub fn request() -> PageRequest {
    let headers = vec![("anthropic-version", api::VERSION)];
    PageRequest { method: Method::Get, path: "/v1/organizations/me", query: vec![], headers, body: None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(body: &str, header: Option<&str>) -> Option<String> {
        let read = Organization::read(Some(body.as_bytes()), header)?;
        Some(format!("{} {:?}", read.name.unwrap_or_default(), read.ids))
    }

    #[test]
    fn the_id_of_the_body_and_that_of_the_header_are_one_organization() {
        let told = r#"{"id": "0A-1", "type": "organization", "name": " Example "}"#;
        assert_eq!(read(told, None).unwrap(), "Example {\"0a-1\"}");
        assert_eq!(read(told, Some("0a-1")).unwrap(), "Example {\"0a-1\"}");
        assert_eq!(read(told, Some("org_9")).unwrap(), "Example {\"0a-1\", \"org_9\"}");
        let (both, header) =
            (Organization::read(Some(told.as_bytes()), Some("org_9")), Organization::read(None, Some("ORG_9")));
        assert!(both.unwrap().is_same(&header.unwrap()));
    }

    #[test]
    fn an_odd_answer_gives_no_organization() {
        let odd = [
            r#"{"id": null, "name": "Example"}"#,
            r#"{"id": 7}"#,
            r#"{"id": "  "}"#,
            r#"{"id": "a b\nc"}"#,
            r#"{"data": []}"#,
            "[]",
            "{",
            "",
        ];
        for body in odd {
            assert_eq!(read(body, None), None, "{body}");
            assert_eq!(read(body, Some("id-1")).map(|text| text.ends_with("{\"id-1\"}")), Some(true), "{body}");
        }
    }
}
