//! What the tables must hold, as the simulated world knows it.

use chrono::{DateTime, Days, NaiveDate};
use rust_decimal::Decimal;
use vendor_sim::{Endpoint, RequestRecord};

use super::Scene;

/// First and last day of [`Scene::company`].
pub fn company_days() -> (&'static str, &'static str) {
    ("2025-06-23", "2025-09-30")
}

/// Claude cost by day and workspace, its control total by day, and Cursor's counts by day are those of the world.
#[track_caller]
pub fn assert_tells(scene: &Scene, first: &str, last: &str) {
    let tables = scene.tables();
    let (first, last): (NaiveDate, NaiveDate) = (first.parse().unwrap(), last.parse().unwrap());
    for day in first.iter_days().take_while(|day| *day <= last) {
        let (workspaces, total) = scene.simulator.with_world(|world| {
            let workspaces: Vec<Option<String>> = world.workspaces().iter().map(|one| one.id.clone()).collect();
            let cost = |id: &Option<String>| world.workspace_cost_cents(id.as_deref(), day, day);
            (
                workspaces.iter().map(|id| (id.clone(), dollars(cost(id)))).collect::<Vec<_>>(),
                world.cost_cents(day, day),
            )
        });
        for (id, expected) in workspaces {
            let of = id.as_ref().map_or("IS NULL".to_owned(), |id| format!("= '{id}'"));
            let sql =
                format!("SELECT cost_usd FROM claude_expenses WHERE expense_date = '{day}' AND workspace_id {of}");
            assert_eq!(tables.usd(&sql), expected, "{day}, workspace {id:?}");
        }
        for sql in [
            format!("SELECT cost_usd FROM claude_total_expenses WHERE expense_date = '{day}'"),
            format!("SELECT amount_usd FROM claude_cost_totals WHERE activity_date = '{day}'"),
            format!("SELECT total_usd FROM claude_daily_summary WHERE expense_date = '{day}'"),
        ] {
            assert_eq!(tables.usd(&sql), dollars(total), "{sql}");
        }
        assert_tells_cursor(scene, day);
    }
}

#[track_caller]
fn assert_tells_cursor(scene: &Scene, day: NaiveDate) {
    let rows = scene.simulator.with_world(|world| world.cursor_rows(day));
    let mut expected: Vec<Vec<String>> = rows
        .iter()
        .filter(|row| row.usage.is_active)
        .map(|row| {
            let usage = &row.usage;
            let counts = [usage.agent_requests, usage.total_lines_added, usage.usage_based_reqs];
            [row.email.clone()].into_iter().chain(counts.map(|count| count.to_string())).collect()
        })
        .collect();
    expected.sort();
    let found = scene.tables().rows(&format!(
        "SELECT email, agent_requests, total_lines_added, usage_based_reqs FROM cursor_daily_user_usage
         WHERE activity_date = '{day}' AND is_active ORDER BY email"
    ));
    assert_eq!(found, expected, "Cursor on {day}");
}

fn dollars(cents: Decimal) -> Decimal {
    (cents / Decimal::ONE_HUNDRED).normalize()
}

/// The source and the days that a request asks for.
pub fn asked_days(request: &RequestRecord) -> (&'static str, Vec<String>) {
    let (source, first, end) = match request.endpoint {
        Some(Endpoint::AnthropicCostReport) => {
            let day = |name: &str| -> NaiveDate {
                let (_, text) = request.query.iter().find(|(found, _)| found == name).unwrap();
                text[..10].parse().unwrap()
            };
            let grouped = request.query.iter().any(|(name, _)| name == "group_by[]");
            let source = if grouped { "anthropic/cost_report" } else { "anthropic/cost_totals" };
            (source, day("starting_at"), day("ending_at"))
        }
        _ => {
            let body = request.body.as_ref().unwrap();
            let day = |name: &str| DateTime::from_timestamp_millis(body[name].as_i64().unwrap()).unwrap().date_naive();
            ("cursor/daily_usage", day("startDate"), day("endDate") + Days::new(1))
        }
    };
    (source, first.iter_days().take_while(|day| *day < end).map(|day| day.to_string()).collect())
}
