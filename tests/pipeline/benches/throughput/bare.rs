//! The least that reading a page can be: `serde_json` into typed records that borrow the page's text.
//!
//! Every field that the normalizer reads, and nothing that it checks: no escape in a text, no missing count, no day
//! that is none, no second record of the same user.

// Records are parsed to be dropped.
#![allow(dead_code)]

use anyhow::Context;
use everycent_domain::source::Source;
use everycent_domain::vendors::cursor;
use serde::Deserialize;

/// Parses a page; gives the number of its records.
pub fn parse(source: Source, page: &[u8]) -> anyhow::Result<u64> {
    let records = if source == cursor::daily_usage::SOURCE {
        std::hint::black_box(read::<Usage<'_>>(page)?).data.len()
    } else {
        let report = std::hint::black_box(read::<Bucket<'_>>(page)?);
        report.data.iter().map(|bucket| bucket.results.len()).sum()
    };
    Ok(records as u64)
}

fn read<'a, R: Deserialize<'a>>(page: &'a [u8]) -> anyhow::Result<Page<R>> {
    serde_json::from_slice(page).context("a page of the simulator")
}

#[derive(Deserialize)]
struct Page<R> {
    data: Vec<R>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage<'a> {
    user_id: i64,
    email: &'a str,
    day: &'a str,
    date: i64,
    is_active: bool,
    total_lines_added: i64,
    total_lines_deleted: i64,
    accepted_lines_added: i64,
    accepted_lines_deleted: i64,
    total_applies: i64,
    total_accepts: i64,
    total_rejects: i64,
    total_tabs_shown: i64,
    total_tabs_accepted: i64,
    composer_requests: i64,
    chat_requests: i64,
    agent_requests: i64,
    cmdk_usages: i64,
    bugbot_usages: i64,
    subscription_included_reqs: i64,
    usage_based_reqs: i64,
    api_key_reqs: i64,
    most_used_model: Option<&'a str>,
    apply_most_used_extension: Option<&'a str>,
    tab_most_used_extension: Option<&'a str>,
    client_version: Option<&'a str>,
}

#[derive(Deserialize)]
struct Bucket<'a> {
    starting_at: &'a str,
    #[serde(borrow)]
    results: Vec<Cost<'a>>,
}

#[derive(Deserialize)]
struct Cost<'a> {
    amount: &'a str,
    currency: &'a str,
    workspace_id: Option<&'a str>,
    description: Option<&'a str>,
    cost_type: Option<&'a str>,
    model: Option<&'a str>,
    token_type: Option<&'a str>,
    service_tier: Option<&'a str>,
    context_window: Option<&'a str>,
    inference_geo: Option<&'a str>,
}
