//! What the money went to and what came of it: figures for people, read from the views.

mod keys;
mod people;
mod productivity;
mod scope;
mod spend;
mod teams;
mod unknown;

use everycent_domain::window::Window;
use everycent_runtime::config::PeopleShown;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use crate::show::heading;
pub use scope::Scope;

/// Keys and people that are shown; `--json` has them all.
const SHOWN: usize = 8;

/// Figures of some days.
#[derive(Debug, Serialize)]
pub struct Report {
    from: Day,
    to: Day,
    /// One account, where only one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    spend: Vec<spend::SpendRow>,
    teams: Vec<teams::TeamRow>,
    /// Prices that the configuration does not set.
    assumed_prices: Vec<spend::AssumedPrice>,
    keys: Vec<keys::KeyRow>,
    /// Left out where reports show no people.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<Vec<people::PersonRow>>,
    unknown: unknown::Unknown,
    productivity: productivity::Productivity,
}

impl Report {
    pub async fn read(
        warehouse: &dyn Warehouse,
        days: Window,
        account_id: Option<AccountId>,
        people_shown: PeopleShown,
    ) -> anyhow::Result<Self> {
        let scope = &Scope { days, account_id };
        let spend = spend::by_platform_and_month(warehouse, scope).await?;
        let teams = teams::by_cost(warehouse, scope).await?;
        let mut keys = keys::by_cost(warehouse, scope).await?;
        let people = people::by_cost(warehouse, scope).await?;
        let unknown = unknown::Unknown::of(&spend, &people, &keys, &teams);
        if people_shown == PeopleShown::Teams {
            keys.iter_mut().for_each(keys::KeyRow::forget_people);
        }
        Ok(Self {
            from: days.from(),
            to: days.to(),
            account_id: scope.account_id.clone(),
            spend,
            assumed_prices: spend::assumed_prices(warehouse, scope).await?,
            teams,
            keys,
            people: (people_shown == PeopleShown::Names).then_some(people),
            unknown,
            productivity: productivity::Productivity::read(warehouse, scope).await?,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.spend.is_empty() && self.productivity.is_empty()
    }

    pub fn text(&self) -> String {
        let of = self.account_id.as_ref().map_or_else(String::new, |id| format!(" of account {id}"));
        let mut text = heading(&format!("Spend in US dollars{of}, {} to {} (UTC)", self.from, self.to));
        text += &spend::text(&self.spend);
        text += &spend::assumptions(&self.assumed_prices);
        text += &heading("Spend by team");
        text += &teams::text(&self.teams);
        text += &heading("API keys that cost most");
        text += &keys::text(&self.keys, SHOWN);
        if let Some(people) = &self.people {
            text += &heading("People who cost most");
            text += &people::text(people, SHOWN);
        }
        text += &heading("What is not known");
        text += &self.unknown.text();
        text += &heading("What came of it");
        text + &self.productivity.text()
    }
}
