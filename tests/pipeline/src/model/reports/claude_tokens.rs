//! How the reports of Claude's use spell counts of tokens.

use vendor_sim::UsageCounts;

/// Those of tokens first.
pub(super) const COLUMNS: [&str; 6] = [
    "uncached_input_tokens",
    "cache_read_input_tokens",
    "cache_creation_ephemeral_5m_input_tokens",
    "cache_creation_ephemeral_1h_input_tokens",
    "output_tokens",
    "web_search_requests",
];
/// Those of tokens alone.
pub(super) const OF_TOKENS: [&str; 5] = {
    let [input, read, five_minutes, hour, output, _] = COLUMNS;
    [input, read, five_minutes, hour, output]
};

/// In the order of the columns.
pub(super) fn counts(counts: UsageCounts) -> [u64; COLUMNS.len()] {
    [
        counts.uncached_input,
        counts.cache_read,
        counts.cache_write_5m,
        counts.cache_write_1h,
        counts.output,
        counts.web_searches,
    ]
}
