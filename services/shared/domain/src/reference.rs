//! What the catalog says of its reports, for people and for Terraform.

use serde_json::json;

use crate::report::{Days, Kind, Origin, Report};
use crate::source::Source;

/// The documentation's table of sources, in Markdown.
pub fn sources() -> String {
    let mut table = String::from("| source | asks | days in a window | final after | feeds |\n|---|---|---|---|---|\n");
    for source in Source::ALL {
        let report = source.report();
        let (window, settled) = times(report);
        let tables: Vec<String> = report.tables.iter().map(|table| format!("`{table}`")).collect();
        let tables = tables.join(", ");
        table.push_str(&format!("| `{source}` | {} | {window} | {settled} | {tables} |\n", report.about));
    }
    table
}

fn times(report: &Report) -> (String, String) {
    match report.kind {
        Kind::Days(Days { window_days, settling_days, .. }) => {
            (window_days.to_string(), format!("{settling_days} days"))
        }
        Kind::PointInTime => ("now".into(), "at once".into()),
        Kind::Upload => ("the file's days".into(), "at once".into()),
    }
}

/// What Terraform knows of the reports that are asked for: their schedules, and whether they take days.
pub fn terraform() -> String {
    let mut reports = serde_json::Map::new();
    for source in Source::ALL {
        let Origin::Api { schedule, .. } = &source.report().origin else { continue };
        let takes_days = matches!(source.kind(), Kind::Days(_));
        let report = json!({
            "cron": schedule.cron,
            "trailing_days": schedule.trailing_days,
            "takes_days": takes_days,
        });
        reports.insert(source.name().to_owned(), report);
    }
    let mut text = serde_json::to_string_pretty(&reports).expect("invariant: maps of texts are JSON");
    text.push('\n');
    text
}
