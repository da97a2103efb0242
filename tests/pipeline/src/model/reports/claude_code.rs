//! What people do with Claude Code: a row for each person and terminal, and one more for each model that it used.

use chrono::NaiveDate;
use vendor_sim::{ClaudeCodeActor, ClaudeCodeModel, ClaudeCodeRow, World};

use crate::model::calendar::days;
use crate::model::columns::{nearest_dollars, record};
use crate::model::report::{Absence, Covers, Harm, Question, Report, Spoil, Time, Told};
use crate::model::weight::{Scale, Unit};
use crate::tables::Record;

const STATS: &str = "claude_code_usage_stats";
const MODELS: &str = "claude_code_model_usage";

pub(crate) static CLAUDE_CODE: Report = Report {
    source: "anthropic/claude_code",
    tables: &[STATS, MODELS],
    time: Time::Days { settling_days: 7, covers: Covers::Over },
    absence: Absence::Deleted,
    money: &["estimated_cost_usd"],
    counts: &[
        "num_sessions",
        "lines_of_code_added",
        "lines_of_code_removed",
        "commits_by_claude_code",
        "pull_requests_by_claude_code",
        "edit_tool_accepted",
        "edit_tool_rejected",
        "multi_edit_tool_accepted",
        "multi_edit_tool_rejected",
        "write_tool_accepted",
        "write_tool_rejected",
        "notebook_edit_tool_accepted",
        "notebook_edit_tool_rejected",
        "tools_accepted",
        "tools_rejected",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_creation_tokens",
    ],
    weighs: &[
        Scale { unit: Unit::Dollars, table: MODELS, columns: Some(&["estimated_cost_usd"]) },
        Scale { unit: Unit::Pieces, table: STATS, columns: Some(&["num_sessions"]) },
    ],
    spoiled_by: &[
        (Spoil::Amount, Harm::Refused("estimated_cost_usd")),
        (Spoil::Count, Harm::Sets(&[("num_sessions", "0")])),
        (Spoil::Date, Harm::Refused("activity_date")),
    ],
    told,
};

/// The tools with columns of their own.
const TOOLS: [&str; 4] = ["edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool"];

fn told(world: &World, question: &Question, to: NaiveDate) -> Vec<Told> {
    let as_in_2025 = world.options.claude_code_as_in_2025;
    let of_day = |day| {
        let rows = world.claude_code_rows(day).into_iter();
        rows.map(move |row| one(common(&question.account, day, &row, as_in_2025), day, &row))
    };
    days(question.from, to).flat_map(of_day).collect()
}

fn one(common: Record, day: NaiveDate, row: &ClaudeCodeRow) -> Told {
    let mut rows = vec![(STATS, stat(common.clone(), row))];
    rows.extend(row.models.iter().map(|(model, used)| (MODELS, model_use(common.clone(), model, used))));
    Told { day, rows }
}

/// The columns that both tables have.
fn common(account: &str, day: NaiveDate, row: &ClaudeCodeRow, as_in_2025: bool) -> Record {
    let (kind, email, key) = match &row.actor {
        ClaudeCodeActor::User(email) => ("user_actor", Some(email.to_lowercase()), None),
        ClaudeCodeActor::ApiKey(name) => ("api_actor", None, Some(name.clone())),
    };
    let billed = if row.subscription_type.is_some() { "subscription" } else { "api" };
    record([
        ("organization_id", Some(account.to_owned())),
        ("activity_date", Some(day.to_string())),
        ("actor_type", Some(kind.to_owned())),
        ("actor_email", email),
        ("api_key_name", key),
        ("customer_type", Some(billed.to_owned())),
        // Older answers have neither plan nor place of work.
        ("subscription_type", row.subscription_type.clone().filter(|_| !as_in_2025)),
        ("is_remote", (!as_in_2025).then(|| u8::from(row.is_remote).to_string())),
        ("terminal_type", Some(row.terminal_type.clone())),
        ("platform", Some("claude_code".to_owned())),
        ("platform_basis", Some("vendor".to_owned())),
    ])
}

fn stat(mut stat: Record, row: &ClaudeCodeRow) -> Record {
    let counts = [
        ("num_sessions", row.sessions),
        ("lines_of_code_added", row.lines_added),
        ("lines_of_code_removed", row.lines_removed),
        ("commits_by_claude_code", row.commits),
        ("pull_requests_by_claude_code", row.pull_requests),
        ("tools_accepted", row.tool_actions.values().map(|(accepted, _)| accepted).sum()),
        ("tools_rejected", row.tool_actions.values().map(|(_, rejected)| rejected).sum()),
    ];
    stat.extend(counts.map(|(name, count)| (name.to_owned(), count.to_string())));
    for tool in TOOLS {
        let (accepted, rejected) = row.tool_actions.get(tool).copied().unwrap_or_default();
        stat.insert(format!("{tool}_accepted"), accepted.to_string());
        stat.insert(format!("{tool}_rejected"), rejected.to_string());
    }
    let actions = row
        .tool_actions
        .iter()
        .map(|(tool, (accepted, rejected))| format!(r#""{tool}":{{"accepted":{accepted},"rejected":{rejected}}}"#));
    stat.insert("tool_actions".to_owned(), format!("{{{}}}", actions.collect::<Vec<_>>().join(",")));
    stat
}

fn model_use(mut row: Record, model: &str, used: &ClaudeCodeModel) -> Record {
    row.extend(record([
        ("model", Some(model.to_owned())),
        ("input_tokens", Some(used.input.to_string())),
        ("output_tokens", Some(used.output.to_string())),
        ("cache_read_tokens", Some(used.cache_read.to_string())),
        ("cache_creation_tokens", Some(used.cache_creation.to_string())),
        ("currency", Some("USD".to_owned())),
        ("estimated_cost_cents", Some(used.estimated_cents.to_string())),
        ("estimated_cost_usd", Some(nearest_dollars(used.estimated_cents))),
    ]));
    row
}
