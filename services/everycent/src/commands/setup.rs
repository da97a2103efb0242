//! `everycent setup`: makes what the three addresses need.

use everycent_runtime::home::Home;
use everycent_runtime::setup;
use serde::Serialize;

use crate::cli::{DEFAULT_HOME, Global, SetupArgs};
use crate::deployment::{Services, opening};
use crate::failure::Failure;
use crate::opening::config;
use crate::show;

#[derive(Debug, Serialize)]
struct Report {
    store: String,
    bus: String,
    warehouse: String,
}

pub async fn setup(global: &Global, args: &SetupArgs) -> Result<(), Failure> {
    let (config, home) = (config(global)?, global.home_or(DEFAULT_HOME));
    let home = match Services::of(&config, &home) {
        Services::Here => Home::open(&home),
        Services::Elsewhere => Home::without_data(&home),
    }
    .map_err(Failure::usage)?;
    let [store, bus, warehouse] =
        setup::setup(&config.addresses, home.data_dir(), &args.location).await.map_err(opening)?;
    let report = Report { store, bus, warehouse };
    if global.json {
        show::print_json(&report);
    } else {
        let Report { store, bus, warehouse } = &report;
        show::print(&format!("Ready:\n  store      {store}\n  bus        {bus}\n  warehouse  {warehouse}\n"));
    }
    Ok(())
}
