//! What a configuration file may say, what it means, and how it is refused.
#![allow(clippy::unwrap_used)]

use everycent_domain::acceptance::Limits;
use everycent_domain::attribution::{Evidence, Platform};
use everycent_domain::reconcile::Tolerances;
use everycent_domain::vendor::Vendor;
use everycent_domain::vendors::anthropic;
use everycent_domain::workspaces::Place;
use everycent_runtime::config::{Config, ConfigError, PeopleShown};
use everycent_schemas::{Day, Usd};
use tempfile::TempDir;

const FULL: &str = r#"
[addresses]
store = "file://./data"
bus = "pubsub://acme"
warehouse = "sqlite:///srv/everycent.sqlite"

[sync]
since = "2026-01-01"

[vendors.anthropic]
requests_per_minute = 10
max_attempts = 3
windows_in_flight = 2

[vendors.cursor]
requests_per_minute = 60
url = "http://127.0.0.1:8080/cursor"
page_size = 100

[[accounts]]
id = "acme"
vendor = "anthropic"
key_env = "ACME_KEY"
sources = ["anthropic/cost_report", "anthropic/cost_totals"]

[[accounts]]
id = "acme"
vendor = "cursor"
key_file = "cursor.key"

[[attribution.rules]]
id = "named-workspace"
platform = "claude_code"
workspace_id = "wrkspc_01"
description_contains = "Claude Sonnet"

[[attribution.rules]]
id = "the-rest"
platform = "claude_api"
workspace_id = "default"
model_prefix = "claude-"
cost_type = "tokens"
service_tier = "batch"
api_key_id = "apikey_01"
product = "messages_api"

[[prices.cursor]]
from = "2025-01-01"
plan = "request"
seat_usd = "30"
included_requests = 300
request_usd = "0.05"

[[prices.cursor]]
account = "acme"
from = "2026-02-01"
plan = "token"
cycle_day = 15
seat_usd = "28"
included_usage_usd = "20"
token_fee_usd_per_million = "0.25"

[reconcile]
analytics_percent = "0.5"
price_percent = "100"
cursor_spend_percent = "0"
claude_code_percent = "2.25"
"#;

struct Loaded {
    folder: TempDir,
    config: Result<Config, ConfigError>,
}

fn load(text: &str, variables: &[(&str, &str)]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("everycent.toml");
    std::fs::write(&path, text).unwrap();
    Loaded { config: Config::load(Some(&path), &env(variables)), folder }
}

