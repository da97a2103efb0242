#![allow(clippy::unwrap_used)]

use super::*;
use crate::vendors::upload::stored::{normalized, rows, window};

const TABLE: &str = "cursor_imported_events";

const FILE: &str = "\
Date,User,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost
\"2026-11-03T09:01:00.000Z\",\"Ann@Example.com\",\"\",\"\",\"On-Demand\",\"m1\",\"No\",\"600\",\"10\",\"100\",\"40\",\"750\",\"0.30\"
\"2026-11-03T09:02:00.000Z\",\"ann@example.com\",\"bc-1\",\"\",\"Included\",\"m2\",\"No\",\"0\",\"5\",\"7\",\"1\",\"13\",\"Included\"
\"2026-11-03T09:03:00.000Z\",\"bob@example.com\",\"\",\"\",\"Errored, No Charge\",\"m1\",\"Yes\",\"\",\"\",\"\",\"\",\"\",\"Free\"
\"2026-11-04T23:59:59.999Z\",\"\",\"\",\"auto-7\",\"User API Key\",\"m, preview\",\"No\",\"0\",\"50\",\"0\",\"5\",\"55\",\"-\"
";

fn checked(text: &str) -> Result<Contents, Faults> {
    check(text, Occasion::of("2026-11-30".parse().unwrap()))
}

#[track_caller]
fn refused(text: &str, faults: &[&str]) {
    assert_eq!(checked(text).unwrap_err().to_string(), faults.join("\n"), "{text:?}");
}

#[test]
fn a_word_is_no_money_and_an_empty_count_is_not_known() {
    let contents = checked(FILE).unwrap();
    assert_eq!((contents.window, contents.lines), (window("2026-11-03", "2026-11-04"), 4));
    let (_, sums) = lines(FILE);
    assert_eq!((sums.amount_usd.short().as_str(), sums.tokens, sums.people.len()), ("0.30", Some(818), 2));
    let rows = rows(SOURCE, contents.window, TABLE, FILE);
    let of = |column: &str| rows.iter().map(|row| row.get(column).map_or("null", String::as_str)).collect::<Vec<_>>();
    assert_eq!(of("cost_usd"), ["0.30", "null", "null", "null"]);
    assert_eq!(of("cost_text"), ["0.30", "Included", "Free", "-"]);
    assert_eq!(of("billing"), ["on_demand", "included", "not_charged", "own_key"]);
    assert_eq!(of("cache_write_tokens"), ["600", "0", "null", "0"]);
    assert_eq!(of("total_tokens"), ["750", "13", "null", "55"]);
    assert_eq!(of("email"), ["ann@example.com", "ann@example.com", "bob@example.com", "null"]);
    assert_eq!(of("max_mode"), ["false", "false", "true", "false"]);
    assert_eq!(of("occurred_at")[3], "2026-11-04T23:59:59.999000Z");
    let (_, batch) = normalized(SOURCE, contents.window, FILE).unwrap();
    assert_eq!(batch.buckets.iter().map(|bucket| (bucket.rows, bucket.rejects)).collect::<Vec<_>>(), [(3, 0), (1, 0)]);
}

#[test]
fn what_is_on_the_invoice_depends_on_the_kind_in_every_spelling() {
    for (kind, cost, charge) in [
        ("On-Demand", "1.25", "1.25"),
        ("Usage-based", "$1.25", "1.25"),
        ("USAGE_EVENT_KIND_USAGE_BASED", "1.25", "1.25"),
        ("On-Demand", "Included", "0.00"),
        ("On-Demand", "-", "0.00"),
        ("Included", "1.25", "0.00"),
        ("Included in Business", "Included", "0.00"),
        ("Errored, Not Charged", "1.25", "0.00"),
        ("User API Key", "1.25", "0.00"),
        ("Something New", "1.25", "1.25"),
        ("Bonus", "Bonus granted", "0.00"),
    ] {
        let text = format!("Date,Kind,Cost\n2026-11-03T09:01:00Z,\"{kind}\",{cost}\n");
        checked(&text).unwrap();
        assert_eq!(lines(&text).1.amount_usd.short(), charge, "{kind} {cost}");
    }
}

#[test]
fn a_word_that_is_not_known_is_a_fault_where_money_is_charged_and_so_is_another_currency() {
    let says = "expected an amount of US dollars such as 0.21, or a word such as Included, Free or -";
    refused(
        "Date,Kind,Cost\n2026-11-03T09:01:00Z,On-Demand,soon\n2026-11-03T09:01:00Z,Included,\u{20ac}1\nyesterday,Included,Free\n",
        &[
            &format!("line 2, column 3 (Cost): found `soon`, {says}"),
            &format!("line 3, column 3 (Cost): found `\u{20ac}1`, {says}"),
            "line 4, column 1 (Date): found `yesterday`, expected an instant such as 2026-11-03T09:01:00.000Z",
        ],
    );
}

#[test]
fn what_is_odd_beside_the_money_is_remarked_and_costs_no_row() {
    let text = "Date,Kind,Cost,Max Mode,Total Tokens,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens\n\
        2026-11-03T09:01:00Z,New,1.00,maybe,9,1,1,1,1\n2026-11-03T09:02:00Z,On-Demand,-,,,,,,\n\
        2026-11-03T09:03:00Z,BYOK,2.00,,,,,,\n";
    let remarks = rows(SOURCE, window("2026-11-03", "2026-11-03"), "remarks", text);
    let mut told: Vec<&str> = remarks.iter().map(|row| row["field"].as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["Cost", "Cost", "Kind", "Max Mode", "Total Tokens"]);
    assert_eq!(rows(SOURCE, window("2026-11-03", "2026-11-03"), TABLE, text).len(), 3);
}

#[test]
fn events_alike_in_all_are_two() {
    let text = "Date,Kind,Cost\n2026-11-03T09:01:00Z,On-Demand,0.10\n2026-11-03T09:01:00Z,On-Demand,0.10\n";
    let (lines, sums) = lines(text);
    assert_eq!((lines.len(), sums.amount_usd.short().as_str()), (2, "0.20"));
}
