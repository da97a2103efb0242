//! The configuration file: what is checked across its tables, and what they mean together.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::{Path, PathBuf};

use everycent_domain::reconcile::Tolerances;
use everycent_domain::restatement;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_schemas::Day;
use toml::Spanned;

use super::account::{Account, KeyPlace, Sources, url_variable};
use super::address::{Addresses, StoreAddress, WarehouseAddress};
use super::error::ConfigError;
use super::path::path_from;
use super::privacy::PeopleShown;
use super::tables::{AccountTable, SourceNames, Tables, VendorTables};
use super::text::{BaseUrl, Form, Name, Percent, Text, VariableName};
use super::vendor::{VendorConfig, WINDOWS_IN_FLIGHT, WINDOWS_IN_FLIGHT_MAX};
use crate::secret::Env;
use crate::vendor::RetrySettings;

/// A file, its text for places in errors, and its tables.
#[derive(Debug, Default)]
pub(super) struct Document {
    path: PathBuf,
    text: String,
    pub(super) tables: Tables,
}

impl Document {
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, error))?;
        let tables = toml::from_str(&text).map_err(|error: toml::de::Error| {
            ConfigError::at(path, &text, error.span().unwrap_or_default(), error.message())
        })?;
        Ok(Self { path: path.to_owned(), text, tables })
    }

    /// BigQuery loads rows from where they lie, and sees no folder of this machine.
    pub(super) fn addresses(&self) -> Result<Addresses, ConfigError> {
        let table = &self.tables.addresses;
        let store = table.store.clone().map(|Text(address)| address);
        let warehouse = table.warehouse.as_ref().map(|warehouse| (warehouse.span(), warehouse.get_ref().0.clone()));
        if let (Some((span, address @ WarehouseAddress::BigQuery { .. })), None | Some(StoreAddress::File(_))) =
            (&warehouse, &store)
        {
            let message =
                format!("found {address}, which loads rows from Cloud Storage, expected `store` to be gs://bucket");
            return Err(self.wrong(span.clone(), message));
        }
        let bus = table.bus.clone().map(|Text(address)| address);
        let warehouse = warehouse.map(|(_, address)| address);
        Ok(Addresses { store, bus, warehouse }.relative_to(self.folder()))
    }

    pub(super) fn since(&self) -> Option<Day> {
        self.tables.sync.since.as_ref().map(|Text(day)| *day)
    }

    pub(super) fn settled_days_per_month(&self) -> u32 {
        self.tables.sync.settled_days_per_month.unwrap_or(restatement::DEFAULT_DAYS_A_MONTH)
    }

    /// A vendor's table over its defaults, and the environment over both.
    pub(super) fn vendor(&self, vendor: Vendor, env: Env<'_>) -> Result<VendorConfig, ConfigError> {
        let VendorTables { anthropic, cursor } = &self.tables.vendors;
        let (url, requests_per_minute, max_attempts, page_size) = match vendor {
            Vendor::Anthropic => (&anthropic.url, anthropic.requests_per_minute, anthropic.max_attempts, None),
            Vendor::Cursor => {
                let page_size = cursor.page_size.or(NonZeroU32::new(500));
                (&cursor.url, cursor.requests_per_minute, cursor.max_attempts, page_size)
            }
        };
        let (default_url, default_per_minute, burst) = match vendor {
            Vendor::Anthropic => ("https://api.anthropic.com", 60, 30),
            Vendor::Cursor => ("https://api.cursor.com", 20, 5),
        };
        let requests_per_minute = requests_per_minute.unwrap_or(number(default_per_minute));
        let BaseUrl(url) = match (url_from_env(vendor, env)?, url) {
            (Some(url), _) => url,
            (None, Some(Text(url))) => url.clone(),
            (None, None) => BaseUrl::read(default_url).expect("invariant: the vendor's own address is one"),
        };
        let max_attempts = max_attempts.unwrap_or(RetrySettings::default().max_attempts);
        let burst = number(burst).min(requests_per_minute);
        let windows_in_flight = self.windows_in_flight(vendor)?;
        Ok(VendorConfig { url, requests_per_minute, burst, max_attempts, windows_in_flight, page_size })
    }

    fn windows_in_flight(&self, vendor: Vendor) -> Result<NonZeroU32, ConfigError> {
        let VendorTables { anthropic, cursor } = &self.tables.vendors;
        let set = match vendor {
            Vendor::Anthropic => &anthropic.windows_in_flight,
            Vendor::Cursor => &cursor.windows_in_flight,
        };
        let Some(set) = set else { return Ok(number(WINDOWS_IN_FLIGHT)) };
        let found = *set.get_ref();
        NonZeroU32::new(found).filter(|number| number.get() <= WINDOWS_IN_FLIGHT_MAX).ok_or_else(|| {
            let message = format!("found {found} windows in flight, expected 1 to {WINDOWS_IN_FLIGHT_MAX}");
            self.wrong(set.span(), message)
        })
    }

    pub(super) fn accounts(&self, env: Env<'_>) -> Result<Vec<Account>, ConfigError> {
        let mut seen = BTreeSet::new();
        let mut accounts = Vec::new();
        for table in &self.tables.accounts {
            let (Text(Name(id)), Text(vendor)) = (table.id.get_ref(), &table.vendor);
            if !seen.insert((*vendor, id)) {
                return Err(
                    self.wrong(table.id.span(), format!("found a second {vendor} account `{id}`, expected one"))
                );
            }
            let key = self.key_place(table, env)?;
            let sources = match &table.sources {
                Some(named) => Sources { of: self.sources(*vendor, named)?, are_chosen: true },
                None => self.vendor_sources(*vendor)?,
            };
            accounts.push(Account::new(id.as_str().into(), *vendor, sources, key));
        }
        Ok(accounts)
    }

    fn key_place(&self, table: &AccountTable, env: Env<'_>) -> Result<KeyPlace, ConfigError> {
        let found = match (&table.key_env, &table.key_file) {
            (Some(Text(VariableName(name))), None) => return Ok(KeyPlace::variable(name, env)),
            (None, Some(path)) => return Ok(KeyPlace::File(path_from(self.folder(), path))),
            (Some(_), Some(_)) => "both",
            (None, None) => "neither",
        };
        let message = format!("account `{}`: found {found}, expected one of key_env and key_file", name(&table.id));
        Err(self.wrong(table.id.span(), message))
    }

    /// The sources of a vendor's accounts that name none: those that the vendor's table names, or each.
    pub(super) fn vendor_sources(&self, vendor: Vendor) -> Result<Sources, ConfigError> {
        let VendorTables { anthropic, cursor } = &self.tables.vendors;
        let named = match vendor {
            Vendor::Anthropic => &anthropic.sources,
            Vendor::Cursor => &cursor.sources,
        };
        match named {
            Some(named) => Ok(Sources { of: self.sources(vendor, named)?, are_chosen: true }),
            None => Ok(Sources { of: vendor.sources().collect(), are_chosen: false }),
        }
    }

    fn sources(&self, vendor: Vendor, named: &SourceNames) -> Result<Vec<Source>, ConfigError> {
        if named.get_ref().is_empty() {
            return Err(self.wrong(named.span(), "found no source, expected some, or no `sources` at all for each"));
        }
        let mut sources = Vec::new();
        for name in named.get_ref() {
            let source = vendor.sources().find(|source| source.name() == name.get_ref());
            sources.push(source.ok_or_else(|| {
                let known: Vec<&str> = vendor.sources().map(Source::name).collect();
                self.wrong(name.span(), format!("found `{}`, expected one of {}", name.get_ref(), known.join(", ")))
            })?);
        }
        Ok(sources)
    }

    pub(super) fn people_shown(&self) -> PeopleShown {
        self.tables.privacy.people.as_ref().map_or_else(PeopleShown::default, |Text(shown)| *shown)
    }

    pub(super) fn tolerances(&self) -> Tolerances {
        let table = &self.tables.reconcile;
        let default = Tolerances::default();
        let or = |percent: &Option<Text<Percent>>, default| percent.as_ref().map_or(default, |Text(Percent(set))| *set);
        Tolerances {
            analytics_percent: or(&table.analytics_percent, default.analytics_percent),
            price_percent: or(&table.price_percent, default.price_percent),
            cursor_spend_percent: or(&table.cursor_spend_percent, default.cursor_spend_percent),
            claude_code_percent: or(&table.claude_code_percent, default.claude_code_percent),
        }
    }

    pub(super) fn wrong(&self, span: Range<usize>, message: impl Into<String>) -> ConfigError {
        ConfigError::at(&self.path, &self.text, span, message)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

pub(super) fn name(name: &Spanned<Text<Name>>) -> &str {
    let Text(Name(name)) = name.get_ref();
    name
}

fn number(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).expect("invariant: a default is not zero")
}

fn url_from_env(vendor: Vendor, env: Env<'_>) -> Result<Option<BaseUrl>, ConfigError> {
    let variable = url_variable(vendor);
    let Some(text) = env(variable) else { return Ok(None) };
    let wrong = |found| ConfigError::Variable { variable, message: format!("{found}, expected {}", BaseUrl::EXPECTED) };
    BaseUrl::read(text.trim()).map(Some).map_err(wrong)
}
