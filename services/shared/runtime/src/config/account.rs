//! Accounts: whose spend is read, and where their keys are.

use std::path::PathBuf;

use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_schemas::AccountId;

use super::text::{Form, found};
use crate::secret::{Env, Secret, SecretError, SecretSource};
use crate::vendor::Auth;

/// The variable that holds a vendor's key where none is configured.
pub fn key_variable(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Anthropic => "ANTHROPIC_ADMIN_KEY",
        Vendor::Cursor => "CURSOR_API_KEY",
    }
}

/// The variable that overrides the address of a vendor's API.
pub fn url_variable(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Anthropic => "EVERYCENT_ANTHROPIC_URL",
        Vendor::Cursor => "EVERYCENT_CURSOR_URL",
    }
}

pub(super) fn auth(vendor: Vendor, key: Secret) -> Auth {
    match vendor {
        Vendor::Anthropic => Auth::AnthropicKey(key),
        Vendor::Cursor => Auth::CursorBasic(key),
    }
}

impl Form for Vendor {
    const EXPECTED: &'static str = "\"anthropic\" or \"cursor\"";

    fn read(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|vendor| vendor.name() == text).ok_or_else(|| found(text))
    }
}

/// An organization or team at a vendor.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name in the tables.
    pub id: AccountId,
    pub vendor: Vendor,
    /// The sources to read.
    pub sources: Vec<Source>,
    /// Whether the configuration names them; if not, they are all that the vendor has.
    pub are_sources_chosen: bool,
    key: KeyPlace,
}

/// What an account is asked for, and whether a person chose it.
#[derive(Debug, Clone)]
pub(super) struct Sources {
    pub of: Vec<Source>,
    pub are_chosen: bool,
}

/// Where an account's key is.
#[derive(Debug, Clone)]
pub(super) enum KeyPlace {
    Variable { name: String, found: Result<Option<SecretSource>, SecretError> },
    File(PathBuf),
}

/// Why an account can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "{vendor} account `{account}` has no key; set {variable}, or {variable}_FILE to the path of a file that holds it"
    )]
    Missing { vendor: Vendor, account: AccountId, variable: String },
    #[error("{vendor} account `{account}`: {source}")]
    Unusable { vendor: Vendor, account: AccountId, source: SecretError },
}

impl KeyPlace {
    pub(super) fn variable(name: &str, env: Env<'_>) -> Self {
        Self::Variable { name: name.to_owned(), found: SecretSource::find(name, env) }
    }
}

impl Account {
    pub(super) fn new(id: AccountId, vendor: Vendor, sources: Sources, key: KeyPlace) -> Self {
        Self { id, vendor, sources: sources.of, are_sources_chosen: sources.are_chosen, key }
    }

    /// One account `default` of each vendor whose key is set. A key that is set wrongly counts, so that it is told.
    pub(super) fn from_env(env: Env<'_>, sources: Vec<(Vendor, Sources)>) -> Vec<Self> {
        let account = |(vendor, sources): (Vendor, Sources)| match KeyPlace::variable(key_variable(vendor), env) {
            KeyPlace::Variable { found: Ok(None), .. } => None,
            key => Some(Self::new("default".into(), vendor, sources, key)),
        };
        sources.into_iter().filter_map(account).collect()
    }

    /// The key, read now. That it is missing is an error only here, when the account is used.
    pub fn key(&self) -> Result<Secret, KeyError> {
        let unusable = |source| KeyError::Unusable { vendor: self.vendor, account: self.id.clone(), source };
        match &self.key {
            KeyPlace::File(path) => Secret::from_file(path).map_err(unusable),
            KeyPlace::Variable { found: Ok(Some(source)), .. } => source.read().map_err(unusable),
            KeyPlace::Variable { found: Err(error), .. } => Err(unusable(error.clone())),
            KeyPlace::Variable { name, found: Ok(None) } => {
                Err(KeyError::Missing { vendor: self.vendor, account: self.id.clone(), variable: name.clone() })
            }
        }
    }

    /// Where a person finds the key: a variable or a file.
    pub fn key_name(&self) -> String {
        match &self.key {
            KeyPlace::File(path) | KeyPlace::Variable { found: Ok(Some(SecretSource::File(path))), .. } => {
                path.display().to_string()
            }
            KeyPlace::Variable { name, .. } => name.clone(),
        }
    }
}
