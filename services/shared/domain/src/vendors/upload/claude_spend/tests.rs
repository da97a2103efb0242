#![allow(clippy::unwrap_used)]

use everycent_schemas::{Day, Usd};

use super::*;
use crate::money::usd_from_dollars;
use crate::vendors::upload::stored::{rows, window};

const TABLE: &str = "claude_imported_spend";
const HEADER: &str = "user_email,account_uuid,product,model,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd,total_gross_spend_usd";

fn november(text: &str) -> Result<Contents, Faults> {
    let occasion = Occasion { today: "2026-11-30".parse().unwrap(), period: Some(window("2026-11-01", "2026-11-30")) };
    check(text, occasion)
}

#[track_caller]
fn refused(text: &str, faults: &[&str]) {
    assert_eq!(november(text).unwrap_err().to_string(), faults.join("\n"), "{text:?}");
}

#[test]
fn a_line_is_spread_evenly_over_its_period_and_the_days_add_up_to_it() {
    let text = format!("{HEADER}\nAda@Example.com,u-1,Claude Code,opus,7,100,50,10.00,12.50\n");
    let rows = rows(SOURCE, window("2026-11-01", "2026-11-03"), TABLE, &text);
    let of = |column: &str| rows.iter().map(|row| row[column].clone()).collect::<Vec<_>>();
    assert_eq!(of("activity_date"), ["2026-11-01", "2026-11-02", "2026-11-03"]);
    assert_eq!(of("net_usd"), ["3.333333333", "3.333333333", "3.333333334"]);
    assert_eq!(of("gross_usd"), ["4.166666666", "4.166666667", "4.166666667"]);
    assert_eq!(of("requests"), ["2", "2", "3"]);
    let one = |column: &str, text: &str| assert_eq!(of(column), [text; 3], "{column}");
    one("email", "ada@example.com");
    one("basis", "even_share");
    one("period_from", "2026-11-01");
    one("period_to", "2026-11-03");
    one("period_net_text", "10.00");
    one("product", "claude_code");
    one("product_name", "Claude Code");
    one("platform", "claude_code");
    one("platform_basis", "product");
    assert_eq!(of("row_id").iter().collect::<std::collections::BTreeSet<_>>().len(), 1);
}

#[test]
fn the_product_says_the_platform_in_either_spelling_and_an_unknown_one_says_none() {
    for (product, platform) in [
        ("Claude Code", "claude_code"),
        ("claude_code", "claude_code"),
        ("Chat", "claude.ai"),
        ("Cowork", "claude.ai"),
        ("Claude in Chrome", "claude.ai"),
        ("Office Agent", "claude.ai"),
        ("API", "claude_api"),
        ("Messages API", "claude_api"),
        ("Claude Pigeon", "unattributed"),
        ("", "unattributed"),
    ] {
        let text = format!("user_email,product,total_net_spend_usd\nada@example.com,{product},1\n");
        let rows = rows(SOURCE, window("2026-11-01", "2026-11-01"), TABLE, &text);
        assert_eq!(rows[0]["platform"], platform, "{product}");
    }
}

#[test]
fn columns_stand_in_any_order_and_all_but_three_may_be_missing() {
    let text = "note;TOTAL_NET_SPEND_USD;product;user_email\r\nx;1.234,56;Chat;--\r\n";
    let told = lines(text, window("2026-11-01", "2026-11-30"));
    assert_eq!((told.1.amount_usd.short().as_str(), told.1.list_usd, told.1.tokens), ("1234.56", None, None));
    assert_eq!((told.1.people.len(), told.1.left_out), (0, vec!["note".to_owned()]));
    assert_eq!(november(&format!("\u{feff}{text}")).unwrap().lines, 1);
    refused(
        "user_email,model,total_gross_spend_usd\na@example.com,m,1\n",
        &[
            "line 1, column 4 (product): found nothing, expected this column, which is missing in the header",
            "line 1, column 4 (total_net_spend_usd): found nothing, expected this column, which is missing in the header",
        ],
    );
}

#[test]
fn what_does_not_read_is_told_with_its_line_and_column() {
    refused(
        &format!("{HEADER}\nada,u,Chat,m,x,-1,1.5,\u{20ac}3,1 EUR\nada@example.com,u,Chat,m,,,,,\n"),
        &[
            "line 2, column 1 (user_email): found `ada`, expected an address such as ada@example.com",
            "line 2, column 5 (total_requests): found `x`, expected a whole number up to 1000000000000",
            "line 2, column 6 (total_prompt_tokens): found `-1`, expected a whole number up to 1000000000000",
            "line 2, column 7 (total_completion_tokens): found `1.5`, expected a whole number up to 1000000000000",
            "line 2, column 8 (total_net_spend_usd): found `\u{20ac}3`, expected an amount of US dollars such as 12.34 or 1,234.56, with no other currency",
            "line 2, column 9 (total_gross_spend_usd): found `1 EUR`, expected an amount of US dollars such as 12.34 or 1,234.56, with no other currency",
            "line 3, column 8 (total_net_spend_usd): found nothing, expected an amount of US dollars such as 12.34 or 1,234.56, with no other currency",
        ],
    );
    refused(
        "user_email,product,total_net_spend_usd,currency\na@example.com,Chat,1,usd\na@example.com,Chat,1,EUR\n",
        &[
            "line 3, column 4 (currency): found `EUR`, expected USD, for amounts of another currency are not added to dollars",
        ],
    );
}

#[test]
fn a_file_without_its_period_is_refused() {
    let today: Day = "2026-11-30".parse().unwrap();
    let fault = check(TEMPLATE, Occasion::of(today)).unwrap_err().to_string();
    assert_eq!(fault, "line 1: expected the period that the file was exported for, which is not in it");
    assert_eq!(november(TEMPLATE).unwrap().window, window("2026-11-01", "2026-11-30"));
}

#[test]
fn lines_alike_in_all_but_the_amount_are_two() {
    let line = "ada@example.com,u,Chat,m,1,1,1";
    let text = format!("{HEADER}\n{line},1.00,1.00\n{line},2.50,2.50\n");
    let (lines, sums) = lines(&text, window("2026-11-01", "2026-11-30"));
    assert_eq!((lines.len(), sums.amount_usd), (2, usd_from_dollars("3.5").unwrap()));
    let rows = rows(SOURCE, window("2026-11-01", "2026-11-01"), TABLE, &text);
    let sum = rows.iter().map(|row| usd_from_dollars(&row["net_usd"]).unwrap()).fold(Usd::ZERO, |a, b| a + b);
    assert_eq!((rows.len(), sum.short().as_str()), (2, "3.50"));
}
