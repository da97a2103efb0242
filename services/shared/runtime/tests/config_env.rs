//! What the environment means, with a configuration file and without one.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use everycent_runtime::config::{Config, ConfigError};
use everycent_runtime::vendor::Auth;

fn load(path: Option<&Path>, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::load(path, &env)
}

fn accounts(config: &Config) -> Vec<String> {
    config.accounts.iter().map(|account| format!("{}/{}", account.vendor, account.id)).collect()
}

#[test]
fn nothing_at_all_is_a_configuration_of_defaults() {
    let config = load(None, &[]).unwrap();
    assert!(config.accounts.is_empty() && config.since.is_none());
    assert_eq!(config.recipe, everycent_domain::recipe::Recipe::default());
    assert_eq!(config.anthropic.url.as_str(), "https://api.anthropic.com/");
    assert_eq!((config.anthropic.requests_per_minute.get(), config.anthropic.burst.get()), (60, 30));
    assert_eq!(config.anthropic.page_size, None);
    assert_eq!(config.cursor.url.as_str(), "https://api.cursor.com/");
    assert_eq!(config.cursor.requests_per_minute.get(), 20);
}

#[test]
fn a_key_that_is_set_is_one_account_of_its_vendor() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "crsr_1\n").unwrap();
    let config = load(None, &[("CURSOR_API_KEY_FILE", key.to_str().unwrap())]).unwrap();
    assert_eq!(accounts(&config), ["cursor/default"]);
    let settings = config.client_settings(&config.accounts[0]).unwrap();
    assert!(matches!(&settings.auth, Auth::CursorBasic(key) if key.expose() == "crsr_1"));
    assert_eq!(settings.key_name, key.to_str().unwrap());
    assert_eq!((settings.requests_per_minute.unwrap().get(), settings.burst.get()), (20, 5));
    let config = load(None, &[("ANTHROPIC_ADMIN_KEY", "a"), ("CURSOR_API_KEY", "c")]).unwrap();
    assert_eq!(accounts(&config), ["anthropic/default", "cursor/default"]);
}

#[test]
fn a_file_without_accounts_leaves_them_to_the_environment_and_one_with_accounts_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("everycent.toml");
    std::fs::write(&path, "[sync]\nsince = \"2026-01-01\"\n").unwrap();
    let key = [("ANTHROPIC_ADMIN_KEY", "a")];
    assert_eq!(accounts(&load(Some(&path), &key).unwrap()), ["anthropic/default"]);
    std::fs::write(&path, "[[accounts]]\nid = \"x\"\nvendor = \"cursor\"\nkey_env = \"X\"\n").unwrap();
    assert_eq!(accounts(&load(Some(&path), &key).unwrap()), ["cursor/x"]);
}

#[test]
fn a_missing_or_wrong_key_is_told_when_the_account_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("everycent.toml");
    std::fs::write(&path, "[[accounts]]\nid = \"x\"\nvendor = \"cursor\"\nkey_env = \"ACME_KEY\"\n").unwrap();
    let cases = [
        (vec![], "cursor account `x` has no key; set ACME_KEY, or ACME_KEY_FILE to the path of a file that holds it"),
        (vec![("ACME_KEY", "")], "cursor account `x`: ACME_KEY is set but empty; put the key in it, or unset it"),
        (
            vec![("ACME_KEY", "a"), ("ACME_KEY_FILE", "b")],
            "cursor account `x`: both ACME_KEY and ACME_KEY_FILE are set; unset one of them",
        ),
    ];
    for (variables, expected) in cases {
        let config = load(Some(&path), &variables).unwrap();
        assert_eq!(config.accounts[0].key().unwrap_err().to_string(), expected);
        assert_eq!(config.client_settings(&config.accounts[0]).unwrap_err().to_string(), expected);
    }
    let config = load(None, &[("ANTHROPIC_ADMIN_KEY", "")]).unwrap();
    let error = config.accounts[0].key().unwrap_err().to_string();
    assert!(error.starts_with("anthropic account `default`: ANTHROPIC_ADMIN_KEY is set but empty"), "{error}");
}

#[test]
fn an_address_in_the_environment_wins_and_a_wrong_one_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("everycent.toml");
    std::fs::write(&path, "[vendors.cursor]\nurl = \"https://file.example.com\"\n").unwrap();
    let config = load(Some(&path), &[("EVERYCENT_CURSOR_URL", "http://127.0.0.1:4010")]).unwrap();
    assert_eq!(config.cursor.url.as_str(), "http://127.0.0.1:4010/");
    assert_eq!(load(Some(&path), &[]).unwrap().cursor.url.as_str(), "https://file.example.com/");
    for wrong in ["", "127.0.0.1:4010", "ftp://x", "https://hidden@x.example.com"] {
        let error = load(None, &[("EVERYCENT_ANTHROPIC_URL", wrong)]).unwrap_err().to_string();
        assert!(error.starts_with("EVERYCENT_ANTHROPIC_URL: ") && !error.contains("hidden"), "{error}");
        assert!(error.ends_with("expected an address such as \"https://api.example.com\""), "{error}");
    }
}
