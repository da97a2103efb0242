#![allow(clippy::unwrap_used)]
use super::*;

const SONNET: &str = "claude-sonnet-4-5-20250929";
const OPUS: &str = "claude-opus-4-1-20250805";

fn day() -> Day {
    Day::new(2025, 10, 5).unwrap()
}

fn usd(text: &str) -> Usd {
    crate::money::usd_from_dollars(text).unwrap()
}

/// Input tokens of the default workspace.
fn line(model: &str) -> TokenLine {
    TokenLine {
        account_id: "acme".into(),
        day: day(),
        workspace_id: String::new(),
        model: model.into(),
        token_type: "uncached_input_tokens".into(),
        service_tier: "standard".into(),
        context_window: "0-200k".into(),
    }
}

fn cost(line: TokenLine, amount: &str) -> LineCost {
    LineCost { line, inference_geo: "not_available".into(), amount_usd: usd(amount) }
}

fn check(costs: &[LineCost], tokens: &[(TokenLine, i64)]) -> Verdict {
    let tokens = tokens.iter().cloned().collect();
    let mut verdicts = implied_price(&[("acme".into(), day())], costs, &tokens, Decimal::new(30, 0));
    assert_eq!(verdicts.len(), 1);
    verdicts.remove(0)
}

/// A million input tokens of Sonnet, three dollars by the list, that cost this.
fn million(amount: &str) -> Verdict {
    check(&[cost(line(SONNET), amount)], &[(line(SONNET), 1_000_000)])
}

#[track_caller]
fn says(verdict: &Verdict, text: &str) {
    assert!(verdict.explanation.contains(text), "not a word of `{text}`: {}", verdict.explanation);
}

#[test]
fn the_vendors_own_example_is_the_list_price() {
    let output = TokenLine { token_type: "output_tokens".into(), ..line(SONNET) };
    let costs = [cost(line(SONNET), "0.0373"), cost(output.clone(), "0.2897")];
    let verdict = check(&costs, &[(line(SONNET), 12_446), (output, 19_314)]);
    assert!(verdict.passed, "{verdict:?}");
    assert_eq!(verdict.expected, Figure::Usd(usd("0.327048")));
    assert_eq!(verdict.found, Figure::Usd(usd("0.3270")));
    says(&verdict, "1 model within 30 %");
}

#[test]
fn a_cost_may_differ_from_the_list_by_the_tolerance_and_a_cent() {
    for (amount, passed) in
        [("3.00", true), ("3.91", true), ("3.910000001", false), ("2.09", true), ("2.089999999", false)]
    {
        assert_eq!(million(amount).passed, passed, "{amount}");
    }
}

#[test]
fn cents_read_as_dollars_are_called_so() {
    let verdict = million("300");
    assert!(!verdict.passed);
    assert_eq!((verdict.expected, verdict.found), (Figure::Usd(usd("3")), Figure::Usd(usd("300"))));
    assert_eq!(verdict.difference(), Figure::Usd(usd("297")));
    says(&verdict, "cents were read as dollars: the figures are a hundred times too high");
    says(&verdict, "cost 300.00, its tokens 3.00 by the list (100.0 times)");
    says(&verdict, "everycent replay --from 2025-10-05 --to 2025-10-05");
}

#[test]
fn dollars_read_as_cents_are_called_so() {
    let verdict = million("0.03");
    assert!(!verdict.passed);
    says(&verdict, "dollars were read as cents: the figures are a hundred times too low");
}

#[test]
fn other_differences_have_other_causes() {
    says(&million("9"), "a price of its own");
    says(&million("1"), "discount");
    let without_tokens = check(&[cost(line(SONNET), "3")], &[]);
    assert!(!without_tokens.passed);
    says(&without_tokens, "cost 3.00 without tokens");
    says(&without_tokens, "tokens are missing");
}

#[test]
fn tokens_count_only_for_the_line_of_their_own_kind() {
    let own = line(SONNET);
    for other in [
        TokenLine { account_id: "other".into(), ..own.clone() },
        TokenLine { day: day().next(), ..own.clone() },
        TokenLine { workspace_id: "wrkspc_1".into(), ..own.clone() },
        TokenLine { model: OPUS.into(), ..own.clone() },
        TokenLine { token_type: "output_tokens".into(), ..own.clone() },
        TokenLine { service_tier: "batch".into(), ..own.clone() },
        TokenLine { context_window: "200k-1M".into(), ..own.clone() },
    ] {
        let verdict = check(&[cost(own.clone(), "3")], &[(other.clone(), 1_000_000)]);
        assert!(!verdict.passed, "{other:?}");
    }
}

