//! Who is in which team, and what a file of people is held against: who was there before, and what everybody cost.

use everycent_domain::vendors::upload::people::preview::Cost;
use everycent_domain::vendors::upload::people::{Alias, PersonPeriod, Roster};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Day;

use super::{Fact, between, each};

/// Everybody, as the tables have it.
pub async fn roster(warehouse: &dyn Warehouse) -> anyhow::Result<Roster> {
    let rows = warehouse
        .query(
            "SELECT email, name, team, cost_center, manager, claude_seat, cursor_seat, valid_from, valid_to \
             FROM [[table:people_periods]]",
        )
        .await?;
    let periods = each(&rows).map(|fact| period(&fact)).collect::<anyhow::Result<Vec<_>>>()?;
    let rows =
        warehouse.query("SELECT address, email, valid_from, valid_to FROM [[table:people_alias_periods]]").await?;
    let alias = |fact: Fact<'_>| {
        Ok(Alias {
            address: fact.text("address")?,
            email: fact.text("email")?,
            valid_from: optional_day(&fact, "valid_from")?,
            valid_to: optional_day(&fact, "valid_to")?,
        })
    };
    Ok(Roster::known(periods, each(&rows).map(alias).collect::<anyhow::Result<Vec<_>>>()?))
}

fn period(fact: &Fact<'_>) -> anyhow::Result<PersonPeriod> {
    Ok(PersonPeriod {
        email: fact.text("email")?,
        aliases: Vec::new(),
        name: fact.optional("name")?,
        team: fact.optional("team")?,
        cost_center: fact.optional("cost_center")?,
        manager: fact.optional("manager")?,
        claude_seat: fact.optional("claude_seat")?,
        cursor_seat: fact.optional("cursor_seat")?,
        valid_from: optional_day(fact, "valid_from")?,
        valid_to: optional_day(fact, "valid_to")?,
        line: 0,
    })
}

fn optional_day(fact: &Fact<'_>, column: &str) -> anyhow::Result<Option<Day>> {
    fact.optional(column)?.map(|_| fact.day(column)).transpose()
}

/// The first and the last day that money is known of.
pub async fn cost_days(warehouse: &dyn Warehouse) -> anyhow::Result<Option<Window>> {
    let rows = warehouse
        .query("SELECT MIN(activity_date) AS first_day, MAX(activity_date) AS last_day FROM [[table:spend_daily]]")
        .await?;
    let Some(fact) = each(&rows).next() else { return Ok(None) };
    let days = optional_day(&fact, "first_day")?.zip(optional_day(&fact, "last_day")?);
    Ok(days.and_then(|(first, last)| Window::new(first, last).ok()))
}

/// What every address cost on each of these days, without what a key's own line gives to a team: that moves with no
/// person.
pub async fn costs(warehouse: &dyn Warehouse, days: Window) -> anyhow::Result<Vec<Cost>> {
    let rows = warehouse
        .query(&format!(
            "SELECT expense_date, address, [[usd:SUM(cost_usd)]] AS cost_usd FROM [[table:ai_spend_owners]] \
             WHERE expense_date {} AND key_team IS NULL GROUP BY expense_date, address",
            between(days)
        ))
        .await?;
    let cost = |fact: Fact<'_>| {
        Ok(Cost { day: fact.day("expense_date")?, address: fact.optional("address")?, cost_usd: fact.usd("cost_usd")? })
    };
    each(&rows).map(cost).collect()
}
