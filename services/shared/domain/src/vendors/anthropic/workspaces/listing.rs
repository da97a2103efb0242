//! What the list of workspaces says of names and of the default workspace.

use std::collections::BTreeMap;

use everycent_schemas::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::rows::PageText;
use crate::vendors::{Label, Text};
use crate::workspaces::{DEFAULT_NAME, Workspaces};

/// Reads the pages of the list, one after another.
#[derive(Debug, Default)]
pub struct Listing {
    names: BTreeMap<String, String>,
    /// Those that have the name of the default workspace and are in use, by when they were created.
    called_default: Vec<(Option<Timestamp>, String)>,
}

impl Listing {
    /// Takes what reads of a page.
    pub fn take(&mut self, body: &[u8]) {
        // A page that is none was refused by the paging.
        let text = PageText::new(body);
        let Ok(page) = text.records::<Page<'_>>() else { return };
        for item in page.data.iter().filter_map(|raw| serde_json::from_str::<Item<'_>>(raw.get()).ok()) {
            let name = item.name.as_deref().unwrap_or_default();
            if name.trim() == DEFAULT_NAME && item.archived_at.is_none() {
                self.called_default.push((item.created_at, item.id.to_string()));
            }
            self.names.insert(item.id.to_string(), name.to_owned());
        }
    }

    /// What it comes to. The default workspace is as old as the organization, so of several of its name it is the first.
    pub fn finish(self, seen_at: Timestamp) -> Workspaces {
        let default_id = self.called_default.into_iter().min().map(|(_, id)| id);
        Workspaces::new(seen_at, default_id, self.names)
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Option<Label<'a>>,
    created_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pages: &[&str]) -> Workspaces {
        let mut listing = Listing::default();
        pages.iter().for_each(|page| listing.take(page.as_bytes()));
        listing.finish(Timestamp::from_micros(1))
    }

    #[test]
    fn names_of_all_pages_are_known_and_an_item_that_does_not_read_costs_only_itself() {
        let known = read(&[
            r#"{"data": [{"id": "w1", "name": "Batch"}, {"id": 7}, null], "has_more": true}"#,
            r#"{"data": [{"id": "w2", "name": null, "archived_at": "2026-01-01T00:00:00Z"}], "has_more": false}"#,
        ]);
        let names: Vec<_> = known.names.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
        assert_eq!((names, known.default_id), (vec![("w1", "Batch"), ("w2", "")], None));
    }

    #[test]
    fn of_several_with_the_name_of_the_default_workspace_the_first_in_use_is_it() {
        let item = |id: &str, created: &str, archived: &str| {
            format!(r#"{{"id": "{id}", "name": "Default", "created_at": {created}, "archived_at": {archived}}}"#)
        };
        let (early, late) = (r#""2024-01-01T00:00:00Z""#, r#""2026-01-01T00:00:00Z""#);
        let list = |items: &[String]| read(&[&format!(r#"{{"data": [{}]}}"#, items.join(","))]).default_id;
        assert_eq!(list(&[item("w2", late, "null"), item("w1", early, "null")]).as_deref(), Some("w1"));
        assert_eq!(list(&[item("w1", early, late), item("w2", late, "null")]).as_deref(), Some("w2"));
        assert_eq!(list(&[item("w1", early, late)]), None);
    }
}
