//! Reading money: sums over a year of a large company, beside one pass over its events, and what keeping them up to date
//! takes.
//!
//! The facts are written into the file as such, for a vendor that reports a year of events would take hours.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use everycent_domain::bucket::BucketId;
use everycent_domain::derived::inputs;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{Rebuild, SqliteWarehouse, Warehouse, differing_charges, rebuild, stale_charges};
use everycent_schemas::Day;
use rusqlite::Connection;

use super::samples::{Ratio, Samples, Work};
use super::scale::Scale;
use super::snapshots;
use super::verdicts::Verdicts;

const DAYS: u32 = 365;
const MONTH_DAYS: u32 = 30;
const REPETITIONS: u32 = 5;
/// Accounts of Cursor: one on each plan, with half of the people each.
const TEAMS: [(&str, &str); 2] = [("tokens", "token"), ("requests", "request")];
/// Events of a person and day.
const EVENTS: u32 = 9;
const WORKSPACES: u32 = 20;
const KEYS: u32 = 200;
/// What a question may take, over a month and over the year.
const MONTH_MAX: Duration = Duration::from_millis(300);
const YEAR_MAX: Duration = Duration::from_secs(1);

pub async fn run(scale: Scale, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("everycent.sqlite");
    let warehouse = SqliteWarehouse::open(&file)?;
    warehouse.migrate().await?;
    let year = snapshots::days(DAYS)?;
    let connection = Connection::open(&file)?;
    let rows = facts(&connection, scale.people(), year)?;
    println!("money: {} people, {DAYS} days, {rows} events", scale.people());

    let started = Instant::now();
    let days = rebuild(&warehouse, Rebuild::Stale, &|_, _| {}).await?;
    println!("  charges and sums of {days} days of accounts made in {:.1} s", started.elapsed().as_secs_f32());
    ensure!(stale_charges(&warehouse).await?.is_empty(), "charges are stale");
    for (table, count) in counts(&connection)? {
        println!("    {table:<16} {count:>10} rows");
    }
    reads(&connection, year, rows, verdicts)?;
    one_day(&warehouse, year).await?;
    let last = Window::new(year.to().minus(MONTH_DAYS), year.to())?;
    for (account, _) in TEAMS {
        let differing = differing_charges(&warehouse, Vendor::Cursor, &account.into(), last).await?;
        ensure!(differing.is_empty(), "{account}: {differing:?}");
    }
    Ok(())
}

