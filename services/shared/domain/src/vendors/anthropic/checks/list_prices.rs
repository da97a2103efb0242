//! The public list prices of Claude models, dated: what tokens of one kind cost at which model.
//!
//! For checks only: no amount in a table is ever made from them. Read off the vendor's price list in November 2026.
//! Left out is Claude Haiku 5.5, whose price depends on the length of each prompt, which no report tells.

use everycent_schemas::{Day, TokenType, Usd};

/// A model's prices in cents per million tokens, from a day on.
struct Listed {
    /// The model's id, without the date of its release.
    model: &'static str,
    /// Year, month and day; the earliest entry of a model holds for all days before it too.
    from: (i32, u32, u32),
    input_cents: i128,
    output_cents: i128,
    /// Reading from the cache, in thousandths of the price of input.
    cache_read: i128,
    /// Whether prompts of more than 200,000 tokens cost more.
    dear_when_long: bool,
}

const ALWAYS: (i32, u32, u32) = (2024, 1, 1);

const fn listed(model: &'static str, input_cents: i128, output_cents: i128) -> Listed {
    Listed { model, from: ALWAYS, input_cents, output_cents, cache_read: 100, dear_when_long: false }
}

const fn dear_when_long(listed: Listed) -> Listed {
    Listed { dear_when_long: true, ..listed }
}

const fn cache_read(listed: Listed, thousandths: i128) -> Listed {
    Listed { cache_read: thousandths, ..listed }
}

const fn from(listed: Listed, year: i32, month: u32, day: u32) -> Listed {
    Listed { from: (year, month, day), ..listed }
}

/// Entries of one model are in order of day.
const PRICES: &[Listed] = &[
    listed("claude-3-haiku", 25, 125),
    listed("claude-3-5-haiku", 80, 400),
    listed("claude-haiku-4-5", 100, 500),
    listed("claude-3-sonnet", 300, 1_500),
    listed("claude-3-5-sonnet", 300, 1_500),
    listed("claude-3-7-sonnet", 300, 1_500),
    dear_when_long(listed("claude-sonnet-4", 300, 1_500)),
    dear_when_long(listed("claude-sonnet-4-0", 300, 1_500)),
    dear_when_long(listed("claude-sonnet-4-5", 300, 1_500)),
    dear_when_long(listed("claude-sonnet-4-6", 300, 1_500)),
    from(listed("claude-sonnet-4-6", 300, 1_500), 2026, 3, 13),
    listed("claude-sonnet-5", 200, 1_000),
    listed("claude-sonnet-5-5", 200, 1_000),
    from(cache_read(listed("claude-sonnet-5-5", 200, 1_000), 50), 2026, 10, 7),
    listed("claude-3-opus", 1_500, 7_500),
    listed("claude-opus-4", 1_500, 7_500),
    listed("claude-opus-4-0", 1_500, 7_500),
    listed("claude-opus-4-1", 1_500, 7_500),
    listed("claude-opus-4-5", 500, 2_500),
    dear_when_long(listed("claude-opus-4-6", 500, 2_500)),
    from(listed("claude-opus-4-6", 500, 2_500), 2026, 3, 13),
    listed("claude-opus-4-7", 500, 2_500),
    listed("claude-opus-4-8", 500, 2_500),
    listed("claude-opus-5", 500, 2_500),
    cache_read(listed("claude-opus-5-5", 400, 2_000), 50),
    listed("claude-fable-5", 1_000, 5_000),
    listed("claude-mythos-5", 1_000, 5_000),
    cache_read(listed("claude-fable-5-1", 1_000, 5_000), 25),
    cache_read(listed("claude-mythos-5-1", 1_000, 5_000), 25),
];

/// What is asked the price of, in the words of the cost report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind<'a> {
    pub model: &'a str,
    pub token_type: &'a str,
    pub service_tier: &'a str,
    pub context_window: &'a str,
}

/// The list price of a million tokens on a day, exact. None if the model is not listed, or if nothing is known of the
/// price of such tokens.
pub(super) fn per_million(kind: Kind<'_>, day: Day) -> Option<Usd> {
    let listed = find(kind.model, day)?;
    let is_long = match kind.context_window {
        "200k-1M" => listed.dear_when_long,
        "0-200k" | "" => false,
        _ => return None,
    };
    let (cents, kind_thousandths, long_thousandths) = match TokenType::named(kind.token_type)? {
        TokenType::UncachedInputTokens => (listed.input_cents, 1_000, 2_000),
        TokenType::CacheReadInputTokens => (listed.input_cents, listed.cache_read, 2_000),
        TokenType::CacheCreationEphemeral5mInputTokens => (listed.input_cents, 1_250, 2_000),
        TokenType::CacheCreationEphemeral1hInputTokens => (listed.input_cents, 2_000, 2_000),
        TokenType::OutputTokens => (listed.output_cents, 1_000, 1_500),
    };
    let tier_thousandths = match kind.service_tier {
        "standard" | "" => 1_000,
        "batch" => 500,
        _ => return None,
    };
    let long_thousandths = if is_long { long_thousandths } else { 1_000 };
    // A cent is ten million nano-dollars, so each division is without a rest.
    let nanos = cents * 10_000_000 * kind_thousandths / 1_000 * tier_thousandths / 1_000 * long_thousandths / 1_000;
    Some(Usd::from_nanos(nanos))
}