#[test]
fn a_model_that_is_far_off_is_not_hidden_by_one_that_is_right() {
    let costs = [cost(line(OPUS), "1500"), cost(line(SONNET), "6")];
    let verdict = check(&costs, &[(line(OPUS), 100_000_000), (line(SONNET), 1_000_000)]);
    assert!(!verdict.passed);
    assert_eq!((verdict.expected, verdict.found), (Figure::Usd(usd("3")), Figure::Usd(usd("6"))));
    says(&verdict, SONNET);
    assert!(!verdict.explanation.contains(OPUS), "{}", verdict.explanation);
}

#[test]
fn of_many_models_the_three_that_are_furthest_off_are_named() {
    let models = ["claude-3-haiku", "claude-3-5-haiku", "claude-sonnet-4-5", "claude-opus-4-1"];
    let costs: Vec<LineCost> = models.iter().map(|model| cost(line(model), "90")).collect();
    let tokens = models.map(|model| (line(model), 1_000_000));
    let verdict = check(&costs, &tokens);
    says(&verdict, "and 1 more model");
    says(&verdict, "claude-3-haiku cost 90.00");
    assert!(!verdict.explanation.contains("claude-opus-4-1"), "{}", verdict.explanation);
}

#[test]
fn a_model_without_a_list_price_is_counted_and_not_judged() {
    let unknown = line("claude-unheard-of-9");
    let costs = [cost(unknown.clone(), "999"), cost(line(SONNET), "3")];
    let verdict = check(&costs, &[(unknown, 1), (line(SONNET), 1_000_000)]);
    assert!(verdict.passed, "{verdict:?}");
    assert_eq!(verdict.found, Figure::Usd(usd("3")));
    says(&verdict, "1 model not judged for want of a list price: claude-unheard-of-9");
}

#[test]
fn use_pinned_to_the_united_states_is_a_tenth_dearer() {
    let pinned = LineCost { inference_geo: "us".into(), ..cost(line("claude-opus-4-6"), "5.5") };
    let tokens = [(line("claude-opus-4-6"), 1_000_000)];
    let alone = check(std::slice::from_ref(&pinned), &tokens);
    assert_eq!((alone.expected, alone.found), (Figure::Usd(usd("5.5")), Figure::Usd(usd("5.5"))));
    // Two million tokens, one of them dear: 5.50 and 5.00.
    let both = [pinned, LineCost { inference_geo: "global".into(), ..cost(line("claude-opus-4-6"), "5") }];
    let tokens = [(line("claude-opus-4-6"), 2_000_000)];
    let both = check(&both, &tokens);
    assert_eq!((both.expected, both.found), (Figure::Usd(usd("10.5")), Figure::Usd(usd("10.5"))));
}

#[test]
fn only_days_that_both_reports_tell_are_judged() {
    let verdicts = implied_price(&[], &[cost(line(SONNET), "300")], &BTreeMap::new(), Decimal::new(30, 0));
    assert!(verdicts.is_empty());
    let quiet = check(&[], &[]);
    assert!(quiet.passed);
    assert_eq!((quiet.source.as_str(), quiet.account_id.as_str()), ("anthropic/cost_report", "acme"));
}

#[test]
fn absurd_figures_are_judged_without_an_accident() {
    let costs = [
        LineCost { line: line(OPUS), inference_geo: "us".into(), amount_usd: Usd::from_nanos(i64::MAX.into()) },
        cost(line(OPUS), "-1"),
    ];
    assert!(!check(&costs, &[(line(OPUS), i64::MAX)]).passed);
    let costs = [
        LineCost { line: line(OPUS), inference_geo: "us".into(), amount_usd: Usd::from_nanos(i64::MAX.into()) },
        LineCost { line: line(OPUS), inference_geo: "global".into(), amount_usd: Usd::from_nanos(i64::MAX.into()) },
    ];
    assert!(!check(&costs, &[(line(OPUS), i64::MAX)]).passed);
}
