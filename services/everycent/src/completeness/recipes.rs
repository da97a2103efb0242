//! The rules and prices that rows are to be made by, and the rows that were made by others.

use std::collections::BTreeMap;

use everycent_domain::recipe::Recipe;
use everycent_domain::source::Source;
use everycent_runtime::warehouse::CoverageRow;

use crate::deployment::Deployment;

/// By source, the fingerprint of the rules or prices that its rows are to be made by.
pub(super) type Recipes = BTreeMap<&'static str, String>;

/// Those of the configuration. Whoever only reads, without one, has those that the latest rows were made by.
pub(super) fn recipes_in_use(deployment: &Deployment, coverage: &[CoverageRow]) -> Recipes {
    let config = &deployment.config;
    if !config.accounts.is_empty() || config.recipe != Recipe::default() {
        return Source::ALL.iter().map(|source| (source.name(), source.fingerprint(&config.recipe))).collect();
    }
    let latest = |source: &Source| {
        let rows = coverage.iter().filter(|row| row.source == source.name() && is_made_by_a_recipe(row));
        Some((source.name(), rows.max_by_key(|row| row.normalized_at)?.recipe.clone()?))
    };
    Source::ALL.iter().filter_map(latest).collect()
}

/// Whether its rows stand for their day and are made by rules and prices; those that outlive their answer are of many.
pub(super) fn is_made_by_a_recipe(row: &CoverageRow) -> bool {
    row.fetched_at.is_some() && row.source.parse().is_ok_and(|source: Source| !source.keeps_rows())
}

/// Whether its rows were made by something else than is in use now.
pub(super) fn is_older(row: &CoverageRow, recipes: &Recipes) -> bool {
    let in_use = recipes.get(row.source.as_str());
    is_made_by_a_recipe(row) && in_use.is_some() && row.recipe.as_ref() != in_use
}
