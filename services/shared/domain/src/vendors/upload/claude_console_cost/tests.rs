#![allow(clippy::unwrap_used)]

use super::*;
use crate::vendors::upload::stored::{rows, window};

const TABLE: &str = "claude_imported_costs";

/// Two twins, a name with a comma and a break in it, and nothing for what the vendor marks with `--`.
const FILE: &str = "\
usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status
2026-11-24,--,Default,batch-key,--,--,--,0.10,0.10,web_search,--,--,apikey_01B,active
2026-11-24,Claude Sonnet 4.6,Research,batch-key,message,\u{2264} 200k,output,2.00,2.40,token,global,,apikey_01B,active
2026-11-24,Claude Sonnet 4.6,Research,batch-key,message,\u{2264} 200k,output,0.30,0.30,token,global,,apikey_01B,active
2026-11-26,\"Claude Opus 5, preview\",Default,\"Key,\nOne\",message,\u{2264} 200k,output,1.00,1.25,token,global,fast,apikey_01C,archived
";

fn checked(text: &str) -> Result<Contents, Faults> {
    check(text, Occasion::of("2026-11-30".parse().unwrap()))
}

#[track_caller]
fn refused(text: &str, faults: &[&str]) {
    assert_eq!(checked(text).unwrap_err().to_string(), faults.join("\n"), "{text:?}");
}

#[test]
fn each_line_is_a_row_and_twins_with_other_amounts_are_two() {
    let contents = checked(FILE).unwrap();
    assert_eq!((contents.window, contents.lines), (window("2026-11-24", "2026-11-26"), 4));
    let (lines, sums) = lines(FILE);
    assert_eq!((lines.len(), sums.amount_usd.short().as_str()), (4, "3.40"));
    assert_eq!(sums.list_usd.unwrap().short(), "4.05");
    let rows = rows(SOURCE, contents.window, TABLE, FILE);
    let of = |column: &str| rows.iter().map(|row| row.get(column).map_or("", String::as_str)).collect::<Vec<_>>();
    assert_eq!(of("amount_usd"), ["0.10", "2.00", "0.30", "1.00"]);
    assert_eq!(of("list_amount_usd"), ["0.10", "2.40", "0.30", "1.25"]);
    assert_eq!(of("cost_text"), ["0.10", "2.00", "0.30", "1.00"]);
    assert_eq!(of("model"), ["", "Claude Sonnet 4.6", "Claude Sonnet 4.6", "Claude Opus 5, preview"]);
    assert_eq!(of("workspace_name"), ["", "Research", "Research", ""]);
    assert_eq!(of("api_key_name")[3], "Key,\nOne");
    assert_eq!(of("cost_type"), ["web_search", "tokens", "tokens", "tokens"]);
    assert_eq!(of("speed"), ["", "", "", "fast"]);
    assert_eq!(of("platform"), ["unattributed"; 4]);
    assert_eq!(of("row_id").into_iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}

#[test]
fn columns_are_read_by_name_in_any_order_and_two_are_needed() {
    let text = "added_later,COST_USD,usage_date_utc\nx,\"1,234.50\",2026-11-24\n";
    let (_, sums) = lines(text);
    assert_eq!((sums.amount_usd.short().as_str(), sums.left_out), ("1234.50", vec!["added_later".to_owned()]));
    refused(
        "usage_date_utc,cost\n2026-11-24,1\n",
        &["line 1, column 3 (cost_usd): found nothing, expected this column, which is missing in the header"],
    );
}

#[test]
fn a_sum_that_does_not_read_a_wrong_day_and_one_that_has_not_begun_are_told_with_their_places() {
    refused(
        "usage_date_utc,cost_usd\n24.11.2026,--\n2026-12-01,1\n",
        &[
            "line 2, column 1 (usage_date_utc): found `24.11.2026`, expected a UTC day such as 2026-11-24",
            "line 2, column 2 (cost_usd): found `--`, expected an amount of US dollars such as 12.34 or 1,234.56, with no other currency",
            "line 3, column 1 (usage_date_utc): found `2026-12-01`, expected a day that has begun; today is 2026-11-30 (UTC)",
        ],
    );
    refused(
        "usage_date_utc,cost_usd\n2026-11-24,1\n2006-11-24,1\n",
        &[
            "line 3, column 1 (usage_date_utc): found `2006-11-24`, expected a range of at most 1500 days, and the last is 2026-11-24",
        ],
    );
}

#[test]
fn a_line_that_an_open_quotation_mark_swallows_is_not_lost_in_silence() {
    let fault = checked("usage_date_utc,cost_usd,api_key\n2026-11-24,1,\"a\n2026-11-25,2,b\n").unwrap_err().to_string();
    assert!(fault.starts_with("line 2, column 3 (api_key)") && fault.contains("left open"), "{fault}");
}
