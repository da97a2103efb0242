//! How many logical bytes lie in the tables, by partition and column, as BigQuery counts them.

use std::collections::BTreeMap;

use anyhow::Context;
use everycent_emulators::PROJECT;
use everycent_schemas::Day;
use everycent_schemas::tables::{Column, Kind, Table};
use serde_json::{Value, json};

use crate::script::{Days, Touch};

/// Bytes of one table: of each partition, of each column. A table without partitions has one of no day.
#[derive(Debug, Clone, Default)]
pub struct Sizes {
    columns: Vec<&'static str>,
    partitions: BTreeMap<Option<Day>, Vec<u64>>,
}

impl Sizes {
    /// Of the columns that are asked for, in the days.
    pub fn bytes(&self, days: &Days, is_asked: impl Fn(&str) -> bool) -> u64 {
        let partitions = self.partitions.iter().filter(|(day, _)| days.has(**day));
        let columns = partitions.flat_map(|(_, bytes)| self.columns.iter().zip(bytes));
        columns.filter(|(name, _)| is_asked(name)).map(|(_, bytes)| bytes).sum()
    }
}

/// The emulator, asked past the proxy.
#[derive(Debug)]
pub struct Scales {
    pub http: reqwest::Client,
    pub url: String,
    /// `project.dataset`.
    pub dataset: String,
}

impl Scales {
    pub async fn weigh(&self, touch: &Touch) -> anyhow::Result<Sizes> {
        let Some(table) = touch.table else { return Ok(Sizes::default()) };
        let rows = self.ask(&query(table, touch, &self.dataset)).await?;
        let partitions = rows.iter().map(|row| partition(row)).collect::<anyhow::Result<_>>()?;
        Ok(Sizes { columns: table.columns.iter().map(|column| column.name.as_str()).collect(), partitions })
    }

    async fn ask(&self, sql: &str) -> anyhow::Result<Vec<Vec<Value>>> {
        let url = format!("{}/bigquery/v2/projects/{PROJECT}/queries", self.url);
        let body = json!({ "query": sql, "useLegacySql": false, "timeoutMs": 60_000 });
        let answer = self.http.post(url).json(&body).send().await?;
        let (status, answer) = (answer.status(), answer.json::<Value>().await?);
        anyhow::ensure!(status.is_success() && answer["jobComplete"] == true, "{sql}: {status} {answer}");
        let rows = answer["rows"].as_array().cloned().unwrap_or_default();
        let cells = |row: Value| row["f"].as_array().map(|cells| cells.iter().map(|cell| cell["v"].clone()).collect());
        rows.into_iter().map(cells).collect::<Option<_>>().context("a row without cells")
    }
}

fn query(table: &Table, touch: &Touch, dataset: &str) -> String {
    let sums: Vec<String> = table.columns.iter().map(size).collect();
    let day = touch.partition().map_or("''".to_owned(), |day| format!("CAST(`{day}` AS STRING)"));
    format!("SELECT {day} AS day, {} FROM `{dataset}.{}` GROUP BY day", sums.join(", "), touch.name)
}

/// Null has no bytes.
fn size(column: &Column) -> String {
    let name = &column.name;
    match column.kind {
        Kind::Text => format!("SUM(IF(`{name}` IS NULL, 0, 2 + BYTE_LENGTH(`{name}`)))"),
        Kind::Integer | Kind::Date | Kind::Timestamp => format!("8 * COUNT(`{name}`)"),
        Kind::Boolean => format!("COUNT(`{name}`)"),
        Kind::Money => format!("16 * COUNT(`{name}`)"),
    }
}

fn partition(row: &[Value]) -> anyhow::Result<(Option<Day>, Vec<u64>)> {
    let (day, sizes) = row.split_first().context("a row without a day")?;
    let bytes = sizes.iter().map(|size| size.as_str()?.parse().ok()).collect::<Option<_>>();
    Ok((day.as_str().and_then(|day| day.parse().ok()), bytes.context("a size that is no number")?))
}
