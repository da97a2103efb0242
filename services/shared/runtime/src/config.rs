//! What a person configures: addresses, accounts, vendors, attribution rules, prices and tolerances.
//!
//! It owns the configuration file's format, its defaults and the variables beside it, and checks each value as far as
//! its own text goes. It opens nothing but the file itself; a key is read when it is used, and never kept in the file.

mod acceptance;
mod account;
mod address;
mod error;
mod file;
mod path;
mod plan_name;
mod prices;
mod privacy;
mod rules;
mod tables;
mod text;
mod vendor;

use std::path::Path;

use everycent_domain::merge_plan::Acceptance;
use everycent_domain::recipe::Recipe;
use everycent_domain::reconcile::Tolerances;
use everycent_domain::vendor::Vendor;
use everycent_schemas::Day;

pub use account::{Account, KeyError, key_variable, url_variable};
pub use address::{Addresses, BusAddress, InvalidAddress, StoreAddress, WarehouseAddress};
pub use error::ConfigError;
pub use privacy::PeopleShown;
pub use vendor::{VendorConfig, WINDOWS_IN_FLIGHT};

use crate::secret::Env;
use crate::vendor::VendorSettings;
use file::Document;

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    pub addresses: Addresses,
    /// The first day of history, if one is given.
    pub since: Option<Day>,
    /// Settled days of each report that are asked for again in a month; zero asks for none.
    pub settled_days_per_month: u32,
    pub anthropic: VendorConfig,
    pub cursor: VendorConfig,
    /// In the order of the file. Without any in a file: one of each vendor whose key is set.
    pub accounts: Vec<Account>,
    /// Attribution rules and prices.
    pub recipe: Recipe,
    /// How far apart two tellings of the same money may lie.
    pub tolerances: Tolerances,
    /// How much a day may lose without anybody looking.
    pub acceptance: Acceptance,
    /// Whom reports show.
    pub people_shown: PeopleShown,
}

impl Config {
    /// Reads the file, if there is one, and the environment.
    pub fn load(path: Option<&Path>, env: Env<'_>) -> Result<Self, ConfigError> {
        let document = path.map_or_else(|| Ok(Document::default()), Document::read)?;
        let accounts = document.accounts(env)?;
        let of_vendor = |vendor: &Vendor| Ok((*vendor, document.vendor_sources(*vendor)?));
        let sources = Vendor::ALL.iter().map(of_vendor).collect::<Result<Vec<_>, ConfigError>>()?;
        Ok(Self {
            addresses: document.addresses()?,
            since: document.since(),
            settled_days_per_month: document.settled_days_per_month(),
            anthropic: document.vendor(Vendor::Anthropic, env)?,
            cursor: document.vendor(Vendor::Cursor, env)?,
            accounts: if accounts.is_empty() { Account::from_env(env, sources) } else { accounts },
            recipe: Recipe { rules: document.attribution_rules()?, cursor_prices: document.cursor_prices()? },
            tolerances: document.tolerances(),
            acceptance: document.acceptance()?,
            people_shown: document.people_shown(),
        })
    }

    pub fn vendor(&self, vendor: Vendor) -> &VendorConfig {
        match vendor {
            Vendor::Anthropic => &self.anthropic,
            Vendor::Cursor => &self.cursor,
        }
    }

    /// What the client of an account needs; reads the account's key.
    pub fn client_settings(&self, account: &Account) -> Result<VendorSettings, KeyError> {
        let vendor = self.vendor(account.vendor);
        let auth = account::auth(account.vendor, account.key()?);
        let mut settings = VendorSettings::new(vendor.url.clone(), auth, account.key_name());
        settings.requests_per_minute = Some(vendor.requests_per_minute);
        settings.burst = vendor.burst;
        settings.retry.max_attempts = vendor.max_attempts;
        Ok(settings)
    }
}
