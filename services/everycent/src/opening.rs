//! What a command works on: the configuration and the deployment that the command line names.

use everycent_domain::source::Source;
use everycent_runtime::config::Config;
use everycent_runtime::secret::process_env;

use crate::cli::{DEFAULT_HOME, Global};
use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::scope;

/// The configuration that the command line names, or the usual one.
pub fn config(global: &Global) -> Result<Config, Failure> {
    Config::load(global.config.as_deref(), &process_env).map_err(Failure::usage)
}

/// Opens to ask the vendors.
pub async fn open_to_ask(global: &Global, sources: &[Source]) -> Result<Deployment, Failure> {
    open(global, config_to_ask(global, sources)?).await
}

/// The configuration to ask the vendors with. Whom and with which key is settled before anything is created; services
/// that work elsewhere have keys of their own.
pub fn config_to_ask(global: &Global, sources: &[Source]) -> Result<Config, Failure> {
    let config = config(global)?;
    match Services::of(&config, &global.home_or(DEFAULT_HOME)) {
        Services::Here => scope::check_keys(&config, sources)?,
        Services::Elsewhere => drop(scope::feeds(&config, sources)?),
    }
    Ok(config)
}

/// Opens everything to work with it.
pub async fn open(global: &Global, config: Config) -> Result<Deployment, Failure> {
    Deployment::open(&global.home_or(DEFAULT_HOME), config).await
}

/// Opens a home that is there: to replay nothing is a mistake of the call.
pub async fn open_present(global: &Global) -> Result<Deployment, Failure> {
    let (config, home) = (config(global)?, global.home_or(DEFAULT_HOME));
    Deployment::present(&home, &config)?;
    open(global, config).await
}

pub async fn open_to_check(global: &Global) -> Result<Deployment, Failure> {
    Deployment::open_to_check(&global.home_or(DEFAULT_HOME), config(global)?).await
}

pub async fn open_read_only(global: &Global) -> Result<Deployment, Failure> {
    Deployment::open_read_only(&global.home_or(DEFAULT_HOME), config(global)?).await
}
