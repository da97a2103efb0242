//! The schemas of each event, of now and of earlier releases: what `src/events.rs` includes.

use crate::rust;

/// A folder of `released/`.
pub struct Release {
    pub name: String,
    /// Names of its events' schemas.
    pub events: Vec<String>,
}

pub fn list(events: &[String], releases: &[Release]) -> Result<String, String> {
    for release in releases {
        if let Some(gone) = release.events.iter().find(|event| !events.contains(event)) {
            return Err(format!(
                "events/{gone}.avsc: it is missing, and messages of released/{}/events/{gone}.avsc may still come",
                release.name
            ));
        }
    }
    Ok(events.iter().map(|event| schemas(event, releases)).collect::<Vec<_>>().join("\n"))
}

fn schemas(event: &str, releases: &[Release]) -> String {
    let having = releases.iter().filter(|release| release.events.iter().any(|name| name == event));
    let released: String = having
        .map(|release| format!("        {},\n", file(&format!("released/{}/events/{event}", release.name))))
        .collect();
    format!(
        "const {}: Schemas = Schemas {{\n    current: {},\n    released: &[\n{released}    ],\n}};\n",
        rust::constant(event),
        file(&format!("events/{event}")),
    )
}

fn file(name: &str) -> String {
    format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{name}.avsc\"))")
}