fn env(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

/// The error without the folder of the file.
fn error(text: &str) -> String {
    let loaded = load(text, &[]);
    let folder = format!("{}/", loaded.folder.path().display());
    loaded.config.unwrap_err().to_string().replace(&folder, "")
}

#[test]
fn every_table_is_read() {
    let loaded = load(FULL, &[("ACME_KEY", "sk-1")]);
    std::fs::write(loaded.folder.path().join("cursor.key"), "crsr_1\n").unwrap();
    let config = loaded.config.unwrap();
    let home = loaded.folder.path().join("home");
    let beside = |name: &str| format!("file://{}", loaded.folder.path().join(name).display());
    assert_eq!(config.addresses.store_in(&home).to_string(), beside("data"));
    assert_eq!(config.addresses.bus_in(&home).to_string(), "pubsub://acme");
    assert_eq!(config.addresses.warehouse_in(&home).to_string(), "sqlite:///srv/everycent.sqlite");
    assert_eq!(config.since.unwrap().to_string(), "2026-01-01");
    assert_eq!((config.anthropic.requests_per_minute.get(), config.anthropic.burst.get()), (10, 10));
    assert_eq!(config.cursor.url.as_str(), "http://127.0.0.1:8080/cursor");
    assert_eq!(config.cursor.page_size.unwrap().get(), 100);
    assert_eq!((config.anthropic.max_attempts.get(), config.cursor.max_attempts.get()), (3, 6));
    assert_eq!((config.anthropic.windows_in_flight.get(), config.cursor.windows_in_flight.get()), (2, 4));
    let settings = config.client_settings(&config.accounts[0]).unwrap();
    assert_eq!(settings.retry.max_attempts.get(), 3);

    let [anthropic, cursor] = &config.accounts[..] else { panic!("{:?}", config.accounts) };
    assert_eq!((anthropic.id.as_str(), anthropic.vendor), ("acme", Vendor::Anthropic));
    assert_eq!(anthropic.sources, [anthropic::cost_report::SOURCE, anthropic::cost_totals::SOURCE]);
    assert_eq!(anthropic.key().unwrap().expose(), "sk-1");
    assert_eq!((cursor.vendor, &cursor.sources), (Vendor::Cursor, &Vendor::Cursor.sources().collect()));
    assert_eq!(cursor.key().unwrap().expose(), "crsr_1");

    let decide = |evidence: Evidence<'_>| config.recipe.rules.attribute(&evidence).platform;
    let named = Evidence {
        workspace: Place::unknown(Some("wrkspc_01")),
        description: Some("Claude Sonnet 4"),
        ..Evidence::default()
    };
    let rest = Evidence {
        model: Some("claude-opus-4"),
        cost_type: Some("tokens"),
        service_tier: Some("batch"),
        api_key_id: Some("apikey_01"),
        product: Some("messages_api"),
        ..Evidence::default()
    };
    assert_eq!((decide(named), decide(rest)), (Platform::ClaudeCode, Platform::ClaudeApi));
    assert_eq!(decide(Evidence { product: None, ..rest }), Platform::Unattributed);

    let priced = |account: &str, day: &str| {
        let day = config.recipe.cursor_prices.on(&account.into(), day.parse::<Day>().unwrap()).unwrap();
        (day.plan, day.billing_cycle_start.to_string(), day.included_requests, day.request_usd.map(Usd::short))
    };
    let request = |start: &str| ("request", start.to_owned(), Some(300), Some("0.05".to_owned()));
    assert_eq!(priced("acme", "2025-01-31"), request("2025-01-01"));
    assert_eq!(priced("acme", "2026-02-01"), ("token", "2026-01-15".to_owned(), None, None));
    assert_eq!(priced("another", "2026-02-01"), request("2026-02-01"));
    let seat = config.recipe.cursor_prices.on(&"acme".into(), "2026-02-15".parse().unwrap()).unwrap().seat_usd;
    assert_eq!(seat.short(), "1.00");

    let tolerances = config.tolerances;
    let percents = [
        tolerances.analytics_percent,
        tolerances.price_percent,
        tolerances.cursor_spend_percent,
        tolerances.claude_code_percent,
    ];
    assert_eq!(percents.map(|percent| percent.to_string()), ["0.5", "100", "0", "2.25"]);
}

#[test]
fn tolerances_that_are_not_given_are_the_usual_ones() {
    let config = load("[reconcile]\nprice_percent = \"5\"", &[]).config.unwrap();
    let expected = Tolerances { price_percent: "5".parse().unwrap(), ..Tolerances::default() };
    assert_eq!(config.tolerances, expected);
    assert_eq!(load("", &[]).config.unwrap().tolerances, Tolerances::default());
}

#[test]
fn an_error_has_its_line_and_column_and_says_what_was_found_and_expected() {
    let account = "[[accounts]]\nid = \"acme\"\nvendor = \"anthropic\"\n";
    let with = |line: &str| format!("{account}key_env = \"KEY\"\n{line}");
    let rule = "[[attribution.rules]]\nid = \"a\"\nplatform = \"cursor\"\n";
    let price = "[[prices.cursor]]\nfrom = \"2025-01-01\"\nrequest_usd = \"0.04\"\nplan = \"request\"\n\
                 seat_usd = \"40\"\nincluded_requests = 500\n";
    let token = "[[prices.cursor]]\nfrom = \"2025-01-01\"\nplan = \"token\"\nseat_usd = \"40\"\n";
    let cursor = |id: &str| format!("[[accounts]]\nid = \"{id}\"\nvendor = \"cursor\"\nkey_env = \"KEY\"\n");
    let cases = [
        (
            "[addresses]\nstore = \"s3://x\"".to_owned(),
            "2:9: found `s3://x`, expected file:///folder, file://./folder, gs://bucket or gs://bucket/prefix",
        ),
        (
            "[addresses]\nstore = \"file:///x\"\nwarehouse = \"bigquery://p/d\"".to_owned(),
            "3:13: found bigquery://p/d, which loads rows from Cloud Storage, expected `store` to be gs://bucket",
        ),
        ("[addresses]\nstore = 1".to_owned(), "2:9: invalid type: integer `1`, expected file:///folder"),
        ("[sync]\nsince = \"soon\"".to_owned(), "2:9: found `soon`, expected a day in quotation marks"),
        ("\n[sync]\nuntil = \"2026-01-01\"".to_owned(), "3:1: unknown field `until`, expected `since`"),
        ("[vendors.openai]".to_owned(), "1:10: unknown field `openai`, expected `anthropic` or `cursor`"),
        (
            "[vendors.cursor]\nrequests_per_minute = 0".to_owned(),
            "2:23: invalid value: integer `0`, expected a nonzero",
        ),
        ("[vendors.cursor]\nurl = \"api.cursor.com\"".to_owned(), "2:7: not an address (relative URL without a base)"),
        ("[vendors.cursor]\nwindows_in_flight = 0".to_owned(), "2:21: found 0 windows in flight, expected 1 to 64"),
        (
            "[vendors.anthropic]\nwindows_in_flight = 65".to_owned(),
            "2:21: found 65 windows in flight, expected 1 to 64",
        ),
        ("[vendors.anthropic]\npage_size = 5".to_owned(), "2:1: unknown field `page_size`, expected one of `url`,"),
        (account.replace("anthropic", "openai"), "3:10: found `openai`, expected \"anthropic\" or \"cursor\""),
        (account.to_owned(), "2:6: account `acme`: found neither, expected one of key_env and key_file"),
        (with("key_file = \"x\""), "2:6: account `acme`: found both, expected one of key_env and key_file"),
        (
            with("sources = [\"cursor/spend\"]"),
            "5:12: found `cursor/spend`, expected one of anthropic/cost_report, anthropic/cost_totals",
        ),
        (with("sources = []"), "5:11: found no source"),
        (
            with("money_from = { analytics = \"2026-12-01\" }").replace("anthropic", "cursor"),
            "5:14: found money_from of a cursor account, expected it of an Anthropic one only",
        ),
        (with("money_from = { bill = \"2026-12-01\" }"), "5:16: unknown field `bill`, expected `analytics`"),
        (format!("{}{}", with(""), with("")), "6:6: found a second anthropic account `acme`, expected one"),
        (account.replace("acme", " "), "2:6: found ` `, expected a name"),
        (rule.replace("cursor", "chatgpt"), "3:12: found `chatgpt`, expected claude.ai, claude_code, claude_api"),
        (
            rule.replace("\"a\"", "\"product\""),
            "2:6: found `product`, expected another id: it says that the vendor decided",
        ),
        (rule.replace("\"a\"", "\"vendor\""), "2:6: found `vendor`, expected another id"),
        (format!("{rule}{rule}"), "5:6: found a second rule `a`, expected one"),
        (format!("{rule}mode = \"x\""), "4:1: unknown field `mode`, expected one of `id`, `platform`, `account`"),
        (
            price.replace("\"0.04\"", "0.04"),
            "3:15: invalid type: floating point `0.04`, expected dollars as exact text in quotation marks",
        ),
        (price.replace("\"0.04\"", "4"), "3:15: invalid type: integer `4`, expected dollars as exact text"),
        (price.replace("0.04", "1e3"), "3:15: found `1e3`, expected dollars as exact text"),
        (format!("{price}{price}"), "8:8: found a second price from 2025-01-01, expected one"),
        (
            format!("{price}account = \"default\"\n{price}account = \"default\"\n"),
            "9:8: found a second price of account `default` from 2025-01-01, expected one",
        ),
        (price.replace("plan", "tariff"), "4:1: unknown field `tariff`, expected one of `from`, `plan`, `account`"),
        (price.replace("\"request\"", "\"seats\""), "4:8: found `seats`, expected \"request\" or \"token\""),
        (token.replace("plan = \"token\"\n", ""), "1:1: missing field `plan`"),
        (token.replace("seat_usd = \"40\"\n", ""), "1:1: missing field `seat_usd`"),
        (
            price.replace("request_usd = \"0.04\"\n", ""),
            "3:8: found no request_usd, expected it beside plan = \"request\"",
        ),
        (
            price.replace("included_requests = 500\n", ""),
            "4:8: found no included_requests, expected it beside plan = \"request\"",
        ),
        (price.replace("500", "-1"), "6:21: invalid value: integer `-1`, expected u32"),
        (
            format!("{token}included_requests = 500\n"),
            "5:21: found included_requests on a token plan, expected only included_usage_usd and token_fee_usd_per_million",
        ),
        (format!("{token}request_usd = \"0.04\"\n"), "5:15: found request_usd on a token plan, expected only"),
        (
            format!("{price}included_usage_usd = \"20\"\n"),
            "7:22: found included_usage_usd on a request plan, expected only included_requests and request_usd there",
        ),
        (
            format!("{price}token_fee_usd_per_million = \"0.25\"\n"),
            "7:29: found token_fee_usd_per_million on a request plan, expected only",
        ),
        (format!("{token}cycle_day = 32\n"), "5:13: found 32, expected a day of the month from 1 to 31"),
        (format!("{token}cycle_day = 0\n"), "5:13: found 0, expected a day of the month from 1 to 31"),
        (
            format!("{token}account = \"acme\"\n"),
            "5:11: found `acme`, expected the Cursor account `default`, or no `account` at all",
        ),
        (
            format!("{}{}{token}account = \"acmee\"\n", cursor("acme"), cursor("b")),
            "13:11: found `acmee`, expected one of the Cursor accounts acme, b, or no `account` for all",
        ),
        (
            format!("{}{token}account = \"acme\"\n", with("")),
            "9:11: found `acme`, expected no `account`, for no Cursor account is configured",
        ),
        (
            format!("{rule}api_key_id = \"apikey_1\"\ndescription_contains = \"Sonnet\"\n"),
            "5:24: rule `a`: found description_contains beside api_key_id, expected one of them: no record has both",
        ),
        (
            format!("{rule}description_contains = \"Sonnet\"\nproduct = \"chat\"\n"),
            "4:24: rule `a`: found description_contains beside product, expected one of them",
        ),
        (
            "[reconcile]\nprice_percent = 30".to_owned(),
            "2:17: invalid type: integer `30`, expected a percentage from 0 to 100 as exact text in quotation marks",
        ),
        (
            "[reconcile]\nspend_percent = \"1\"".to_owned(),
            "2:1: unknown field `spend_percent`, expected one of `analytics_percent`, `price_percent`",
        ),
    ];
    for (text, expected) in cases {
        let error = error(&text);
        assert!(error.starts_with(&format!("everycent.toml:{expected}")), "{error}\n  not {expected}\n{text}");
    }
}

#[test]
fn prices_are_plain_decimals() {
    let price = |text: &str| {
        let price = format!("[[prices.cursor]]\nfrom = \"2025-01-01\"\nplan = \"token\"\nseat_usd = \"{text}\"");
        load(&price, &[]).config.is_ok()
    };
    for good in ["0.04", "0", "1", "12.000000001"] {
        assert!(price(good), "{good}");
    }
    for bad in ["", "-0.04", "+1", ".04", "4.", "1_000", "1,5", "$0.04", "0.0000000001", "1.2.3", " 1", "NaN"] {
        assert!(!price(bad), "{bad}");
    }
}

#[test]
fn tolerances_are_plain_percentages() {
    let percent = |text: &str| load(&format!("[reconcile]\nprice_percent = \"{text}\""), &[]).config.is_ok();
    for good in ["0", "1", "0.5", "99.999", "100", "100.0"] {
        assert!(percent(good), "{good}");
    }
    for bad in ["", "-1", "+1", ".5", "5.", "1_0", "1e1", "30%", "100.01", "101", "1.2.3", " 1", "NaN"] {
        assert!(!percent(bad), "{bad}");
    }
}

#[test]
fn a_key_in_the_wrong_place_is_never_printed() {
    let account = "[[accounts]]\nid = \"acme\"\nvendor = \"anthropic\"\n";
    for wrong in [
        "key_env = \"sk-ant-hidden\"",
        "key_env = \"key_hidden\"",
        "key_env = sk-ant-hidden",
        "key = \"sk-ant-hidden\"",
        "key_env = \"sk-ant-hidden",
    ] {
        let error = error(&format!("{account}{wrong}"));
        assert!(error.starts_with("everycent.toml:4:") && !error.contains("hidden"), "{error}");
    }
    let error = error("[vendors.cursor]\nurl = \"https://user:hidden@api.example.com\"");
    assert!(error.contains("holds a name or a password") && !error.contains("hidden"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.toml");
    let error = Config::load(Some(&missing), &env(&[])).unwrap_err().to_string();
    assert!(error.starts_with(&format!("configuration {} can't be read: ", missing.display())), "{error}");
}

#[test]
fn limits_of_acceptance_are_by_source_over_those_of_all() {
    let text = r#"
[acceptance.default]
fall_percent = 30
empty_usd = "0.25"

[[acceptance.sources]]
source = "cursor/usage_events"
limits = { fall_percent = 10, person_usd = "5", fall_count = 3 }
"#;
    let acceptance = load(text, &[]).config.unwrap().acceptance;
    let nanos = 1_000_000_000_i128;
    assert_eq!((acceptance.default.percent, acceptance.default.usd.all), (30, nanos / 4));
    assert_eq!(acceptance.default.tokens, Limits::DEFAULT.tokens);
    let events = acceptance.by_source["cursor/usage_events"];
    assert_eq!((events.percent, events.usd.large, events.usd.all, events.count.small), (10, 5 * nanos, nanos / 4, 3));
}

#[test]
fn limits_of_acceptance_that_mean_nothing_are_refused_with_their_place() {
    let cases = [
        ("[acceptance.default]\nfall_percent = 101", "everycent.toml:2", "a whole number from 0 to 100"),
        ("[acceptance.default]\nfall_usd = \"a lot\"", "everycent.toml:2", "found"),
        ("[[acceptance.sources]]\nsource = \"cursor/event\"\nlimits = {}", "everycent.toml:2", "expected a source"),
        (
            "[[acceptance.sources]]\nsource = \"cursor/spend\"\nlimits = {}\n[[acceptance.sources]]\nsource = \"cursor/spend\"\nlimits = {}",
            "everycent.toml:5",
            "a second time",
        ),
    ];
    for (text, place, expected) in cases {
        let error = error(text);
        assert!(error.contains(place) && error.contains(expected), "{error}");
    }
}

#[test]
fn reports_name_people_unless_teams_alone_are_to_be_shown() {
    let shown = |text: &str| load(text, &[]).config.unwrap().people_shown;
    assert_eq!((shown(""), shown("[privacy]\npeople = \"names\"")), (PeopleShown::Names, PeopleShown::Names));
    assert_eq!(shown("[privacy]\npeople = \"teams\""), PeopleShown::Teams);
    for (text, expected) in [
        ("[privacy]\npeople = \"nobody\"", "expected \"names\" or \"teams\""),
        ("[privacy]\npersons = \"teams\"", "unknown field `persons`"),
    ] {
        let error = error(text);
        assert!(error.contains("everycent.toml:2") && error.contains(expected), "{error}");
    }
}