fn find(model: &str, day: Day) -> Option<&'static Listed> {
    let name = without_release(model);
    let entries = || PRICES.iter().filter(move |listed| listed.model == name);
    entries().rev().find(|listed| starts(listed) <= day).or_else(|| entries().next())
}

fn starts(listed: &Listed) -> Day {
    let (year, month, day) = listed.from;
    Day::new(year, month, day).expect("invariant: a day of the calendar")
}

/// `claude-sonnet-4-5` of `claude-sonnet-4-5-20250929` and of `claude-sonnet-4-5-latest`.
fn without_release(model: &str) -> &str {
    match model.rsplit_once('-') {
        Some((name, "latest")) => name,
        Some((name, date)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => model,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const STANDARD: Kind<'static> = Kind {
        model: "claude-sonnet-4-5-20250929",
        token_type: "uncached_input_tokens",
        service_tier: "standard",
        context_window: "0-200k",
    };

    fn price(kind: Kind<'_>, day: &str) -> Option<String> {
        per_million(kind, day.parse().unwrap()).map(Usd::short)
    }

    /// Input and output per million tokens.
    fn both(model: &str, day: &str) -> (Option<String>, Option<String>) {
        let kind = Kind { model, ..STANDARD };
        (price(kind, day), price(Kind { token_type: "output_tokens", ..kind }, day))
    }

    #[test]
    fn each_model_has_its_public_price() {
        for (model, input, output) in [
            ("claude-3-haiku-20240307", "0.25", "1.25"),
            ("claude-3-5-haiku-20241022", "0.80", "4.00"),
            ("claude-3-5-haiku-latest", "0.80", "4.00"),
            ("claude-haiku-4-5-20251001", "1.00", "5.00"),
            ("claude-3-5-sonnet-20241022", "3.00", "15.00"),
            ("claude-3-7-sonnet-20250219", "3.00", "15.00"),
            ("claude-sonnet-4-20250514", "3.00", "15.00"),
            ("claude-sonnet-4-5-20250929", "3.00", "15.00"),
            ("claude-sonnet-4-6", "3.00", "15.00"),
            ("claude-sonnet-5-5", "2.00", "10.00"),
            ("claude-3-opus-20240229", "15.00", "75.00"),
            ("claude-opus-4-20250514", "15.00", "75.00"),
            ("claude-opus-4-1-20250805", "15.00", "75.00"),
            ("claude-opus-4-5-20251101", "5.00", "25.00"),
            ("claude-opus-4-6", "5.00", "25.00"),
            ("claude-opus-5", "5.00", "25.00"),
            ("claude-opus-5-5", "4.00", "20.00"),
        ] {
            assert_eq!(both(model, "2026-11-01"), (Some(input.into()), Some(output.into())), "{model}");
        }
    }

    #[test]
    fn kinds_of_tokens_tiers_and_long_prompts_have_their_factors() {
        let long = "200k-1M";
        for (token_type, service_tier, context_window, expected) in [
            ("cache_read_input_tokens", "standard", "0-200k", "0.30"),
            ("cache_creation.ephemeral_5m_input_tokens", "standard", "0-200k", "3.75"),
            ("cache_creation.ephemeral_1h_input_tokens", "standard", "0-200k", "6.00"),
            ("uncached_input_tokens", "batch", "0-200k", "1.50"),
            ("output_tokens", "batch", "0-200k", "7.50"),
            ("uncached_input_tokens", "standard", long, "6.00"),
            ("cache_read_input_tokens", "standard", long, "0.60"),
            ("output_tokens", "standard", long, "22.50"),
            ("output_tokens", "batch", long, "11.25"),
        ] {
            let kind = Kind { token_type, service_tier, context_window, ..STANDARD };
            assert_eq!(price(kind, "2025-10-05").as_deref(), Some(expected), "{kind:?}");
        }
    }

    #[test]
    fn a_price_holds_from_its_day_on() {
        let long = Kind { model: "claude-opus-4-6", context_window: "200k-1M", ..STANDARD };
        assert_eq!(price(long, "2026-03-12").as_deref(), Some("10.00"));
        assert_eq!(price(long, "2026-03-13").as_deref(), Some("5.00"));
        let cached = Kind { model: "claude-sonnet-5-5", token_type: "cache_read_input_tokens", ..STANDARD };
        assert_eq!(price(cached, "2026-10-06").as_deref(), Some("0.20"));
        assert_eq!(price(cached, "2026-10-07").as_deref(), Some("0.10"));
        assert_eq!(price(STANDARD, "2023-05-01").as_deref(), Some("3.00"));
    }

    #[test]
    fn what_is_not_listed_has_no_price() {
        for kind in [
            Kind { model: "claude-opus-4-9", ..STANDARD },
            Kind { model: "claude-haiku-5-5", ..STANDARD },
            Kind { model: "claude-sonnet-4-5-2025", ..STANDARD },
            Kind { model: "", ..STANDARD },
            Kind { token_type: "thoughts", ..STANDARD },
            Kind { service_tier: "priority", ..STANDARD },
            Kind { context_window: "1M-2M", ..STANDARD },
        ] {
            assert_eq!(price(kind, "2025-10-05"), None, "{kind:?}");
        }
    }
}
