//! What the money went to and what came of it: figures for people, read from the views.

mod keys;
mod people;
mod productivity;
mod spend;

use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Day;
use serde::Serialize;

use crate::show::heading;

/// Keys and people that are shown; `--json` has them all.
const SHOWN: usize = 8;

/// Figures of some days.
#[derive(Debug, Serialize)]
pub struct Report {
    from: Day,
    to: Day,
    spend: Vec<spend::SpendRow>,
    keys: Vec<keys::KeyRow>,
    people: Vec<people::PersonRow>,
    productivity: productivity::Productivity,
}

impl Report {
    pub async fn read(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Self> {
        Ok(Self {
            from: window.from(),
            to: window.to(),
            spend: spend::by_platform_and_month(warehouse, window).await?,
            keys: keys::by_cost(warehouse, window).await?,
            people: people::by_cost(warehouse, window).await?,
            productivity: productivity::Productivity::read(warehouse, window).await?,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.spend.is_empty() && self.productivity.is_empty()
    }

    pub fn text(&self) -> String {
        let mut text = heading(&format!("Spend in US dollars, {} to {} (UTC)", self.from, self.to));
        text += &spend::text(&self.spend);
        text += &heading("API keys that cost most");
        text += &keys::text(&self.keys, SHOWN);
        text += &heading("People who cost most");
        text += &people::text(&self.people, SHOWN);
        text += &heading("What came of it");
        text + &self.productivity.text()
    }
}