/// A year of facts, and coverage that says so. Gives how many events there are.
fn facts(connection: &Connection, people: u32, year: Window) -> anyhow::Result<u64> {
    connection.execute_batch("PRAGMA synchronous = OFF; BEGIN")?;
    let days = "WITH RECURSIVE days(day, n) AS (SELECT ?1, 0 UNION ALL SELECT date(day, '+1 day'), n + 1 FROM days WHERE day < ?2)";
    let numbers = |name: &str, below: u32| {
        format!(", {name}(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM {name} WHERE n + 1 < {below})")
    };
    let at = "'2026-01-01T00:00:00.000000Z'";
    let (from, to) = (year.from().to_string(), year.to().to_string());
    for (account, plan) in TEAMS {
        let prices = match plan {
            "request" => "substr(day, 1, 7) || '-01', 500, 40000000",
            _ => "substr(day, 1, 7) || '-01', NULL, NULL",
        };
        let money = match plan {
            "request" => "NULL, 1000000 + (person.n * 7 + event.n) % 5 * 250000",
            _ => "10000000 + (person.n * 131 + event.n * 17 + days.n) % 90000000, NULL",
        };
        let people = (people / 2).max(1);
        let sql = format!(
            "{days} {} {}
             INSERT INTO cursor_usage_events_nano (account_id, activity_date, row_id, occurred_at, email, model, billing,
               plan, billing_cycle_start, included_requests, request_nano_usd, charged_nano_usd, request_micro_units,
               cursor_token_fee_nano_usd, input_tokens, platform, platform_basis, snapshot_id, fetched_at, ingestion_timestamp)
             SELECT '{account}', day, printf('%05d-%02d-{account}', person.n, event.n), day || 'T12:00:00.000000Z',
               printf('person-%04d@example.com', person.n), 'model-' || ((person.n + event.n) % 8),
               CASE (person.n + event.n) % 3 WHEN 0 THEN 'included' ELSE 'on_demand' END,
               '{plan}', {prices}, {money}, 250000, 1000 + event.n, 'cursor', 'vendor', 's', {at}, {at}
             FROM days, person, event ORDER BY 2, 3",
            numbers("person", people),
            numbers("event", EVENTS),
        );
        connection.execute(&sql, [&from, &to])?;
        let sql = format!(
            "{days} {}
             INSERT INTO cursor_usage_stats_nano
             SELECT '{account}', day, printf('stat-%05d', person.n), 'u' || person.n, printf('person-%04d@example.com', person.n),
               1, 10, 2, 5, 1, 3, 2, 1, 9, 4, 0, 1, 2, 0, 0, 3, 1, 0, NULL, NULL, NULL, NULL, NULL,
               '{plan}', substr(day, 1, 7) || '-01', 1290322581, {}, 'cursor', 'vendor', 's', {at}, {at}
             FROM days, person ORDER BY 2, 3",
            numbers("person", people),
            if plan == "request" { "500, 40000000" } else { "NULL, NULL" },
        );
        connection.execute(&sql, [&from, &to])?;
    }
    let sql = format!(
        "{days} {} {} {}
         INSERT INTO claude_costs_nano (organization_id, activity_date, row_id, workspace_id, cost_type, model, token_type,
           service_tier, context_window, currency, amount_cents, amount_nano_usd, platform, snapshot_id, fetched_at,
           ingestion_timestamp)
         SELECT 'acme', day, printf('line-%02d-%d-%d', workspace.n, model.n, kind.n), 'w' || workspace.n, 'tokens',
           'claude-' || model.n,
           CASE kind.n WHEN 0 THEN 'uncached_input_tokens' WHEN 1 THEN 'output_tokens' ELSE 'cache_read_input_tokens' END,
           'standard', '0-200k', 'USD', '1', 1000000007 + workspace.n * 13, 'unattributed', 's', {at}, {at}
         FROM days, workspace, model, kind ORDER BY 2, 3",
        numbers("workspace", WORKSPACES),
        numbers("model", 4),
        numbers("kind", 3),
    );
    connection.execute(&sql, [&from, &to])?;
    let sql = format!(
        "{days} {} {}
         INSERT INTO claude_usage_tokens (organization_id, activity_date, row_id, api_key_id, workspace_id, model, service_tier,
           context_window, uncached_input_tokens, cache_read_input_tokens, cache_creation_ephemeral_5m_input_tokens,
           cache_creation_ephemeral_1h_input_tokens, output_tokens, web_search_requests, platform, snapshot_id, fetched_at,
           ingestion_timestamp)
         SELECT 'acme', day, printf('use-%03d-%d', key.n, model.n), 'k' || key.n, 'w' || (key.n % {WORKSPACES}),
           'claude-' || model.n, 'standard', '0-200k', 1000 + key.n, 7000, 0, 0, 90 + key.n % 7, 0, 'unattributed', 's', {at}, {at}
         FROM days, key, model ORDER BY 2, 3",
        numbers("key", KEYS),
        numbers("model", 4),
    );
    connection.execute(&sql, [&from, &to])?;
    for source in inputs() {
        let accounts: &[&str] =
            if source.name().starts_with("cursor/") { &[TEAMS[0].0, TEAMS[1].0] } else { &["acme"] };
        for account in accounts {
            let sql = format!(
                "{days} INSERT INTO coverage_nano (source, account_id, activity_date, state, settled, fetched_at, snapshot_id,
                   normalized_at, newest_fetched_at, rows)
                 SELECT '{}', '{account}', day, 'settled', 1, {at}, 's', {at}, {at}, 1 FROM days",
                source.name()
            );
            connection.execute(&sql, [&from, &to])?;
        }
    }
    connection.execute_batch("COMMIT; PRAGMA synchronous = FULL")?;
    let events =
        connection.query_row("SELECT COUNT(*) FROM cursor_usage_events_nano", [], |row| row.get::<_, i64>(0))?;
    Ok(events.try_into()?)
}

fn counts(connection: &Connection) -> anyhow::Result<Vec<(&'static str, i64)>> {
    let count = |table: &'static str| {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        Ok((table, connection.query_row(&sql, [], |row| row.get(0))?))
    };
    ["charges_nano", "spend_daily_nano", "spend_monthly_nano"].into_iter().map(count).collect()
}

const CURSOR: &str = "Cursor's total";

