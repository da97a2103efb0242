//! Counts of tokens, as all reports of use spell them.
//!
//! Owns their names. It must never know what they are grouped by.

use serde_json::{Map, Value, json};

use crate::world::UsageCounts;

pub(super) fn figures(counts: UsageCounts) -> Map<String, Value> {
    let cache_creation = json!({
        "ephemeral_5m_input_tokens": counts.cache_write_5m,
        "ephemeral_1h_input_tokens": counts.cache_write_1h,
    });
    let figures = [
        ("uncached_input_tokens", json!(counts.uncached_input)),
        ("cache_read_input_tokens", json!(counts.cache_read)),
        ("cache_creation", cache_creation),
        ("output_tokens", json!(counts.output)),
        ("server_tool_use", json!({"web_search_requests": counts.web_searches})),
    ];
    figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect()
}
