//! What the tables about the use of Claude must hold, as the simulated world knows it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use vendor_sim::{ClaudeCodeActor, ClaudeCodeModel, ClaudeCodeRow, UsageCounts, World};

use super::Scene;

type Rows = Vec<Vec<String>>;

const IDENTITY: &str = "activity_date, actor_type, actor_email, api_key_name, customer_type, subscription_type,
    terminal_type, is_remote";

/// Every row of `claude_usage_tokens`, count by count.
#[track_caller]
pub fn assert_tells_usage(scene: &Scene, first: &str, last: &str) {
    let expected =
        scene.simulator.with_world(|world| days_of(first, last).flat_map(|day| usage_of(world, day)).collect::<Rows>());
    assert!(!expected.is_empty());
    let found = scene.tables().rows(&format!(
        "SELECT activity_date, api_key_id, workspace_id, model, service_tier, context_window, uncached_input_tokens,
           cache_read_input_tokens, cache_creation_ephemeral_5m_input_tokens, cache_creation_ephemeral_1h_input_tokens,
           output_tokens, web_search_requests
         FROM claude_usage_tokens WHERE activity_date BETWEEN '{first}' AND '{last}'"
    ));
    assert_eq!(sorted(found), sorted(expected));
}

/// Every row of Claude Code and every model in it, to the estimate's last digit.
#[track_caller]
pub fn assert_tells_claude_code(scene: &Scene, first: &str, last: &str) {
    let (stats, models): (Rows, Rows) = scene.simulator.with_world(|world| {
        let as_in_2025 = world.options.claude_code_as_in_2025;
        let rows =
            days_of(first, last).flat_map(|day| world.claude_code_rows(day).into_iter().map(move |row| (day, row)));
        let rows: Vec<_> = rows.collect();
        let stats = rows.iter().map(|(day, row)| stats_of(*day, row, as_in_2025)).collect();
        (stats, rows.iter().flat_map(|(day, row)| models_of(*day, row, as_in_2025)).collect())
    });
    assert!(!stats.is_empty() && !models.is_empty());
    let tables = scene.tables();
    let within = format!("activity_date BETWEEN '{first}' AND '{last}'");
    let found = tables.rows(&format!(
        "SELECT {IDENTITY}, num_sessions, lines_of_code_added, lines_of_code_removed, commits_by_claude_code,
           pull_requests_by_claude_code, edit_tool_accepted, edit_tool_rejected, multi_edit_tool_accepted,
           multi_edit_tool_rejected, write_tool_accepted, write_tool_rejected, notebook_edit_tool_accepted,
           notebook_edit_tool_rejected, tools_accepted, tools_rejected, tool_actions, platform, platform_basis
         FROM claude_code_usage_stats WHERE {within}"
    ));
    assert_eq!(sorted(found), sorted(stats));
    let found = tables.rows(&format!(
        "SELECT {IDENTITY}, model, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, currency,
           estimated_cost_cents, estimated_cost_nano_usd
         FROM claude_code_model_usage_nano WHERE {within}"
    ));
    assert_eq!(sorted(found), sorted(models));
    let orphans = "SELECT COUNT(*) FROM claude_code_model_usage AS model WHERE NOT EXISTS (SELECT 1 FROM
        claude_code_usage_stats AS stat WHERE stat.row_id = model.usage_row_id
        AND stat.activity_date = model.activity_date AND stat.terminal_type = model.terminal_type)";
    assert_eq!(tables.count(orphans), 0);
}