/// What people ask for, over a month and over the year.
const QUESTIONS: [(&str, &str); 9] = [
    ("total", "SELECT SUM(cost_nano_usd) FROM ai_spend_daily_nano WHERE {days:expense_date}"),
    ("by day", "SELECT expense_date, SUM(cost_nano_usd) FROM ai_spend_daily_nano WHERE {days:expense_date} GROUP BY 1"),
    (
        "by person",
        "SELECT person, SUM(cost_nano_usd) FROM ai_spend_by_person_nano WHERE {days:expense_date} GROUP BY 1",
    ),
    (
        "by model",
        "SELECT model, SUM(cost_nano_usd) FROM spend_monthly_nano WHERE {months:month} AND billing IN ('billed', 'unknown') GROUP BY 1",
    ),
    (
        "by person, from months",
        "SELECT person, SUM(cost_nano_usd) FROM spend_monthly_nano WHERE {months:month} AND billing IN ('billed', 'unknown') GROUP BY 1",
    ),
    (CURSOR, "SELECT SUM(total_nano_usd) FROM cursor_expenses_nano WHERE {days:expense_date}"),
    (
        "Claude by key",
        "SELECT api_key_id, SUM(billed_nano_usd) FROM spend_daily_nano WHERE vendor = 'anthropic' AND {days:activity_date} GROUP BY 1",
    ),
    (
        "Claude by model",
        "SELECT model, SUM(total_nano_usd) FROM claude_daily_summary_nano WHERE {days:expense_date} GROUP BY 1",
    ),
    (
        "Claude by platform",
        "SELECT platform, SUM(cost_nano_usd) FROM ai_spend_daily_nano WHERE vendor = 'anthropic' AND {days:expense_date} GROUP BY 1",
    ),
];

fn reads(connection: &Connection, year: Window, rows: u64, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let month = Window::new(year.to().minus(MONTH_DAYS - 1), year.to())?;
    let day = Window::of(year.to());
    let pass =
        measure(connection, "SELECT SUM(charged_nano_usd), SUM(request_micro_units) FROM cursor_usage_events_nano")?;
    let work = Work { rows, bytes: None };
    pass.print("one pass over the events", work, None);
    for (label, question) in QUESTIONS {
        for (range, window, most) in [("a month", month, MONTH_MAX), ("the year", year, YEAR_MAX)] {
            let samples = measure(connection, &ask(question, window))?;
            samples.print(&format!("{label}, {range}"), work, Some(&pass));
            let target = format!("money: {label} over {range} in {:?}, at most {most:?}", samples.median());
            verdicts.check(target, samples.median() <= most);
        }
    }
    for label in ["by day", "by person, from months", CURSOR] {
        let ratio = Ratio::of(measure(connection, &ask(question(label)?, year))?.median(), pass.median());
        verdicts.check(
            format!("money: {label} over the year {ratio} of a pass over the events, at most 0.50 x"),
            ratio.0 <= 50,
        );
    }
    let one_day = measure(connection, &ask(question(CURSOR)?, day))?;
    let ratio = Ratio::of(one_day.median(), pass.median());
    verdicts.check(
        format!("money: Cursor's total of a day {ratio} of a pass over the events, at most 0.05 x"),
        ratio.0 <= 5,
    );
    Ok(())
}

fn question(label: &str) -> anyhow::Result<&'static str> {
    let found = QUESTIONS.iter().find(|(of, _)| *of == label).map(|(_, question)| *question);
    found.with_context(|| label.to_owned())
}

fn ask(question: &str, window: Window) -> String {
    let between = |column: &str| format!("{column} BETWEEN '{}' AND '{}'", window.from(), window.to());
    let first = format!("{}-01", window.from().month());
    let mut sql = question.to_owned();
    for column in ["expense_date", "activity_date"] {
        sql = sql.replace(&format!("{{days:{column}}}"), &between(column));
    }
    sql.replace("{months:month}", &format!("month BETWEEN '{first}' AND '{}'", window.to()))
}

fn measure(connection: &Connection, sql: &str) -> anyhow::Result<Samples> {
    let mut samples = Samples::default();
    for _ in 0..REPETITIONS {
        let started = Instant::now();
        let mut statement = connection.prepare(sql).with_context(|| sql.to_owned())?;
        let mut found = statement.query([])?;
        while found.next()?.is_some() {}
        samples.add(started.elapsed());
    }
    Ok(samples)
}

/// Making the charges of a day again, at the end of a billing cycle, where nothing changed and where all did.
async fn one_day(warehouse: &SqliteWarehouse, year: Window) -> anyhow::Result<()> {
    for (label, day) in
        [("the last day", year.to()), ("a day with all of its cycle after it", first_of_last_month(year))]
    {
        for (account, _) in TEAMS {
            let buckets = inputs()
                .iter()
                .filter(|source| source.name().starts_with("cursor/"))
                .map(|source| bucket(*source, account, day))
                .collect();
            let mut samples = Samples::default();
            for _ in 0..REPETITIONS {
                let started = Instant::now();
                warehouse.derive(&buckets).await?;
                samples.add(started.elapsed());
            }
            samples.print(&format!("charges of {label}, {account}"), Work { rows: 1, bytes: None }, None);
        }
    }
    Ok(())
}

fn first_of_last_month(year: Window) -> Day {
    format!("{}-01", year.to().minus(31).month()).parse().expect("invariant: a month has a first day")
}

fn bucket(source: Source, account: &str, day: Day) -> BucketId {
    BucketId { source: source.name().to_owned(), account_id: account.into(), activity_date: day }
}
