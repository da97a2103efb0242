//! What rules take of made-up cost.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::attribution::Rule;

fn usd(dollars: i128) -> Usd {
    Usd::from_nanos(dollars * 1_000_000_000)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Twelve dollars: 1 of the default workspace, 3 of two keys of another one, 8 that no use explains.
fn lines() -> Vec<Line> {
    let tokens = Line {
        model: some("claude-sonnet-4-5"),
        service_tier: some("standard"),
        description: some("Claude Sonnet 4.5 Usage - Input Tokens"),
        cost_type: some("tokens"),
        platform: "unattributed".into(),
        ..Line::default()
    };
    let usage = |key: &str| {
        let Line { model, service_tier, .. } = tokens.clone();
        Some(Usage { api_key_id: some(key), model, service_tier })
    };
    let search = Line {
        cost_type: some("web_search"),
        description: some("Web Search Usage"),
        platform: "unattributed".into(),
        ..Line::default()
    };
    vec![
        Line { amount_usd: usd(1), ..tokens.clone() },
        Line { workspace_id: some("w"), usage: usage("k1"), amount_usd: usd(1), ..tokens.clone() },
        Line { workspace_id: some("w"), usage: usage("k2"), amount_usd: usd(2), ..tokens.clone() },
        Line { workspace_id: some("w"), amount_usd: usd(8), ..search },
    ]
}

fn by_key(id: &str, key: &str) -> Rule {
    Rule { api_key_id: some(key), ..Rule::new(id, Platform::ClaudeCode) }
}

fn by_workspace(id: &str, workspace: &str) -> Rule {
    Rule { workspace_id: some(workspace), ..Rule::new(id, Platform::ClaudeApi) }
}

fn shown(outcomes: &[Outcome]) -> Vec<(String, String, String, String)> {
    let decider = |decider: &Decider| match decider {
        Decider::Rule(rank, id) => format!("{rank} {id}"),
        other => format!("{other:?}"),
    };
    let row =
        |one: &Outcome| (decider(&one.decider), one.platforms.join("+"), one.would_usd.short(), one.now_usd.short());
    outcomes.iter().map(row).collect()
}

fn row(decider: &str, platforms: &str, would: &str, now: &str) -> (String, String, String, String) {
    (decider.into(), platforms.into(), would.into(), now.into())
}

#[test]
fn without_rules_everything_stays_unattributed() {
    assert_eq!(shown(&of_costs(&Rules::default(), &lines())), [row("Nobody", "unattributed", "12.00", "12.00")]);
    assert_eq!(leftovers(&Rules::default(), &lines()).len(), 3);
}

#[test]
fn the_earlier_rule_decides_whether_it_matches_the_line_or_the_key() {
    let key_first = Rules::new(vec![by_key("key", "k1"), by_workspace("workspace", "w")]);
    assert_eq!(
        shown(&of_costs(&key_first, &lines())),
        [
            row("1 key", "claude_code", "1.00", "0.00"),
            row("2 workspace", "claude_api", "10.00", "0.00"),
            row("Nobody", "unattributed", "1.00", "12.00"),
        ]
    );
    let workspace_first = Rules::new(vec![by_workspace("workspace", "w"), by_key("key", "k1")]);
    assert_eq!(
        shown(&of_costs(&workspace_first, &lines())),
        [
            row("1 workspace", "claude_api", "11.00", "0.00"),
            row("2 key", "claude_code", "0.00", "0.00"),
            row("Nobody", "unattributed", "1.00", "12.00"),
        ]
    );
}

#[test]
fn a_rule_on_the_cost_line_alone_takes_no_share_by_its_use() {
    let search = Rule { cost_type: some("web_search"), ..Rule::new("search", Platform::ClaudeAi) };
    let sonnet = Rule { description_contains: some("sonnet"), ..Rule::new("sonnet", Platform::ClaudeApi) };
    assert_eq!(
        shown(&of_costs(&Rules::new(vec![search, sonnet]), &lines())),
        [
            row("1 search", "claude.ai", "8.00", "0.00"),
            row("2 sonnet", "claude_api", "4.00", "0.00"),
            row("Nobody", "unattributed", "0.00", "12.00"),
        ]
    );
}

#[test]
fn the_model_of_the_use_is_evidence_where_the_line_names_none() {
    let haiku = Usage { api_key_id: some("k"), model: some("claude-haiku-4-5"), service_tier: None };
    let search = Line { cost_type: some("web_search"), usage: Some(haiku), amount_usd: usd(5), ..Line::default() };
    let rules =
        Rules::new(vec![Rule { model_prefix: some("claude-haiku"), ..Rule::new("haiku", Platform::ClaudeApi) }]);
    assert_eq!(of_costs(&rules, &[search])[0].would_usd, usd(5));
}

#[test]
fn what_the_tables_say_is_told_by_the_rule_that_said_it() {
    let mut lines = lines();
    for (line, basis) in lines.iter_mut().zip(["old", "key", "key", "older"]) {
        (line.platform, line.platform_basis) = ("claude_api".into(), some(basis));
    }
    let rules = Rules::new(vec![by_key("key", "k1")]);
    assert_eq!(
        shown(&of_costs(&rules, &lines)),
        [
            row("1 key", "claude_api+claude_code", "1.00", "3.00"),
            row("Gone(\"old\")", "claude_api", "0.00", "1.00"),
            row("Gone(\"older\")", "claude_api", "0.00", "8.00"),
            row("Nobody", "unattributed", "11.00", "0.00"),
        ]
    );
}

#[test]
fn leftovers_are_groups_with_the_largest_first() {
    let rules = Rules::new(vec![by_key("key", "k2")]);
    let shown: Vec<_> = leftovers(&rules, &lines())
        .into_iter()
        .map(|one| (one.workspace_id, one.model.is_some(), one.cost_type.unwrap(), one.amount_usd.short()))
        .collect();
    assert_eq!(
        shown,
        [
            (some("w"), false, "web_search".to_owned(), "8.00".to_owned()),
            (None, true, "tokens".to_owned(), "1.00".to_owned()),
            (some("w"), true, "tokens".to_owned(), "1.00".to_owned()),
        ]
    );
}

#[test]
fn a_product_speaks_for_its_rows_of_the_analytics_where_no_rule_does() {
    let line = |product: Option<&str>, key: Option<&str>, dollars: i128, basis: Option<&str>| Line {
        product: product.map(str::to_owned),
        usage: Some(Usage { api_key_id: key.map(str::to_owned), ..Usage::default() }),
        platform: "claude_code".into(),
        platform_basis: basis.map(str::to_owned),
        amount_usd: usd(dollars),
        ..Line::default()
    };
    let lines = [
        line(Some("claude_code"), None, 5, Some("product")),
        line(Some("claude_code"), Some("k1"), 7, Some("product")),
        line(Some("new_product"), None, 2, None),
        line(None, None, 1, None),
    ];
    let rules = Rules::new(vec![Rule { api_key_id: some("k1"), ..Rule::new("key", Platform::ClaudeApi) }]);
    let outcomes = of_analytics(&rules, &lines);
    let shown: Vec<_> =
        outcomes.iter().map(|one| (one.product.as_deref(), one.decider.clone(), one.would_usd, one.now_usd)).collect();
    assert_eq!(
        shown,
        [
            (None, Decider::Nobody, usd(1), usd(1)),
            (Some("claude_code"), Decider::Rule(1, "key".into()), usd(7), usd(0)),
            (Some("claude_code"), Decider::Product, usd(5), usd(12)),
            (Some("new_product"), Decider::Nobody, usd(2), usd(2)),
        ]
    );
}