/// Day, key, workspace, model, tier, context window and the six counts.
pub fn usage_of(world: &World, day: NaiveDate) -> Rows {
    let mut groups: BTreeMap<[String; 5], UsageCounts> = BTreeMap::new();
    for (key, counts) in world.claude_usage(day) {
        let [api_key, workspace] = [key.api_key_id.as_deref(), key.workspace_id.as_deref()].map(optional);
        let group = groups.entry([api_key, workspace, key.model, key.service_tier, key.context_window]).or_default();
        group.uncached_input += counts.uncached_input;
        group.cache_read += counts.cache_read;
        group.cache_write_5m += counts.cache_write_5m;
        group.cache_write_1h += counts.cache_write_1h;
        group.output += counts.output;
        group.web_searches += counts.web_searches;
    }
    let row = |(dimensions, counts): ([String; 5], UsageCounts)| {
        let counts = [
            counts.uncached_input,
            counts.cache_read,
            counts.cache_write_5m,
            counts.cache_write_1h,
            counts.output,
            counts.web_searches,
        ];
        let counts = counts.map(|count| count.to_string());
        [day.to_string()].into_iter().chain(dimensions).chain(counts).collect()
    };
    groups.into_iter().map(row).collect()
}

pub fn days_of(first: &str, last: &str) -> impl Iterator<Item = NaiveDate> {
    let last: NaiveDate = last.parse().unwrap();
    first.parse::<NaiveDate>().unwrap().iter_days().take_while(move |day| *day <= last)
}

pub fn sorted(mut rows: Rows) -> Rows {
    rows.sort();
    rows
}

fn actor(row: &ClaudeCodeRow) -> [String; 3] {
    match &row.actor {
        ClaudeCodeActor::User(email) => ["user_actor".into(), email.clone(), "NULL".into()],
        ClaudeCodeActor::ApiKey(name) => ["api_actor".into(), "NULL".into(), name.clone()],
    }
}

/// Day, actor, plan and terminal.
fn identity(day: NaiveDate, row: &ClaudeCodeRow, as_in_2025: bool) -> Vec<String> {
    let customer = if row.subscription_type.is_some() { "subscription" } else { "api" };
    let (plan, remote) = match as_in_2025 {
        true => ("NULL".to_owned(), "NULL".to_owned()),
        false => (optional(row.subscription_type.as_deref()), i32::from(row.is_remote).to_string()),
    };
    let place = [customer.to_owned(), plan, row.terminal_type.clone(), remote];
    [day.to_string()].into_iter().chain(actor(row)).chain(place).collect()
}

fn stats_of(day: NaiveDate, row: &ClaudeCodeRow, as_in_2025: bool) -> Vec<String> {
    let tool = |name: &str| row.tool_actions.get(name).copied().unwrap_or_default();
    let [edit, multi, write, notebook] = ["edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool"].map(tool);
    let counts = [
        row.sessions,
        row.lines_added,
        row.lines_removed,
        row.commits,
        row.pull_requests,
        edit.0,
        edit.1,
        multi.0,
        multi.1,
        write.0,
        write.1,
        notebook.0,
        notebook.1,
        row.tool_actions.values().map(|(accepted, _)| accepted).sum(),
        row.tool_actions.values().map(|(_, rejected)| rejected).sum(),
    ];
    let tool_of = |(name, (accepted, rejected)): (&String, &(u64, u64))| {
        format!("\"{name}\":{{\"accepted\":{accepted},\"rejected\":{rejected}}}")
    };
    let tools: Vec<String> = row.tool_actions.iter().map(tool_of).collect();
    let mut cells = identity(day, row, as_in_2025);
    cells.extend(counts.map(|count| count.to_string()));
    cells.extend([format!("{{{}}}", tools.join(",")), "claude_code".into(), "vendor".into()]);
    cells
}

fn models_of(day: NaiveDate, row: &ClaudeCodeRow, as_in_2025: bool) -> Rows {
    let of = |(model, used): (&String, &ClaudeCodeModel)| {
        let counts = [used.input, used.output, used.cache_read, used.cache_creation].map(|count| count.to_string());
        let nanos = (used.estimated_cents * Decimal::from(10_000_000)).normalize().to_i64().unwrap();
        let money = ["USD".to_owned(), used.estimated_cents.to_string(), nanos.to_string()];
        let cells = identity(day, row, as_in_2025).into_iter().chain([model.clone()]).chain(counts).chain(money);
        cells.collect()
    };
    row.models.iter().map(of).collect()
}

fn optional(text: Option<&str>) -> String {
    text.unwrap_or("NULL").to_owned()
}
